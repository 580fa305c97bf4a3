//! What became of dead letters that a person did something to, in a line or a few.

use crate::report::dead::{ChosenView, DroppedView, ExportedView, ReplayedView, RetriedView};

use super::escape::safe;
use super::grid::{counted, figure, page};
use super::look::Look;

/// How many reasons are told for which a replay left events out.
const UNFIT_SHOWN: usize = 5;

/// What would become of them, for `--dry-run`: `3 of 5 dead letters are eligible: ...`.
#[must_use]
pub fn chosen(chosen: &ChosenView) -> String {
    let all = chosen.chosen + chosen.no_queue + chosen.beyond_limit;
    if all == 0 {
        return "No dead letters match; nothing would be done.\n".to_owned();
    }
    let head = format!("{} eligible of {}", figure(chosen.eligible), counted(all, "event"));
    page(&[listed(head, &ineligible(chosen)), "Nothing was done.".to_owned()])
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
    let others: Vec<(u64, &str)> = became.into_iter().chain(ineligible(&view.chosen)).collect();
    let mut lines = vec![listed(head, &others)];
    lines.extend(view.problems.iter().map(|problem| format!("  {}", safe(problem))));
    if view.failed_again > 0 {
        lines.push(format!("Look closer: {}", look.command("dlq list")));
    }
    page(&lines)
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

/// `tieout replay`.
#[must_use]
pub fn replayed(view: &ReplayedView) -> String {
    let over =
        [(view.over, "left out: their findings are over or about a newer event (--force sends them too)")];
    if !view.was_begun {
        return page(&[listed(
            format!("{} eligible; nothing was sent", counted(view.eligible, "event")),
            &over,
        )]);
    }
    let head = format!(
        "sent {} of {} again as {}",
        figure(view.sent),
        counted(view.eligible, "event"),
        safe(&view.by)
    );
    let mut lines = vec![listed(head, &[&[(view.refused, "refused by the queue")], &over[..]].concat())];
    let unfit = view.unfit.iter().take(UNFIT_SHOWN);
    lines.extend(unfit.map(|(why, number)| format!("  {} left out: {}", figure(*number), safe(why))));
    let more = view.unfit.len().saturating_sub(UNFIT_SHOWN);
    if more > 0 {
        lines.push(format!("  ... {} more", counted(more as u64, "reason")));
    }
    if let Some(why) = &view.stopped {
        lines.push(format!("Stopped: {}. The same command begins anew, with the same ids.", safe(why)));
    }
    page(&lines)
}

const fn is_nothing(chosen: &ChosenView) -> bool {
    chosen.chosen + chosen.no_queue + chosen.beyond_limit == 0
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
        };
        let well = ChosenView { chosen: 1, eligible: 1, ..ChosenView::default() };
        let drop = DroppedView { chosen: well, by: "ada".to_owned(), reason: "closed".to_owned() };
        let again = ReplayedView { eligible: 5, over: 2, by: "ada".to_owned(), ..ReplayedView::default() };
        let look = Look::default();
        let told = [
            chosen(&mixed),
            chosen(&ChosenView::default()),
            retried(&retry, &look),
            dropped(&drop, &look),
            exported(&ExportedView { exported: 1, to: "dead.ndjson".to_owned() }),
            replayed(&again),
            replayed(&ReplayedView {
                was_begun: true,
                sent: 3,
                refused: 1,
                unfit: [("the data breaks charge/v2 at /amount: type".to_owned(), 2)].into(),
                stopped: Some("it was asked to end".to_owned()),
                ..again
            }),
        ];
        insta::assert_snapshot!(told.join("---\n"));
    }
}
