//! What became of findings in one run: the new ones, the ends, and how long they took. Pure.

use std::time::Duration;

use crate::finding::{Finding, State};
use crate::plan::{Plan, Stand};
use crate::report::{Tonight, Took};

/// What became of findings so far.
#[derive(Debug, Default)]
pub(super) struct Lives {
    counts: Tonight,
    /// Whole seconds, because they are kept for every finding of a night.
    detected: Vec<u32>,
    repaired: Vec<u32>,
}

impl Lives {
    /// Notes how findings go on.
    pub(super) fn note(&mut self, plan: &Plan) {
        for (finding, stood) in plan.findings.iter().zip(&plan.stood) {
            self.step(finding, stood.as_ref());
        }
    }

    /// Takes over what was noted about another member of the same domain.
    pub(super) fn absorb(&mut self, other: Self) {
        self.counts.add(&other.counts);
        self.detected.extend(other.detected);
        self.repaired.extend(other.repaired);
    }

    /// Whole seconds from when findings were first seen until they were over.
    pub(super) fn repair_times(&self) -> &[u32] {
        &self.repaired
    }

    /// What the report says.
    pub(super) fn tell(self) -> Tonight {
        Tonight { time_to_detect: took(self.detected), time_to_repair: took(self.repaired), ..self.counts }
    }

    fn step(&mut self, finding: &Finding, stood: Option<&Stand>) {
        let was = stood.map(|stood| stood.state);
        let is_judged = matches!(finding.state, State::Open | State::Held);
        match (was, finding.state) {
            (None | Some(State::Suspected | State::Repaired | State::Healed), _) if is_judged => {
                let kind =
                    if finding.episode == 1 { &mut self.counts.new } else { &mut self.counts.reopened };
                *kind += 1;
                self.detected.extend(finding.time_to_detect().map(seconds));
            }
            (Some(State::Ignored), _) if is_judged => self.counts.reopened += 1,
            // What a baseline knew gave way to a drift of its own.
            (Some(State::Held), _)
                if is_judged && stood.is_some_and(|stood| stood.episode < finding.episode) =>
            {
                self.counts.new += 1;
                self.detected.extend(finding.time_to_detect().map(seconds));
            }
            (Some(State::Emitted), _) if is_judged => self.counts.sent_again += 1,
            // What was only suspected was never a finding.
            (Some(before), State::Healed) if before != State::Suspected => self.end(finding, State::Healed),
            (Some(_), State::Repaired) => self.end(finding, State::Repaired),
            (Some(before), State::Recurring) if before != State::Recurring => self.counts.parked += 1,
            _ => {}
        }
    }

    fn end(&mut self, finding: &Finding, how: State) {
        let kind = if how == State::Healed { &mut self.counts.healed } else { &mut self.counts.repaired };
        *kind += 1;
        self.repaired.extend(finding.time_to_repair().map(seconds));
    }
}

/// More than a century is as good as a century.
fn seconds(time: Duration) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX)
}

/// The median and the worst of some times; of an even number of them, the lower of the two in the middle.
pub(super) fn took(mut times: Vec<u32>) -> Option<Took> {
    times.sort_unstable();
    let (median, worst) = (times.get(times.len().saturating_sub(1) / 2)?, times.last()?);
    let [median_seconds, worst_seconds] = [*median, *worst].map(u64::from);
    Some(Took { median_seconds, worst_seconds, of: times.len() as u64 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::text::samples;

    fn stood(state: State) -> Stand {
        Stand { episode: 1, ..Stand::from(&samples::finding(state)) }
    }

    fn told(steps: &[(Option<Stand>, Finding)]) -> Tonight {
        let mut lives = Lives::default();
        for (stood, finding) in steps {
            let plan =
                Plan { findings: vec![finding.clone()], stood: vec![stood.clone()], ..Plan::default() };
            lives.note(&plan);
        }
        lives.tell()
    }

    #[test]
    fn every_way_of_beginning_and_ending_is_counted_apart() {
        let episode = |episode, state| Finding { episode, ..samples::finding(state) };
        let tonight = told(&[
            (None, episode(1, State::Open)),
            (Some(stood(State::Suspected)), episode(1, State::Held)),
            (Some(stood(State::Healed)), episode(2, State::Open)),
            (Some(stood(State::Ignored)), episode(1, State::Open)),
            (Some(stood(State::Held)), episode(2, State::Open)),
            (Some(stood(State::Emitted)), episode(2, State::Open)),
            (Some(stood(State::Emitted)), episode(1, State::Recurring)),
            (Some(stood(State::Recurring)), episode(1, State::Recurring)),
            (Some(stood(State::Suspected)), episode(1, State::Healed)),
            (None, episode(1, State::Suspected)),
            (Some(stood(State::Open)), episode(1, State::Open)),
            (Some(stood(State::Held)), episode(1, State::Held)),
        ]);
        assert_eq!(
            (tonight.new, tonight.reopened, tonight.sent_again, tonight.parked, tonight.healed),
            (3, 2, 1, 1, 0)
        );
        let hour = Took { median_seconds: 3_600, worst_seconds: 3_600, of: 4 };
        assert_eq!((tonight.time_to_detect, tonight.time_to_repair), (Some(hour), None));
    }

    #[test]
    fn the_median_is_a_time_that_was_really_taken() {
        let repaired = |seconds| Finding {
            closed_at: Some(samples::finding(State::Open).first_seen + Duration::from_secs(seconds)),
            ..samples::finding(State::Repaired)
        };
        let steps: Vec<_> =
            [9, 1, 4, 2].map(|seconds| (Some(stood(State::Emitted)), repaired(seconds))).into();
        let tonight = told(&steps);
        assert_eq!(tonight.repaired, 4);
        assert_eq!(tonight.time_to_repair, Some(Took { median_seconds: 2, worst_seconds: 9, of: 4 }));
    }
}
