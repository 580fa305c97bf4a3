//! What `state show`, `state rewind` and `state unlock` say: plain values that whoever reads the state store fills in.

use serde::Serialize;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::window::Window;
use uuid::Uuid;

use crate::store::ByHand;

/// A half-open range of time, `[from, to)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Range {
    /// The first instant inside.
    pub from: Instant,
    /// The first instant after it.
    pub to: Instant,
}

impl From<Window> for Range {
    fn from(window: Window) -> Self {
        Self { from: window.from(), to: window.to() }
    }
}

/// What is kept of a domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DomainState {
    /// The domain.
    pub domain: String,
    /// One per member of its fan-out, or one where there is none.
    pub members: Vec<MemberState>,
    /// What people changed by hand, newest first.
    pub by_hand: Vec<HandView>,
}

/// What is kept of a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MemberState {
    /// The member; empty where the domain has no fan-out.
    pub each: String,
    /// Where coverage was asked to begin.
    pub begins: Option<Instant>,
    /// By clock.
    pub clocks: Vec<AxisView>,
    /// That the token of a change feed is saved; its value is never shown.
    pub token: Option<TokenView>,
    /// The lease, where somebody holds it or held it last.
    pub lease: Option<LeaseView>,
}

/// What was verified along a clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AxisView {
    /// The clock.
    pub clock: String,
    /// Up to where there is no hole.
    pub verified_through: Option<Instant>,
    /// Every verified range.
    pub verified: Vec<Range>,
    /// What lies between the beginning and the newest end and was never verified.
    pub holes: Vec<Range>,
    /// The last complete wider re-read.
    pub overlap_scan: Option<ScanView>,
}

/// A complete wider re-read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ScanView {
    /// The end of what it read.
    pub through: Instant,
    /// When it was complete.
    pub completed_at: Instant,
    /// How far back it reads, as the feed declares today.
    pub back_seconds: Option<u64>,
    /// When the next one is due.
    pub due_at: Option<Instant>,
}

/// That a token is saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenView {
    /// The feed, as `provider/feed`.
    pub feed: String,
    /// The run that saved it.
    pub run_id: Uuid,
    /// When.
    pub saved_at: Instant,
}

/// Whether a lease still keeps others out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaseState {
    /// Its holder gave a sign of life.
    Held,
    /// Its holder gave none for so long that the next run takes it over.
    Lapsed,
}

/// A lease that was not given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeaseView {
    /// Whether it still keeps others out.
    pub state: LeaseState,
    /// Who holds it.
    pub holder: String,
    /// Which run.
    pub run_id: Option<Uuid>,
    /// Since when.
    pub acquired_at: Instant,
    /// When it lapses, or lapsed.
    pub expires_at: Instant,
}

/// One act of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HandView {
    /// When.
    pub at: Instant,
    /// Who.
    pub who: String,
    /// `rewind` or `unlock`.
    pub act: String,
    /// What was changed.
    pub detail: String,
    /// The member; empty where the domain has no fan-out.
    pub each: String,
}

impl From<&ByHand> for HandView {
    fn from(act: &ByHand) -> Self {
        Self {
            at: act.at,
            who: act.who.clone(),
            act: act.act.clone(),
            detail: act.detail.clone(),
            each: act.each.as_str().to_owned(),
        }
    }
}

/// What a rewind takes back, or would take back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rewound {
    /// The domain.
    pub domain: String,
    /// Nothing from here on counts as verified.
    pub to: Instant,
    /// Whether it was done, and not only looked at.
    pub done: bool,
    /// The ranges that have to be read again.
    pub forgotten: Vec<Forgotten>,
}

/// A range that does not count as verified any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Forgotten {
    /// The member; empty where the domain has no fan-out.
    pub each: String,
    /// The clock.
    pub clock: String,
    /// The range.
    #[serde(flatten)]
    pub range: Range,
}

/// A lease that was broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BrokenLease {
    /// The member; empty where the domain has no fan-out.
    pub each: String,
    /// Who held it.
    pub holder: String,
}
