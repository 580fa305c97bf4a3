//! What a replay has before it, and the way of it from the first event that is sent to what is told in the end.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::args::Format;
use crate::cli::ask::Consent;
use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::cli::wire::{self, NamedQueues};
use crate::config::Loaded;
use crate::going::Going;
use crate::report::{ReplayedView, exit, json, text};
use crate::run::{self, Over, Replay, Replayed};
use crate::store::{Progress, SentCount, SentFilter, Store, Turn, TurnStanding};

/// Why a replay ends that is not ours any more.
const TAKEN_FOR_DEAD: &str =
    "it gave no sign of life for a while and was taken for dead: somebody else may go on with it";

/// What a replay has before it.
pub(super) struct Errand {
    pub(super) filter: SentFilter,
    pub(super) to: Option<String>,
    pub(super) is_forced: bool,
    pub(super) limit: Option<u64>,
    pub(super) pause: Duration,
    /// How far it is.
    pub(super) from: Progress,
    /// Who wants it.
    pub(super) by: String,
}

/// What an errand comes to, before anything is sent.
pub(super) struct Counted {
    /// Events that are to be sent.
    pub(super) eligible: u64,
    over: u64,
    /// The queues that they go to.
    queues: BTreeSet<String>,
}

impl Errand {
    /// Counts what is still to be sent.
    pub(super) async fn count(&self, store: &Store) -> Result<Counted, Failure> {
        let counts = store.sent_counts(&self.filter, self.from.after).await;
        let counts = counts.map_err(|error| wire::store_failure(&error))?;
        let wanted = |count: &&SentCount| count.is_needed || self.is_forced;
        let eligible: u64 = counts.iter().filter(wanted).map(|count| count.count).sum();
        let over = counts.iter().map(|count| count.count).sum::<u64>() - eligible;
        let left = self.limit.map(|limit| limit.saturating_sub(self.from.sent + self.from.refused));
        let queues = match &self.to {
            Some(to) => BTreeSet::from([to.clone()]),
            None => counts.iter().filter(wanted).map(|count| count.queue.clone()).collect(),
        };
        Ok(Counted { eligible: left.map_or(eligible, |left| eligible.min(left)), over, queues })
    }

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
        let (sent, refused, unfit) = (replayed.sent, replayed.refused, replayed.unfit);
        let replay_id = Some(turn.replay_id);
        let view =
            ReplayedView { replay_id, was_begun: true, sent, refused, unfit, stopped, can_go_on, ..view };
        show(desk, &view, code)
    }

    fn order(&self, desk: &Desk, loaded: &Loaded) -> Replay {
        Replay {
            filter: self.filter.clone(),
            over: if self.is_forced { Over::Sent } else { Over::LeftOut },
            to: self.to.clone(),
            limit: self.limit,
            pause: self.pause,
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
        let forced = if self.is_forced { ", forced" } else { "" };
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

/// How a replay ended.
#[derive(Debug, PartialEq, Eq)]
struct End {
    code: u8,
    /// Why before its end.
    stopped: Option<String>,
    /// Whether somebody can go on with it.
    can_go_on: bool,
}

fn end(replayed: &Replayed, standing: TurnStanding, signal: Option<u8>) -> End {
    let before = |code, why: String, can_go_on| End { code, stopped: Some(why), can_go_on };
    match (standing, &replayed.stopped) {
        (TurnStanding::CancelledBy(by), _) => before(exit::PARTIAL, format!("{by} cancelled it"), false),
        (TurnStanding::Lost, _) => before(exit::LOCKED, TAKEN_FOR_DEAD.to_owned(), false),
        (TurnStanding::Ours, Some(why)) => before(signal.unwrap_or(exit::PARTIAL), why.clone(), true),
        (TurnStanding::Ours, None) => {
            let is_whole = replayed.refused == 0 && replayed.unfit.is_empty();
            End { code: if is_whole { exit::DONE } else { exit::PARTIAL }, stopped: None, can_go_on: false }
        }
    }
}

impl Counted {
    /// The queues, once a person agreed to what goes there.
    pub(super) async fn agreed(
        self,
        desk: &Desk,
        loaded: &Loaded,
        consent: Consent,
    ) -> Result<(NamedQueues, Self), Failure> {
        let settings = wire::queues_named(&loaded.config, &self.queues)?;
        if settings.writes_to_stdout() {
            let message = "a replay says on stdout how far it came, so it cannot send events there";
            return Err(Failure::usage("stdout", message));
        }
        if self.eligible == 0 {
            return Ok((settings, self));
        }
        let names: Vec<&str> = self.queues.iter().map(String::as_str).collect();
        let what =
            format!("Would send {} events again to {}, with the same ids", self.eligible, names.join(", "));
        consent.to(desk, &what).await?;
        Ok((settings, self))
    }
}

pub(super) fn show(desk: &Desk, view: &ReplayedView, code: u8) -> Result<u8, Failure> {
    desk.output.show(
        |look| text::replayed(view, look),
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

/// Says at once by which name it can be watched and cancelled.
fn begun(desk: &Desk, view: &ReplayedView, turn: Turn) -> Result<(), Failure> {
    let view = ReplayedView { replay_id: Some(turn.replay_id), was_begun: true, ..view.clone() };
    if desk.output.format == Format::Jsonl {
        let line = json::lines("replay_begun", [&view])
            .map_err(|error| Failure::failed("output", error.to_string()))?;
        return desk.output.write(&line);
    }
    if !desk.output.quiet {
        let id = turn.replay_id;
        let cancel = desk.output.look.command(&format!("replay --cancel {id}"));
        // Whoever reads no progress misses none.
        let _ =
            desk.screen.clone().write_all(format!("replay {id} has begun; end it: {cancel}\n").as_bytes());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_ends_as_whoever_ended_it_says() {
        let stopped = Replayed { stopped: Some("it was asked to end".to_owned()), ..Replayed::default() };
        let refused = Replayed { refused: 1, ..Replayed::default() };
        let by = || TurnStanding::CancelledBy("ada".to_owned());
        let codes = [
            (end(&Replayed::default(), TurnStanding::Ours, None), 0, false),
            (end(&refused, TurnStanding::Ours, None), 3, false),
            (end(&stopped, TurnStanding::Ours, None), 3, true),
            (end(&stopped, TurnStanding::Ours, Some(130)), 130, true),
            (end(&stopped, by(), None), 3, false),
            (end(&Replayed::default(), by(), None), 3, false),
            (end(&stopped, TurnStanding::Lost, None), 6, false),
        ];
        for (end, code, can_go_on) in codes {
            assert_eq!((end.code, end.can_go_on), (code, can_go_on), "{end:?}");
        }
        assert_eq!(end(&stopped, by(), None).stopped.unwrap(), "ada cancelled it");
    }
}
