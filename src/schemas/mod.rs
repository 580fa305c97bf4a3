//! The registry of event schemas: a folder with a JSON Schema per version of each event, `schemas/charge/v2.json`.
//!
//! Reading order: the folder becomes a registry (`files`, `links`, `read`), which holds compiled schemas (`schema`) and the upcasters
//! between them; what an event carries is checked and carried over (`unfit`, `carry`); and two versions are
//! compared (`compat`). How large events are (`sizes`) helps to choose what they carry.

mod carry;
mod files;
mod links;
mod mode;
mod read;
mod registry;
mod schema;
mod sizes;
mod unfit;
mod upcaster;

pub mod compat;

#[cfg(test)]
pub(crate) mod tests;

pub use carry::{Carried, carry};
pub use mode::Mode;
pub use read::read;
pub use registry::{Family, Registry};
pub use schema::Schema;
pub use sizes::{Carries, Measured, Sizes, measure};
pub use unfit::Unfit;
pub use upcaster::Upcaster;
