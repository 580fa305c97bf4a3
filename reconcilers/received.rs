//! The team's own table of the webhooks that it received, as a domain names it. Nothing is compared with it; it only helps to
//! say where a change was lost.

use crate::compare::{Field, Fields, Rule};
use crate::instant::TimeFormat;
use crate::path::Path;
use crate::reconciler::{Local, Place};
use crate::scalar::Scalar;
use crate::zone::Zone;

/// A table of received webhooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The database's name in the configuration.
    pub database: String,
    /// The webhooks about some items, with `:keys`.
    pub keys: String,
    /// Where `keys` stands.
    pub keys_place: Place,
    /// The column with the key of the item.
    pub key: String,
    /// The column with the time of arrival.
    pub at: String,
    /// The column with the provider's id of the event.
    pub event: Option<String>,
    /// Where the table says whether a webhook was applied.
    pub status: Option<Status>,
    /// How a database without time types writes instants.
    pub time: TimeFormat,
    /// The zone of times that are stored without one.
    pub zone: Option<Zone>,
}

/// The column that says what became of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The column.
    pub column: String,
    /// Its values of webhooks that were applied.
    pub applied: Vec<String>,
}

impl Received {
    /// The table as something that can be read by key: the time of arrival stands in the place of the clock, and the event
    /// in that of the version.
    #[must_use]
    pub fn columns(&self) -> (Local, Fields) {
        let local = Local {
            database: self.database.clone(),
            keys: self.keys.clone(),
            keys_place: self.keys_place.clone(),
            key: self.key.clone(),
            clock: Some(self.at.clone()),
            version: self.event.clone(),
            time: self.time,
            zone: self.zone,
            ..Local::default()
        };
        let field = |status: &Status| Field {
            local: status.column.as_str().into(),
            ..Field::named(&Path::root(), Rule::Exact)
        };
        (local, Fields::of(self.status.iter().map(field).collect()))
    }

    /// Whether a webhook was applied, where the table says so. Nothing was, as long as nothing is written there.
    #[must_use]
    pub fn is_applied(&self, status: Option<&Scalar<'_>>) -> Option<bool> {
        let applied = &self.status.as_ref()?.applied;
        let word = match status? {
            Scalar::Absent | Scalar::Null => return Some(false),
            Scalar::Bool(flag) => flag.to_string(),
            Scalar::Int(whole) => whole.to_string(),
            Scalar::Instant(at) => at.to_string(),
            Scalar::Number(text) | Scalar::Text(text) | Scalar::Json(text) => text.to_string(),
        };
        Some(applied.contains(&word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_is_applied_where_its_status_is_one_of_the_named_values() {
        let status =
            Status { column: "state".into(), applied: vec!["done".into(), "1".into(), "true".into()] };
        let received = |status| Received {
            database: "app".into(),
            keys: String::new(),
            keys_place: Place::default(),
            key: "key".into(),
            at: "at".into(),
            event: None,
            status,
            time: TimeFormat::default(),
            zone: None,
        };
        let told = received(Some(status));
        for (value, expected) in [
            (Scalar::Text("done".into()), true),
            (Scalar::Text("Done".into()), false),
            (Scalar::Int(1), true),
            (Scalar::Bool(true), true),
            (Scalar::Null, false),
        ] {
            assert_eq!(told.is_applied(Some(&value)), Some(expected), "{value:?}");
        }
        assert_eq!(received(None).is_applied(Some(&Scalar::Int(1))), None);
    }
}
