//! The end of a domain's report: how all its findings stand now, and what waits for an approval.

use std::collections::BTreeMap;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::DomainName;
use uuid::Uuid;

use super::{Job, Mode};
use crate::finding::State;
use crate::report::{DomainReport, HeldLine, ItsDeadLetter, Owner, PlannedFinding, Standing};
use crate::store::{HeldSet, OutboxState, StandingCount, StoreError};

/// Fills in how the findings of the run's domains stand. `began` is the run's start by the state store's clock.
pub(super) async fn tell(job: &Job, domains: &mut [DomainReport], began: Instant) -> Result<(), StoreError> {
    let held = job.store.held().await?;
    for report in domains {
        let Ok(domain) = report.domain.parse::<DomainName>() else { continue };
        let counted = job.store.standing(&domain, began).await?;
        report.standing = standing(counted, held.iter().filter(|set| set.domain == domain));
        tell_dead_letters(job, report).await?;
        if job.options.mode == Mode::Run {
            let its = report.standing.held_sets.iter().filter(|set| set.run_id == job.run_id);
            report.events.held = its.map(|set| set.events).sum();
        }
    }
    Ok(())
}

/// The listed findings whose event was given up say so, and in which group it is.
async fn tell_dead_letters(job: &Job, report: &mut DomainReport) -> Result<(), StoreError> {
    let is_open = |finding: &&PlannedFinding| finding.state == State::Open.as_str();
    let ids: Vec<Uuid> = report.findings.iter().filter(is_open).filter_map(|one| one.event_id).collect();
    let letters = job.store.letters(&ids).await?;
    let dead = letters.iter().filter(|letter| letter.state == OutboxState::Dead && letter.dropped.is_none());
    let dead: BTreeMap<Uuid, ItsDeadLetter> = dead
        .map(|letter| {
            let group = letter.group();
            (letter.event_id, ItsDeadLetter { group: group.id().to_string(), class: group.class })
        })
        .collect();
    for finding in report.findings.iter_mut().filter(|finding| is_open(&&**finding)) {
        finding.dead_letter = finding.event_id.and_then(|id| dead.get(&id).cloned());
    }
    Ok(())
}

/// How findings stand, for a report or a status.
pub(crate) fn standing<'a>(counted: StandingCount, held: impl Iterator<Item = &'a HeldSet>) -> Standing {
    let number = |state: State| counted.states.get(&state).copied().unwrap_or_default();
    Standing {
        suspected: number(State::Suspected),
        open: number(State::Open),
        emitted: number(State::Emitted),
        held: number(State::Held),
        recurring: number(State::Recurring),
        ignored: number(State::Ignored),
        dead_letters: counted.dead_letters,
        still_open: counted.before,
        oldest: counted.oldest.map(|at| at.to_string()),
        owners: counted.owners.into_iter().map(|(owner, findings)| Owner { owner, findings }).collect(),
        held_sets: held.map(line).collect(),
    }
}

fn line(set: &HeldSet) -> HeldLine {
    HeldLine {
        run_id: set.run_id,
        events: set.events,
        findings: set.findings,
        reason: set.reason.clone(),
        since: Some(set.oldest.to_string()),
    }
}
