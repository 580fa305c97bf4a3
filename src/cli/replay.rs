//! `tieout replay`: what was sent before is sent again, to the same queue or to refill another one.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::DomainName;

use super::ask::Consent;
use super::desk::Desk;
use super::dlq::Pace;
use super::failure::Failure;
use super::person::Actor;
use super::values::{When, key, when};
use super::wire;
use crate::config::Loaded;
use crate::going::Going;
use crate::report::{ReplayedView, exit, json, text};
use crate::run::{self, Over, Replay, Replayed};
use crate::store::{SentCount, SentFilter, Store};

/// `tieout replay`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ReplayArgs {
    /// Only of these domains, by name or glob
    #[arg(long, value_name = "DOMAIN", value_delimiter = ',', required_unless_present_any = ["since", "until", "type", "key", "run", "queue"])]
    pub domain: Vec<String>,
    /// Only what was sent from this time on: a date (`2025-11-21` is midnight UTC), a time with its offset, or how long ago (`24h`)
    #[arg(long, value_name = "WHEN", value_parser = when)]
    pub since: Option<When>,
    /// Only what was sent before this time
    #[arg(long, value_name = "WHEN", value_parser = when)]
    pub until: Option<When>,
    /// Only events of these CloudEvents types
    #[arg(long, value_name = "TYPE", value_delimiter = ',')]
    pub r#type: Vec<String>,
    /// Only events about this item; may be given several times
    #[arg(long, value_name = "KEY", value_parser = key)]
    pub key: Vec<Key>,
    /// Only what this run staged: its id, its first characters, `latest`, or `latest~1`
    #[arg(long, value_name = "RUN")]
    pub run: Option<String>,
    /// Only what went to these queues
    #[arg(long, value_name = "QUEUE", value_delimiter = ',')]
    pub queue: Vec<String>,
    /// Send it to this queue instead
    #[arg(long, value_name = "QUEUE")]
    pub to: Option<String>,
    /// Also events whose findings are over or about a newer event
    #[arg(long)]
    pub force: bool,
    /// At most so many, the oldest first
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,
    /// How many are sent in which time, such as `5/s`; as fast as the queue takes them when left out
    #[arg(long, value_name = "N/s", env = "TIEOUT_RATE", hide_env_values = true)]
    pub rate: Option<Pace>,
    /// Only count what would be sent
    #[arg(long)]
    pub dry_run: bool,
    /// Whether to ask.
    #[command(flatten)]
    pub consent: Consent,
    /// Who.
    #[command(flatten)]
    pub actor: Actor,
}

/// Carries `replay` out.
pub(super) async fn replay(desk: &Desk, args: &ReplayArgs) -> Result<u8, Failure> {
    let loaded = wire::load(desk)?;
    let store = wire::open_store(&loaded.config).await?;
    let done = carry_out(desk, &loaded, &store, args).await;
    store.close().await;
    done
}

