//! What stands between a domain and its next run: a lease that somebody holds, a pause, and a schedule that nobody follows. It only reads.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::Each;
use tieout_reconcilers::reconciler::Reconciler;
use tieout_reconcilers::schedule::Schedule;
use tieout_reconcilers::window::Window;

use super::check::Tested;
use super::{next, wire};
use crate::config::Config;
use crate::report::{PauseView, exit};
use crate::store::{KeptMember, KeptState, LeaseMark, Store, StoreError};

/// What the state store knows of a domain.
struct Known {
    kept: KeptState,
    paused: Option<PauseView>,
    now: Instant,
}

/// Looks at some domains. Where the state store cannot be opened, that was said already.
pub(super) async fn domains(config: &Config, domains: &[Arc<dyn Reconciler>]) -> Vec<Tested> {
    let Ok(store) = wire::open_store(config).await else { return Vec::new() };
    let mut tests = Vec::new();
    for domain in domains {
        match known(&store, domain.as_ref()).await {
            Ok(Known { kept, paused, now }) => {
                let name = domain.domain().as_str();
                tests.push(lease(name, &kept.members, now));
                let of_domain = |schedule| self::schedule(domain.as_ref(), schedule, &kept, now);
                let paused = paused.as_ref().map(self::paused);
                tests.extend(paused.or_else(|| domain.schedule().map(of_domain)));
            }
            Err(error) => {
                let what = format!("lease of {}", domain.domain());
                tests.push(Tested::failed(what, error.with_causes(), exit::FAILED));
            }
        }
    }
    store.close().await;
    tests
}

async fn known(store: &Store, domain: &dyn Reconciler) -> Result<Known, StoreError> {
    Ok(Known {
        kept: store.kept_state(domain.domain()).await?,
        paused: next::pause_of(domain, &store.pauses().await?),
        now: store.now().await?,
    })
}

/// Who holds the leases of a domain.
fn lease(domain: &str, members: &BTreeMap<Each, KeptMember>, now: Instant) -> Tested {
    let what = format!("lease of {domain}");
    let marks: Vec<&LeaseMark> = members.values().filter_map(|member| member.lease.as_ref()).collect();
    let run = |mark: &LeaseMark| mark.run_id.map_or_else(String::new, |run| format!(" (run {run})"));
    if let Some(dead) = marks.iter().find(|mark| mark.expires_at <= now) {
        let LeaseMark { holder, acquired_at, expires_at, .. } = dead;
        return Tested::warning(
            what,
            format!(
                "{holder}{} took it at {acquired_at} and has given no sign of life since {expires_at}: it is dead, and the next run takes over",
                run(dead)
            ),
        );
    }
    match marks.first() {
        None => Tested::ok(what, "it is free"),
        Some(mark) => Tested::ok(
            what,
            format!(
                "{}{} holds it since {} and is alive; a run waits with `--if-locked wait`",
                mark.holder,
                run(mark),
                mark.acquired_at
            ),
        ),
    }
}

/// The due time that a domain is late for, which is verified up to `through`: the last but one, since the last one may be under way.
pub(super) fn missed(domain: &dyn Reconciler, through: Instant, now: Instant) -> Option<Instant> {
    let schedule = domain.schedule()?;
    let last = schedule.last_until(now)?;
    let missed = schedule.last_until(last.at - Duration::from_secs(1))?.at;
    let lag = domain.feed().lag.max(domain.policy().settle);
    (through + lag < missed).then_some(missed)
}

/// Who left a domain alone on purpose, so that nothing of it is late, and how that ends.
fn paused(pause: &PauseView) -> Tested {
    let PauseView { domain, by, reason, since } = pause;
    let what = format!("schedule of {domain}");
    let (Some(by), Some(since)) = (by, since) else {
        return Tested::ok(
            what,
            "it is paused in its file, so no daemon starts it; take `paused: true` out of `schedule` to end that",
        );
    };
    let why = reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    Tested::ok(
        what,
        format!(
            "it is paused by {by} since {since}{why}, and no run works on it; `tieout state resume {domain}` ends that"
        ),
    )
}

/// When a domain is due, and whether what it missed shows that nobody starts its runs.
fn schedule(domain: &dyn Reconciler, schedule: &Schedule, kept: &KeptState, now: Instant) -> Tested {
    let what = format!("schedule of {}", domain.domain());
    let Some(next) = schedule.next_after(now) else {
        return Tested::warning(
            what,
            format!("`{}` never fires again; write another `cron`", schedule.cron()),
        );
    };
    let axes = kept.members.values().filter_map(|member| member.axes.get(&domain.feed().clock));
    let through = axes.filter_map(|axis| axis.verified.last().map(Window::to)).min();
    match through.and_then(|through| Some((through, missed(domain, through, now)?))) {
        Some((through, missed)) => Tested::warning(
            what,
            format!(
                "it is late: verified through {through}, and was due at {missed}; look whether cron, the timer or the CronJob that starts \
                 `tieout run` is there and not suspended"
            ),
        ),
        None => Tested::ok(what, format!("next at {}", next.at)),
    }
}
