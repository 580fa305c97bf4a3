use std::collections::BTreeSet;

use proptest::prelude::*;
use tieout_reconcilers::instant::Instant;

use super::*;
use crate::notify::event::Event;

const DAY: Duration = Duration::from_hours(24);

fn known(troubles: &[(Trouble, u64)]) -> Condition {
    Condition { troubles: troubles.iter().copied().collect(), is_known: true }
}

fn unknown(trouble: Trouble) -> Condition {
    Condition { troubles: Troubles::from([(trouble, 1)]), is_known: false }
}

fn at(hours: u32) -> Instant {
    Instant::from_micros(1_700_000_000_000_000) + Duration::from_hours(hours.into())
}

/// A channel over many runs of one domain: what it is told in each, as words.
struct Channel {
    wishes: Wishes,
    told: BTreeMap<String, Told>,
}

impl Channel {
    fn new() -> Self {
        Self { wishes: Wishes::default(), told: BTreeMap::new() }
    }

    fn only(events: &[Event]) -> Self {
        Self {
            wishes: Wishes { on: events.iter().copied().collect::<BTreeSet<_>>(), ..Wishes::default() },
            ..Self::new()
        }
    }

    fn hears(&mut self, hours: u32, condition: Condition) -> String {
        let decision = decide(&self.wishes, &[("shop", condition)], &self.told, at(hours));
        for (domain, told) in decision.remember {
            if told.troubles.is_empty() {
                self.told.remove(&domain);
            } else {
                self.told.insert(domain, told);
            }
        }
        let repeated = if decision.is_repeated { "again " } else { "" };
        let words = |troubles: &[Trouble]| {
            troubles.iter().map(|trouble| trouble.as_str()).collect::<Vec<_>>().join(",")
        };
        let told = decision.news.iter().map(|news| format!("+{} -{}", words(&news.began), words(&news.over)));
        format!("{repeated}{}", told.collect::<Vec<_>>().join(" "))
    }
}

#[test]
fn a_trouble_is_told_once_then_again_after_a_day_and_its_end_once() {
    let mut channel = Channel::new();
    let held = || known(&[(Trouble::Held, 3)]);
    assert_eq!(channel.hears(0, known(&[])), "", "what is well is nothing to tell");
    assert_eq!(channel.hears(1, held()), "+held -");
    assert_eq!(channel.hears(2, held()), "");
    assert_eq!(channel.hears(23, held()), "");
    assert_eq!(channel.hears(25, held()), "again + -");
    assert_eq!(channel.hears(26, held()), "");
    assert_eq!(channel.hears(27, known(&[])), "+ -held");
    assert_eq!(channel.hears(28, known(&[])), "");
    assert_eq!(channel.told, BTreeMap::new());
}

#[test]
fn a_night_that_ends_a_little_sooner_than_the_last_one_is_still_told() {
    let mut channel = Channel::new();
    let _first = channel.hears(0, known(&[(Trouble::Failed, 1)]));
    let minute = Duration::from_mins(1);
    let decision =
        decide(&channel.wishes, &[("shop", known(&[(Trouble::Failed, 1)]))], &channel.told, at(24) - minute);
    assert!(decision.is_repeated);
}

#[test]
fn what_grows_tenfold_is_told_and_what_merely_moves_is_not() {
    let mut channel = Channel::new();
    let differences = |size| known(&[(Trouble::Differences, size)]);
    assert_eq!(channel.hears(0, differences(3)), "+differences -");
    assert_eq!(channel.hears(1, differences(9)), "");
    assert_eq!(channel.hears(2, differences(10)), "+differences -");
    assert_eq!(channel.hears(3, differences(2)), "");
    assert_eq!(channel.hears(4, differences(40)), "", "it was told already");
    assert_eq!(channel.hears(5, differences(4_310)), "+differences -");
}

#[test]
fn what_a_run_did_not_look_at_is_not_over() {
    let mut channel = Channel::new();
    assert_eq!(channel.hears(0, known(&[(Trouble::Differences, 3)])), "+differences -");
    assert_eq!(channel.hears(1, unknown(Trouble::Failed)), "+failed -");
    assert_eq!(channel.hears(2, unknown(Trouble::Interrupted)), "+interrupted -");
    assert_eq!(channel.hears(3, unknown(Trouble::Failed)), "", "it is known to be in both");
    assert_eq!(channel.hears(4, known(&[(Trouble::Differences, 3)])), "+ -failed,interrupted");
}

