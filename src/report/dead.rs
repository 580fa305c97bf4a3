//! What `tieout dlq` shows: plain values that whoever reads the state store fills in.

use serde::Serialize;
use tieout_reconcilers::instant::Instant;
use uuid::Uuid;

use super::origin::Origin;
use super::stake::Stake;
use super::views::FindingView;
use crate::dead_letter::{Group, GroupId, next_retry};
use crate::finding::Finding;
use crate::store::{DeadLetter, Fate, Fates, OutboxState};

/// Dead letters of one cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GroupLine {
    /// Names the group.
    pub group: GroupId,
    /// What its dead letters share.
    #[serde(flatten)]
    pub cause: Group,
    /// How many there are.
    pub count: u64,
    /// When the delivery of one of them failed for the first time.
    pub first: Instant,
    /// When the newest of them was given up.
    pub last: Instant,
    /// The most attempts that one of them had.
    pub attempts: u32,
    /// What the findings behind them move, as far as they are not over.
    pub at_stake: Stake,
}

impl GroupLine {
    /// A group with its first dead letter.
    #[must_use]
    pub fn begin(cause: Group, letter: &DeadLetter) -> Self {
        let (first, last) = span(letter);
        let at_stake = letter.at_stake.iter().collect();
        Self { group: cause.id(), cause, count: 1, first, last, attempts: letter.attempts, at_stake }
    }

    /// One more.
    pub fn add(&mut self, letter: &DeadLetter) {
        let (first, last) = span(letter);
        self.count += 1;
        self.first = self.first.min(first);
        self.last = self.last.max(last);
        self.attempts = self.attempts.max(letter.attempts);
        letter.at_stake.iter().for_each(|amount| self.at_stake.add(amount));
    }
}

/// From the first failure to the death. Events that died before failures were dated have only the one.
fn span(letter: &DeadLetter) -> (Instant, Instant) {
    let died = letter.finished_at.unwrap_or(letter.due_at);
    (letter.first_failed_at.unwrap_or(died), died)
}

/// One dead letter, or an event that was asked for by its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LetterView<'a> {
    event_id: Uuid,
    group: Option<GroupId>,
    domain: &'a str,
    each: &'a str,
    key: &'a str,
    episode: u32,
    queue: &'a str,
    event_type: &'a str,
    state: OutboxState,
    class: Option<&'a str>,
    reason: Option<&'a str>,
    attempts: u32,
    retries: u32,
    at_stake: Stake,
    staged_by: Uuid,
    staged_at: Instant,
    due_at: Instant,
    first_failed_at: Option<Instant>,
    finished_at: Option<Instant>,
    retried_from: Option<Instant>,
    dropped_at: Option<Instant>,
    dropped_by: Option<&'a str>,
    dropped_why: Option<&'a str>,
}

impl<'a> From<&'a DeadLetter> for LetterView<'a> {
    fn from(letter: &'a DeadLetter) -> Self {
        let dropped = letter.dropped.as_ref();
        Self {
            event_id: letter.event_id,
            group: (letter.state == OutboxState::Dead).then(|| letter.group().id()),
            domain: letter.id.domain.as_str(),
            each: letter.id.each.as_str(),
            key: letter.id.key.as_str(),
            episode: letter.episode,
            queue: &letter.queue,
            event_type: &letter.event_type,
            state: letter.state,
            class: letter.class.as_deref(),
            reason: letter.reason.as_deref(),
            attempts: letter.attempts,
            retries: letter.retries,
            at_stake: letter.at_stake.iter().collect(),
            staged_by: letter.run_id,
            staged_at: letter.staged_at,
            due_at: letter.due_at,
            first_failed_at: letter.first_failed_at,
            finished_at: letter.finished_at,
            retried_from: letter.retried_from(),
            dropped_at: dropped.map(|dropped| dropped.at),
            dropped_by: dropped.map(|dropped| dropped.by.as_str()),
            dropped_why: dropped.map(|dropped| dropped.why.as_str()),
        }
    }
}

