//! The people and payments that the simulated provider knows.
//!
//! Drawn from a seed and an instant; never reads a clock and never does I/O. Items hold their present state and, where
//! they had one, their first state, because webhooks told both.

mod charge;
mod customer;
mod money;
mod refund;
mod story;
mod world;

pub use charge::Charge;
pub use customer::Customer;
pub use money::{Currency, Status};
pub use refund::Refund;
pub use story::{State, Story};
pub use world::Population;
