//! What became of dead letters that a person did something to, in a line or a few.

use std::iter::once;

use tieout_reconcilers::instant::Instant;

use crate::report::dead::{ChosenView, DroppedView, ExportedView, RetriedView};

use super::escape::safe;
use super::grid::{counted, figure, page};
use super::look::Look;

/// What would become of them, for `--dry-run`: `3 of 5 dead letters are eligible: ...`.
#[must_use]
pub fn chosen(chosen: &ChosenView) -> String {
    let all = chosen.chosen + chosen.no_queue + chosen.beyond_limit;
    if all == 0 {
        return "No dead letters match; nothing would be done.\n".to_owned();
    }
    let head = format!("{} eligible of {}", figure(chosen.eligible), counted(all, "event"));
    let others: Vec<(u64, &str)> = once(forced(chosen)).chain(ineligible(chosen)).collect();
    page(&[listed(head, &others), "Nothing was done.".to_owned()])
}

/// `tieout dlq retry`.
#[must_use]
pub fn retried(view: &RetriedView, look: &Look) -> String {
    if is_nothing(&view.chosen) {
        return "No dead letters match; nothing was sent.\n".to_owned();
    }
    let became: [(u64, &str); 2] =
        [(view.failed_again, "failed again"), (view.waiting, "still waiting, which the next run sends")];
    let head = format!(
        "sent {} of {} as {}",
        figure(view.sent),
        counted(view.chosen.eligible, "event"),
        safe(&view.by)
    );
    let others: Vec<(u64, &str)> =
        once(forced(&view.chosen)).chain(became).chain(ineligible(&view.chosen)).collect();
    let mut lines = vec![listed(head, &others)];
    lines.extend(view.problems.iter().map(|problem| format!("  {}", safe(problem))));
    if view.failed_again > 0 {
        lines.push(format!("Look closer: {}", look.command("dlq list")));
    }
    lines.extend(view.next_due_at.map(|at| next_due(at, look)));
    page(&lines)
}

/// `tieout dlq retry --due` where nothing is.
#[must_use]
pub fn nothing_due(view: &RetriedView, look: &Look) -> String {
    let next =
        view.next_due_at.map_or_else(|| "None waits for its time.".to_owned(), |at| next_due(at, look));
    page(&["No dead letter is due; nothing was sent.".to_owned(), next])
}

fn next_due(at: Instant, look: &Look) -> String {
    format!("The next one is due at {}.", look.at(at))
}

/// `tieout dlq drop`.
#[must_use]
pub fn dropped(view: &DroppedView, look: &Look) -> String {
    if is_nothing(&view.chosen) {
        return "No dead letters match; nothing was dropped.\n".to_owned();
    }
    let head = format!(
        "dropped {} as {}: {}",
        counted(view.chosen.eligible, "event"),
        safe(&view.by),
        safe(&view.reason)
    );
    let mut lines = vec![listed(head, &ineligible(&view.chosen))];
    if view.chosen.eligible > 0 {
        let list = look.command("findings list --state recurring");
        lines.push(format!("Their findings are parked until somebody opens them: {list}"));
    }
    page(&lines)
}

/// `tieout dlq export`.
#[must_use]
pub fn exported(view: &ExportedView) -> String {
    format!("exported {} to {}\n", counted(view.exported, "event"), safe(&view.to))
}

const fn is_nothing(chosen: &ChosenView) -> bool {
    chosen.chosen + chosen.no_queue + chosen.beyond_limit == 0
}

/// What of those that go out nobody asked for but the one who forces them.
const fn forced(chosen: &ChosenView) -> (u64, &'static str) {
    (chosen.forced, "of them forced, though their findings do not need them any more")
}

/// Why some of them are left as they are.
const fn ineligible(chosen: &ChosenView) -> [(u64, &'static str); 8] {
    [
        (chosen.superseded, "superseded: their findings do not need them any more"),
        (chosen.already_done, "already done"),
        (chosen.already_waiting, "already waiting to be sent"),
        (chosen.unfit, "unfit: they break the schema of their domain and stay dead"),
        (chosen.dropped, "dropped before"),
        (chosen.not_released, "not released yet"),
        (chosen.no_queue, "without a configured queue"),
        (chosen.beyond_limit, "left out by --limit"),
    ]
}

/// A head and, behind it, what is not zero.
fn listed(head: String, parts: &[(u64, &str)]) -> String {
    let parts = parts.iter().filter(|(number, _)| *number > 0);
    parts.fold(head, |line, (number, what)| format!("{line}; {} {what}", figure(*number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_dead_letters_is_said_in_a_line_and_what_is_zero_is_not() {
        let mixed = ChosenView {
            chosen: 9,
            eligible: 4,
            forced: 1,
            superseded: 1,
            already_done: 2,
            already_waiting: 1,
            dropped: 1,
            no_queue: 1,
            beyond_limit: 3,
            unfit: 1,
            ..ChosenView::default()
        };
        let retry = RetriedView {
            chosen: mixed,
            by: "ada".to_owned(),
            exit: 3,
            sent: 2,
            failed_again: 1,
            waiting: 1,
            problems: vec!["the queue at x refuses: no grant".to_owned()],
            next_due_at: None,
        };
        let due =
            RetriedView { next_due_at: Some(Instant::from_micros(1_763_000_000_000_000)), ..retry.clone() };
        let well = ChosenView { chosen: 1, eligible: 1, ..ChosenView::default() };
        let drop = DroppedView { chosen: well, by: "ada".to_owned(), reason: "closed".to_owned() };
        let look = Look::default();
        let told = [
            chosen(&mixed),
            chosen(&ChosenView::default()),
            retried(&retry, &look),
            retried(&due, &look),
            nothing_due(&due, &look),
            nothing_due(&retry, &look),
            dropped(&drop, &look),
            exported(&ExportedView { exported: 1, to: "dead.ndjson".to_owned() }),
        ];
        insta::assert_snapshot!(told.join("---\n"));
    }
}
