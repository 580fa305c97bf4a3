//! What the diff of a world must be, by looking at everything with everything. Shares no code with the diff.

use std::collections::BTreeMap;

use super::world::{Thing, World};
use crate::diff::Looks;

/// What must come out.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Expected {
    pub suspects: BTreeMap<String, (Looks, bool, bool)>,
    pub upstream: u64,
    pub local: u64,
    pub matched: u64,
    /// Cents of matched pairs on both sides.
    pub cents: i128,
}

/// For worlds whose keys stand for one item and one row at most.
pub(super) fn expected(world: &World) -> Expected {
    let mut expected = Expected::default();
    let is_inside = |thing: &Thing| thing.at.is_some_and(|at| world.window.0 <= at && at < world.window.1);

    let mut listed: Vec<&Thing> = Vec::new();
    for page in &world.pages {
        for item in page {
            if is_inside(item) && !listed.iter().any(|known| known.key == item.key) {
                listed.push(item);
            }
        }
    }
    for item in &listed {
        expected.upstream += 1;
        let mut row = None;
        for candidate in &world.rows {
            if candidate.key == item.key {
                row = Some(candidate);
            }
        }
        let Some(row) = row else {
            expected.suspects.insert(item.key.clone(), (Looks::UpstreamOnly, true, false));
            continue;
        };
        expected.local += 1;
        let is_ahead = match (item.version, row.version) {
            (Some(upstream), Some(local)) => local > upstream,
            _ => false,
        };
        if item.cents == row.cents {
            expected.matched += 1;
            expected.cents += i128::from(item.cents);
        } else if is_ahead {
            expected.matched += 1;
        } else {
            expected.suspects.insert(item.key.clone(), (Looks::Different, true, true));
        }
    }
    for row in &world.rows {
        if is_inside(row) && !listed.iter().any(|item| item.key == row.key) {
            expected.local += 1;
            expected.suspects.insert(row.key.clone(), (Looks::LocalOnly, false, true));
        }
    }
    expected
}
