//! Which events go together into a call. It knows sizes and groups, and sends nothing.

use std::collections::HashMap;

/// Entries of a call: SQS, SNS and EventBridge all take ten.
pub(super) const ENTRIES: usize = 10;

/// What nobody takes more of, in a message as in a call: the limit of SQS, of an SNS topic that is set so, and of EventBridge, of which
/// "less than 1MB" is said
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>,
/// <https://docs.aws.amazon.com/sns/latest/dg/large-message-payloads.html>,
/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>).
const MOST: usize = 1 << 20;

/// What everybody takes: the usual limit of a topic, and that of older queues.
const SAFE: usize = 256 << 10;

/// How many bytes are taken, with attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// Of one message.
    pub(super) message: usize,
    /// Of the messages of one call, where it has more than one.
    pub(super) call: usize,
}

impl Limits {
    /// The limits where a queue says what it takes. Where it does not, a message that may be too large goes alone, so that the queue decides
    /// about it and about no other.
    pub(super) const fn of(said: Option<usize>) -> Self {
        match said {
            Some(bytes) if bytes < MOST => Self { message: bytes, call: bytes },
            Some(_) => Self { message: MOST, call: MOST },
            None => Self { message: MOST, call: SAFE },
        }
    }
}

/// What an event is to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Load<'g> {
    /// Its place in the batch.
    pub(super) at: usize,
    /// In bytes.
    pub(super) size: usize,
    /// Whose order it stands in, where the queue keeps one.
    pub(super) group: Option<&'g str>,
}

/// Calls that may be on their way at once, each with the places of its events.
pub(super) type Round = Vec<Vec<usize>>;

/// Puts events into calls, in their order. Of each group a round has one event at most, so that the next one is sent when it is known what
/// became of the one before.
pub(super) fn rounds(loads: &[Load<'_>], limits: Limits) -> Vec<Round> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let mut rounds: Vec<Vec<Load<'_>>> = Vec::new();
    for load in loads {
        let earlier = load.group.map_or(0, |group| {
            let count = seen.entry(group).or_default();
            *count += 1;
            *count - 1
        });
        if earlier == rounds.len() {
            rounds.push(Vec::new());
        }
        rounds[earlier].push(*load);
    }
    rounds.into_iter().map(|loads| round(&loads, limits)).collect()
}

fn round(loads: &[Load<'_>], limits: Limits) -> Round {
    let mut calls: Round = Vec::new();
    let mut bytes = 0;
    for load in loads {
        if let Some(call) =
            calls.last_mut().filter(|call| call.len() < ENTRIES && bytes + load.size <= limits.call)
        {
            call.push(load.at);
            bytes += load.size;
        } else {
            calls.push(vec![load.at]);
            bytes = load.size;
        }
    }
    calls
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GROUPS: [&str; 4] = ["a", "b", "c", "d"];

    /// The size of each event, and its group where there are any.
    fn batches() -> impl Strategy<Value = Vec<(usize, Option<&'static str>)>> {
        let group = prop_oneof![Just(None), (0..GROUPS.len()).prop_map(|at| Some(GROUPS[at]))];
        prop::collection::vec((1..=400_usize, group), 0..80)
    }

    proptest! {
        #[test]
        fn every_event_is_in_one_call_and_every_call_is_within_the_limits(
            batch in batches(), message in 200..=400_usize, call in 100..=400_usize
        ) {
            let limits = Limits { message, call };
            let loads: Vec<Load<'_>> =
                batch.iter().enumerate().map(|(at, (size, group))| Load { at, size: *size, group: *group }).collect();
            let rounds = rounds(&loads, limits);
            let mut all: Vec<usize> = rounds.iter().flatten().flatten().copied().collect();
            for call in rounds.iter().flatten() {
                let bytes: usize = call.iter().map(|at| batch[*at].0).sum();
                prop_assert!((1..=ENTRIES).contains(&call.len()));
                prop_assert!(call.len() == 1 || bytes <= limits.call, "{bytes}");
                prop_assert!(call.is_sorted());
            }
            all.sort_unstable();
            prop_assert_eq!(all, (0..batch.len()).collect::<Vec<_>>());
        }

        #[test]
        fn a_group_has_one_event_in_each_round_in_the_order_of_the_batch(batch in batches()) {
            let loads: Vec<Load<'_>> =
                batch.iter().enumerate().map(|(at, (size, group))| Load { at, size: *size, group: *group }).collect();
            let rounds = rounds(&loads, Limits::of(None));
            for group in GROUPS {
                let of_group = |round: &Round| -> Vec<usize> {
                    round.iter().flatten().copied().filter(|at| batch[*at].1 == Some(group)).collect()
                };
                let sent: Vec<Vec<usize>> = rounds.iter().map(of_group).collect();
                prop_assert!(sent.iter().all(|round| round.len() <= 1));
                prop_assert!(sent.concat().is_sorted());
            }
        }
    }

    #[test]
    fn what_may_be_too_large_goes_alone_unless_the_queue_says_that_it_takes_it() {
        let large = |at| Load { at, size: 300 << 10, group: None };
        let loads =
            [large(0), large(1), Load { at: 2, size: 1, group: None }, Load { at: 3, size: 1, group: None }];
        assert_eq!(rounds(&loads, Limits::of(None)), [vec![vec![0], vec![1], vec![2, 3]]]);
        assert_eq!(rounds(&loads, Limits::of(Some(1 << 20))), [vec![vec![0, 1, 2, 3]]]);
        assert_eq!(Limits::of(Some(1_024)), Limits { message: 1_024, call: 1_024 });
    }
}
