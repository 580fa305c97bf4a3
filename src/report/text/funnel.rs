//! What the application received and what became of it, day by day, in a table; and how far consumers are behind.

use crate::funnel::{Consumers, Flow, Funnel, Number};

use super::escape::safe;
use super::grid::{Grid, figure};

/// The funnels of some domains: a line per day, what is unknown and why, and a line per queue whose consumers are counted.
pub(super) fn funnels<'f>(domains: impl Iterator<Item = (&'f str, &'f Funnel)>) -> Vec<String> {
    let mut grid = Grid::new(0).figures(2..10).titles([
        "FUNNEL",
        "DAY",
        "RECEIVED",
        "CONSUMED",
        "FAILED",
        "WAITING",
        "UNEXPLAINED",
        "RE-EMITTED",
        "REPAIRED",
        "DEAD",
    ]);
    let mut below = Vec::new();
    for (domain, funnel) in domains {
        let domain = safe(domain);
        for flow in &funnel.days {
            grid.row(cells(&domain, flow));
            below.extend(
                flow.why
                    .iter()
                    .map(|why| format!("Unknown of {domain} on {}: {}", safe(&flow.day), safe(why))),
            );
        }
        below.extend(funnel.consumers.iter().map(consumers));
    }
    let mut lines = grid.lines();
    below.dedup();
    lines.extend(below);
    lines
}

fn cells(domain: &str, flow: &Flow) -> [String; 10] {
    let goes_on = if flow.over { "" } else { ", so far" };
    [
        domain.to_owned(),
        safe(&format!("{} {}{goes_on}", flow.day, flow.zone)).into_owned(),
        number(flow.received),
        number(flow.consumed),
        number(flow.failed),
        flow.waiting.map_or_else(|| "-".to_owned(), number),
        difference(flow.unexplained),
        number(flow.re_emitted),
        number(flow.repaired),
        number(flow.dead),
    ]
}

/// A number with its thousands apart, or `unknown`.
fn number(number: Number<u64>) -> String {
    number.known().map_or_else(|| "unknown".to_owned(), figure)
}

fn difference(left: Number<i64>) -> String {
    let told = |left: i64| format!("{}{}", if left < 0 { "-" } else { "" }, figure(left.unsigned_abs()));
    left.known().map_or_else(|| "unknown".to_owned(), told)
}

fn consumers(consumers: &Consumers) -> String {
    let queue = safe(&consumers.queue);
    match (consumers.waiting.known(), &consumers.why) {
        (Some(waiting), _) => {
            let taken = match consumers.taken.known() {
                Some(taken) => format!("{} taken and not acknowledged", figure(taken)),
                None => "how many are taken is unknown".to_owned(),
            };
            format!("Consumers of {queue}: {} waiting, {taken}", figure(waiting))
        }
        (None, why) => {
            let why = why.as_deref().unwrap_or("nobody told");
            format!("Consumers of {queue}: how far they are behind is unknown: {}", safe(why))
        }
    }
}
