//! What was read about one finding, in the three places where a change can be lost.

use std::time::Duration;

use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::event_feed::Trace;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;

/// Everything that was read about one finding.
#[derive(Debug, Clone)]
pub struct Evidence<'e> {
    /// What is wrong.
    pub kind: Kind,
    /// Whether both sides have the same version.
    pub is_conflict: bool,
    /// Whether the local side is known to have shown what it does not show now.
    pub shown: Shown,
    /// Whether an event of ours about the item may have changed the row already.
    pub ours: Ours,
    /// When the item came to be or last changed, where the feed says.
    pub clock: Option<Instant>,
    /// When the item last changed, where the feed says.
    pub changed: Option<Instant>,
    /// When the local row was last written, where the domain says.
    pub written: Option<Instant>,
    /// What the provider keeps of its own events.
    pub log: Log,
    /// What the team keeps of the webhooks it received.
    pub inbox: Inbox<'e>,
    /// How long a webhook may take from its arrival until it is applied.
    pub settle: Duration,
    /// Up to when the provider's events are listed whole, by its clock, and how late they may be listed.
    pub listed: Listed,
    /// The coarser of the steps in which the feed and the provider's events tell time.
    pub tick: Duration,
}

/// Whether an earlier finding about the same state was repaired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// No finding says so.
    NotKnown,
    /// The local side showed this very state after an event.
    Repaired,
}

/// Whether an event of ours may have changed the row: then what was received before it tells nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ours {
    /// There never was one.
    Never,
    /// There was one, about another state of the item.
    OtherState,
    /// There may have been one about this very state.
    ThisState,
}

/// How late the provider lists its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Every event that was made before it is listed.
    pub until: Instant,
    /// How long it takes at most.
    pub lag: Duration,
}

/// What the provider's list of events, or its log of deliveries, says about an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Log {
    /// The feed has none.
    Absent,
    /// It could not be read to its end.
    Unread(String),
    /// It was read from an instant on, and says nothing about the item.
    Silent {
        /// From where on.
        since: Instant,
    },
    /// The newest event about the item.
    Event(Trace),
}

/// What was received about an item.
#[derive(Debug, Clone)]
pub enum Inbox<'e> {
    /// It could not be read.
    Unread(String),
    /// These webhooks, in no order.
    Received(&'e [Receipt]),
}

/// A webhook that was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// When it arrived.
    pub at: Option<Instant>,
    /// The provider's id of the event, where the table keeps it.
    pub event: Option<Key>,
    /// Whether the application says that it applied it, where the table keeps that.
    pub applied: Option<bool>,
}
