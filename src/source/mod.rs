//! The upstream side: the one HTTP client, the walk through a feed's pages and the look-up of single items.
//!
//! A [`Reconciler`](tieout_reconcilers::reconciler::Reconciler) says what to ask and what an answer means; this room
//! does the asking. It never judges an item and never touches a database.
//!
//! In reading order: what a provider's client needs ([`provider`]), where requests may go ([`address`], [`origin`]),
//! what they show there ([`auth`]) and over which connections ([`connect`]), how often (`limit`, `budgets`), one exchange ([`http`],
//! [`body`]) and what broke it (`trust`), one with its retries ([`fetch`]), what may be unchanged since the last run ([`kept`]), who answers in a provider's place ([`stand_in`]), and what is read with them
//! ([`guard`], `patience`, [`walk`], [`mod@lookup`], [`mod@members`], [`mod@originals`], [`mod@glance`]). What can go wrong is in
//! [`error`] and [`reason`].

pub mod provider;

pub mod address;
mod budgets;
mod limit;
pub mod origin;
pub mod room;
pub mod stand_in;

pub mod auth;
pub mod connect;

pub mod body;
pub mod http;
mod renew;

mod conditional;
pub mod fetch;
pub mod kept;
mod quota;
mod traffic;
pub(crate) mod trust;

pub mod count;
pub mod glance;
pub mod guard;
mod hydrate;
pub mod lookup;
pub mod members;
pub mod originals;
mod patience;
pub mod walk;

pub mod error;
pub mod reason;

pub use budgets::Budgets;
pub use count::count;
pub use error::{NextStep, SourceError};
pub use fetch::Answered;
pub use glance::{Glance, glance, headers};
pub use http::{Client, Fetched};
pub use limit::{Ask, Granted, Ledger, LedgerFault};
pub use lookup::{Lookup, lookup};
pub use members::first_member;
pub use originals::{Asked, DetailBudget, Originals, originals};
pub use provider::{Base, Caps, ProviderSettings, Throughput};
pub use reason::{BadPage, Reason, Site, What};
pub use room::Room;
pub use stand_in::{Question, Reply, StandIn, Witness};
pub use traffic::Sent;
pub use walk::{Coverage, Walk, Walked, WalkedPage, Waypoint};

#[cfg(test)]
pub(crate) mod tests;
