//! The report value. Its JSON form is `tieout.run/v1`: fields and enum values may be added within v1, none goes away.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tieout_reconcilers::direction::Direction;
use tieout_reconcilers::discrepancy::FieldDiff;
use tieout_reconcilers::instant::Instant;
use uuid::Uuid;

use super::amounts::Amount;
use super::call::{CallArgs, Trigger};
use super::carried_out::CarriedOut;
use super::found::Found;
use super::lives::{Standing, Tonight};
use super::named::Named;
use super::quarantine::QuarantineReport;
use crate::funnel::Funnel;

/// The version of the JSON form.
pub const SCHEMA: &str = "tieout.run/v1";

/// How a run or a domain ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It goes on, or died without a word.
    Running,
    /// Everything in scope was read to the end.
    Done,
    /// Something could not be read or sent; the rest is done.
    Partial,
    /// A safety limit keeps the events back.
    Held,
    /// Nothing can be said.
    Failed,
    /// Another run holds the lease.
    Skipped,
    /// A signal or a crash ended it.
    Interrupted,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 7] = [
        Self::Running,
        Self::Done,
        Self::Partial,
        Self::Held,
        Self::Failed,
        Self::Skipped,
        Self::Interrupted,
    ];

    /// The status of a stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// The word used in columns, reports and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Partial => "partial",
            Self::Held => "held",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Interrupted => "interrupted",
        }
    }
}

/// One execution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunReport {
    /// The form of the report and its version.
    #[schemars(extend("const" = SCHEMA))]
    pub schema: String,
    /// UUIDv7, so that ids sort by time.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub run_id: Uuid,
    /// The version of the binary.
    pub tool_version: String,
    /// `run` or `plan`.
    pub mode: String,
    /// Who asked for it, as far as its process could tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<Trigger>,
    /// The arguments of its call that are no defaults, by their names; `null` where a report does not keep the value.
    #[serde(default)]
    pub args: CallArgs,
    /// The interrupted run that this one goes on with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "uuid"))]
    pub resumes: Option<Uuid>,
    /// The run that found this one dead, or that goes on with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "uuid"))]
    pub successor: Option<Uuid>,
    /// The domains that were asked for.
    pub selected: Vec<String>,
    /// RFC 3339, UTC.
    pub started_at: String,
    /// RFC 3339, UTC; absent while it runs.
    pub finished_at: Option<String>,
    /// How it ended.
    pub status: Status,
    /// The exit code and everything that speaks for one.
    pub exit: Exit,
    /// One entry per domain, in the order of the run.
    pub domains: Vec<DomainReport>,
    /// What did not work beside the run, and changes nothing of how it ended: who could not be told of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// The exit code of the process with its reasons.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Exit {
    /// See `tieout --help`.
    pub code: u8,
    /// `reason:domain`, all of them, also those that lost to a stronger code.
    pub reasons: Vec<String>,
}

/// What a run says about one domain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DomainReport {
    /// The domain.
    pub domain: String,
    /// Whom to ask about it, as its file says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// SHA-256 of its definition and its provider's, as the run worked by them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition_sha256: Option<String>,
    /// The tags of its file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Which side is the truth; absent in JSON where it is upstream.
    #[serde(default, skip_serializing_if = "Direction::is_inbound")]
    pub direction: Direction,
    /// How it ended.
    pub status: Status,
    /// Whether every slice was read to its proven end.
    pub complete: bool,
    /// Why it could not go on, in one word; absent where it could.
    pub failure: Option<String>,
    /// The exit code that the failure speaks for.
    pub exit_code: u8,
    /// The ranges that were read, as `[from, to)` in RFC 3339.
    pub ranges: Vec<(String, String)>,
    /// No item at or after this instant was judged.
    pub ceiling: Option<String>,
    /// How long an item must rest before it is judged.
    pub settle_seconds: u64,
    /// The instant up to which coverage has no hole.
    pub verified_through: Option<String>,
    /// Pages read.
    pub pages: u64,
    /// Requests to the provider.
    pub api_requests: Requests,
    /// Seconds from the first to the last action.
    pub seconds: f64,
    /// Seconds that each stage took: `follow_up`, `read`, `rest` and `release`, and `deliver` for all domains of the run together.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub stages: BTreeMap<String, f64>,
    /// The two sides, counted.
    pub items: ItemCounts,
    /// What wider re-reads of verified ranges saw, counted apart.
    pub overlap: ItemCounts,
    /// Earlier findings that were looked at again.
    pub follow_up: FollowUp,
    /// What became of findings in this run.
    #[serde(default)]
    pub tonight: Tonight,
    /// How all findings of the domain stand at its end.
    #[serde(default)]
    pub standing: Standing,
    /// Events of this run.
    pub events: EventCounts,
    /// Money, per currency.
    pub amounts: Vec<Amount>,
    /// The safety limits that were applied.
    pub limits: Vec<Limit>,
    /// How many of the findings of this run have which cause, where the domain names its received webhooks.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub causes: BTreeMap<String, u64>,
    /// What cannot be read, where there is something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<QuarantineReport>,
    /// What the application received and what became of it, where the domain says who counts that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub funnel: Option<Funnel>,
    /// What went wrong or is doubtful, in words.
    pub problems: Vec<String>,
    /// What is worth knowing and no problem.
    #[serde(default)]
    pub notes: Vec<String>,
    /// What the run would do or did, limited by `--limit`.
    pub findings: Vec<PlannedFinding>,
    /// How many findings there are beyond the list.
    pub findings_not_listed: u64,
    /// What became of the items of a plan, where the run carried one out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried_out: Option<CarriedOut>,
    /// Whom the feed was read for, where it is read for several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<Members>,
    /// What became of what the run sent, where it was asked to look again (`--confirm`) and sent something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked_again: Option<LookedAgain>,
    /// What is thought of the items that the call named (`--key`, `--keys-from`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<Named>,
    /// What this run has judged to be wrong and that still is at its end: what `--fail-on` looks at.
    #[serde(default, skip_serializing_if = "Found::is_nothing")]
    pub found: Found,
    /// Whole seconds that each of tonight's repaired and healed findings took; known in the run that counts them alone.
    #[serde(skip)]
    pub repair_times: Vec<u32>,
}

