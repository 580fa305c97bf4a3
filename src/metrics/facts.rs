//! What is known at one moment: the state store's rows beside what the configuration says. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use tieout_reconcilers::instant::Instant;

use super::last_run::LastRun;
use super::subject::{MembersKnown, Subject};
use crate::coverage;
use crate::store::{Backlog, Counted, FindingGroup, Measured, MemberCoverage};

/// What is known at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// The version of the program.
    pub version: &'static str,
    /// Every configured domain.
    pub domains: Vec<DomainFacts>,
    /// How often metrics could not be sent since they last were, all targets together.
    pub push_failures: u64,
}

/// What is known of a domain.
#[derive(Debug, Clone, PartialEq)]
pub struct DomainFacts {
    /// Its name.
    pub domain: String,
    /// The longest time between two runs.
    pub expected_interval: Duration,
    /// When the state store first heard of it.
    pub created: Instant,
    /// When the newest run began.
    pub started: Option<Instant>,
    /// When a run last came to its end.
    pub completed: Option<Instant>,
    /// When everything was last done.
    pub succeeded: Option<Instant>,
    /// Up to where its coverage has no hole.
    pub verified_through: Option<Instant>,
    /// Whether no run is expected: a person paused it, or its file says so.
    pub is_paused: bool,
    /// Whether a run holds it.
    pub is_running: bool,
    /// The figures of the last run that ended.
    pub last_run: LastRun,
    /// What all runs counted.
    pub counted: Counted,
    /// Its findings that are not over.
    pub findings: Vec<FindingGroup>,
    /// What safety limits hold of it.
    pub held: Option<Backlog>,
    /// Its dead letters.
    pub dead: Option<Backlog>,
}

impl Facts {
    /// What is known of the configured domains, and of no other that the state store may hold.
    #[must_use]
    pub fn of(subjects: &[Subject], measured: &Measured, now: Instant) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            domains: subjects.iter().map(|subject| DomainFacts::of(subject, measured, now)).collect(),
            push_failures: measured.push_failures.values().sum(),
        }
    }
}

impl DomainFacts {
    fn of(subject: &Subject, measured: &Measured, now: Instant) -> Self {
        let name = subject.domain.as_str();
        let none = BTreeMap::new();
        let members = measured.members.get(name).unwrap_or(&none);
        let held_since = members.values().filter_map(|member| member.held_since).max();
        let kept = measured.kept.get(name);
        let json = kept.and_then(|kept| kept.last_run_json.as_deref());
        Self {
            domain: name.to_owned(),
            expected_interval: subject.expected_interval,
            created: kept.map_or(now, |kept| kept.known_since),
            started: kept.and_then(|kept| kept.started_at).max(held_since),
            completed: kept.and_then(|kept| kept.completed_at),
            succeeded: kept.and_then(|kept| kept.succeeded_at),
            verified_through: verified_through(subject, members),
            is_paused: subject.is_paused || measured.paused.contains(name),
            is_running: held_since.is_some(),
            last_run: json.map(LastRun::from_json).unwrap_or_default(),
            counted: kept.map(|kept| kept.counted).unwrap_or_default(),
            findings: measured.findings.iter().filter(|group| group.domain == name).cloned().collect(),
            held: measured.held.get(name).copied(),
            dead: measured.dead.get(name).copied(),
        }
    }
}

/// How far the member is that is the furthest behind. One of which nothing is verified is behind all others.
fn verified_through(subject: &Subject, members: &BTreeMap<String, MemberCoverage>) -> Option<Instant> {
    let through = |member: Option<&MemberCoverage>| {
        let member = member?;
        let verified = member.verified.get(&subject.clock)?;
        coverage::verified_through(verified, subject.start.or(member.began))
    };
    match &subject.members {
        MembersKnown::Nobody => through(members.get("")),
        MembersKnown::Named(names) => names.iter().map(|name| through(members.get(name))).min().flatten(),
        MembersKnown::Found => {
            let found = members.iter().filter(|(name, _)| !name.is_empty());
            found.map(|(_, member)| through(Some(member))).min().flatten()
        }
    }
}
