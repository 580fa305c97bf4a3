//! The way of a replay from the first event that is sent to what is told in the end.

use std::collections::BTreeSet;

use super::count::Counted;
use super::end::{End, end};
use super::tell::{bar, begun, show};
use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::cli::wire::{self, NamedQueues};
use crate::config::Loaded;
use crate::going::Going;
use crate::report::ReplayedView;
use crate::run::{self, Replay, Replayed};
use crate::store::{Over, Progress, ReplayRequest, Store, Turn};

/// What a replay has before it.
pub(super) struct Errand {
    pub(super) request: ReplayRequest,
    /// How far it is.
    pub(super) from: Progress,
    /// Who wants it.
    pub(super) by: String,
}

impl Errand {
    /// What is told of it.
    pub(super) fn view(&self, counted: &Counted) -> ReplayedView {
        let Counted { eligible, over, .. } = *counted;
        let by = self.by.clone();
        ReplayedView { eligible, over, by, sent_before: self.from.sent, ..ReplayedView::default() }
    }

    /// Sends, keeps how far it is, and tells what came of it.
    pub(super) async fn carry_out(
        self,
        desk: &Desk,
        loaded: &Loaded,
        store: &Store,
        (settings, counted): (NamedQueues, Counted),
        turn: Turn,
    ) -> Result<u8, Failure> {
        let view = self.view(&counted);
        let order = self.order(desk, loaded);
        let bar = bar(desk, counted.eligible);
        begun(desk, &view, turn)?;
        let mut queues = settings.open(&loaded.config);
        let carried = run::carry_out(store, &mut queues, order, turn, &|sent| bar.set_position(sent)).await;
        bar.finish_and_clear();
        let (replayed, standing) = carried.map_err(|error| wire::store_failure(&error))?;
        self.note(store, &replayed, &counted.queues, turn).await?;
        let End { code, stopped, can_go_on } = end(&replayed, standing, desk.signals.exit_code());
        let Replayed { sent, refused, refusals, unfit, .. } = replayed;
        let (replay_id, was_begun) = (Some(turn.replay_id), true);
        let view =
            ReplayedView { replay_id, was_begun, sent, refused, refusals, unfit, stopped, can_go_on, ..view };
        show(desk, &view, code)
    }

    fn order(&self, desk: &Desk, loaded: &Loaded) -> Replay {
        let ReplayRequest { filter, to, is_forced, limit, pause } = self.request.clone();
        Replay {
            filter,
            over: if is_forced { Over::Sent } else { Over::LeftOut },
            to,
            limit,
            pause,
            carriage: wire::carriage(loaded),
            going: Going::until(desk.signals.token().clone()),
            from: self.from,
            turn: None,
        }
    }

    /// Who sent what again is kept with each domain of which something was sent.
    async fn note(
        &self,
        store: &Store,
        replayed: &Replayed,
        queues: &BTreeSet<String>,
        turn: Turn,
    ) -> Result<(), Failure> {
        let forced = if self.request.is_forced { ", forced" } else { "" };
        let queues: Vec<&str> = queues.iter().map(String::as_str).collect();
        let detail =
            format!("{} events to {}{forced}, replay {}", replayed.sent, queues.join(", "), turn.replay_id);
        for domain in &replayed.domains {
            let noted = store.note_by_hand(domain, "replay", &detail, &self.by).await;
            noted.map_err(|error| wire::store_failure(&error))?;
        }
        Ok(())
    }
}
