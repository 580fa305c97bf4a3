//! What a night could know: what went wrong in it, what was read to its end, and what it had to look at.

use std::collections::BTreeSet;

use super::truth::{Bounds, start};
use crate::story::{Fault, Feed, HOUR, Micros, Name, SECOND, Variety};
use crate::world::{Sides, World};

pub(crate) type Ranges = Vec<(Micros, Micros)>;

/// Whether something must be looked at, may be, or must not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Duty {
    Must,
    May,
    MustNot,
}

pub(crate) struct Evidence {
    pub(crate) is_killed: bool,
    /// Whether the night before was killed a short time ago: what it had read may not have been read again.
    pub(crate) is_carried_on: bool,
    /// Whether the list told everything and the whole truth, with no more than a stumble, to this night and to the killed one that
    /// it carries on.
    pub(crate) is_list_honest: bool,
    /// Whether it can be seen that it did not: something that it left out is found by whoever looks it up.
    pub(crate) is_list_found_out: bool,
    pub(crate) do_look_ups_work: bool,
    /// Whether look-ups answer that everything is gone, or do not answer some.
    pub(crate) are_look_ups_doubtful: bool,
    /// Whether no item need be known that a look-up must find, because lists failed, a late one shows nothing but what is gone, or
    /// a log of changes begins with nothing else: nobody can tell what is gone from look-ups that see nothing.
    pub(crate) is_without_control: bool,
    /// Whether a copy came to the provider while the run rested. A look-up finds what the list did not show then, and nobody can tell
    /// that from a list that leaves things out.
    pub(crate) is_unsteady: bool,
}

impl Evidence {
    pub(crate) fn of(world: &World, moments: &[Sides], is_killed: bool) -> Self {
        let tonight = &world.tonight;
        let fault = tonight.night.fault;
        // What a killed night had read may be carried on.
        let asked = || tonight.asked.iter().chain(&world.dead);
        let is_list_honest = !tonight.is_broken && asked().all(|asked| asked.left_out.is_none());
        let is_list_found_out = tonight.is_broken || asked().any(|asked| asked.is_lie);
        let do_look_ups_work =
            !matches!(fault, Some(Fault::NoLookUps | Fault::NotFound | Fault::LookUpsNotFound));
        let are_look_ups_doubtful = matches!(fault, Some(Fault::SeesNothing | Fault::SomeNotFound));
        let is_blinding =
            |sides: &Sides| shows_only_what_is_gone(sides) || begins_with_what_is_gone(world, sides);
        let is_without_control =
            tonight.is_broken || tonight.is_broken_beside || moments.iter().any(is_blinding);
        let is_unsteady = world.story.variety.is_outbound && has_something_come(moments);
        let is_carried_on = !world.dead.is_empty();
        Self {
            is_killed,
            is_carried_on,
            is_list_honest,
            is_list_found_out,
            do_look_ups_work,
            are_look_ups_doubtful,
            is_without_control,
            is_unsteady,
        }
    }

    /// Whether the night had no excuse.
    pub(crate) fn is_honest(&self) -> bool {
        let can_look_up = self.do_look_ups_work && !self.are_look_ups_doubtful && !self.is_without_control;
        let is_whole = !self.is_killed && !self.is_carried_on;
        is_whole && self.is_list_honest && can_look_up && !self.is_unsteady
    }

    /// Whether whoever looked an item up, that was there or not, may have concluded nothing.
    pub(crate) fn is_undecided(&self, is_there: bool) -> bool {
        self.is_killed || self.are_look_ups_doubtful || (self.is_without_control && !is_there)
    }
}

fn has_something_come(moments: &[Sides]) -> bool {
    let is_there = |sides: &Sides, name: &Name| sides.upstream.contains_key(name);
    moments.windows(2).any(|pair| pair[1].upstream.keys().any(|name| !is_there(&pair[0], name)))
}

/// Whether there is a member whose list shows items, all of which are gone.
fn shows_only_what_is_gone(sides: &Sides) -> bool {
    let listed = |member| sides.listed.keys().filter(move |name| name.member == member);
    let is_gone = |name: &Name| !sides.upstream.contains_key(name);
    sides.listed.keys().any(|name| listed(name.member).all(is_gone))
}

/// Whether there is a member whose log of changes tells on its first page of nothing that is still there.
fn begins_with_what_is_gone(world: &World, sides: &Sides) -> bool {
    let Variety { feed: Feed::Changes, members, page, .. } = &world.story.variety else { return false };
    members.iter().any(|member| {
        let log = world.log(member, sides.at);
        let mut first = log.iter().take(*page).peekable();
        first.peek().is_some() && first.all(|change| !sides.upstream.contains_key(&change.name))
    })
}

