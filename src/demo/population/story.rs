//! What an item's webhooks would have told, had every one of them arrived once and in order.

use serde_json::Value;

use super::money::Status;
use super::world::Population;
use crate::demo::truth::Domain;

/// One item as the provider showed it from some instant on.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// Epoch seconds at which the item became so.
    pub since: i64,
    /// The item, in the provider's JSON.
    pub data: Value,
}

/// The states of one item, oldest first; the last one is what the provider shows now.
#[derive(Debug, Clone, PartialEq)]
pub struct Story {
    /// Which of the demo's domains the item belongs to.
    pub domain: Domain,
    /// The item's id.
    pub key: String,
    /// One or two states.
    pub states: Vec<State>,
}

impl Population {
    /// The stories of all items: charges, then refunds, then customers.
    #[must_use]
    pub fn stories(&self) -> Vec<Story> {
        let charges = self.charges.iter().map(|charge| {
            let states = payment(charge.created, charge.decided, charge.status, |status| charge.json(status));
            Story { domain: Domain::Charges, key: charge.id.clone(), states }
        });
        let refunds = self.refunds.iter().map(|refund| {
            let states = payment(refund.created, refund.decided, refund.status, |status| refund.json(status));
            Story { domain: Domain::Refunds, key: refund.id.clone(), states }
        });
        let customers = self.customers.iter().map(|customer| {
            let former = customer.former_json().map(|data| State { since: customer.created, data });
            let present = State { since: customer.updated, data: customer.json() };
            let states = former.into_iter().chain([present]).collect();
            Story { domain: Domain::Customers, key: customer.id.clone(), states }
        });
        charges.chain(refunds).chain(customers).collect()
    }
}

fn payment(created: i64, decided: Option<i64>, status: Status, show: impl Fn(Status) -> Value) -> Vec<State> {
    match decided {
        None => vec![State { since: created, data: show(status) }],
        Some(decided) => vec![
            State { since: created, data: show(Status::Pending) },
            State { since: decided, data: show(status) },
        ],
    }
}
