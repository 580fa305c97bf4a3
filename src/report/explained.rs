//! Why a finding stands where it stands, and what happens next: everything that the state store knows of it, in order. Pure.

use std::time::Duration;

use serde::Serialize;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::spoken::Spoken;
use uuid::Uuid;

use super::views::FindingView;
use crate::finding::{Finding, State};
use crate::plan::MAX_REEMISSIONS;
use crate::store::{FindingRecord, HeldSet, HistoryEntry, OutboxRow, OutboxState};

/// What the domain's definition says about findings, where it is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules<'a> {
    /// Whom to ask about the domain.
    pub owner: Option<&'a str>,
    /// How long an item must rest before it is judged.
    pub settle: Duration,
    /// How long an event has to work before it is sent again.
    pub reemit_after: Duration,
    /// Whether findings of this kind are sent at all.
    pub emits: bool,
}

/// One finding with everything about it.
#[derive(Debug, Clone, Copy)]
pub struct Explained<'a> {
    record: &'a FindingRecord,
    rules: Option<Rules<'a>>,
    held: Option<&'a HeldSet>,
    now: Instant,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// When: by the state store's clock, but for the item's own change.
    pub at: Instant,
    /// What.
    pub what: String,
    /// Which run it was, or which person.
    pub by: String,
    /// Why, where there is a reason.
    pub note: Option<String>,
}

/// What happens next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NextStep {
    /// What.
    pub what: String,
    /// The words of the command for it, where a person has to give one; without the program's name.
    pub command: Option<Vec<String>>,
}

/// For programs.
#[derive(Debug, Serialize)]
struct View<'a> {
    #[serde(flatten)]
    finding: FindingView<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain_owner: Option<&'a str>,
    why: Option<String>,
    timeline: Vec<Moment>,
    events: Vec<EventView<'a>>,
    next: Vec<NextStep>,
}

#[derive(Debug, Serialize)]
struct EventView<'a> {
    event_id: Uuid,
    episode: u32,
    queue: &'a str,
    event_type: &'a str,
    state: OutboxState,
    class: Option<&'a str>,
    reason: Option<&'a str>,
    attempts: u32,
    staged_by: Uuid,
    staged_at: Instant,
    due_at: Instant,
    finished_at: Option<Instant>,
}

impl<'a> Explained<'a> {
    /// Everything about a finding, as of an instant of the state store's clock. `held` is what the run holds that holds it.
    #[must_use]
    pub const fn new(
        record: &'a FindingRecord,
        rules: Option<Rules<'a>>,
        held: Option<&'a HeldSet>,
        now: Instant,
    ) -> Self {
        Self { record, rules, held, now }
    }