/// The ranges of a member whose walks came to their end, as far as they may be judged.
pub(crate) fn walked(variety: &Variety, bounds: Bounds, world: &World, member: &str) -> Ranges {
    // A walk that a killed night had come to the end of is not taken again.
    let its = || world.dead.iter().chain(&world.tonight.asked).filter(|asked| asked.member == member);
    let lies: BTreeSet<_> = its().filter(|asked| asked.is_lie).map(|asked| asked.range).collect();
    let ends = its().filter(|asked| asked.is_end && !lies.contains(&asked.range));
    let ranges = ends.map(|asked| match asked.range {
        Some((from, to)) => (from * SECOND, (to * SECOND).min(bounds.ceiling)),
        None => (start(variety), bounds.ceiling),
    });
    merged(ranges.collect())
}

/// What must be read of a member in an honest night, beside what is followed.
pub(crate) struct Reads {
    pub(crate) fresh: Ranges,
    pub(crate) again: Ranges,
    /// What changed since the token that the night began with.
    pub(crate) changed: BTreeSet<Name>,
}

impl Reads {
    pub(crate) fn of(
        world: &World,
        bounds: Bounds,
        sides: &Sides,
        member: &str,
        verified: &Ranges,
        last_overlap: Option<Micros>,
    ) -> Self {
        let variety = &world.story.variety;
        let all = vec![(start(variety), bounds.ceiling)];
        let mut reads = Self { fresh: Vec::new(), again: Vec::new(), changed: BTreeSet::new() };
        match variety.feed {
            Feed::Created | Feed::Updated => reads.fresh = without(&all, verified),
            Feed::Client => reads.fresh = all,
            Feed::Changes => {
                let asked = || world.tonight.asked.iter().filter(|asked| asked.member == member);
                // A page that is asked for by itself, to see an item that is there, begins at the start and reads no further.
                let is_whole = world.tonight.night.fault == Some(Fault::ForgetsToken);
                let on = asked().map(|asked| asked.since).filter(|since| !is_whole && *since > 0).min();
                let since = on.or_else(|| asked().map(|asked| asked.since).min());
                let log = world.log(member, sides.at);
                reads.changed =
                    log.into_iter().skip(since.unwrap_or(usize::MAX)).map(|change| change.name).collect();
            }
        }
        let now = sides.at + variety.store_ahead;
        // Once a day: what is less than a day ago was not asked for again.
        let is_due = last_overlap.is_none_or(|last| now - last >= 24 * HOUR);
        if let Some(back) = variety.overlap.filter(|_| is_due) {
            let whole = (sides.at - variety.wait()).div_euclid(SECOND) * SECOND;
            reads.again = common(verified, &[(whole - back, bounds.ceiling)]);
        }
        reads
    }

    /// Whether a name lies in what is read for the first time.
    pub(crate) fn is_fresh(&self, variety: &Variety, sides: &Sides, name: &Name) -> bool {
        clock_of(variety, sides, name).is_some_and(|at| lies_in(&self.fresh, at))
    }

    /// Whether an honest night must compare what both sides have under a name.
    pub(crate) fn duty(&self, variety: &Variety, sides: &Sides, name: &Name) -> Duty {
        let clock = clock_of(variety, sides, name);
        let must = |ranges: &Ranges| clock.is_some_and(|at| lies_in(ranges, at));
        if self.changed.contains(name) || must(&self.fresh) || must(&self.again) {
            return Duty::Must;
        }
        let is_before = variety.feed != Feed::Changes && clock.is_some_and(|at| at < start(variety));
        if is_before { Duty::MustNot } else { Duty::May }
    }
}

/// Where the list shows a name, or the shop has it.
fn clock_of(variety: &Variety, sides: &Sides, name: &Name) -> Option<Micros> {
    let listed = sides.listed.get(name).map(|item| item.clock(variety.feed));
    listed.or_else(|| sides.local.get(name).map(|row| row.clock))
}

fn lies_in(ranges: &Ranges, at: Micros) -> bool {
    ranges.iter().any(|(from, to)| (*from..*to).contains(&at))
}

/// Ranges, sorted, with those that touch as one.
pub(crate) fn merged(mut ranges: Ranges) -> Ranges {
    ranges.retain(|(from, to)| from < to);
    ranges.sort_unstable();
    let mut merged: Ranges = Vec::new();
    for (from, to) in ranges {
        match merged.last_mut() {
            Some((_, end)) if *end >= from => *end = (*end).max(to),
            _ => merged.push((from, to)),
        }
    }
    merged
}

/// What of some ranges is in no other.
pub(crate) fn without(ranges: &[(Micros, Micros)], others: &[(Micros, Micros)]) -> Ranges {
    let mut left: Ranges = ranges.to_vec();
    for (from, to) in others {
        let cut = |(a, b): (Micros, Micros)| [(a, b.min(*from)), (a.max(*to), b)];
        left = left.into_iter().flat_map(cut).filter(|(a, b)| a < b).collect();
    }
    merged(left)
}

fn common(ranges: &[(Micros, Micros)], others: &[(Micros, Micros)]) -> Ranges {
    let pairs = ranges
        .iter()
        .flat_map(|one| others.iter().map(move |other| (one.0.max(other.0), one.1.min(other.1))));
    merged(pairs.collect())
}
