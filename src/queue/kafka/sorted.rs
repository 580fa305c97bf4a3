//! What became of a batch, whose records may end in different ways: partitions have different leaders.

use super::said::{Blame, Trouble};
use crate::queue::Outcome;

/// What is known of one event of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// Nothing yet.
    Open,
    /// Every replica in sync has it.
    There,
    /// It was sent, and is not known to be there.
    Failed(Blame),
    /// It was not sent, and never will be.
    Never(Outcome),
}

impl End {
    /// Whether the client was given it.
    pub(super) const fn was_sent(&self) -> bool {
        !matches!(self, Self::Never(_))
    }

    /// Whether the client has nothing more to do with it.
    pub(super) const fn is_settled(&self) -> bool {
        matches!(self, Self::There | Self::Never(_))
    }

    /// Whether a broker may have said of it what is true of another one.
    pub(super) const fn is_of_all(&self) -> bool {
        matches!(self, Self::Failed(Blame::OneOf(_)))
    }

    const fn trouble(&self) -> Option<&Trouble> {
        if let Self::Failed(Blame::Queue(trouble)) = self { Some(trouble) } else { None }
    }
}

/// The outcomes of a batch, and what is wrong with the queue. Where a broker took some of it, it is a partition that is not there: its events
/// have an outcome too, and cost no attempt, so that those behind them are not sent twice. Where none did, what comes after the first such
/// event has no outcome.
pub(super) fn sorted(ends: Vec<End>) -> (Vec<Outcome>, Option<Trouble>) {
    let is_there = ends.contains(&End::There);
    let trouble = ends.iter().filter_map(End::trouble).max().cloned();
    let trouble = trouble.filter(|trouble| !(is_there && matches!(trouble, Trouble::ForNow(_))));
    let outcomes = ends.into_iter().map_while(|end| outcome(end, is_there));
    (outcomes.collect(), trouble)
}

fn outcome(end: End, is_there: bool) -> Option<Outcome> {
    match end {
        End::There => Some(Outcome::Acknowledged),
        End::Never(outcome) | End::Failed(Blame::Event(outcome) | Blame::OneOf(outcome)) => Some(outcome),
        End::Failed(Blame::Queue(Trouble::ForNow(why) | Trouble::Nowhere(why) | Trouble::Refusal(why))) => {
            is_there.then_some(Outcome::NotNow(why))
        }
        End::Open => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn for_now() -> Trouble {
        Trouble::ForNow("no leader".to_owned())
    }

    fn failed(trouble: Trouble) -> End {
        End::Failed(Blame::Queue(trouble))
    }

    fn dead() -> Outcome {
        Outcome::Dead { class: "too_large", reason: String::new() }
    }

    #[test]
    fn a_partition_without_a_leader_holds_its_own_events_and_no_others() {
        let ends = vec![End::There, failed(for_now()), End::Never(dead()), End::There];
        let not_now = Outcome::NotNow("no leader".to_owned());
        assert_eq!(sorted(ends), (vec![Outcome::Acknowledged, not_now, dead(), Outcome::Acknowledged], None));
    }

    #[test]
    fn where_no_broker_took_anything_the_queue_is_to_blame_and_no_event() {
        let ends = vec![End::Never(dead()), failed(for_now()), End::Never(dead())];
        assert_eq!(sorted(ends), (vec![dead()], Some(for_now())));
    }

    #[test]
    fn a_refusal_pauses_the_queue_whatever_else_happened() {
        let refusal = Trouble::Refusal("no grant".to_owned());
        let nowhere = Trouble::Nowhere("no partition".to_owned());
        let ends =
            vec![End::There, failed(for_now()), failed(nowhere.clone()), failed(refusal.clone()), End::There];
        let (outcomes, trouble) = sorted(ends);
        assert_eq!((outcomes.len(), trouble), (5, Some(refusal)));
        assert_eq!(sorted(vec![failed(for_now()), failed(nowhere.clone())]), (vec![], Some(nowhere)));
    }

    fn any_end() -> impl Strategy<Value = End> {
        prop_oneof![
            Just(End::There),
            Just(End::Never(dead())),
            Just(failed(for_now())),
            Just(End::Failed(Blame::OneOf(dead()))),
            Just(failed(Trouble::Nowhere(String::new()))),
            Just(failed(Trouble::Refusal(String::new()))),
        ]
    }

    proptest! {
        #[test]
        fn what_is_there_and_nothing_else_is_acknowledged_and_what_is_left_out_has_a_reason(
            ends in prop::collection::vec(any_end(), 0..20)
        ) {
            let (outcomes, trouble) = sorted(ends.clone());
            let acknowledged = outcomes.iter().filter(|one| **one == Outcome::Acknowledged).count();
            prop_assert_eq!(acknowledged, ends.iter().filter(|end| **end == End::There).count());
            for (end, outcome) in ends.iter().zip(&outcomes) {
                prop_assert_eq!(*end == End::There, *outcome == Outcome::Acknowledged);
            }
            prop_assert!(outcomes.len() == ends.len() || trouble.is_some());
        }
    }
}