    /// The finding.
    #[must_use]
    pub const fn finding(&self) -> &'a Finding {
        &self.record.finding
    }

    /// Whom to ask about the domain.
    #[must_use]
    pub fn domain_owner(&self) -> Option<&'a str> {
        self.rules?.owner
    }

    /// The instant of the explanation.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// The same for a program.
    #[must_use]
    pub fn view(&self) -> impl Serialize {
        View {
            finding: FindingView::from(self.finding()),
            domain_owner: self.domain_owner(),
            why: self.why(),
            timeline: self.timeline(),
            events: self.record.events.iter().map(event_view).collect(),
            next: self.next(),
        }
    }

    /// Everything that happened, oldest first.
    #[must_use]
    pub fn timeline(&self) -> Vec<Moment> {
        let finding = self.finding();
        let changed = finding.occurred_at.map(|at| Moment {
            at,
            what: "changed upstream".to_owned(),
            by: String::new(),
            note: None,
        });
        let steps = self.record.history.iter().map(step);
        let events = self.record.events.iter().flat_map(fates);
        let mut moments: Vec<Moment> = changed.into_iter().chain(steps).chain(events).collect();
        moments.sort_by_key(|moment| moment.at);
        moments
    }

    /// Why it stands where it stands.
    #[must_use]
    pub fn why(&self) -> Option<String> {
        let finding = self.finding();
        match (&finding.ignored, &finding.reason) {
            (Some(ignored), _) => Some(format!("ignored: {}", ignored.why)),
            (None, Some(reason)) if finding.state == State::Held => Some(format!("held: {reason}")),
            (None, reason) => reason.clone(),
        }
    }

    /// What happens next, and what a person can do about it.
    #[must_use]
    pub fn next(&self) -> Vec<NextStep> {
        let finding = self.finding();
        match finding.state {
            State::Suspected => vec![by_itself(self.when_judged())],
            State::Open => self.next_of_open(),
            State::Emitted => vec![by_itself(self.when_sent_again())],
            State::Held => vec![self.how_approved()],
            State::Recurring => vec![NextStep {
                what: "it is never sent again until a person opens it, once the consumer is mended"
                    .to_owned(),
                command: Some(self.reopen()),
            }],
            State::Ignored => vec![self.when_lapsed()],
            State::Repaired | State::Healed => {
                vec![by_itself("it is over; drift that comes back begins a new episode".to_owned())]
            }
        }
    }

    fn reopen(&self) -> Vec<String> {
        let id = &self.finding().id;
        let mut words = vec!["findings".to_owned(), "reopen".to_owned(), format!("{}/{}", id.domain, id.key)];
        if !id.each.as_str().is_empty() {
            words.extend(["--each".to_owned(), id.each.as_str().to_owned()]);
        }
        words
    }

    fn when_judged(&self) -> String {
        let settle = self.rules.map(|rules| format!(" for {}", Spoken(rules.settle)));
        format!("the next run judges it, if it has rested{} by then", settle.unwrap_or_default())
    }

    fn next_of_open(&self) -> Vec<NextStep> {
        let Some(event) = &self.record.event else {
            let emits = self.rules.is_none_or(|rules| rules.emits);
            let what = if emits {
                "the next run looks again, and sends it if it still differs"
            } else {
                "it is only reported; it is over when a run finds the sides equal"
            };
            return vec![by_itself(what.to_owned())];
        };
        let reason = event.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let what = match event.state {
            OutboxState::Staged => "its event is let go or held at the end of the next run".to_owned(),
            OutboxState::Pending if event.attempts > 0 => {
                format!(
                    "its event failed {} times and is tried again from {} on{reason}",
                    event.attempts, event.due_at
                )
            }
            OutboxState::Pending => "its event waits for the next run to deliver it".to_owned(),
            OutboxState::Dead => {
                let class = event.class.as_deref().unwrap_or("dead");
                let what = format!(
                    "its event was given up ({class}){reason}; it goes out again by `dlq retry`, or where a run may retry it"
                );
                let command = vec!["dlq".to_owned(), "show".to_owned(), event.event_id.to_string()];
                return vec![NextStep { what, command: Some(command) }];
            }
            OutboxState::Held | OutboxState::Sent | OutboxState::Superseded => {
                "the next run looks again".to_owned()
            }
        };
        vec![by_itself(what)]
    }

    fn when_sent_again(&self) -> String {
        let finding = self.finding();
        let when = finding.acknowledged_at.zip(self.rules).map(|(at, rules)| at + rules.reemit_after);
        let when = when.map_or_else(String::new, |at| format!(" from {at} on"));
        let what = if finding.reemissions >= MAX_REEMISSIONS { "parked" } else { "sent again" };
        format!(
            "a run that finds the sides equal calls it repaired; if they still differ, it is {what}{when}"
        )
    }

    fn how_approved(&self) -> NextStep {
        let what = "it is kept back until a person approves all that its run holds, or ignores it".to_owned();
        let command = self.held.map(|set| {
            let (run, domain) = (set.run_id.to_string(), set.domain.to_string());
            vec!["approve".to_owned(), run, domain, "--expect".to_owned(), set.events.to_string()]
        });
        NextStep { what, command }
    }

    fn when_lapsed(&self) -> NextStep {
        let until = self.finding().ignored.as_ref().and_then(|ignored| ignored.until);
        let what = match until {
            Some(until) if until <= self.now => "that has lapsed; the next run looks at it again".to_owned(),
            Some(until) => format!("it is left alone until {until}, or until upstream changes"),
            None => "it is left alone until upstream changes".to_owned(),
        };
        NextStep { what, command: Some(self.reopen()) }
    }
}

const fn by_itself(what: String) -> NextStep {
    NextStep { what, command: None }
}

/// A step of the finding's own history.
fn step(entry: &HistoryEntry) -> Moment {
    let state = entry.state.as_str();
    let episode = if entry.episode > 1 { format!(" (episode {})", entry.episode) } else { String::new() };
    let (what, by) = match (&entry.act, &entry.actor) {
        (Some(act), Some(actor)) => (format!("{act}: {state}{episode}"), actor.clone()),
        _ => (format!("{state}{episode}"), format!("run {}", entry.run_id)),
    };
    Moment { at: entry.at, what, by, note: entry.note.clone() }
}

/// What became of an event; that it was sent is a step of its finding already, where the finding still waited for it.
fn fates(event: &OutboxRow) -> Vec<Moment> {
    let about = |at, what: String, note| Moment { at, what, by: format!("event {}", event.event_id), note };
    let staged = about(event.staged_at, format!("{} for queue {}", event.event_type, event.queue), None);
    let ended = event.finished_at.map(|at| {
        let tries =
            if event.attempts > 0 { format!(" after {} failures", event.attempts) } else { String::new() };
        let class = event.class.as_deref().map(|class| format!(" ({class})")).unwrap_or_default();
        about(at, format!("{}{class}{tries}", event.state.as_str()), event.reason.clone())
    });
    std::iter::once(staged).chain(ended).collect()
}

fn event_view(event: &OutboxRow) -> EventView<'_> {
    EventView {
        event_id: event.event_id,
        episode: event.episode,
        queue: &event.queue,
        event_type: &event.event_type,
        state: event.state,
        class: event.class.as_deref(),
        reason: event.reason.as_deref(),
        attempts: event.attempts,
        staged_by: event.run_id,
        staged_at: event.staged_at,
        due_at: event.due_at,
        finished_at: event.finished_at,
    }
}
