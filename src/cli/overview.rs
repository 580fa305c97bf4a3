//! `status`, `report` and `findings`: what the state store remembers, read and handed to the renderings.

use std::collections::BTreeMap;
use std::sync::Arc;

use tieout_reconcilers::fan_out::FanOut;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::{DomainName, Each};
use tieout_reconcilers::reconciler::{ClockKind, Reconciler};
use tieout_reconcilers::window::Window;

use super::args::StatusArgs;
use super::desk::Desk;
use super::failure::Failure;
use super::select::Domains;
use super::{ahead, discreet, findings, next, report, status, wire};
use crate::coverage;
use crate::finding::{Finding, State};
use crate::funnel::{self, Sources};
use crate::going::Going;
use crate::quarantine;
use crate::report::{DomainReport, LastRun, Range, RunLine, RunReport, Running, Status, StatusLine};
use crate::run::{self, EVENTS};
use crate::store::{
    FindingFilter, Led, OutboxState, QuarantineFilter, RunMode, RunSelector, RunSummary, Store, StoreError,
};

/// How many of the newest runs are searched for a domain's last one.
const RUNS_SEARCHED: u32 = 100;

/// Carries `status` out.
pub(super) async fn status(desk: &Desk, args: &StatusArgs) -> Result<u8, Failure> {
    let loaded = wire::load(desk)?;
    let domains = wire::selected_if_any(&loaded, &args.domains)?;
    let store = wire::open_store(&loaded.config).await?;
    let counting: Vec<Arc<dyn Reconciler>> =
        domains.iter().filter(|domain| domain.funnel().is_some()).cloned().collect();
    let databases = wire::databases(&loaded.config, &counting).await;
    // What is wrong with them is said by `check`; here their numbers are unknown.
    let mut queues = wire::queues(&loaded.config, &counting).unwrap_or_default();
    let going = Going::until(desk.signals.token().clone());
    let mut sources = Sources {
        store: &store,
        databases: &databases,
        queues: &mut queues,
        keep: loaded.config.keep,
        going: &going,
    };
    let gathered = gather(&mut sources, &domains).await;
    store.close().await;
    let (lines, now) = gathered.map_err(|error| wire::store_failure(&error))?;
    status::show(&lines, now, &desk.output)
}

async fn gather(
    sources: &mut Sources<'_>,
    domains: &[Arc<dyn Reconciler>],
) -> Result<(Vec<StatusLine>, Instant), StoreError> {
    let store = sources.store;
    let last = last_runs(store).await?;
    let unsent = store.unsent().await?;
    let by_people = store.pauses().await?;
    let mut lines = Vec::new();
    for domain in domains {
        let name = domain.domain();
        let number = |state: OutboxState| {
            let its = unsent.iter().filter(|row| row.domain == *name && row.state == state);
            its.map(|row| row.count).sum::<u64>()
        };
        let line = line(store, domain.as_ref()).await?;
        let funnel = funnel::read(sources, domain.as_ref(), store.now().await?).await?;
        let line = StatusLine {
            running: on_its_way(store, name).await?,
            last_run: last.get(name.as_str()).cloned(),
            waiting: number(OutboxState::Pending),
            dead: number(OutboxState::Dead),
            funnel,
            ..line
        };
        lines.push(match next::pause_of(domain.as_ref(), &by_people) {
            None => scheduled(domain.as_ref(), line, store.now().await?),
            paused => StatusLine { paused, ..line },
        });
    }
    Ok((lines, store.now().await?))
}

/// When a domain that is not paused is due, and whether it is late.
fn scheduled(domain: &dyn Reconciler, line: StatusLine, now: Instant) -> StatusLine {
    StatusLine {
        next_due: domain.schedule().and_then(|schedule| Some(schedule.next_after(now)?.at)),
        missed_due: line.verified_through.and_then(|through| ahead::missed(domain, through, now)),
        ..line
    }
}