/// What a run saw of what it had sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LookedAgain {
    /// Findings whose events were acknowledged in this run.
    pub emitted: u64,
    /// Those of them whose sides agreed then.
    pub repaired: u64,
    /// How often it was looked.
    pub looks: u64,
    /// Seconds from the first wait to the last look.
    pub seconds: f64,
}

/// The members of a fan-out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Members {
    /// How many there are.
    pub all: u64,
    /// Those that could not be reconciled; `problems` says why.
    pub troubled: Vec<String>,
}

impl RunReport {
    /// Whether another run, a pause or a domain that failed kept it from every domain.
    #[must_use]
    pub fn is_kept_out(&self) -> bool {
        !self.domains.is_empty() && self.domains.iter().all(|domain| domain.status == Status::Skipped)
    }
}

impl DomainReport {
    /// How many findings were seen repaired, of earlier runs and of this one.
    #[must_use]
    pub fn repaired(&self) -> u64 {
        self.follow_up.repaired + self.looked_again.map_or(0, |again| again.repaired)
    }

    /// How many items the truth has in the ranges read.
    #[must_use]
    pub fn of_truth(&self) -> u64 {
        self.direction.roles(self.items.upstream, self.items.local).truth
    }

    /// The report with the status that a domain has which came to its end.
    #[must_use]
    pub fn ended(self) -> Self {
        let is_held = self.limits.iter().any(|limit| limit.tripped);
        let status = match (self.failure.is_some(), is_held, self.complete) {
            (true, ..) => self.status,
            (_, true, _) => Status::Held,
            (_, _, false) => Status::Partial,
            (_, _, true) => Status::Done,
        };
        Self { status, ..self }
    }

    /// Takes over what is said about another member of the same domain, apart from what is counted at the end.
    pub fn absorb(&mut self, other: Self) {
        self.complete &= other.complete;
        self.events.held += other.events.held;
        self.events.dead += other.events.dead;
        if let Some(other) = other.carried_out {
            match &mut self.carried_out {
                Some(own) => own.items.extend(other.items),
                None => self.carried_out = Some(other),
            }
        }
        self.follow_up.add(other.follow_up);
        self.ranges.extend(other.ranges);
        self.ranges.sort();
        self.ranges.dedup();
        self.problems.extend(other.problems);
        for (stage, seconds) in other.stages {
            *self.stages.entry(stage).or_default() += seconds;
        }
        for (cause, number) in other.causes {
            *self.causes.entry(cause).or_default() += number;
        }
        let notes = other.notes.into_iter().filter(|note| !self.notes.contains(note));
        let notes: Vec<String> = notes.collect();
        self.notes.extend(notes);
    }
}

/// Requests to the provider by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Requests {
    /// Answered and used.
    pub ok: u64,
    /// Answered with "slow down".
    pub throttled: u64,
    /// Not answered, or answered with an error.
    pub failed: u64,
}

impl Requests {
    /// Adds what was asked for another part of the same domain.
    pub fn add(&mut self, other: Self) {
        self.ok += other.ok;
        self.throttled += other.throttled;
        self.failed += other.failed;
    }
}

/// Items of one kind on each side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OneSide {
    /// Upstream items.
    pub upstream: u64,
    /// Local rows.
    pub local: u64,
}

/// The two sides, counted; the sums are checked before a report is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ItemCounts {
    /// Upstream items in the ranges read.
    pub upstream: u64,
    /// Local rows in the same ranges.
    pub local: u64,
    /// On both sides and equal.
    pub matched: u64,
    /// On both sides and different.
    pub mismatched: u64,
    /// Only where the truth is: upstream, and local where the domain is outbound.
    pub missing: u64,
    /// Only where the copy is.
    pub orphaned: u64,
    /// Too young to be judged, or not confirmed.
    pub pending: OneSide,
    /// With a value that its rule cannot read, or without a key.
    pub unreadable: OneSide,
    /// Left out because the evidence cannot decide, or because a person said to leave them alone.
    pub ignored: OneSide,
}

