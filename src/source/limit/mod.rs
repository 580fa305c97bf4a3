//! How often requests are sent: one budget for each route class of a provider's client, which all domains of the process
//! share with its clones; and where other processes work on the same run, these have a share in its declared rate. Where a run is asked
//! to be gentler than that, all budgets of a provider take moments of one more limit, which its [`own_ledger`] keeps.
//!
//! Pure code decides, with the time as an argument: a declared rate ([`bucket`]), what answers say is left ([`stock`],
//! read by [`pace`](tieout_reconcilers::pace)), what refusals teach ([`brake`], from what was [`accepted`]), failures ([`trouble`]), and all of
//! them together ([`budget`]). Of a rate that is shared, moments are given out ([`spacing`]) by a [`ledger`], and used by whoever has them in [`hand`].
//! Waiting is done in [`gate`] and [`shared`]; [`routes`] finds the budget of a request.

mod accepted;
mod brake;
mod bucket;
mod budget;
mod gate;
mod hand;
mod ledger;
mod own_ledger;
mod routes;
mod shared;
mod spacing;
mod stock;
mod trouble;

pub(super) use budget::Ended;
pub(super) use gate::Permit;
pub use ledger::{Ask, Granted, Ledger, LedgerFault};
pub(super) use own_ledger::OwnLedger;
pub(super) use routes::{Gates, Pacing, Sharing};
pub(super) use trouble::{Attempts, Verdict};

#[cfg(test)]
mod tests;
