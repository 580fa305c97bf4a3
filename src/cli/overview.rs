//! `status`, `report` and `findings`: what the state store remembers, read and handed to the renderings.

use std::collections::BTreeMap;
use std::sync::Arc;

use tieout_reconcilers::fan_out::FanOut;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::money::Money;
use tieout_reconcilers::name::{DomainName, Each};
use tieout_reconcilers::reconciler::{ClockKind, Reconciler};
use tieout_reconcilers::window::Window;

use super::desk::Desk;
use super::failure::Failure;
use super::{discreet, findings, next, report, status, wire};
use crate::coverage;
use crate::finding::{Finding, State};
use crate::funnel::{self, Sources};
use crate::going::Going;
use crate::quarantine;
use crate::report::{Range, RunLine, RunReport, Status, StatusLine};
use crate::run::{self, EVENTS};
use crate::store::{FindingFilter, OutboxState, QuarantineFilter, RunSummary, Store, StoreError};

/// How many of the newest runs are searched for a domain's last one.
const RUNS_SEARCHED: u32 = 100;

/// Carries `status` out.
pub(super) async fn status(desk: &Desk) -> Result<u8, Failure> {
    let loaded = wire::load(desk)?;
    let store = wire::open_store(&loaded.config).await?;
    let counting: Vec<Arc<dyn Reconciler>> =
        loaded.domains.iter().filter(|domain| domain.funnel().is_some()).cloned().collect();
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
    let gathered = gather(&mut sources, &loaded.domains).await;
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
        let dead = unsent
            .iter()
            .filter(|row| row.domain == *name && row.state == OutboxState::Dead)
            .map(|row| row.count);
        let line = line(store, domain.as_ref(), last.get(name.as_str()).copied(), dead.sum()).await?;
        let funnel = funnel::read(sources, domain.as_ref(), store.now().await?).await?;
        let paused = next::pause_of(domain.as_ref(), &by_people);
        lines.push(StatusLine { paused, funnel, ..line });
    }
    Ok((lines, store.now().await?))
}

async fn line(
    store: &Store,
    domain: &dyn Reconciler,
    last_run: Option<(Status, Instant)>,
    dead: u64,
) -> Result<StatusLine, StoreError> {
    let (name, feed) = (domain.domain(), domain.feed());
    let Verified { through: verified_through, each, holes } = verified(store, domain).await?;
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
        verified_through,
        holes: holes.into_iter().map(Range::from).collect(),
        lost: lost.into_iter().map(Range::from).collect(),
        furthest_behind: Some(each.as_str().to_owned()).filter(|each| !each.is_empty()),
        changes_back_to: seen_changes
            .filter(|_| moves_unseen)
            .map(|(scan, declared)| scan.through - declared.back),
        changes_through: coverage::verified_through(&followed, followed.last().map(Window::from)),
        last_run,
        open: open.len() as u64,
        oldest: open.iter().map(|finding| finding.first_seen).min(),
        standing,
        at_stake: at_stake(&open),
        dead,
        paused: None,
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
        all.push((coverage::verified_through(&verified, begins), each));
    }
    holes.sort_unstable();
    holes.dedup();
    let (through, each) = all.into_iter().min().unwrap_or_default();
    Ok(Verified { through, each, holes })
}

/// What findings move, per currency; amounts of either sign count as they are large.
fn at_stake(findings: &[Finding]) -> Vec<Money> {
    let mut sums: BTreeMap<&str, i128> = BTreeMap::new();
    for amount in findings.iter().filter_map(|finding| finding.amount.as_ref()) {
        *sums.entry(&amount.currency).or_default() += amount.minor.abs();
    }
    sums.into_iter().map(|(currency, minor)| Money { currency: currency.into(), minor }).collect()
}

/// How the newest run of each domain ended for it.
async fn last_runs(store: &Store) -> Result<BTreeMap<String, (Status, Instant)>, StoreError> {
    let mut last = BTreeMap::new();
    for summary in store.runs(RUNS_SEARCHED).await? {
        let record = store.find_run(&summary.run_id.to_string()).await?;
        let parsed =
            record.report_json.as_deref().and_then(|json| serde_json::from_str::<RunReport>(json).ok());
        for domain in
            parsed.into_iter().filter(|report| report.mode == "run").flat_map(|report| report.domains)
        {
            last.entry(domain.domain).or_insert((domain.status, summary.started_at));
        }
    }
    Ok(last)
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
        status: run.status,
        exit_code: run.exit_code.and_then(|code| u8::try_from(code).ok()),
        started_at: run.started_at,
        finished_at: run.finished_at,
    }
}

/// Carries `report show` out.
pub(super) async fn run(desk: &Desk, selector: &str) -> Result<u8, Failure> {
    let loaded = wire::load(desk)?;
    let store = wire::open_store(&loaded.config).await?;
    let shown = report::reported(&store, selector).await;
    store.close().await;
    report::show(&discreet::report(&loaded.domains, shown?), &desk.output)
}

/// Carries `findings list` out.
pub(super) async fn findings(
    desk: &Desk,
    domains: &[String],
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
