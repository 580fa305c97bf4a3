//! What is kept of domains and what was changed of it by hand, for people.

use crate::report::state::{
    AxisView, BrokenLease, DomainState, HandView, LeaseState, LeaseView, MemberState, Range, Rewound,
};

use super::escape::safe;
use super::grid::{Grid, page};
use super::look::Look;

/// `tieout state show`.
#[must_use]
pub fn state(domains: &[DomainState], look: &Look) -> String {
    page(&domains.iter().flat_map(|one| domain(one, look)).collect::<Vec<_>>())
}

fn domain(domain: &DomainState, look: &Look) -> Vec<String> {
    let name = safe(&domain.domain).into_owned();
    if domain.members.is_empty() {
        return vec![format!("{name}  nothing is kept yet")];
    }
    let mut lines = Vec::new();
    for member in &domain.members {
        lines.push(format!("{name}{}", of(&member.each)));
        let mut grid = Grid::new(2);
        for [label, what] in facts(member, look) {
            grid.row([label, what]);
        }
        lines.extend(grid.lines());
    }
    let mut grid = Grid::new(2);
    for act in &domain.by_hand {
        grid.row(["by hand".to_owned(), hand(act, look)]);
    }
    lines.extend(grid.lines());
    lines
}

/// The member of the fan-out, as lists of findings write it.
fn of(each: &str) -> String {
    if each.is_empty() { String::new() } else { format!(" [{}]", safe(each)) }
}

fn facts(member: &MemberState, look: &Look) -> Vec<[String; 2]> {
    let mut facts = Vec::new();
    facts.extend(member.begins.map(|at| ["begins".to_owned(), look.at(at)]));
    facts.extend(member.clocks.iter().flat_map(|one| axis(one, look)));
    facts.extend(member.token.as_ref().map(|token| {
        let what = format!("of {}, saved {} by run {}", token.feed, look.at(token.saved_at), token.run_id);
        ["token".to_owned(), safe(&what).into_owned()]
    }));
    facts.push([
        "lease".to_owned(),
        member.lease.as_ref().map_or_else(|| "free".to_owned(), |one| lease(one, look)),
    ]);
    facts
}

fn axis(axis: &AxisView, look: &Look) -> Vec<[String; 2]> {
    let clock = safe(&axis.clock).into_owned();
    let mut facts: Vec<[String; 2]> =
        axis.verified.iter().map(|range| [format!("verified {clock}"), span(*range, look)]).collect();
    facts.extend(axis.holes.iter().map(|hole| [format!("hole {clock}"), span(*hole, look)]));
    facts.extend(axis.overlap_scan.map(|scan| {
        let due = scan.due_at.map(|at| format!(", due again {}", look.at(at))).unwrap_or_default();
        let (through, completed) = (look.at(scan.through), look.at(scan.completed_at));
        [format!("re-read {clock}"), format!("up to {through}, complete {completed}{due}")]
    }));
    facts
}

fn span(range: Range, look: &Look) -> String {
    format!("{} to {}", look.at(range.from), look.at(range.to))
}

fn lease(lease: &LeaseView, look: &Look) -> String {
    let (holder, since, until) = (safe(&lease.holder), look.at(lease.acquired_at), look.at(lease.expires_at));
    match lease.state {
        LeaseState::Held => format!("held by {holder} since {since}"),
        LeaseState::Lapsed => format!("lapsed {until}; it was held by {holder} since {since}"),
    }
}

fn hand(act: &HandView, look: &Look) -> String {
    let what = format!("{} {}{} by {}", act.act, act.detail, of(&act.each), act.who);
    format!("{} {}", look.at(act.at), look.sentence(&what))
}

/// `tieout state rewind`.
#[must_use]
pub fn rewound(rewound: &Rewound, look: &Look) -> String {
    let (name, to) = (safe(&rewound.domain), look.at(rewound.to));
    let head = if rewound.done {
        format!("{name}: coverage was taken back to {to}; the next run reads again:")
    } else {
        format!("{name}: coverage would be taken back to {to}; the next run would read again:")
    };
    let mut grid = Grid::new(2);
    for one in &rewound.forgotten {
        grid.row([format!("{}{}", safe(&one.clock), of(&one.each)), span(one.range, look)]);
    }
    page(&[vec![head], grid.lines()].concat())
}

/// `tieout state unlock`.
#[must_use]
pub fn unlocked(domain: &str, broken: &[BrokenLease]) -> String {
    let name = safe(domain);
    if broken.is_empty() {
        return format!("{name}: nobody holds it, so there is nothing to unlock\n");
    }
    let line = |one: &BrokenLease| {
        format!(
            "{name}{}: the lease of {} was broken; it can write nothing more",
            of(&one.each),
            safe(&one.holder)
        )
    };
    page(&broken.iter().map(line).collect::<Vec<_>>())
}
