//! A customer and the JSON that the provider shows of one.

use chrono::{DateTime, SecondsFormat};
use fastrand::Rng;
use serde_json::{Value, json};

use super::world::draw_id;

const FIRST: [&str; 10] =
    ["Amber", "Birch", "Cedar", "Clover", "Hazel", "Indigo", "Juniper", "Maple", "Rowan", "Willow"];
const LAST: [&str; 10] =
    ["Bridge", "Brook", "Field", "Harbor", "Hill", "Lake", "Meadow", "Orchard", "River", "Valley"];
const DAY_S: i64 = 86_400;

/// Someone who buys; the only item here whose change time the provider shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// `cus_` and 24 letters or digits.
    pub id: String,
    /// An address at example.com.
    pub email: String,
    /// Made of neutral words.
    pub name: String,
    /// The name it was created with, when that was another one.
    pub former_name: Option<String>,
    /// Epoch seconds.
    pub created: i64,
    /// Epoch seconds of the last change; equals `created` when there was none.
    pub updated: i64,
}

impl Customer {
    /// Draws customer number `number`, last changed at `updated` (epoch seconds). Two in five once had another name.
    pub(super) fn draw(rng: &mut Rng, number: usize, updated: i64) -> Self {
        let (first, last) = (FIRST[rng.usize(0..FIRST.len())], LAST[rng.usize(0..LAST.len())]);
        let former_last = LAST[rng.usize(0..LAST.len())];
        let renamed = rng.u8(0..10) < 4 && former_last != last;
        let age = if renamed { rng.i64(1..=700) * DAY_S } else { 0 };
        Self {
            id: draw_id(rng, "cus"),
            email: format!("{}.{}.{number}@example.com", first.to_lowercase(), last.to_lowercase()),
            name: format!("{first} {last}"),
            former_name: renamed.then(|| format!("{first} {former_last}")),
            created: updated - age,
            updated,
        }
    }

    /// The same customer under a new name since `updated` (epoch seconds).
    pub(super) fn renamed(&self, updated: i64) -> Self {
        let name = format!("{} the Second", self.name);
        Self { former_name: Some(self.name.clone()), name, updated, ..self.clone() }
    }

    /// The customer as the provider shows it now.
    #[must_use]
    pub fn json(&self) -> Value {
        self.shown_as(&self.name, self.updated)
    }

    /// The customer as the provider showed it when it was created, if it changed since.
    #[must_use]
    pub fn former_json(&self) -> Option<Value> {
        self.former_name.as_ref().map(|name| self.shown_as(name, self.created))
    }

    fn shown_as(&self, name: &str, updated: i64) -> Value {
        json!({
            "id": self.id,
            "object": "customer",
            "address": {"city": null, "country": "JP", "line1": null, "postal_code": null},
            "created": rfc3339(self.created),
            "email": self.email,
            "livemode": false,
            "name": name,
            "preferences": {"locale": "en", "newsletter": false},
            "updated": rfc3339(updated),
        })
    }
}

/// Epoch seconds as `2026-11-21T00:00:00Z`.
fn rfc3339(epoch_s: i64) -> String {
    DateTime::from_timestamp(epoch_s, 0).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Secs, true)
}
