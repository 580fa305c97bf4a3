//! `tieout next`: when domains are due. It needs no state, no network and no secret.

use std::sync::Arc;

use clap::Args;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::reconciler::Reconciler;
use tieout_reconcilers::schedule::Schedule;

use super::desk::Desk;
use super::failure::Failure;
use super::values::instant;
use super::wire;
use crate::report::{DueLine, exit, json, text};

/// What `next` looks at.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct NextArgs {
    /// Domains, by name or glob (`stripe.*`); all when left out
    #[arg(value_name = "DOMAIN")]
    pub domains: Vec<String>,
    /// How many times to list
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub count: u32,
    /// List what comes after this instant instead of now
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub after: Option<Instant>,
}

/// Carries `next` out.
pub(super) fn next(desk: &Desk, args: &NextArgs) -> Result<u8, Failure> {
    let loaded = wire::load(desk)?;
    let domains = wire::selected(&loaded, &args.domains)?;
    let after = args.after.unwrap_or_else(|| chrono::Utc::now().into());
    let due = coming(&domains, after, args.count as usize);
    let unscheduled: Vec<&str> = domains
        .iter()
        .filter(|domain| domain.schedule().is_none())
        .map(|domain| domain.domain().as_str())
        .collect();
    desk.output.show(
        |_| text::due(&due, &unscheduled),
        || json::due(&due, &unscheduled),
        || json::lines("due", &due),
    )?;
    Ok(exit::DONE)
}

/// The next times of all domains together, earliest first.
fn coming(domains: &[Arc<dyn Reconciler>], after: Instant, count: usize) -> Vec<DueLine> {
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
