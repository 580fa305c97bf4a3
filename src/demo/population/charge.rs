//! A charge and the JSON that the provider shows of it.

use fastrand::Rng;
use serde_json::{Value, json};

use super::money::{Currency, Status, decided_at};
use super::world::draw_id;

/// A payment taken from a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// `ch_` and 24 letters or digits.
    pub id: String,
    /// In minor units of `currency`.
    pub amount_minor: i64,
    /// What `amount_minor` counts.
    pub currency: Currency,
    /// Where it stands now.
    pub status: Status,
    /// Id of the customer who paid.
    pub customer: String,
    /// Epoch seconds.
    pub created: i64,
    /// Epoch seconds at which it left `pending`; `None` when it was created as it is now.
    pub decided: Option<i64>,
    /// The shop's own number of the order, carried in the metadata.
    pub order_number: u32,
}

impl Charge {
    /// Draws a charge of `customer`, created at `created` and not changed after `latest` (epoch seconds).
    pub(super) fn draw(rng: &mut Rng, customer: &str, created: i64, latest: i64) -> Self {
        let currency = Currency::draw(rng);
        let status = Status::draw(rng);
        Self {
            id: draw_id(rng, "ch"),
            amount_minor: currency.price(rng),
            currency,
            status,
            customer: customer.to_owned(),
            created,
            decided: decided_at(rng, status, created, latest),
            order_number: rng.u32(100_000..1_000_000),
        }
    }

    /// The charge as the provider shows it in `status`: about 600 bytes, nested, much of it of no interest here.
    #[must_use]
    pub fn json(&self, status: Status) -> Value {
        let paid = status == Status::Succeeded;
        let brand = ["visa", "mastercard", "jcb"][self.order_number as usize % 3];
        json!({
            "id": self.id,
            "object": "charge",
            "amount": self.amount_minor,
            "amount_captured": if paid { self.amount_minor } else { 0 },
            "billing_details": {"address": {"country": "JP", "postal_code": null}},
            "captured": paid,
            "created": self.created,
            "currency": self.currency.code(),
            "customer": self.customer,
            "description": format!("Order {}", self.order_number),
            "livemode": false,
            "metadata": {"order": self.order_number.to_string(), "channel": "web"},
            "outcome": {"network_status": "approved_by_network", "risk_level": "normal", "type": "authorized"},
            "paid": paid,
            "payment_method_details": {
                "card": {
                    "brand": brand,
                    "exp_month": self.order_number % 12 + 1,
                    "exp_year": 2030 + self.order_number % 5,
                    "last4": format!("{:04}", self.order_number % 10_000),
                    "three_d_secure": null
                },
                "type": "card"
            },
            "status": status.word(),
        })
    }
}
