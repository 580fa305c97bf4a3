//! Where a change was lost: what really became of it, and what of that can be known from what was there to be read.

use std::collections::{BTreeMap, BTreeSet};

use super::life::{Explained, Life};
use super::{Night, Wrong};
use crate::story::{DAY, Feed, Item, Log, Micros, Name, SECOND, Trail as Sources};
use crate::trail::{Receipt, Step, Trail};
use crate::world::Sides;

const UNKNOWN: &str = "unknown";

pub(super) type Causes = BTreeSet<&'static str>;

/// What one finding is explained from at one moment.
struct Case<'a> {
    night: &'a Night<'a>,
    sources: Sources,
    found: &'a Explained,
    sides: &'a Sides,
    item: Option<&'a Item>,
    row_clock: Option<Micros>,
    trail: Option<&'a Trail>,
}

/// The causes that a finding may have that is explained now; none where the domain has nothing to explain it from.
pub(super) fn allowed(night: &Night<'_>, name: &Name, found: &Explained) -> Option<Causes> {
    let sources = night.variety().trail?;
    let sides = night.moments.iter().find(|sides| sides.at == found.at).expect("a moment of the night");
    let (item, row) = (sides.upstream.get(name), sides.local.get(name));
    let versions = item.zip(row).map(|(item, row)| item.version == row.version);
    if found.difference.kind == "mismatched" && night.variety().knows_version && versions == Some(true) {
        return Some(["conflict"].into());
    }
    if found.was_repaired {
        return Some(["regressed"].into());
    }
    let row_clock = row.map(|row| row.clock);
    let case = Case { night, sources, found, sides, item, row_clock, trail: night.world.trails.get(name) };
    Some(case.allowed())
}

