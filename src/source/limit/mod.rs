//! How often requests are sent: one budget for each route class of a provider's client, which all domains of the process
//! share with its clones.
//!
//! Pure code decides, with the time as an argument: a declared rate ([`bucket`]), what answers say is left ([`stock`],
//! read by [`pace`](tieout_reconcilers::pace)), what refusals teach ([`brake`], from what was [`accepted`]), failures ([`trouble`]), and all of
//! them together ([`budget`]). Waiting is done in [`gate`]; [`routes`] finds the budget of a request.

mod accepted;
mod brake;
mod bucket;
mod budget;
mod gate;
mod routes;
mod stock;
mod trouble;

pub(super) use budget::Ended;
pub(super) use gate::Permit;
pub(super) use routes::Gates;
pub(super) use trouble::{Attempts, Verdict};

#[cfg(test)]
mod tests;
