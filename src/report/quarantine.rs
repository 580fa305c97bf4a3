//! What `tieout quarantine` shows, and what a report says about it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use uuid::Uuid;

use super::state::Range;
use crate::quarantine::{Class, Entry, Kind, State};

/// What of a domain cannot be read, as its report says it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QuarantineReport {
    /// How many entries hold a range back, or make the domain partial.
    pub open: u64,
    /// How many a person accepted: runs go on without them.
    pub accepted: u64,
    /// How many more were seen and are not kept, because there are too many.
    pub left_out: u64,
    /// The first of them, those that are open first.
    pub entries: Vec<QuarantineLine>,
}

/// An entry in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QuarantineLine {
    /// Its id.
    pub id: String,
    /// item, row or page.
    pub kind: Kind,
    /// key, value, shape or `too_large`.
    pub class: Class,
    /// Where it was seen.
    pub place: String,
    /// open or accepted.
    pub state: State,
}

/// An entry as `tieout quarantine` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EntryView<'a> {
    id: &'a str,
    domain: &'a str,
    each: &'a str,
    kind: Kind,
    class: Class,
    place: &'a str,
    key: Option<&'a str>,
    reason: &'a str,
    fingerprint: Option<&'a str>,
    range: Range,
    state: State,
    first_seen: Instant,
    last_seen: Instant,
    times: u32,
    first_run: Uuid,
    last_run: Uuid,
    accepted_at: Option<Instant>,
    accepted_by: Option<&'a str>,
    accepted_why: Option<&'a str>,
}

impl<'a> From<&'a Entry> for EntryView<'a> {
    fn from(entry: &'a Entry) -> Self {
        let (seen, accepted) = (&entry.seen, entry.accepted.as_ref());
        Self {
            id: seen.id.as_str(),
            domain: entry.domain.as_str(),
            each: entry.each.as_str(),
            kind: seen.kind,
            class: seen.class,
            place: &seen.place,
            key: seen.key.as_ref().map(Key::as_str),
            reason: &seen.reason,
            fingerprint: seen.fingerprint.as_deref(),
            range: entry.window.into(),
            state: entry.state,
            first_seen: entry.first_seen,
            last_seen: entry.last_seen,
            times: entry.times,
            first_run: entry.first_run,
            last_run: entry.last_run,
            accepted_at: accepted.map(|accepted| accepted.at),
            accepted_by: accepted.map(|accepted| accepted.by.as_str()),
            accepted_why: accepted.map(|accepted| accepted.why.as_str()),
        }
    }
}

/// What a person did, or would do, to entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct QuarantineDone {
    /// How many entries were chosen.
    pub chosen: u64,
    /// How many it concerns.
    pub eligible: u64,
    /// Pages: nobody knows what they hold, so they are never accepted.
    pub pages: u64,
    /// What cannot be told from anything else, so that nobody could say that it is still the same.
    pub untold: u64,
    /// What is accepted already.
    pub already_accepted: u64,
    /// What is not there any more.
    pub gone: u64,
    /// What `--limit` leaves out.
    pub beyond_limit: u64,
    /// The ranges that are read again, where that was asked for.
    pub ranges: Vec<Range>,
    /// The domains that are concerned.
    pub domains: Vec<String>,
    /// Whether it was done.
    pub done: bool,
    /// Who did it.
    pub by: String,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
