//! What is to be done about the schedule of a domain at an instant: pure, so that whole years of clocks can be tried.
//!
//! A due time is an instant that the schedule names. It has at most one run, whatever clocks do and however many daemons there
//! are: what had its run is never named again. Times that come while nobody can run collapse into the newest of them.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::DomainName;
use tieout_reconcilers::schedule::{CatchUp, Schedule};
use tieout_reconcilers::spoken::Spoken;
use uuid::Uuid;

use crate::store::{Agenda, Claim, CutOff, KeptDue, Next};

/// A run that starts so long after its time is not late: a heartbeat takes a second, a restart some more.
const ON_TIME: Duration = Duration::from_mins(1);

/// Clocks of two daemons may differ by so much without one of them taking the times of the other for decided in the future.
const SKEW: Duration = Duration::from_mins(1);

/// So often a time is gone on with whose run was cut off. A run that brings its process down each time must not do so for ever.
const CONTINUED: u64 = 5;

/// How many missed times are counted at most.
const COUNTED: usize = 1_000;

/// What is to be done about a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Nothing before then.
    Wait {
        /// When the run starts; nothing where the calendar ends before.
        until: Option<Instant>,
    },
    /// A time is due, and waits for whoever works on the domain.
    Hold {
        /// The time.
        scheduled_for: Instant,
        /// Who works on it.
        by: String,
    },
    /// What comes next is written down.
    Plan {
        /// It.
        next: Next,
        /// Why.
        why: Replanned,
    },
    /// Times pass without a run.
    Pass {
        /// The newest of them.
        scheduled_for: Instant,
        /// How many there are.
        times: usize,
        /// Why.
        why: Passed,
        /// What comes after them.
        next: Next,
    },
    /// A run begins.
    Fire(Claim),
}

/// Why the next time of a domain is worked out anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replanned {
    /// No daemon saw the domain before.
    New,
    /// It has another schedule, or its zone has other rules.
    Changed,
    /// The clock was put back, and what was decided lies in the future.
    ClockWentBack,
}

/// Why a time passes without a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Passed {
    /// A person paused the domain, or its file says so.
    Paused(String),
    /// Somebody works on the domain, and the schedule leaves out what was missed.
    Overlap(String),
    /// Nobody was there, and the schedule leaves out what was missed.
    Missed,
    /// Its run was cut off, and the schedule leaves out what was missed.
    CutOff(Uuid),
    /// Its run was cut off, and so were all that went on with it.
    CutOffAgain(Uuid),
}

impl fmt::Display for Replanned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::New => "the domain is new",
            Self::Changed => "the schedule is another one",
            Self::ClockWentBack => "the clock was put back, and times that it showed before come again",
        })
    }
}

impl fmt::Display for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paused(by) => write!(f, "paused {by}"),
            Self::Overlap(by) => write!(f, "{by} works on the domain"),
            Self::Missed => f.write_str("nobody was there, and `catch_up: skip` leaves it out"),
            Self::CutOff(run) => {
                write!(f, "run {run} was interrupted, and `catch_up: skip` leaves the rest out")
            }
            Self::CutOffAgain(run) => {
                write!(
                    f,
                    "run {run} was interrupted, as were {CONTINUED} before it; `tieout run --resume` goes on with it"
                )
            }
        }
    }
}

/// Decides about one domain.
#[must_use]
pub fn step(domain: &DomainName, schedule: &Schedule, agenda: &Agenda, now: Instant) -> Step {
    let times = Times { domain, schedule, text: text_of(schedule) };
    match agenda.due.get(domain) {
        None => times.plan(None, now, Replanned::New),
        Some(kept) if kept.starts_at > now => match (times.upcoming(kept, now), agenda.cut_off.get(domain)) {
            (Step::Wait { .. }, Some(cut)) => times.cut_off(kept, *cut, agenda),
            (step, _) => step,
        },
        Some(kept) => times.due(kept, agenda, now),
    }
}

/// The part of a schedule that its times come from.
fn text_of(schedule: &Schedule) -> String {
    let text = format!("{} {}", schedule.cron(), schedule.zone().name());
    match schedule.jitter() {
        Duration::ZERO => text,
        jitter => format!("{text} jitter {}", humantime::format_duration(jitter)),
    }
}

/// The times of one domain.
struct Times<'a> {
    domain: &'a DomainName,
    schedule: &'a Schedule,
    text: String,
}

