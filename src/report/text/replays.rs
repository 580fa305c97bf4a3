//! Replays, as they end and as they are kept, for people.

use std::collections::BTreeMap;

use crate::report::replay::{ReplayView, ReplayedView};
use crate::store::ReplayState;

use super::escape::safe;
use super::grid::{Grid, counted, figure, page};
use super::look::Look;

/// How many reasons are told for which events were refused, or left out.
const REASONS_SHOWN: usize = 5;

/// `tieout replay`.
#[must_use]
pub fn replayed(view: &ReplayedView, look: &Look) -> String {
    let over =
        [(view.over, "left out: their findings are over or about a newer event (--force sends them too)")];
    if !view.was_begun {
        return page(&[listed(
            format!("{} eligible; nothing was sent", counted(view.eligible, "event")),
            &over,
        )]);
    }
    let (sent, of, by) = (figure(view.sent), counted(view.eligible, "event"), safe(&view.by));
    let others =
        [(view.sent_before, "sent before"), (view.refused, "refused by the queue"), (over[0].0, over[0].1)];
    let mut lines = vec![listed(format!("sent {sent} of {of} again as {by}"), &others)];
    lines.extend(reasons("refused", &view.refusals));
    lines.extend(reasons("left out", &view.unfit));
    lines.extend(view.stopped.as_ref().map(|why| format!("Stopped: {}.", safe(why))));
    if let Some(id) = view.replay_id.filter(|_| view.can_go_on) {
        lines.push(format!("Go on from there: {}", look.command(&format!("replay --resume {id}"))));
    }
    page(&lines)
}

/// How many events were not sent, a line for each reason.
fn reasons(what: &str, by_reason: &BTreeMap<String, u64>) -> Vec<String> {
    let mut reasons: Vec<(&String, &u64)> = by_reason.iter().collect();
    reasons.sort_by_key(|(_, number)| std::cmp::Reverse(**number));
    let more = reasons.len().saturating_sub(REASONS_SHOWN);
    let shown = reasons.into_iter().take(REASONS_SHOWN);
    let lines = shown.map(|(why, number)| format!("  {} {what}: {}", figure(*number), safe(why)));
    lines.chain((more > 0).then(|| format!("  ... {} more", counted(more as u64, "reason")))).collect()
}

/// `tieout replay list`.
#[must_use]
pub fn replays(replays: &[ReplayView], not_listed: u64, look: &Look) -> String {
    let Some(first) = replays.first() else {
        return "Nothing was ever replayed, or it is forgotten.\n".to_owned();
    };
    let mut grid =
        Grid::new(0).titles(["REPLAY", "STATE", "BEGUN", "BY", "TO", "SENT", "OF", "WHY"]).figures([5, 6]);
    for view in replays {
        grid.row([
            view.replay_id.to_string(),
            view.state.as_str().to_owned(),
            look.at(view.begun_at),
            safe(&view.by).into_owned(),
            safe(whereto(view)).into_owned(),
            figure(view.progress.sent),
            figure(view.eligible),
            look.sentence(&why(view).unwrap_or_default()),
        ]);
    }
    let mut lines = grid.lines();
    if not_listed > 0 {
        lines.push(format!("... {} more (--limit 0 shows all)", figure(not_listed)));
    }
    lines.push(format!("Look closer: {}", look.command(&format!("replay show {}", first.replay_id))));
    page(&lines)
}

/// `tieout replay show`.
#[must_use]
pub fn replay(view: &ReplayView, look: &Look) -> String {
    let mut lines = vec![format!("{}  {}", view.replay_id, view.state.as_str())];
    let mut grid = Grid::new(2);
    for [label, what] in facts(view, look) {
        grid.row([label, safe(&what).into_owned()]);
    }
    lines.extend(grid.lines());
    let command = |verb: &str| look.command(&format!("replay --{verb} {}", view.replay_id));
    match view.state {
        ReplayState::Running => lines.push(format!("End it: {}", command("cancel"))),
        ReplayState::Interrupted => lines.push(format!("Go on from there: {}", command("resume"))),
        ReplayState::Done | ReplayState::Cancelled => {}
    }
    page(&lines)
}

/// `tieout replay --cancel`: how it stood before.
#[must_use]
pub fn replay_cancelled(view: &ReplayView, was: ReplayState) -> String {
    let (id, sent, of) = (view.replay_id, figure(view.progress.sent), counted(view.eligible, "event"));
    let by = safe(view.cancelled_by.as_deref().unwrap_or_default()).into_owned();
    match was {
        ReplayState::Cancelled => {
            format!("replay {id} was cancelled by {by} already; {sent} of {of} were sent\n")
        }
        ReplayState::Running => format!(
            "replay {id}: cancelled by {by}; whoever carries it out ends it within seconds; {sent} of {of} were sent so far\n"
        ),
        _ => format!("replay {id}: cancelled by {by}; {sent} of {of} were sent\n"),
    }
}