#[test]
fn a_channel_hears_only_what_it_asked_for() {
    let mut channel = Channel::only(&[Event::Trouble(Trouble::Failed)]);
    assert_eq!(channel.hears(0, known(&[(Trouble::Held, 1)])), "");
    assert_eq!(channel.hears(1, unknown(Trouble::Failed)), "+failed -");
    assert_eq!(channel.hears(2, known(&[])), "", "it did not ask for the end");
    assert_eq!(channel.hears(3, unknown(Trouble::Failed)), "+failed -", "and has heard of it in silence");
    assert_eq!(Channel::new().hears(0, unknown(Trouble::Skipped)), "", "nobody asks for that by default");
}

#[test]
fn domains_have_memories_of_their_own_and_share_a_message() {
    let wishes = Wishes::default();
    let (failed, well) = (unknown(Trouble::Failed), known(&[]));
    let first = decide(&wishes, &[("a", failed.clone()), ("b", well)], &BTreeMap::new(), at(0));
    assert_eq!(first.news.len(), 1);
    assert_eq!(first.remember.keys().collect::<Vec<_>>(), ["a"]);
    // A run of another domain says nothing about the first.
    let other = decide(&wishes, &[("b", failed.clone())], &first.remember, at(1));
    assert_eq!((other.news.len(), other.remember.contains_key("a")), (1, false));
    let both = [first.remember, other.remember].into_iter().flatten().collect();
    let third = decide(&wishes, &[("a", failed), ("b", known(&[(Trouble::Held, 1)]))], &both, at(2));
    let told: Vec<(&str, &[Trouble])> =
        third.news.iter().map(|news| (news.domain.as_str(), news.began.as_slice())).collect();
    assert_eq!(told, [("a", &[][..]), ("b", &[Trouble::Held][..])], "what lasts stands beside what is new");
}

#[test]
fn a_channel_of_some_domains_hears_of_no_other() {
    let wishes = Wishes { domains: Some(["stripe.charges".to_owned()].into()), ..Wishes::default() };
    let failed = || unknown(Trouble::Failed);
    let decision =
        decide(&wishes, &[("shop.orders", failed()), ("stripe.charges", failed())], &BTreeMap::new(), at(0));
    let named: Vec<&str> = decision.news.iter().map(|news| news.domain.as_str()).collect();
    assert_eq!(named, ["stripe.charges"]);
}

fn any_condition() -> impl Strategy<Value = Condition> {
    let trouble = proptest::sample::select(Trouble::ALL.to_vec());
    (proptest::collection::btree_map(trouble, 1_u64..100_000, 0..4), any::<bool>())
        .prop_map(|(troubles, is_known)| Condition { troubles, is_known })
}

proptest! {
    /// However often runs come: as long as nothing changes, a day has two messages at the most, its first and its last minute.
    #[test]
    fn there_are_no_storms(condition in any_condition(), minutes in 1_u64..120) {
        let (wishes, mut told, mut messages) = (Wishes::default(), BTreeMap::new(), 0);
        for run in 0..DAY.as_secs() / 60 / minutes {
            let now = at(0) + Duration::from_mins(run * minutes);
            let decision = decide(&wishes, &[("shop", condition.clone())], &told, now);
            messages += usize::from(!decision.news.is_empty());
            told.extend(decision.remember);
        }
        prop_assert!(messages <= 2, "{messages}");
    }

    /// The same run twice tells nothing the second time.
    #[test]
    fn the_second_look_tells_nothing(first in any_condition(), second in any_condition()) {
        let wishes = Wishes::default();
        let mut told = decide(&wishes, &[("shop", first)], &BTreeMap::new(), at(0)).remember;
        told.extend(decide(&wishes, &[("shop", second.clone())], &told, at(1)).remember);
        let again = decide(&wishes, &[("shop", second)], &told, at(1));
        prop_assert_eq!(again.news, vec![]);
    }
}
