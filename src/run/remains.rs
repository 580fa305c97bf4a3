//! The report of a run that cannot write it: made of what the state store holds of it, and of nothing that only its process knew.

use std::sync::Arc;

use serde::Deserialize;
use tieout_reconcilers::fan_out::FanOut;
use tieout_reconcilers::name::{DomainName, Each};
use tieout_reconcilers::reconciler::Reconciler;

use super::asked::Asked;
use super::outcome::Failure;
use super::standing::standing;
use super::summary::{blank, blank_named, failed};
use crate::coverage;
use crate::finding::State;
use crate::report::{DomainReport, EventCounts, Exit, ItemCounts, RunReport, SCHEMA, Status, Trigger};
use crate::store::{OutboxState, Remains, RunRecord, SliceRecord, Store, StoreError};

/// What a reader has to know of such a report.
const NOTE: &str = "the figures are those of the state store: pages, requests, money and the list of findings are known to the run alone";

/// How a run ended.
pub(super) enum End {
    /// Its process died.
    Died,
    /// It was given up, because it did not end itself.
    GivenUp(Failure),
}

/// What a slice counted, as far as it is kept.
#[derive(Deserialize)]
struct Counted {
    #[serde(default)]
    items: ItemCounts,
}

/// The report of a run that did not write its own. Its exit code is left to the caller.
pub(super) async fn report_of(
    store: &Store,
    run: &RunRecord,
    domains: &[Arc<dyn Reconciler>],
    end: &End,
) -> Result<RunReport, StoreError> {
    let summary = &run.summary;
    let asked = Asked::from_json(&run.args_json).unwrap_or_default();
    let selected = asked.domains;
    let remains = store.remains(summary.run_id).await?;
    let mut reports = Vec::new();
    for name in &selected {
        let known = domains.iter().find(|domain| domain.domain().as_str() == name).map(AsRef::as_ref);
        let ended = remains.ended.get(name).and_then(|json| serde_json::from_str::<DomainReport>(json).ok());
        let has_ended = ended.is_some();
        let report = match ended {
            Some(report) => report,
            None => cut_off(store, run, (name, known), &remains, end).await?,
        };
        let definition_sha256 = asked.definitions.get(name).cloned();
        reports.push(DomainReport { events: events(&remains, name), definition_sha256, ..report });
        // The domains of a run come one after the other: those behind this one were not begun.
        if !has_ended {
            break;
        }
    }
    Ok(RunReport {
        schema: SCHEMA.to_owned(),
        run_id: summary.run_id,
        tool_version: summary.version.clone(),
        mode: summary.mode.as_str().to_owned(),
        trigger: Trigger::from_word(&summary.trigger),
        args: asked.args,
        resumes: summary.resumes,
        successor: summary.successor,
        selected,
        started_at: summary.started_at.to_string(),
        finished_at: Some(store.now().await?.to_string()),
        status: Status::Interrupted,
        exit: Exit::default(),
        domains: reports,
        warnings: Vec::new(),
    })
}

/// The domain that the run was working on.
async fn cut_off(
    store: &Store,
    run: &RunRecord,
    (name, known): (&str, Option<&dyn Reconciler>),
    remains: &Remains,
    end: &End,
) -> Result<DomainReport, StoreError> {
    let mut report = known.map_or_else(|| blank_named(name), blank);
    for slice in remains.slices.iter().filter(|slice| slice.domain == name) {
        add(&mut report, slice);
    }
    let of = |states: &[State]| {
        let number = |state: &State| remains.findings.get(&(name.to_owned(), state.as_str().to_owned()));
        states.iter().filter_map(number).sum::<u64>()
    };
    (report.tonight.repaired, report.tonight.healed) = (of(&[State::Repaired]), of(&[State::Healed]));
    (report.follow_up.repaired, report.follow_up.healed) = (of(&[State::Repaired]), of(&[State::Healed]));
    report.findings_not_listed = of(&[State::Open, State::Held]);
    report.verified_through = verified_through(store, known).await?;
    if let Ok(domain) = name.parse::<DomainName>() {
        let held = store.held().await?;
        let counted = store.standing(&domain, run.summary.started_at).await?;
        report.standing = standing(counted, held.iter().filter(|set| set.domain == domain));
    }
    report.notes.push(NOTE.to_owned());
    Ok(match end {
        End::Died => died(report, run),
        End::GivenUp(failure) => failed(report, failure),
    })
}

fn died(mut report: DomainReport, run: &RunRecord) -> DomainReport {
    let last_sign = run.summary.heartbeat_at;
    report = failed(report, &Failure::Interrupted);
    report.problems = vec![format!(
        "the process died: it gave its last sign of life at {last_sign}; what was committed stays"
    )];
    report.failure = Some(crate::report::exit::DIED.to_owned());
    report
}

/// Adds what a slice counted when it was committed, and its range.
fn add(report: &mut DomainReport, slice: &SliceRecord) {
    let Ok(Counted { items }) = serde_json::from_str(&slice.counts_json) else { return };
    let (from, to) = (slice.from.to_string(), slice.to.to_string());
    if slice.is_overlap { &mut report.overlap } else { &mut report.items }.add(&items);
    match report.ranges.last_mut() {
        Some((_, end)) if *end == from => *end = to,
        _ => report.ranges.push((from, to)),
    }
}

/// What became of the events of the run so far.
fn events(remains: &Remains, domain: &str) -> EventCounts {
    let of = |state: OutboxState| {
        let key = (domain.to_owned(), state.as_str().to_owned());
        remains.events.get(&key).copied().unwrap_or_default()
    };
    EventCounts {
        planned: remains.events.iter().filter(|((of, _), _)| of == domain).map(|(_, number)| number).sum(),
        held: of(OutboxState::Held),
        emitted: of(OutboxState::Sent),
        // What a run put back is not told apart from what it staged, once the run is dead.
        retried: 0,
        dead: of(OutboxState::Dead),
        waiting: of(OutboxState::Pending) + of(OutboxState::Staged),
        refused: 0,
        purged: 0,
        expired: 0,
        tombstones: 0,
    }
}

/// How far the coverage of the member that is the furthest behind has no hole, where the domain is known.
async fn verified_through(
    store: &Store,
    known: Option<&dyn Reconciler>,
) -> Result<Option<String>, StoreError> {
    let Some(domain) = known else { return Ok(None) };
    let members = match domain.fan_out() {
        FanOut::None => vec![Each::default()],
        FanOut::Members(_) | FanOut::Feed(_) => store.members(domain.domain()).await?,
    };
    let mut through = Vec::new();
    for each in members {
        let verified = store.coverage(domain.domain(), &each, &domain.feed().clock).await?;
        let begins = domain.policy().start.or(store.first_slice(domain.domain(), &each).await?);
        through.push(coverage::verified_through(&verified, begins));
    }
    Ok(through.into_iter().min().flatten().map(|at| at.to_string()))
}
