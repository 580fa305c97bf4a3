//! Tells people and services how runs end: one message for each run and channel, and only where something changed.
//!
//! `decide` and everything that a message is made of are pure; `tell` reads what channels were told, sends, and writes down what they know
//! then. Nothing here changes how a run ended: who could not be told is a warning.

mod channel;
mod condition;
mod decide;
mod digest;
mod event;
mod sent;
mod signal;
mod slack;

mod post;

#[cfg(feature = "smtp")]
mod conversation;
#[cfg(feature = "smtp")]
mod email;
#[cfg(not(feature = "smtp"))]
#[path = "unbuilt.rs"]
mod email;

mod memory;
mod send;
mod tell;

pub use channel::{Channel, EmailSettings, Means, SmtpLogin, SmtpTls, Wishes};
pub use condition::{Condition, Troubles, conditions};
pub use decide::{Decision, News, Told, decide};
pub use digest::{AmountOpen, Command, Digest, DomainDigest, Open, Stakes};
pub use event::{Event, Trouble};
pub use send::test;
pub use sent::{NotSent, Sent};
pub use signal::Signal;
pub use tell::{Notifier, Occasion};