impl ItemCounts {
    /// What was added since an earlier moment of the same count.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let one = |now: u64, then: u64| now.saturating_sub(then);
        let side = |now: OneSide, then: OneSide| OneSide {
            upstream: one(now.upstream, then.upstream),
            local: one(now.local, then.local),
        };
        Self {
            upstream: one(self.upstream, earlier.upstream),
            local: one(self.local, earlier.local),
            matched: one(self.matched, earlier.matched),
            mismatched: one(self.mismatched, earlier.mismatched),
            missing: one(self.missing, earlier.missing),
            orphaned: one(self.orphaned, earlier.orphaned),
            pending: side(self.pending, earlier.pending),
            unreadable: side(self.unreadable, earlier.unreadable),
            ignored: side(self.ignored, earlier.ignored),
        }
    }

    /// How many of them were judged, which is what events are a part of for the ratio limit.
    #[must_use]
    pub const fn judged(&self) -> u64 {
        self.matched + self.mismatched + self.missing + self.orphaned
    }

    /// Adds the counts of another part of the same domain.
    pub fn add(&mut self, other: &Self) {
        self.upstream += other.upstream;
        self.local += other.local;
        self.matched += other.matched;
        self.mismatched += other.mismatched;
        self.missing += other.missing;
        self.orphaned += other.orphaned;
        let sides = [
            (&mut self.pending, other.pending),
            (&mut self.unreadable, other.unreadable),
            (&mut self.ignored, other.ignored),
        ];
        for (side, more) in sides {
            side.upstream += more.upstream;
            side.local += more.local;
        }
    }
}

/// Earlier findings that were looked at again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FollowUp {
    /// Looked at.
    pub checked: u64,
    /// Equal now, after their event was acknowledged.
    pub repaired: u64,
    /// Equal now by themselves.
    pub healed: u64,
    /// Sent earlier and still different.
    pub emitted_not_repaired: u64,
    /// Parked because sending does not help.
    pub recurring: u64,
}

impl FollowUp {
    fn add(&mut self, other: Self) {
        self.checked += other.checked;
        self.repaired += other.repaired;
        self.healed += other.healed;
        self.emitted_not_repaired += other.emitted_not_repaired;
        self.recurring += other.recurring;
    }
}

/// Events of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventCounts {
    /// Decided in this run.
    pub planned: u64,
    /// Kept back in this run, by a safety limit or a baseline.
    pub held: u64,
    /// Acknowledged by the queue in this run.
    pub emitted: u64,
    /// Dead letters that the retry job put back in this run, whatever became of them.
    #[serde(default)]
    pub retried: u64,
    /// Given up on, by a queue or because they break their schema.
    pub dead: u64,
    /// Still waiting in the outbox.
    pub waiting: u64,
    /// Those of them whose queue refuses until somebody does something about it.
    #[serde(default)]
    pub refused: u64,
    /// Sent or superseded so long ago that they were taken out of the outbox.
    #[serde(default)]
    pub purged: u64,
    /// Dead letters that were taken out because nobody had acted for as long as they are kept; their findings are parked.
    #[serde(default)]
    pub expired: u64,
    /// Dropped events that were taken out, as long after somebody dropped them as dead letters are kept.
    #[serde(default)]
    pub tombstones: u64,
}

impl EventCounts {
    /// How many events a plan would send: what is held or breaks its schema goes nowhere.
    #[must_use]
    pub const fn would_send(&self) -> u64 {
        self.planned.saturating_sub(self.held + self.dead)
    }
}

/// A safety limit as it was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Limit {
    /// `max_emits`, `max_ratio` or `min_items`, with the figures.
    pub text: String,
    /// Whether it holds the domain's events.
    pub tripped: bool,
}

/// One finding in a report or plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedFinding {
    /// The member of the fan-out, where the feed has one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub each: String,
    /// The item.
    pub key: String,
    /// missing, mismatched, orphaned or unreadable.
    pub kind: String,
    /// The state it goes to.
    pub state: String,
    /// Which life of a finding on its key this is, from 1.
    #[serde(default = "first")]
    pub episode: u32,
    /// Who takes care of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Where the sides differ.
    pub fields: Vec<FieldDiff>,
    /// Why it is held, parked or unreadable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where the change was lost: `never_sent`, `delivery_failed`, `not_received`, `delivered_not_applied`, `regressed`,
    /// `conflict` or `unknown`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What speaks for the cause, or why it is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause_why: Option<String>,
    /// The money it moves: a decimal string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// The currency of the amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The type of the event, where one is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// Its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "uuid"))]
    pub event_id: Option<Uuid>,
    /// That the relay gave its event up, where it did and nobody decided about it yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letter: Option<ItsDeadLetter>,
    /// The item's own clock, for whoever looks it up again; known in the run that lists it alone.
    #[serde(skip)]
    pub clock: Option<Instant>,
}

/// The dead letter of a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ItsDeadLetter {
    /// Its group, as `tieout dlq list` names it.
    pub group: String,
    /// Why it was given up, in one word.
    pub class: String,
}

/// The episode of a finding in a report that was written when there was none beside it.
const fn first() -> u32 {
    1
}
