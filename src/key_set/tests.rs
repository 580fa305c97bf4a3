//! Sets that do not fit, against sets that do.

use std::collections::{BTreeSet, HashSet};

use proptest::prelude::*;

use super::*;

fn set(keys: &[String], bytes: usize) -> KeySet {
    let mut set = KeySet::within(bytes);
    for key in keys {
        set.insert(key).unwrap();
        assert!(set.held_bytes() <= bytes.max(WIDTH), "{} bytes are held", set.held_bytes());
    }
    set
}

#[test]
fn a_hash_is_the_same_everywhere_and_differs_for_what_differs() {
    assert_eq!(hash("ch_1"), hash("ch_1"));
    let hashes: HashSet<u128> = (0..50_000).map(|n| hash(&format!("ch_{n}"))).collect();
    assert_eq!(hashes.len(), 50_000);
    assert_ne!(hash("a"), hash("A"));
}

#[test]
fn more_runs_than_may_lie_side_by_side_are_merged_and_lose_nothing() {
    let keys: Vec<String> = (0..1_000).map(|n| format!("ch_{}", n % 700)).collect();
    let mut small = KeySet::within(2 * WIDTH);
    let mut most = 0;
    for key in &keys {
        small.insert(key).unwrap();
        most = most.max(small.n_runs());
    }
    assert!(most <= MAX_RUNS + 1, "{most} runs lay side by side");
    let sorted: Vec<u128> = small.sorted().unwrap().map(Result::unwrap).collect();
    let expected: BTreeSet<u128> = keys.iter().map(|key| hash(key)).collect();
    assert_eq!(sorted, Vec::from_iter(expected));
}

#[test]
fn an_empty_set_has_nothing_and_misses_everything() {
    let keys = ["a".to_owned()];
    let compared = compare(KeySet::default(), set(&keys, 100), 10).unwrap();
    assert_eq!(compared, Compared { first: 0, only_second: vec![hash("a")], more: 0 });
    assert_eq!(compare(set(&keys, 100), KeySet::default(), 10).unwrap().first, 1);
    assert_eq!(compare(KeySet::default(), KeySet::default(), 10).unwrap(), Compared::default());
}

proptest! {
    #[test]
    fn whatever_fits_in_memory_two_sets_differ_as_sets_do(
        first in proptest::collection::vec("[a-e]{1,3}", 0..200),
        second in proptest::collection::vec("[a-e]{1,3}", 0..200),
        bytes in 0_usize..600,
        limit in 0_usize..60,
    ) {
        let model = |keys: &[String]| keys.iter().map(|key| hash(key)).collect::<BTreeSet<u128>>();
        let (one, other) = (model(&first), model(&second));
        let missing: Vec<u128> = other.difference(&one).copied().collect();
        let compared = compare(set(&first, bytes), set(&second, bytes), limit).unwrap();
        prop_assert_eq!(compared.first, one.len() as u64);
        prop_assert_eq!(compared.only_second.len() as u64 + compared.more, missing.len() as u64);
        prop_assert_eq!(&compared.only_second[..], &missing[..missing.len().min(limit)]);
    }
}
