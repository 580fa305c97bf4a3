//! `tieout next`: when domains are due. It needs no state, no network and no secret; where there is a state store that answers, it also
//! says what is paused.

use std::collections::BTreeMap;
use std::sync::Arc;

use clap::Args;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::DomainName;
use tieout_reconcilers::reconciler::Reconciler;
use tieout_reconcilers::schedule::Schedule;

use super::desk::Desk;
use super::failure::Failure;
use super::select::Domains;
use super::values::instant;
use super::wire;
use crate::config::Config;
use crate::report::{DueLine, PauseView, exit, json, text};
use crate::store::{Pause, StoreSettings};

/// What `next` looks at.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct NextArgs {
    /// Which domains.
    #[command(flatten)]
    pub domains: Domains,
    /// How many times to list
    #[arg(long, value_name = "N", default_value_t = 10, env = "TIEOUT_COUNT", hide_env_values = true, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub count: u32,
    /// List what comes after this instant instead of now
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub after: Option<Instant>,
}

/// Carries `next` out.
pub(super) async fn next(desk: &Desk, args: &NextArgs) -> Result<u8, Failure> {
    let loaded = wire::load(desk)?;
    let domains = wire::selected(&loaded, &args.domains)?;
    let after = args.after.unwrap_or_else(|| chrono::Utc::now().into());
    let by_people = pauses(&loaded.config).await;
    let is_paused = |domain: &&Arc<dyn Reconciler>| pause_of(domain.as_ref(), &by_people).is_some();
    let (paused, open): (Vec<_>, Vec<_>) = domains.iter().partition(is_paused);
    let paused: Vec<PauseView> =
        paused.into_iter().filter_map(|domain| pause_of(domain.as_ref(), &by_people)).collect();
    let due = coming(&open, after, args.count as usize);
    let unscheduled: Vec<&str> = domains
        .iter()
        .filter(|domain| domain.schedule().is_none())
        .map(|domain| domain.domain().as_str())
        .collect();
    desk.output.show(
        |look| text::due(&due, &unscheduled, &paused, look),
        || json::due(&due, &unscheduled, &paused),
        || json::lines("due", &due),
    )?;
    Ok(exit::DONE)
}

/// Whether runs leave a domain alone, and because of whom.
pub(super) fn pause_of(domain: &dyn Reconciler, pauses: &BTreeMap<DomainName, Pause>) -> Option<PauseView> {
    let name = domain.domain();
    let by_a_person = pauses.get(name).map(|pause| PauseView::of(name.as_str(), pause));
    let in_file = || domain.schedule()?.is_paused().then(|| PauseView::in_file(name.as_str()));
    by_a_person.or_else(in_file)
}

/// What people paused, where a state store is there already and answers.
async fn pauses(config: &Config) -> BTreeMap<DomainName, Pause> {
    let known = async {
        if let StoreSettings::Sqlite { path } = wire::store_settings(config)?
            && !path.exists()
        {
            return Ok(BTreeMap::new());
        }
        let store = wire::open_store(config).await?;
        let pauses = store.pauses().await;
        store.close().await;
        pauses.map_err(|error| wire::store_failure(&error))
    };
    known.await.unwrap_or_else(|failure: Failure| {
        tracing::warn!("what is paused is not known: {}", failure.message);
        BTreeMap::new()
    })
}

/// The next times of all domains together, earliest first.
fn coming(domains: &[&Arc<dyn Reconciler>], after: Instant, count: usize) -> Vec<DueLine> {
    let scheduled = domains.iter().filter_map(|domain| Some((domain.domain().as_str(), domain.schedule()?)));
    let mut due: Vec<DueLine> =
        scheduled.flat_map(|(name, schedule)| of_domain(name, schedule, after, count)).collect();
    due.sort_by(|a, b| (a.at, &a.domain).cmp(&(b.at, &b.domain)));
    due.truncate(count);
    due
}

fn of_domain<'a>(
    name: &'a str,
    schedule: &'a Schedule,
    after: Instant,
    count: usize,
) -> impl Iterator<Item = DueLine> + 'a {
    schedule.after(after).take(count).map(move |due| DueLine {
        domain: name.to_owned(),
        at: due.at,
        shown: due.shown,
        zone: schedule.zone().name(),
        cron: schedule.cron().to_owned(),
    })
}