/// When an event is sent again without anybody's doing.
pub trait Retryable {
    /// From when on a run puts it back by itself; never where there is no answer.
    fn retried_from(&self) -> Option<Instant>;
}

impl Retryable for DeadLetter {
    fn retried_from(&self) -> Option<Instant> {
        let pause = next_retry(self.class.as_deref()?, self.retries)?;
        let died = self.finished_at.filter(|_| self.state == OutboxState::Dead && self.dropped.is_none());
        Some(died? + pause)
    }
}

/// An event with its finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LetterShown<'a> {
    /// The event.
    #[serde(flatten)]
    pub letter: LetterView<'a>,
    /// How it came to be.
    #[serde(flatten)]
    pub origin: &'a Origin,
    /// The finding that it is about, as it stands now.
    pub finding: Option<FindingView<'a>>,
}

impl<'a> LetterShown<'a> {
    /// All of it.
    #[must_use]
    pub fn new(letter: &'a DeadLetter, origin: &'a Origin, finding: Option<&'a Finding>) -> Self {
        Self { letter: letter.into(), origin, finding: finding.map(Into::into) }
    }
}

/// A group with the first of its dead letters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GroupShown<'a> {
    /// The group.
    #[serde(flatten)]
    pub group: &'a GroupLine,
    /// Its first dead letters.
    pub events: Vec<LetterView<'a>>,
    /// How many more there are.
    pub not_listed: u64,
}

/// What was chosen, and what may become of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ChosenView {
    /// Events that were chosen.
    pub chosen: u64,
    /// Those that can be sent, or dropped.
    pub eligible: u64,
    /// Those of the eligible that nobody needs any more, and that somebody wants to send all the same.
    pub forced: u64,
    /// Those that nobody needs any more.
    pub superseded: u64,
    /// Those that a queue has already.
    pub already_done: u64,
    /// Those that wait for their delivery anyway.
    pub already_waiting: u64,
    /// Those that break the schema which their domain names today; they stay dead.
    pub unfit: u64,
    /// Those that a person dropped.
    pub dropped: u64,
    /// Those that are staged or held.
    pub not_released: u64,
    /// Those whose queue is not configured any more.
    pub no_queue: u64,
    /// Those that `--limit` leaves out.
    pub beyond_limit: u64,
}

impl ChosenView {
    /// Counts fates.
    #[must_use]
    pub fn of(fates: &Fates) -> Self {
        let number = |wanted: Fate| fates.values().filter(|fate| **fate == wanted).count() as u64;
        Self {
            chosen: fates.len() as u64,
            eligible: number(Fate::Eligible) + number(Fate::Forced),
            forced: number(Fate::Forced),
            superseded: number(Fate::Superseded) + number(Fate::SupersededBefore),
            already_done: number(Fate::Sent),
            already_waiting: number(Fate::Waiting),
            unfit: number(Fate::Unfit),
            dropped: number(Fate::Dropped),
            not_released: number(Fate::NotReleased),
            no_queue: 0,
            beyond_limit: 0,
        }
    }
}

/// What became of a retry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RetriedView {
    /// What was chosen, as it was before.
    #[serde(flatten)]
    pub chosen: ChosenView,
    /// Who wanted it.
    pub by: String,
    /// The exit code.
    pub exit: u8,
    /// Events that a queue acknowledged.
    pub sent: u64,
    /// Events that were given up again.
    pub failed_again: u64,
    /// Events that still wait.
    pub waiting: u64,
    /// Why a queue did not work.
    pub problems: Vec<String>,
    /// When the next one of those that were meant is due by itself, by the state store's clock; absent where none is, or nobody asked for
    /// what is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_due_at: Option<Instant>,
}

/// What became of a drop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DroppedView {
    /// What was chosen, as it was before: what was eligible is dropped.
    #[serde(flatten)]
    pub chosen: ChosenView,
    /// Who dropped it.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// What was written into a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExportedView {
    /// How many events.
    pub exported: u64,
    /// Where to.
    pub to: String,
}
