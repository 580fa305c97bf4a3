//! `tieout dlq retry`: dead letters are sent once more, where their findings still need them.

use std::time::Duration;

use super::args::RetryArgs;
use super::due::retry_due;
use super::which::Chosen;
use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::cli::wire;
use crate::config::Loaded;
use crate::going::Going;
use crate::report::{ChosenView, RetriedView, exit, json, text};
use crate::run::{self, Retried, Retry};
use crate::store::{By, Over, PutBack, Store};

pub(super) async fn retry(
    desk: &Desk,
    loaded: &Loaded,
    store: &Store,
    args: &RetryArgs,
) -> Result<u8, Failure> {
    if args.due {
        return retry_due(desk, loaded, store, args).await;
    }
    let queues = &loaded.config.queues;
    let is_configured = |queue: &str| queues.keys().any(|name| name.as_str() == queue);
    let chosen = args.which.choose(loaded, store, is_configured).await?;
    let carriage = wire::carriage(loaded);
    let over = if args.force { Over::Sent } else { Over::LeftOut };
    let before = chosen.judged_to_send(store, over, &carriage).await?;
    if args.dry_run {
        return plan(desk, &before);
    }
    let settings = wire::queues_named(&loaded.config, &chosen.queues)?;
    let output =
        if settings.writes_to_stdout() { desk.output.clone().on_stderr() } else { desk.output.clone() };
    if before.eligible > 0 {
        args.consent.to(desk, &question(&before, &chosen)).await?;
    }
    let order = Retry {
        how: PutBack {
            by: By::Person { name: args.actor.name(), note: args.note.clone().map(|note| note.0) },
            pause: args.rate.map_or(Duration::ZERO, |pace| pace.0),
            over,
        },
        drain: args.draining.time(),
        going: Going::until(desk.signals.token().clone()),
        carriage,
        ids: chosen.ids.clone(),
    };
    let retried = run::retry(store, &mut settings.open(&loaded.config), &order).await;
    let retried = retried.map_err(|error| wire::store_failure(&error))?;
    let view = view(retried, &chosen, args.actor.name(), desk.signals.exit_code());
    output.show(
        |look| text::retried(&view, look),
        || json::whole("tieout.retried/v1", &view),
        || json::lines("retried", [&view]),
    )?;
    Ok(view.exit)
}

/// What would be sent.
pub(super) fn plan(desk: &Desk, before: &ChosenView) -> Result<u8, Failure> {
    desk.output.show(
        |_| text::chosen(before),
        || json::whole("tieout.dead_letters_chosen/v1", before),
        || json::lines("dead_letters_chosen", [before]),
    )?;
    Ok(exit::DONE)
}

fn question(before: &ChosenView, chosen: &Chosen) -> String {
    let queues: Vec<&str> = chosen.queues.iter().map(String::as_str).collect();
    let forced = match before.forced {
        0 => String::new(),
        forced => format!(
            "; {forced} of them nobody needs any more: their findings are over, or there is a newer event"
        ),
    };
    format!(
        "Would send {} of {} dead letters to {}, with the same ids, so that consumers can drop repeats{forced}",
        before.eligible,
        before.chosen + before.beyond_limit + before.no_queue,
        queues.join(", ")
    )
}

/// What became of them, for the one who asked.
pub(super) fn view(retried: Retried, chosen: &Chosen, by: String, signal: Option<u8>) -> RetriedView {
    let before = chosen.with_those_left_out(ChosenView::of(&retried.fates));
    let became = retried.became();
    let has_failed = became.waiting > retried.refused || became.failed_again + before.unfit > 0;
    let exit = match (signal, has_failed, retried.refused) {
        (_, false, 0) => exit::DONE,
        (Some(signal), ..) => signal,
        (None, true, _) => exit::PARTIAL,
        (None, false, _) => exit::CREDENTIALS,
    };
    RetriedView {
        chosen: ChosenView { superseded: became.superseded, ..before },
        by,
        exit,
        sent: became.sent,
        failed_again: became.failed_again,
        waiting: became.waiting,
        problems: retried.problems,
        next_due_at: None,
    }
}
