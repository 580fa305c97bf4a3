//! What `status`, `report list` and `findings` show: plain values that whoever reads the state store fills in.

use serde::Serialize;
use tieout_reconcilers::discrepancy::{FieldDiff, Kind};
use tieout_reconcilers::instant::Instant;
use uuid::Uuid;

use super::lives::Standing;
use super::schedule::PauseView;
use super::stake::Stake;
use super::state::Range;
use super::value::Status;
use crate::finding::{Finding, State};
use crate::funnel::Funnel;

/// A domain at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatusLine {
    /// The domain.
    pub domain: String,
    /// Whom to ask about it, as its file says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The tags of its file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The instant up to which coverage has no hole.
    pub verified_through: Option<Instant>,
    /// The member of the fan-out that this is about: the one furthest behind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub furthest_behind: Option<String>,
    /// The ranges before its newest verified instant that were never verified.
    pub holes: Vec<Range>,
    /// What of them the provider does not keep any more: nothing can be proved about it.
    pub lost: Vec<Range>,
    /// For a mutable feed on a creation clock: changes to items created before this instant go unseen.
    pub changes_back_to: Option<Instant>,
    /// Where changes of older items are followed by the provider's events: up to when.
    pub changes_through: Option<Instant>,
    /// The run that works on it now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running: Option<Running>,
    /// How the last run of the domain ended that was not kept from it.
    pub last_run: Option<LastRun>,
    /// Findings that are not over: suspected, open, emitted, held and recurring.
    pub open: u64,
    /// When the oldest of them was first seen.
    pub oldest: Option<Instant>,
    /// How they stand, one by one.
    pub standing: Standing,
    /// What they move, one entry per currency.
    pub at_stake: Stake,
    /// Events that wait for their queue.
    pub waiting: u64,
    /// Events that the relay gave up on.
    pub dead: u64,
    /// Whether runs leave it alone, and because of whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<PauseView>,
    /// When its schedule says that it runs next, unless it is paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_due: Option<Instant>,
    /// When it was due and nobody has verified it up to there: it is late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missed_due: Option<Instant>,
    /// Items, rows and pages that cannot be read and that nobody has accepted.
    pub quarantined: u64,
    /// Those that somebody accepted.
    pub accepted: u64,
    /// What the application received and what became of it, where the domain says who counts that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub funnel: Option<Funnel>,
}

/// A run that works on a domain now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Running {
    /// Which run.
    pub run_id: Uuid,
    /// When it began.
    pub since: Instant,
}

/// How a run ended for a domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastRun {
    /// How the domain ended in it.
    pub status: Status,
    /// When it began.
    pub at: Instant,
    /// Which run.
    pub run_id: Uuid,
    /// What its process returned, for all its domains; absent where it vanished.
    pub exit_code: Option<u8>,
    /// Why the domain did not end with 0: codes that `tieout explain` knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A run at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunLine {
    /// Which run.
    pub run_id: Uuid,
    /// `run` or `plan`.
    pub mode: String,
    /// Who asked for it, as far as its process could tell.
    pub trigger: String,
    /// How it ended.
    pub status: Status,
    /// What the process returned; absent while it runs and where it vanished.
    pub exit_code: Option<u8>,
    /// When it began.
    pub started_at: Instant,
    /// When it ended.
    pub finished_at: Option<Instant>,
}

/// What became of an approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ApprovedView {
    /// The run that held it.
    pub run_id: Uuid,
    /// The domains.
    pub domains: Vec<String>,
    /// Who approved.
    pub by: String,
    /// The exit code.
    pub exit: u8,
    /// Events that were let go.
    pub released: u64,
    /// Findings that are open again.
    pub findings: u64,
    /// Events of these domains that a queue acknowledged.
    pub emitted: u64,
    /// Events that still wait in the outbox.
    pub waiting: u64,
    /// Events that were given up.
    pub dead: u64,
    /// Why a queue did not work.
    pub problems: Vec<String>,
}

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExportedFindings {
    /// How many findings.
    pub exported: u64,
    /// How many more the run had found and not listed.
    pub not_listed: u64,
    /// The file.
    pub to: String,
}

/// What was pruned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PrunedView {
    /// Reports in the state store.
    pub reports: u64,
    /// Files of them.
    pub files: u64,
    /// Whether they are gone, or would be.
    pub is_done: bool,
}

/// A finding as JSON shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FindingView<'a> {
    domain: &'a str,
    each: &'a str,
    key: &'a str,
    kind: Kind,
    state: State,
    episode: u32,
    reemissions: u32,
    digest: &'a str,
    fields: &'a [FieldDiff],
    reason: Option<&'a str>,
    cause: Option<&'static str>,
    cause_why: Option<&'a str>,
    amount: Option<String>,
    currency: Option<&'a str>,
    clock: Option<Instant>,
    first_seen: Instant,
    last_seen: Instant,
    acknowledged_at: Option<Instant>,
    closed_at: Option<Instant>,
    event_id: Option<Uuid>,
    run_id: Uuid,
    held_by: Option<Uuid>,
    ignored: Option<IgnoredView<'a>>,
    owner: Option<&'a str>,
    seconds_to_detect: Option<u64>,
    seconds_to_repair: Option<u64>,
}

/// That a person said to leave a finding alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct IgnoredView<'a> {
    until: Option<Instant>,
    why: &'a str,
}

impl<'a> From<&'a Finding> for FindingView<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self {
            domain: finding.id.domain.as_str(),
            each: finding.id.each.as_str(),
            key: finding.id.key.as_str(),
            kind: finding.kind,
            state: finding.state,
            episode: finding.episode,
            reemissions: finding.reemissions,
            digest: finding.digest.as_str(),
            fields: &finding.fields,
            reason: finding.reason.as_deref(),
            cause: finding.cause.as_ref().map(|explained| explained.cause.as_str()),
            cause_why: finding.cause.as_ref().and_then(|explained| explained.why.as_deref()),
            amount: finding.amount.as_ref().map(ToString::to_string),
            currency: finding.amount.as_ref().map(|money| money.currency.as_ref()),
            clock: finding.clock,
            first_seen: finding.first_seen,
            last_seen: finding.last_seen,
            acknowledged_at: finding.acknowledged_at,
            closed_at: finding.closed_at,
            event_id: finding.event_id,
            run_id: finding.run_id,
            held_by: finding.held_by,
            ignored: finding
                .ignored
                .as_ref()
                .map(|ignored| IgnoredView { until: ignored.until, why: &ignored.why }),
            owner: finding.owner.as_deref(),
            seconds_to_detect: finding.time_to_detect().map(|time| time.as_secs()),
            seconds_to_repair: finding.time_to_repair().map(|time| time.as_secs()),
        }
    }
}