/// The run that works on a domain now.
async fn on_its_way(store: &Store, domain: &DomainName) -> Result<Option<Running>, StoreError> {
    let Led::ByTheLiving(run_id) = store.led(domain).await? else { return Ok(None) };
    match store.run(run_id).await {
        Ok(run) => Ok(Some(Running { run_id, since: run.summary.started_at })),
        // A person holds it for a moment.
        Err(StoreError::NoSuchRun(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn line(store: &Store, domain: &dyn Reconciler) -> Result<StatusLine, StoreError> {
    let (name, feed) = (domain.domain(), domain.feed());
    let Verified { through: verified_through, each, begins, holes } = verified(store, domain).await?;
    let lost = coverage::lost(feed, store.now().await?, &holes);
    let moves_unseen = feed.mutable && feed.clock_kind != Some(ClockKind::Updated);
    let seen_changes = store.last_overlap(name, &each, &feed.clock).await?.zip(feed.overlap);
    let followed = store.coverage(name, &each, EVENTS).await?;
    let states = State::ALL.into_iter().filter(|state| state.is_followed()).collect();
    let now = store.now().await?;
    let held = store.held().await?;
    let standing =
        run::standing(store.standing(name, now).await?, held.iter().filter(|set| set.domain == *name));
    let open = store
        .list(&FindingFilter { domains: vec![name.clone()], states, ..FindingFilter::default() })
        .await?;
    let asked = QuarantineFilter { domains: vec![name.clone()], states: Vec::new() };
    let quarantined = store.quarantined(&asked).await?;
    let of = |state| quarantined.iter().filter(|entry| entry.state == state).count() as u64;
    Ok(StatusLine {
        domain: name.to_string(),
        owner: domain.owner().map(ToOwned::to_owned),
        tags: domain.tags().iter().map(ToString::to_string).collect(),
        verified_through,
        holes: holes.into_iter().map(Range::from).collect(),
        lost: lost.into_iter().map(Range::from).collect(),
        furthest_behind: Some(each.as_str().to_owned()).filter(|each| !each.is_empty()),
        changes_back_to: seen_changes
            .filter(|_| moves_unseen)
            .map(|(scan, declared)| scan.through - declared.back)
            // What came before coverage begins is not looked at.
            .map(|back| begins.map_or(back, |begins| begins.max(back))),
        changes_through: coverage::verified_through(&followed, followed.last().map(Window::from)),
        running: None,
        last_run: None,
        open: open.len() as u64,
        oldest: open.iter().map(|finding| finding.first_seen).min(),
        standing,
        at_stake: open.iter().filter_map(|finding| finding.amount.as_ref()).collect(),
        waiting: 0,
        dead: 0,
        paused: None,
        next_due: None,
        missed_due: None,
        quarantined: of(quarantine::State::Open),
        accepted: of(quarantine::State::Accepted),
        funnel: None,
    })
}

/// What of a domain is verified.
#[derive(Default)]
struct Verified {
    /// Up to where the member is verified that is the furthest behind.
    through: Option<Instant>,
    /// Which member that is.
    each: Each,
    /// Where its coverage begins.
    begins: Option<Instant>,
    /// The holes of all members.
    holes: Vec<Window>,
}

/// How far a domain is verified, and where it is not.
async fn verified(store: &Store, domain: &dyn Reconciler) -> Result<Verified, StoreError> {
    let name = domain.domain();
    let members = match domain.fan_out() {
        FanOut::None => Vec::new(),
        FanOut::Members(members) => members.into_iter().map(|member| member.each).collect(),
        // Who they are today, only the next run will know.
        FanOut::Feed(_) => store.members(name).await?,
    };
    let members = if members.is_empty() { vec![Each::default()] } else { members };
    let (mut all, mut holes) = (Vec::new(), Vec::new());
    for each in members {
        let verified = store.coverage(name, &each, &domain.feed().clock).await?;
        let begins = domain.policy().start.or(store.first_slice(name, &each).await?);
        holes.extend(coverage::holes(&verified, begins));
        all.push((coverage::verified_through(&verified, begins), each, begins));
    }
    holes.sort_unstable();
    holes.dedup();
    let (through, each, begins) = all.into_iter().min().unwrap_or_default();
    Ok(Verified { through, each, begins, holes })
}

/// How the newest run of each domain ended for it. One that was kept from a domain says nothing about it, unless there is no other.
async fn last_runs(store: &Store) -> Result<BTreeMap<String, LastRun>, StoreError> {
    let mut last: BTreeMap<String, LastRun> = BTreeMap::new();
    for summary in store.runs(RUNS_SEARCHED).await? {
        let record = store.run(summary.run_id).await?;
        let report = record.report_json.as_deref().map(serde_json::from_str::<RunReport>);
        let Some(Ok(report)) = report.filter(|_| summary.mode == RunMode::Run) else { continue };
        for domain in &report.domains {
            let known = last.get(&domain.domain);
            if known.is_none_or(|known| known.status == Status::Skipped && domain.status != Status::Skipped) {
                last.insert(domain.domain.clone(), last_run(&summary, &report, domain));
            }
        }
    }
    Ok(last)
}

fn last_run(run: &RunSummary, report: &RunReport, domain: &DomainReport) -> LastRun {
    LastRun {
        status: domain.status,
        at: run.started_at,
        run_id: run.run_id,
        exit_code: run.exit_code.and_then(|code| u8::try_from(code).ok()),
        reason: Some(reasons(report, domain)).filter(|words| !words.is_empty()),
    }
}

/// Why a domain did not end well, as the run that it belongs to says it.
fn reasons(report: &RunReport, domain: &DomainReport) -> String {
    if domain.status == Status::Done {
        return String::new();
    }
    let of = |reason: &String| {
        let (word, whose) = reason.split_once(':')?;
        (whose == domain.domain).then(|| word.to_owned())
    };
    let mut words: Vec<String> = report.exit.reasons.iter().filter_map(of).collect();
    if words.is_empty() {
        words.extend(domain.failure.clone());
    }
    if words.is_empty() {
        // What ended the run as a whole.
        words.extend(report.exit.reasons.iter().filter(|reason| !reason.contains(':')).cloned());
    }
    words.join(", ")
}

/// Carries `report list` out.
pub(super) async fn runs(desk: &Desk, limit: u32) -> Result<u8, Failure> {
    let loaded = wire::load(desk)?;
    let store = wire::open_store(&loaded.config).await?;
    let runs = store.runs(if limit == 0 { u32::MAX } else { limit }).await;
    store.close().await;
    let lines: Vec<RunLine> =
        runs.map_err(|error| wire::store_failure(&error))?.iter().map(run_line).collect();
    report::list(&lines, &desk.output)
}

fn run_line(run: &RunSummary) -> RunLine {
    RunLine {
        run_id: run.run_id,
        mode: run.mode.as_str().to_owned(),
        trigger: run.trigger.clone(),
        status: run.status,
        exit_code: run.exit_code.and_then(|code| u8::try_from(code).ok()),
        started_at: run.started_at,
        finished_at: run.finished_at,
    }
}

/// Carries `report show` out.
pub(super) async fn run(desk: &Desk, selector: &RunSelector, domains: &[String]) -> Result<u8, Failure> {
    let loaded = wire::load(desk)?;
    let store = wire::open_store(&loaded.config).await?;
    let shown = report::reported(&store, selector).await;
    store.close().await;
    let shown = report::only(discreet::report(&loaded.domains, shown?), &loaded, domains)?;
    report::show(&shown, &desk.output)
}

/// Carries `findings list` out.
pub(super) async fn findings(
    desk: &Desk,
    domains: &Domains,
    filter: findings::Filter,
    limit: usize,
) -> Result<u8, Failure> {
    let loaded = wire::load(desk)?;
    let store = wire::open_store(&loaded.config).await?;
    let selected = wire::selected(&loaded, domains)?;
    let names: Vec<DomainName> = selected.iter().map(|domain| domain.domain().clone()).collect();
    let picked = pick(&store, names, &filter, limit).await;
    store.close().await;
    let (shown, more) = picked.map_err(|error| wire::store_failure(&error))?;
    findings::list(&discreet::findings(&selected, shown), more, &desk.output)
}

/// The findings that are asked for, oldest first, and how many more there are.
async fn pick(
    store: &Store,
    domains: Vec<DomainName>,
    filter: &findings::Filter,
    limit: usize,
) -> Result<(Vec<Finding>, u64), StoreError> {
    let asked = FindingFilter { domains, ..FindingFilter::default() };
    let mut all = store.list(&asked).await?;
    all.sort_by_key(|finding| finding.first_seen);
    Ok(filter.pick(all, limit, store.now().await?))
}
