//! What a reader may do next, as commands that this program has.

use std::collections::BTreeSet;

use crate::report::exit;
use crate::report::lives::HeldLine;
use crate::report::value::{DomainReport, RunReport, Status};

use super::look::{Look, shell_word};

/// A command and what it is good for.
pub(super) struct Step {
    pub(super) command: String,
    pub(super) why: &'static str,
}

/// What a reader may do next: commands that can be pasted, each with what it is good for, the most useful first.
#[must_use]
pub fn next_commands(report: &RunReport, look: &Look) -> Vec<(String, &'static str)> {
    next_steps(report, look).into_iter().map(|step| (step.command, step.why)).collect()
}

/// The most useful commands first.
pub(super) fn next_steps(report: &RunReport, look: &Look) -> Vec<Step> {
    let plans = report.mode == "plan";
    let is_of_a_plan = report.domains.iter().any(|domain| domain.carried_out.is_some());
    let held = |domain: &DomainReport| domain.status == Status::Held || domain.events.held > 0;
    let failed = |domain: &DomainReport| {
        matches!(domain.status, Status::Failed | Status::Partial | Status::Interrupted | Status::Skipped)
            && !only_letters_died(domain)
    };
    let dead = |domain: &DomainReport| !plans && domain.events.dead + domain.standing.dead_letters > 0;
    let stuck = |domain: &DomainReport| domain.follow_up.emitted_not_repaired > 0;
    let parked = |domain: &DomainReport| domain.follow_up.recurring > 0;
    let emits = |domain: &DomainReport| plans && domain.events.would_send() > 0;
    let repaired = |domain: &DomainReport| domain.looked_again.map_or(0, |again| again.repaired);
    let emitted = |domain: &DomainReport| !plans && domain.events.emitted > repaired(domain);
    let rejected = report.exit.code == exit::CREDENTIALS;
    let refused = |domain: &DomainReport| domain.events.refused > 0;
    let again = if rejected { "once that is mended" } else { "try again: it goes on where coverage ends" };

    let steps = [
        of(report, refused, "doctor ", "", "what the queue refuses, and what mends it"),
        (
            rejected && !report.domains.iter().any(refused),
            "check --online".to_owned(),
            "test the credentials of every provider, database and queue",
        ),
        of(report, held, "plan ", " --limit 20", "see what tripped the limit"),
        of(
            report,
            |domain| !plans && held(domain),
            "findings list ",
            " --state held",
            "see what is held back",
        ),
        (
            !plans && !is_of_a_plan && report.status == Status::Interrupted && report.successor.is_none(),
            format!("run --resume {}", report.run_id),
            "go on with what it did not end",
        ),
        of(report, failed, "run ", "", again),
        (
            report.domains.iter().any(dead),
            "dlq list".to_owned(),
            "what the queue does not take, by its cause: send it once more, or drop it",
        ),
        of(
            report,
            |domain| domain.quarantine.as_ref().is_some_and(|quarantine| quarantine.open > 0),
            "quarantine list --domain ",
            "",
            "what cannot be read: have it mended, or go on without it",
        ),
        of(
            report,
            stuck,
            "findings list ",
            " --state emitted",
            "sent and not repaired: does the consumer run?",
        ),
        of(report, parked, "findings list ", " --state recurring", "sent several times in vain"),
        of(report, emits, "run ", "", "send these events"),
        of(report, emitted, "run ", "", "once your consumer applied the events: see them repaired"),
        (
            !plans && found(report),
            format!("report show {}", report.run_id),
            "this report again, with its findings",
        ),
    ];
    let urgent = approvals(report, |set| !set.is_of_baseline());
    let others = approvals(report, HeldLine::is_of_baseline);
    let steps = urgent.into_iter().chain(steps).chain(locks(report)).chain(others);
    let mut seen = BTreeSet::new();
    let wanted = steps.filter(|(wanted, rest, _)| *wanted && seen.insert(rest.clone()));
    wanted.map(|(_, rest, why)| Step { command: look.command(&rest), why }).collect()
}

/// Whether a domain is partial for its dead letters alone: no other run helps against these, or runs retry them by themselves.
fn only_letters_died(domain: &DomainReport) -> bool {
    domain.failure.is_none() && domain.complete && domain.events.waiting == 0 && domain.events.dead > 0
}

/// A step over the domains that a test picks.
fn of(
    report: &RunReport,
    picks: impl Fn(&DomainReport) -> bool,
    before: &str,
    after: &str,
    why: &'static str,
) -> (bool, String, &'static str) {
    let picked = report.domains.iter().filter(|domain| picks(domain));
    let names: Vec<String> = picked.map(|domain| shell_word(&domain.domain)).collect();
    (!names.is_empty(), format!("{before}{}{after}", names.join(" ")), why)
}

/// Domains that another run holds: if that one is dead, nobody has to wait for it.
fn locks(report: &RunReport) -> Vec<(bool, String, &'static str)> {
    let locked = report.domains.iter().filter(|domain| domain.failure.as_deref() == Some("locked"));
    let step = |domain: &DomainReport| {
        let command = format!("state unlock {}", shell_word(&domain.domain));
        (true, command, "break the lease, where its holder is dead and on another host")
    };
    locked.map(step).collect()
}

/// What waits for an approval, also what earlier runs hold. What a limit holds comes before all else: nothing but this ends it.
fn approvals(report: &RunReport, picks: impl Fn(&HeldLine) -> bool) -> Vec<(bool, String, &'static str)> {
    let of = |domain: &DomainReport| {
        let name = shell_word(&domain.domain);
        let sets = domain.standing.held_sets.iter().filter(|set| picks(set));
        sets.map(|set| {
            let command = format!("approve {} {name} --expect {}", set.run_id, set.events);
            (true, command, "let go what is held")
        })
        .collect::<Vec<_>>()
    };
    report.domains.iter().flat_map(of).collect()
}

fn found(report: &RunReport) -> bool {
    report.domains.iter().any(|domain| !domain.findings.is_empty())
}
