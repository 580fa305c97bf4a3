//! What a person does to a finding: pure, and with a refusal that says how to get what was meant.
//!
//! It never says who may; whoever can write the state store may. Nothing is sent: the next run looks at the item again.

use tieout_reconcilers::instant::Instant;

use super::step::before_ignored;
use crate::finding::{Finding, Ignored, State};

/// What a person does to a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Leaves the drift that is seen now alone.
    Ignore(Ignored),
    /// Follows it again: what was ignored, and what was parked.
    Reopen {
        /// Why, where that is said.
        why: Option<String>,
    },
    /// Says who takes care of it.
    Assign {
        /// Who.
        to: String,
    },
    /// Nobody in particular takes care of it any more.
    Unassign,
    /// Writes something beside it.
    Note {
        /// What.
        text: String,
    },
}

impl Act {
    /// The word for it in the history.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Ignore(_) => "ignore",
            Self::Reopen { .. } => "reopen",
            Self::Assign { .. } => "assign",
            Self::Unassign => "unassign",
            Self::Note { .. } => "note",
        }
    }

    /// What is written beside it in the history.
    #[must_use]
    pub fn told(&self) -> Option<String> {
        match self {
            Self::Ignore(Ignored { until: Some(until), why }) => Some(format!("until {until}: {why}")),
            Self::Ignore(Ignored { until: None, why }) => Some(why.clone()),
            Self::Reopen { why } => why.clone(),
            Self::Assign { to } => Some(format!("to {to}")),
            Self::Unassign => None,
            Self::Note { text } => Some(text.clone()),
        }
    }
}

/// What comes of an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acted {
    /// The finding as it stands afterwards.
    pub finding: Finding,
    /// Whether its event must not be sent any more.
    pub withdraws: bool,
}

/// Why an act makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The sides agree again.
    #[error("it is {} already: drift that comes back begins a new episode by itself", .0.as_str())]
    Over(State),
    /// It was not judged yet.
    #[error("it is only suspected: nobody knows yet what there is to ignore; the next run judges it")]
    Suspected,
    /// The instant is over.
    #[error("{0} is over already: an ignored finding lapses in the future")]
    Past(Instant),
    /// It is followed anyway.
    #[error("{}", .0.as_followed())]
    Followed(State),
}

impl State {
    /// Why a finding in this state need not be opened again.
    const fn as_followed(self) -> &'static str {
        match self {
            Self::Held => "it is held: only `tieout approve` lets it go",
            Self::Emitted => {
                "it is sent and followed: it is sent again by itself after `policy: {reemit_after: ...}`"
            }
            _ => "it is open already: every run looks at it",
        }
    }
}

/// What becomes of a finding by an act at an instant of the state store's clock.
pub fn act(finding: &Finding, act: &Act, now: Instant) -> Result<Acted, Refusal> {
    match act {
        Act::Ignore(ignored) => ignore(finding, ignored, now),
        Act::Reopen { .. } => reopen(finding),
        Act::Assign { .. } | Act::Unassign if finding.state.is_over() => Err(Refusal::Over(finding.state)),
        Act::Assign { to } => Ok(beside(Finding { owner: Some(to.clone()), ..finding.clone() })),
        Act::Unassign => Ok(beside(Finding { owner: None, ..finding.clone() })),
        Act::Note { .. } => Ok(beside(finding.clone())),
    }
}

/// What leaves the finding's own life as it is.
const fn beside(finding: Finding) -> Acted {
    Acted { finding, withdraws: false }
}

fn ignore(finding: &Finding, ignored: &Ignored, now: Instant) -> Result<Acted, Refusal> {
    match finding.state {
        State::Repaired | State::Healed => return Err(Refusal::Over(finding.state)),
        State::Suspected => return Err(Refusal::Suspected),
        State::Open | State::Emitted | State::Held | State::Recurring | State::Ignored => {}
    }
    if let Some(until) = ignored.until.filter(|until| *until <= now) {
        return Err(Refusal::Past(until));
    }
    let changed = intervened(finding);
    // What is parked has no event that could go out, and the one that it keeps says so if it is ever followed again.
    let may_be_sent = matches!(finding.state, State::Open | State::Emitted | State::Held);
    let withdraws = may_be_sent && finding.acknowledged_at.is_none() && finding.event_id.is_some();
    // An event that was withdrawn is made anew if the finding is ever followed again.
    let event_id = finding.event_id.filter(|_| !withdraws);
    let finding = Finding { state: State::Ignored, ignored: Some(ignored.clone()), event_id, ..changed };
    Ok(Acted { finding, withdraws })
}

fn reopen(finding: &Finding) -> Result<Acted, Refusal> {
    let finding = match finding.state {
        State::Repaired | State::Healed => return Err(Refusal::Over(finding.state)),
        State::Ignored => before_ignored(&intervened(finding)),
        State::Recurring => intervened(finding),
        state => return Err(Refusal::Followed(state)),
    };
    let finding = if finding.state == State::Recurring { from_the_start(finding) } else { finding };
    Ok(beside(finding))
}

/// A parked finding that may be sent again: consumers drop an id that they have seen, so it needs an episode of its own.
fn from_the_start(finding: Finding) -> Finding {
    Finding {
        state: State::Open,
        episode: finding.episode + 1,
        reemissions: 0,
        reason: None,
        acknowledged_at: None,
        event_id: None,
        ..finding
    }
}

fn intervened(finding: &Finding) -> Finding {
    Finding { interventions: finding.interventions + 1, ..finding.clone() }
}
