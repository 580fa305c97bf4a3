//! Finds out whether a feed is what its definition says: a few requests ([`look`]) and what they prove ([`facts`]).
//!
//! A definition is a claim about somebody else's program. This room tests the claims that a night relies on before the
//! first night does, and never changes a definition by itself. [`Preview`] is what a person looks at while writing one.
//! [`subscription`] judges what a provider says about the endpoints of its webhooks.

mod evidence;
mod facts;
mod look;
mod preview;
mod subscription;

pub use evidence::{Evidence, Leaf, LookUp};
pub use facts::{Fact, Verdict, facts};
pub use look::look;
pub use preview::{Preview, Row, written};
pub use subscription::subscription;

#[cfg(test)]
mod tests;