fn whereto(view: &ReplayView) -> &str {
    view.to.as_deref().unwrap_or("where they went")
}

fn why(view: &ReplayView) -> Option<String> {
    match view.state {
        ReplayState::Cancelled => view.cancelled_by.as_ref().map(|by| format!("by {by}")),
        ReplayState::Interrupted => view.why.clone(),
        ReplayState::Running | ReplayState::Done => None,
    }
}

fn facts(view: &ReplayView, look: &Look) -> Vec<[String; 2]> {
    let fact = |label: &str, what: String| [label.to_owned(), what];
    let mut facts = vec![
        fact("begun", format!("{} by {}", look.at(view.begun_at), view.by)),
        fact("filter", view.filter.to_json()),
        fact("to", whereto(view).to_owned()),
    ];
    facts.extend(view.forced.then(|| fact("forced", "also what is over".to_owned())));
    facts.extend(view.limit.map(|limit| fact("limit", figure(limit))));
    facts.extend(view.per_second.map(|rate| fact("rate", format!("{rate} a second"))));
    let others = [
        (view.progress.refused, "refused by the queue"),
        (view.progress.unfit, "unfit for the schema of today"),
        (view.progress.over, "over and left out"),
    ];
    let sent = format!("{} of {}", figure(view.progress.sent), figure(view.eligible));
    facts.push(fact("sent", listed(sent, &others)));
    facts.push(match view.finished_at {
        Some(at) => fact("ended", look.at(at)),
        None => fact("last sign of life", look.at(view.last_sign)),
    });
    facts.extend(why(view).map(|why| fact(view.state.as_str(), why)));
    facts
}

/// A head and, behind it, what is not zero.
fn listed(head: String, parts: &[(u64, &str)]) -> String {
    let parts = parts.iter().filter(|(number, _)| *number > 0);
    parts.fold(head, |line, (number, what)| format!("{line}; {} {what}", figure(*number)))
}

#[cfg(test)]
mod tests {
    use tieout_reconcilers::instant::Instant;
    use uuid::Uuid;

    use super::*;
    use crate::store::{Progress, SentFilter};

    fn view(state: ReplayState) -> ReplayView {
        ReplayView {
            replay_id: Uuid::nil(),
            state,
            by: "ada".to_owned(),
            begun_at: Instant::from_micros(0),
            last_sign: Instant::from_micros(5_000_000),
            finished_at: (state != ReplayState::Running).then(|| Instant::from_micros(9_000_000)),
            filter: SentFilter { queues: vec!["billing".to_owned()], ..SentFilter::default() },
            to: (state == ReplayState::Done).then(|| "refill".to_owned()),
            forced: true,
            limit: Some(1_000),
            per_second: Some(5.0),
            eligible: 1_000,
            progress: Progress { after: 9, sent: 700, refused: 1, unfit: 2, over: 3 },
            why: (state == ReplayState::Interrupted).then(|| "the queue \u{1b} is down".to_owned()),
            cancelled_by: (state == ReplayState::Cancelled).then(|| "bob".to_owned()),
        }
    }

    #[test]
    fn replays_are_told_as_they_stand_and_how_to_go_on() {
        let look = Look::default();
        let all = [ReplayState::Running, ReplayState::Done, ReplayState::Interrupted, ReplayState::Cancelled];
        let views = all.map(view);
        let mut told = vec![replays(&[], 0, &look), replays(&views, 2, &look)];
        told.extend(views.iter().map(|view| replay(view, &look)));
        told.extend(all.map(|was| replay_cancelled(&view(ReplayState::Cancelled), was)));
        insta::assert_snapshot!(told.join("---\n"));
    }

    #[test]
    fn what_became_of_a_replay_is_said_in_a_line_and_how_it_goes_on() {
        let look = Look::default();
        let counted = ReplayedView { eligible: 5, over: 2, by: "ada".to_owned(), ..ReplayedView::default() };
        let stopped = ReplayedView {
            replay_id: Some(Uuid::nil()),
            was_begun: true,
            sent_before: 10,
            sent: 3,
            refused: 1,
            refusals: [("too_large: <n> bytes, and at most <n> \u{1b} may be".to_owned(), 1)].into(),
            unfit: [("the data breaks charge/v2 at /amount: type".to_owned(), 2)].into(),
            stopped: Some("it was asked to end".to_owned()),
            can_go_on: true,
            ..counted.clone()
        };
        let cancelled = ReplayedView {
            stopped: Some("bob cancelled it".to_owned()),
            can_go_on: false,
            ..stopped.clone()
        };
        let told = [counted, stopped, cancelled].map(|view| replayed(&view, &look));
        insta::assert_snapshot!(told.join("---\n"));
    }
}
