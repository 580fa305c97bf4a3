//! A refund and the JSON that the provider shows of it.

use fastrand::Rng;
use serde_json::{Value, json};

use super::charge::Charge;
use super::money::{Currency, Status, decided_at};
use super::world::draw_id;

/// Money given back for a charge, in whole or in part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// `re_` and 24 letters or digits.
    pub id: String,
    /// In minor units of `currency`; at most the amount of the charge.
    pub amount_minor: i64,
    /// The currency of the charge.
    pub currency: Currency,
    /// Id of the charge that is given back.
    pub charge: String,
    /// Where it stands now.
    pub status: Status,
    /// Epoch seconds.
    pub created: i64,
    /// Epoch seconds at which it left `pending`; `None` when it was created as it is now.
    pub decided: Option<i64>,
}

impl Refund {
    /// Draws a refund of `charge`, created at `created` and not changed after `latest` (epoch seconds).
    pub(super) fn draw(rng: &mut Rng, charge: &Charge, created: i64, latest: i64) -> Self {
        let status = Status::draw(rng);
        let whole = rng.bool();
        let part = rng.i64(100..=charge.amount_minor);
        Self {
            id: draw_id(rng, "re"),
            amount_minor: if whole { charge.amount_minor } else { part },
            currency: charge.currency,
            charge: charge.id.clone(),
            status,
            created,
            decided: decided_at(rng, status, created, latest),
        }
    }

    /// The refund as the provider shows it in `status`.
    #[must_use]
    pub fn json(&self, status: Status) -> Value {
        json!({
            "id": self.id,
            "object": "refund",
            "amount": self.amount_minor,
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency.code(),
            "destination_details": {"card": {"reference_status": status.word(), "type": "refund"}, "type": "card"},
            "metadata": {"channel": "web"},
            "reason": "requested_by_customer",
            "status": status.word(),
        })
    }
}