async fn carry_out(desk: &Desk, loaded: &Loaded, store: &Store, args: &ReplayArgs) -> Result<u8, Failure> {
    let filter = filter(loaded, store, args).await?;
    let counts = store.sent_counts(&filter).await.map_err(|error| wire::store_failure(&error))?;
    let wanted = |count: &&SentCount| count.is_needed || args.force;
    let eligible: u64 = counts.iter().filter(wanted).map(|count| count.count).sum();
    let over = counts.iter().map(|count| count.count).sum::<u64>() - eligible;
    let eligible = args.limit.map_or(eligible, |limit| eligible.min(limit));
    let view = ReplayedView { eligible, over, by: args.actor.name(), ..ReplayedView::default() };
    if args.dry_run || eligible == 0 {
        return show(desk, &view, exit::DONE);
    }
    let queues: BTreeSet<String> = match &args.to {
        Some(to) => BTreeSet::from([to.clone()]),
        None => counts.iter().filter(wanted).map(|count| count.queue.clone()).collect(),
    };
    let settings = wire::queues_named(&loaded.config, &queues)?;
    if settings.writes_to_stdout() {
        let message = "a replay says on stdout how far it came, so it cannot send events there";
        return Err(Failure::usage("stdout", message));
    }
    let names: Vec<&str> = queues.iter().map(String::as_str).collect();
    let what = format!("Would send {eligible} events again to {}, with the same ids", names.join(", "));
    args.consent.to(desk, &what).await?;
    let order = Replay {
        over: if args.force { Over::Sent } else { Over::LeftOut },
        to: args.to.clone(),
        limit: args.limit,
        pause: args.rate.map_or(Duration::ZERO, |pace| pace.0),
        carriage: wire::carriage(loaded),
        going: Going::until(desk.signals.token().clone()),
        filter,
    };
    let bar = bar(desk, eligible);
    let replayed =
        run::replay(store, &mut settings.open(&loaded.config), &order, &|sent| bar.set_position(sent)).await;
    bar.finish_and_clear();
    let replayed = replayed.map_err(|error| wire::store_failure(&error))?;
    note(store, &order, &replayed, &view.by, &names).await?;
    let code = match &replayed.stopped {
        Some(_) => desk.signals.exit_code().unwrap_or(exit::PARTIAL),
        None if replayed.refused > 0 || !replayed.unfit.is_empty() => exit::PARTIAL,
        None => exit::DONE,
    };
    let Replayed { sent, refused, unfit, stopped, .. } = replayed;
    show(desk, &ReplayedView { was_begun: true, sent, refused, unfit, stopped, ..view }, code)
}

async fn filter(loaded: &Loaded, store: &Store, args: &ReplayArgs) -> Result<SentFilter, Failure> {
    let domains: Vec<DomainName> = match args.domain.as_slice() {
        [] => Vec::new(),
        patterns => wire::selected(loaded, patterns)?.iter().map(|domain| domain.domain().clone()).collect(),
    };
    let run_id = match &args.run {
        Some(run) => {
            Some(store.find_run(run).await.map_err(|error| wire::store_failure(&error))?.summary.run_id)
        }
        None => None,
    };
    let (keys, types, queues) = (args.key.clone(), args.r#type.clone(), args.queue.clone());
    let now = store.now().await.map_err(|error| wire::store_failure(&error))?;
    let [since, until] = [args.since, args.until].map(|when| when.map(|when| when.before(now)));
    Ok(SentFilter { domains, queues, types, keys, run_id, since, until })
}

/// Who sent what again is kept with each domain that was asked for by its name.
async fn note(
    store: &Store,
    order: &Replay,
    replayed: &Replayed,
    by: &str,
    queues: &[&str],
) -> Result<(), Failure> {
    let forced = if order.over == Over::Sent { ", forced" } else { "" };
    let detail = format!("{} events to {}{forced}", replayed.sent, queues.join(", "));
    for domain in &replayed.domains {
        store
            .note_by_hand(domain, "replay", &detail, by)
            .await
            .map_err(|error| wire::store_failure(&error))?;
    }
    Ok(())
}

fn show(desk: &Desk, view: &ReplayedView, code: u8) -> Result<u8, Failure> {
    desk.output.show(
        |_| text::replayed(view),
        || json::whole("tieout.replayed/v1", view),
        || json::lines("replayed", [view]),
    )?;
    Ok(code)
}

/// How far it is, on a terminal that can move its cursor.
fn bar(desk: &Desk, eligible: u64) -> ProgressBar {
    let Some(screen) = desk.screen.bars.as_ref().filter(|_| !desk.output.quiet) else {
        return ProgressBar::hidden();
    };
    let style = ProgressStyle::with_template("{human_pos} of {human_len} events sent  {per_sec}  {elapsed}");
    let bar = screen.add(ProgressBar::new(eligible));
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