impl Times<'_> {
    /// A time that is still to come, if the schedule still says so.
    fn upcoming(&self, kept: &KeptDue, now: Instant) -> Step {
        let is_the_same = kept.schedule == self.text;
        let wait = Step::Wait { until: Some(kept.starts_at) };
        if kept.due_at <= now {
            // It is due, and only its start is still to come. Another jitter may bring that forward.
            let starts_at = self.schedule.start_of(self.domain, kept.due_at).min(kept.starts_at);
            let next = Next { starts_at, ..self.next_at(kept.due_at, Some(kept.revision)) };
            return if is_the_same { wait } else { Step::Plan { next, why: Replanned::Changed } };
        }
        if !is_the_same {
            return self.plan(Some(kept), now, Replanned::Changed);
        }
        if kept.due_at <= now + SKEW {
            return wait;
        }
        match self.free_after(now + SKEW, &kept.ran) {
            Some(expected) if expected < kept.due_at => self.plan(Some(kept), now, Replanned::ClockWentBack),
            Some(expected) if expected > kept.due_at => self.plan(Some(kept), now, Replanned::Changed),
            _ => wait,
        }
    }

    /// A time that is due, with all that were missed before it.
    fn due(&self, kept: &KeptDue, agenda: &Agenda, now: Instant) -> Step {
        let scheduled_for = self.newest(kept, now);
        let is_the_same = kept.schedule == self.text;
        let after = if is_the_same { scheduled_for } else { scheduled_for.max(now) };
        let Some(next) = self.free_after(after, &kept.ran) else { return Step::Wait { until: None } };
        let next = self.next_at(next, Some(kept.revision));
        let times = if is_the_same { self.count(kept.due_at, scheduled_for) } else { 1 };
        let pass = |why, next| Step::Pass { scheduled_for, times, why, next };
        if let Some(by) = self.paused(agenda) {
            return pass(Passed::Paused(by), next);
        }
        match (agenda.works.get(self.domain), self.schedule.catch_up()) {
            (Some(by), CatchUp::Latest) => return Step::Hold { scheduled_for, by: by.clone() },
            (Some(by), CatchUp::Skip) => return pass(Passed::Overlap(by.clone()), next),
            (None, _) => {}
        }
        let late = since(self.schedule.start_of(self.domain, scheduled_for), now);
        if late > ON_TIME && self.schedule.catch_up() == CatchUp::Skip {
            return pass(Passed::Missed, next);
        }
        Step::Fire(Claim { scheduled_for, next, detail: said(late, times), resumes: None })
    }

    /// A time whose run did not come to its end, before the next one is due.
    fn cut_off(&self, kept: &KeptDue, cut: CutOff, agenda: &Agenda) -> Step {
        let CutOff { run, scheduled_for, continued } = cut;
        let next = Next { starts_at: kept.starts_at, ..self.next_at(kept.due_at, Some(kept.revision)) };
        let pass = |why| {
            let next = Next { forgets: Some(run), ..next.clone() };
            Step::Pass { scheduled_for, times: 1, why, next }
        };
        if let Some(by) = self.paused(agenda) {
            return pass(Passed::Paused(by));
        }
        match agenda.works.get(self.domain) {
            _ if self.schedule.catch_up() == CatchUp::Skip => return pass(Passed::CutOff(run)),
            _ if continued >= CONTINUED => return pass(Passed::CutOffAgain(run)),
            Some(by) => return Step::Hold { scheduled_for, by: by.clone() },
            None => {}
        }
        let detail = format!("goes on with run {run}, which was interrupted");
        Step::Fire(Claim { scheduled_for, next, detail, resumes: Some(run) })
    }

    fn paused(&self, agenda: &Agenda) -> Option<String> {
        let by_a_person = agenda.pauses.get(self.domain).map(|pause| format!("by {}", pause.who));
        by_a_person.or_else(|| self.schedule.is_paused().then(|| "in its file".to_owned()))
    }

    /// The newest time whose run should have started and did not.
    fn newest(&self, kept: &KeptDue, now: Instant) -> Instant {
        if kept.schedule != self.text {
            return kept.due_at;
        }
        let before = |at: Instant| self.schedule.last_until(at).map(|due| due.at);
        let back = std::iter::successors(before(now), |at| before(*at - Duration::from_micros(1)));
        let has_come = |at: &Instant| self.schedule.start_of(self.domain, *at) <= now;
        let mut back = back.take_while(|at| *at >= kept.due_at).filter(has_come);
        back.find(|at| !kept.ran.contains(at)).unwrap_or(kept.due_at)
    }

    /// How many times there are between two, both counted.
    fn count(&self, first: Instant, last: Instant) -> usize {
        let all = self.schedule.after(first - Duration::from_micros(1));
        all.take_while(|due| due.at <= last).take(COUNTED).count().max(1)
    }

    fn plan(&self, kept: Option<&KeptDue>, now: Instant, why: Replanned) -> Step {
        let none = BTreeSet::new();
        let ran = kept.map_or(&none, |kept| &kept.ran);
        match self.free_after(now, ran) {
            Some(due) => Step::Plan { next: self.next_at(due, kept.map(|kept| kept.revision)), why },
            None => Step::Wait { until: None },
        }
    }

    /// The first time after an instant that did not have its run.
    fn free_after(&self, after: Instant, ran: &BTreeSet<Instant>) -> Option<Instant> {
        self.schedule.after(after).map(|due| due.at).find(|at| !ran.contains(at))
    }

    fn next_at(&self, due_at: Instant, revision: Option<i64>) -> Next {
        Next {
            domain: self.domain.clone(),
            schedule: self.text.clone(),
            due_at,
            starts_at: self.schedule.start_of(self.domain, due_at),
            revision,
            forgets: None,
        }
    }
}

fn since(then: Instant, now: Instant) -> Duration {
    Duration::from_micros(u64::try_from(now.micros().saturating_sub(then.micros())).unwrap_or_default())
}

/// What the journal says of a run that begins.
fn said(late: Duration, times: usize) -> String {
    let late = Spoken(Duration::from_secs(late.as_secs()));
    match times {
        COUNTED.. => format!("{late} late, for at least {COUNTED} due times of which it is the newest"),
        2.. => format!("{late} late, for {times} due times of which it is the newest"),
        _ if late.0 > ON_TIME => format!("{late} late"),
        _ => "on time".to_owned(),
    }
}

#[cfg(test)]
mod tests;
