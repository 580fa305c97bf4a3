//! Counts what was played and what went wrong, and tells of each failure with the command that plays it again.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use crate::case::Case;
use crate::crew::How;
use crate::play::Played;
use crate::point::Deed;
use crate::wrong::Class;

/// A failure is told so often; the rest is only counted.
const TOLD: usize = 20;

#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) cases: u64,
    pub(crate) done: BTreeMap<Deed, u64>,
    /// Distinct hits at which a process was killed.
    pub(crate) places: BTreeSet<String>,
    /// Distinct names of crash points at which something happened.
    pub(crate) names: BTreeSet<String>,
    pub(crate) unreached: u64,
    pub(crate) wrong: BTreeMap<Class, u64>,
    pub(crate) seconds: f64,
    pub(crate) first_wrong: Option<String>,
    is_quiet: bool,
    n_told: usize,
}

impl Tally {
    /// A tally that tells nothing.
    pub(crate) fn quiet() -> Self {
        Self { is_quiet: true, ..Self::default() }
    }

    pub(crate) fn take(&mut self, how: How, case: &Case, played: &Played) {
        self.cases += 1;
        self.seconds += played.seconds;
        self.unreached += played.unreached;
        for (deed, n) in &played.done {
            *self.done.entry(*deed).or_default() += n;
        }
        if played.unreached == 0 {
            for point in case.points.iter().filter(|point| point.hit != "count:0") {
                self.places.insert(format!("{} {point}", case.scene.name()));
                self.names.insert(point.place().to_owned());
            }
        }
        for wrong in &played.wrong.0 {
            *self.wrong.entry(wrong.class).or_default() += 1;
            self.first_wrong.get_or_insert_with(|| format!("{case}: {}", wrong.says));
        }
        if !played.wrong.0.is_empty() && !self.is_quiet && self.n_told < TOLD {
            self.n_told += 1;
            tell(how, case, played);
        }
    }

    pub(crate) fn of(&self, class: Class) -> u64 {
        self.wrong.get(&class).copied().unwrap_or_default()
    }

    pub(crate) fn kills(&self) -> u64 {
        [Deed::Kill, Deed::Gone, Deed::Syscall].iter().filter_map(|deed| self.done.get(deed)).sum()
    }

    /// Takes over what another tally counted.
    pub(crate) fn add(&mut self, other: &Self) {
        self.cases += other.cases;
        self.unreached += other.unreached;
        for (deed, n) in &other.done {
            *self.done.entry(*deed).or_default() += n;
        }
        for (class, n) in &other.wrong {
            *self.wrong.entry(*class).or_default() += n;
        }
        self.places.extend(other.places.iter().cloned());
        self.names.extend(other.names.iter().cloned());
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.wrong.is_empty()
    }
}

fn tell(how: How, case: &Case, played: &Played) {
    for wrong in &played.wrong.0 {
        println!("{:?}: {}", wrong.class, wrong.says);
    }
    let way = match how {
        How::Story => String::new(),
        How::Chaos => "chaos ".to_owned(),
        How::Shards(n_pods) => format!("shards {n_pods} "),
    };
    println!(
        "  seed {}, commit {}; again with\n  tests/crash/run --replay \"{way}{case}\"",
        case.seed,
        commit()
    );
}

/// The commit that is tried.
pub(crate) fn commit() -> String {
    let said = Command::new("git").args(["describe", "--always", "--dirty"]).output();
    said.map_or_else(|_| "unknown".to_owned(), |said| String::from_utf8_lossy(&said.stdout).trim().to_owned())
}