impl Case<'_> {
    fn allowed(&self) -> Causes {
        let truths = self.truths();
        let tonight = &self.night.world.tonight;
        if self.sources.log.is_some()
            && tonight.n_event_lists > 0
            && tonight.n_event_lists == tonight.n_events_failed
        {
            return [UNKNOWN].into();
        }
        let known = self.known().filter(|known| known.is_subset(&truths));
        let mut allowed = known.unwrap_or_else(|| &truths | &[UNKNOWN].into());
        if self.sources.log.is_some() && tonight.n_events_failed > 0 {
            allowed.insert(UNKNOWN);
        }
        allowed
    }

    /// The changes up to the moment.
    fn steps(&self) -> impl DoubleEndedIterator<Item = &Step> {
        let steps = self.trail.map_or(&[][..], |trail| &trail.steps);
        steps.iter().filter(|step| step.at <= self.sides.at)
    }

    /// What is true: the fate of each change that the shop never showed, and that it showed what it shows no more.
    fn truths(&self) -> Causes {
        let is_shown = |step: &&Step| step.shown.is_some_and(|at| at <= self.sides.at);
        let lacking: BTreeSet<i64> =
            self.steps().filter(|step| !is_shown(step)).map(|step| step.second).collect();
        // What happens within one second at the provider is one change to whoever reads its dates.
        let mut truths: Causes = self
            .steps()
            .filter(|step| lacking.contains(&step.second))
            .flat_map(|step| self.fate(step))
            .collect();
        let was_there =
            self.trail.is_some_and(|trail| trail.first_there.is_some_and(|at| at <= self.sides.at));
        truths.extend(self.touches().into_iter().flat_map(|step| self.fate(step)));
        let went_back = match self.found.difference.kind {
            "missing" => was_there,
            _ => self.steps().next_back().is_some_and(|step| is_shown(&step)),
        };
        if went_back {
            truths.extend(self.applied());
        }
        truths
    }

    /// The changes that changed nothing that is compared, and of which no webhook or later one was applied. No list of events shows
    /// that they changed nothing, and their webhooks would have written the row whatever became of it.
    fn touches(&self) -> Vec<&Step> {
        let steps: Vec<&Step> = self.steps().collect();
        let state = |step: &Step| step.item.as_ref().map(|item| (item.amount, item.currency, item.status));
        let is_applied = |step: &Step| self.receipts(step).any(|receipt| receipt.is_applied);
        let is_touch = |pair: &&[&Step]| state(pair[0]).is_some() && state(pair[0]) == state(pair[1]);
        let newest = steps.windows(2).rev().take_while(|pair| !is_applied(pair[1]));
        newest.filter(is_touch).map(|pair| pair[1]).collect()
    }

    /// What a webhook that was applied is to whoever reads the shop's table.
    fn applied(&self) -> Causes {
        if self.sources.knows_status {
            ["regressed"].into()
        } else {
            // Nothing tells it from one that was not.
            ["regressed", "delivered_not_applied"].into()
        }
    }

    fn receipts<'s>(&self, step: &'s Step) -> impl Iterator<Item = &'s Receipt> {
        let now = self.sides.at;
        step.receipts.iter().filter(move |receipt| receipt.at <= now)
    }

    /// Where a change that the shop does not show came to a stop.
    fn fate(&self, step: &Step) -> Causes {
        let mut receipts = self.receipts(step).peekable();
        if receipts.peek().is_some() {
            return if receipts.any(|receipt| receipt.is_applied) {
                self.applied()
            } else {
                ["delivered_not_applied"].into()
            };
        }
        let tried = |sent: &crate::story::Sent| {
            let mut tries = sent.tries.iter().filter(|(at, _)| *at <= self.sides.at).peekable();
            tries.peek().is_some().then(|| tries.any(|(_, arrived)| *arrived))
        };
        let is_of_deliveries = self.sources.log.is_some_and(|log| log.is_of_deliveries);
        match (&step.sent, is_of_deliveries) {
            (None, _) => ["never_sent"].into(),
            (Some(_), false) => ["not_received"].into(),
            (Some(sent), true) => match tried(sent) {
                None => ["never_sent"].into(),
                Some(false) => ["delivery_failed"].into(),
                // It arrived, and the shop has not written it down.
                Some(true) => ["delivered_not_applied"].into(),
            },
        }
    }

    /// When whoever reads the provider's events sees a change in them: the second of its event, or of the first delivery.
    fn second_of(&self, step: &Step, log: Log) -> Option<i64> {
        let sent = step.sent.as_ref()?;
        if !log.is_of_deliveries {
            return (sent.listed <= self.sides.at).then_some(step.second);
        }
        let first = sent.tries.iter().map(|(at, _)| *at).filter(|at| *at <= self.sides.at).min()?;
        Some((first + self.night.variety().provider_ahead).div_euclid(SECOND))
    }

    /// Which causes must be told; none where what can be read does not tell.
    fn known(&self) -> Option<Causes> {
        let kind = self.found.difference.kind;
        let is_received = self.steps().any(|step| self.receipts(step).next().is_some());
        let Some(log) = self.sources.log else {
            let is_told = kind == "missing" && is_received && !self.found.had_past;
            return is_told.then(|| ["delivered_not_applied", "regressed"].into());
        };
        if is_received && !self.sources.knows_events {
            return None;
        }
        let mut events: BTreeMap<i64, Vec<&Step>> = BTreeMap::new();
        for step in self.steps() {
            if let Some(second) = self.second_of(step, log) {
                events.entry(second).or_default().push(step);
            }
        }
        let Some((second, newest)) = events.pop_last() else {
            return self.known_of_silence(log, is_received);
        };
        let changed =
            self.item.filter(|_| self.night.variety().feed == Feed::Updated).map(|item| item.updated);
        // Deliveries go side by side, and what is listed late may be newer than what is listed.
        let is_close = |(other, _): (&i64, &Vec<&Step>)| second - other <= 330;
        if log.is_of_deliveries && (newest.len() > 1 || events.last_key_value().is_some_and(is_close)) {
            return None;
        }
        // Events from before the last change are not looked for, except where a log may tell of them late.
        let back = if log.is_of_deliveries { 3 * DAY } else { 0 };
        if changed.is_some_and(|changed| (second - changed) * SECOND < -self.night.variety().settle - back)
            && kind == "missing"
        {
            return None;
        }
        if log.is_of_deliveries && log.keep.is_some() && changed.is_some() {
            return None;
        }
        if !self.is_kept(second * SECOND, log) || !self.is_kept(self.clock()?, log) {
            return None;
        }
        let fates: Causes = newest.iter().flat_map(|step| self.fate(step)).collect();
        match (kind, changed) {
            // A log shows a late delivery of an older event as well.
            ("mismatched", Some(changed))
                if !self.found.had_past && second >= changed && !log.is_of_deliveries =>
            {
                self.sources.knows_status.then_some(fates)
            }
            ("mismatched", Some(changed))
                if !self.found.had_past
                    && (second * SECOND + self.night.variety().settle) < changed * SECOND =>
            {
                self.is_listed(changed * SECOND, log).then(|| ["never_sent"].into())
            }
            _ if self.found.had_past || log.lag > self.night.variety().settle => None,
            ("missing", _) => Some(fates),
            // Nothing dates the change: only what was certainly not applied is certainly lacking.
            _ => {
                let is_received = newest.iter().any(|step| self.receipts(step).next().is_some());
                let is_certain = !fates.contains("regressed") && (self.sources.knows_status || !is_received);
                is_certain.then_some(fates)
            }
        }
    }

    /// No event about the item can be read.
    fn known_of_silence(&self, log: Log, is_received: bool) -> Option<Causes> {
        let is_orphaned = self.found.difference.kind == "orphaned";
        let clock = self.clock()?;
        let is_dated = self.night.variety().feed == Feed::Updated || self.found.difference.kind == "missing";
        let is_listed =
            if is_dated { self.is_listed(clock, log) } else { log.lag <= self.night.variety().settle };
        let can_tell =
            !is_orphaned && !is_received && is_listed && !self.found.had_past && self.is_kept(clock, log);
        can_tell.then(|| ["never_sent"].into())
    }

    /// The item's own clock, as the feed tells it.
    fn clock(&self) -> Option<Micros> {
        let feed = self.night.variety().feed;
        self.item.map(|item| item.clock(feed)).or(self.row_clock)
    }

    /// Whether an event of an instant must be listed by now, whatever the provider's clock says.
    fn is_listed(&self, at: Micros, log: Log) -> bool {
        let most_ahead = self.night.variety().provider_ahead.abs() + SECOND;
        at < self.night.moments[0].at - log.lag - most_ahead
    }

    /// Whether the provider still has its events of an instant, whatever its clock and the run's say.
    fn is_kept(&self, at: Micros, log: Log) -> bool {
        let most_ahead = self.night.variety().provider_ahead.abs() + SECOND;
        log.keep.is_none_or(|keep| at - self.night.variety().settle > self.sides.at - keep + most_ahead)
    }
}

/// Whether the report counts what was explained tonight. Where a side moved while the run rested, a key may have been explained twice.
pub(super) fn counts(night: &Night<'_>, lives: &BTreeMap<Name, Life>) -> Option<Wrong> {
    let said = &night.seen.domain()?.causes;
    let mut told: BTreeMap<String, u64> = BTreeMap::new();
    for cause in lives.values().filter(|life| life.explained.is_some()).filter_map(|life| life.cause.clone())
    {
        *told.entry(cause).or_default() += 1;
    }
    let [first, others @ ..] = night.moments else { return None };
    let stood_still =
        others.iter().all(|other| (&other.upstream, &other.local) == (&first.upstream, &first.local));
    let is_right = if stood_still {
        *said == told
    } else {
        told.iter().all(|(cause, n)| said.get(cause).is_some_and(|said| said >= n))
    };
    (!is_right).then(|| Wrong::untrue(None, format!("counts the causes {said:?}, and they are {told:?}")))
}
