//! What a replay says while it goes on and when it has ended.

use std::io::Write as _;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::args::Format;
use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::report::{ReplayedView, json, text};
use crate::store::Turn;

/// What came of it, or would.
pub(super) fn show(desk: &Desk, view: &ReplayedView, code: u8) -> Result<u8, Failure> {
    desk.output.show(
        |look| text::replayed(view, look),
        || json::whole("tieout.replayed/v1", view),
        || json::lines("replayed", [view]),
    )?;
    Ok(code)
}

/// How far it is, on a terminal that can move its cursor.
pub(super) fn bar(desk: &Desk, eligible: u64) -> ProgressBar {
    let Some(screen) = desk.screen.bars.as_ref().filter(|_| !desk.output.quiet) else {
        return ProgressBar::hidden();
    };
    let style = ProgressStyle::with_template("{human_pos} of {human_len} events sent  {per_sec}  {elapsed}");
    let bar = screen.add(ProgressBar::new(eligible));
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Says at once by which name it can be watched and cancelled.
pub(super) fn begun(desk: &Desk, view: &ReplayedView, turn: Turn) -> Result<(), Failure> {
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
