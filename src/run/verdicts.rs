//! From suspects to stored findings: confirm, account, plan, commit.

use std::collections::{HashMap, HashSet};

use tieout_reconcilers::direction::Direction;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::page::Wanted;
use tieout_reconcilers::window::{Purpose, Slice, Window};

use super::domain::{Night, Proven};
use super::originals::with_originals;
use super::outcome::Failure;
use super::slice::LOOKED_UP_AT_ONCE;
use super::sorting::{When, is_young, when};
use super::{Found, unseen};
use crate::age;
use crate::confirm::{Absence, Confirmation, Unknown};
use crate::diff::{Difference, Doubt, Looks, Suspect, Tally};
use crate::finding::{BASELINE, State};
use crate::local::Read as LocalRead;
use crate::plan::{Observation, Plan};
use crate::report::ItemCounts;
use crate::source::{Coverage, Walked};
use crate::store::{Covered, SavedToken, SliceDone};

impl Night<'_> {
    /// Judges what a slice left over and commits it with what the slice proved.
    pub(super) async fn judge_slice(
        &mut self,
        slice: &Slice,
        difference: Difference,
        Walked { coverage, token }: Walked,
        rows: &LocalRead,
        confirmation: Confirmation,
    ) -> Result<(), Failure> {
        let mut difference = difference;
        let unread = self.quarantine(slice, &coverage, &difference, rows);
        let has_nameless = difference.tally.nameless > 0;
        if unread.are_items_accepted {
            difference.doubts.retain(|doubt| *doubt != Doubt::Nameless);
        }
        let is_complete = coverage == Coverage::Complete && difference.doubts.is_empty();
        self.say_doubts(slice, &difference.doubts, &coverage)?;
        let before = self.account_of(slice.purpose).items;
        self.account_of(slice.purpose).add(&difference.tally, rows.bad_keys);
        let ceiling = self.ceiling();
        let (young, old) = difference.suspects.into_iter().partition(|suspect| is_young(suspect, ceiling));
        let young: Vec<Suspect> = young;
        self.say_left(difference.left_young);
        let (now, rest, unproven) = self.sort(old, is_complete);
        // They are pending until they are judged, whatever happens on the way.
        for suspect in now.iter().chain(&rest).chain(&young) {
            self.account_of(slice.purpose).pend(suspect);
        }
        for suspect in &unproven {
            let account = self.account_of(slice.purpose);
            if is_complete { account.ignore(suspect) } else { account.pend(suspect) }
        }
        let mut plan = self.judge_in_parts(&now, slice.purpose, confirmation).await?;
        // Coverage may pass what is too young: it is looked up by key first thing in the next run.
        let left = self.as_seen(young.iter()).await?;
        plan.extend(self.decide(left, None).await?);
        let unmet = unseen::unmet(&rest);
        let rest = if has_nameless { self.put_aside(rest, slice.purpose) } else { rest };
        plan.extend(self.put_to_rest(rest, slice.purpose).await?);
        self.say_range(slice.window);
        let items = self.account_of(slice.purpose).items.since(&before);
        let counts_json = counts_json(&difference.tally, items, is_complete);
        let mut proven = self.proven(slice, counts_json, token.filter(|_| is_complete), is_complete);
        proven.quarantine = unread.weighed;
        // Above the ceiling nothing is verified, so that nothing that is left out there makes doubtful what is below.
        if let Some(judged) = slice.window.until(self.ceiling()) {
            self.withhold(judged, unmet, &mut proven);
        }
        self.commit(plan, proven).await
    }

    /// What is known of a slice once its findings are stored.
    fn proven(
        &mut self,
        slice: &Slice,
        counts_json: String,
        token: Option<String>,
        is_complete: bool,
    ) -> Proven {
        let feed = self.sides.reconciler.feed();
        let verified =
            (is_complete || bug!("partial_covers")).then(|| slice.window.until(self.ceiling())).flatten();
        let coverage = verified.map(|window| Covered { clock: feed.clock.clone(), window });
        let read = Some((slice.purpose, slice.window));
        // A range that somebody asked for is no part of where the domain's coverage begins, and no step of a change feed.
        if matches!(self.job.options.scope, super::Scope::Range(_) | super::Scope::Backfill(_)) {
            return Proven { coverage, read, ..Proven::default() };
        }
        if feed.changes && is_complete && token.is_none() {
            let note = "the feed gave no token to go on from; the next run reads the whole of it".to_owned();
            self.report.notes.push(note);
        }
        let feed = self.sides.reconciler.feed();
        let token = token.filter(|_| feed.changes).map(|token| SavedToken { feed: feed.name.clone(), token });
        let slice = Some(SliceDone { slice: slice.clone(), counts_json });
        Proven { slice, coverage, token, read, ..Proven::default() }
    }

    fn say_left(&mut self, young: u64) {
        if young > 0 {
            let note = format!(
                "{young} more items changed while they were read, or short before; they are left to the next run"
            );
            self.report.notes.push(note);
        }
    }

    /// Ranges that touch are one range to whoever reads the report, however they were cut.
    fn say_range(&mut self, window: Window) {
        let (from, to) = (window.from().to_string(), window.to().to_string());
        match self.report.ranges.last_mut() {
            Some((_, end)) if *end == from => *end = to,
            _ => self.report.ranges.push((from, to)),
        }
    }

    pub(super) fn account_of(&mut self, purpose: Purpose) -> &mut super::account::Account {
        match purpose {
            Purpose::Coverage => &mut self.account,
            Purpose::Overlap => &mut self.again,
        }
    }

    /// What makes the slice partial goes into the report; rejected credentials end the domain.
    fn say_doubts(&mut self, slice: &Slice, doubts: &[Doubt], walked: &Coverage) -> Result<(), Failure> {
        for doubt in doubts {
            let what = match doubt {
                Doubt::OrderBroken => "items came in another order than the feed declares",
                Doubt::KeyTwice => "two items with one key and different values",
                Doubt::RowTwice => "the local query returned one key twice",
                Doubt::Nameless => "items without a usable key",
                Doubt::NamelessRow => "local rows without a usable key",
                Doubt::ManyUnmet => {
                    "more than 100000 local rows met no item; nothing is concluded about them: is `rows` about this feed?"
                }
            };
            self.doubt(format!("{} to {}: {what}", slice.window.from(), slice.window.to()));
        }
        if let Coverage::Partial(reasons) = walked {
            for reason in reasons {
                reject(reason.is_rejected(), reason)?;
                self.doubt(reason.to_string());
            }
        }
        Ok(())
    }

    /// Which suspects are judged now, which must rest first, and which the slice can prove nothing about.
    fn sort(&self, suspects: Vec<Suspect>, is_complete: bool) -> (Vec<Suspect>, Vec<Suspect>, Vec<Suspect>) {
        let (mut now, mut rest, mut unproven) = (Vec::new(), Vec::new(), Vec::new());
        for suspect in suspects {
            match when(&suspect, self.sides.reconciler.as_ref(), is_complete) {
                When::Now => now.push(suspect),
                When::Rested => rest.push(suspect),
                When::Never => unproven.push(suspect),
            }
        }
        (now, rest, unproven)
    }

    /// How long a difference must have been known that nothing dates.
    pub(super) fn rest_needed(&self) -> std::time::Duration {
        age::rest(self.sides.reconciler.as_ref())
    }

    /// Reads both sides of suspects again and plans for those that could be judged.
    pub(super) async fn judge_anew(
        &mut self,
        suspects: &[Suspect],
        purpose: Purpose,
        rested: &(dyn Fn(&Key) -> bool + Sync),
    ) -> Result<Plan, Failure> {
        let mut confirmations = Vec::new();
        for chunk in suspects.chunks(LOOKED_UP_AT_ONCE) {
            self.stop.check()?;
            let items: Vec<Wanted> = chunk.iter().map(Suspect::wanted).collect();
            confirmations.push(self.confirm(&items, rested, absence_of(chunk.iter())).await?);
        }
        // Nothing is concluded from an absence before all of them were looked up.
        self.doubt_unseen(&mut confirmations);
        let aside = self.set_aside(suspects, purpose, &mut confirmations);
        let mut plan = Plan::default();
        for (chunk, confirmation) in suspects.chunks(LOOKED_UP_AT_ONCE).zip(confirmations) {
            let its: Vec<Suspect> = chunk.iter().filter(|one| !aside.contains(&one.key)).cloned().collect();
            plan.extend(self.judge(&its, purpose, confirmation).await?);
        }
        Ok(plan)
    }

    /// Plans for suspects as their confirmation found them. What was not confirmed yet is confirmed first.
    pub(super) async fn judge(
        &mut self,
        suspects: &[Suspect],
        purpose: Purpose,
        mut confirmation: Confirmation,
    ) -> Result<Plan, Failure> {
        let by_key: HashMap<&Key, &Suspect> =
            suspects.iter().map(|suspect| (&suspect.key, suspect)).collect();
        self.confirm_rest(&by_key, &mut confirmation).await?;
        let alone = self.left_alone(&confirmation).await?;
        for judged in &confirmation.judged {
            if let Some(suspect) = by_key.get(&judged.observation.key) {
                let account = self.account_of(purpose);
                account.unpend(suspect);
                if alone.contains(&suspect.key) && !bug!("ignored_counts") {
                    account.leave_alone(suspect, judged);
                } else {
                    account.judge(suspect, judged);
                }
            }
        }
        self.doubt_unknown(&confirmation)?;
        self.plan_for(confirmation, &by_key).await
    }

    /// What a person said to leave alone, and is as it was then.
    async fn left_alone(&self, confirmation: &Confirmation) -> Result<HashSet<Key>, Failure> {
        let seen = || confirmation.judged.iter().map(|judged| &judged.observation);
        let keys: Vec<Key> = seen().map(|seen| seen.key.clone()).collect();
        let known = self.known(&keys).await?;
        if known.values().all(|finding| finding.state != State::Ignored) {
            return Ok(HashSet::new());
        }
        let planner = self.planner(None).await?;
        let alone = seen().filter(|seen| planner.leaves_alone(seen, known.get(&seen.key)));
        Ok(alone.map(|seen| seen.key.clone()).collect())
    }

    /// A slice that could not be halved comes without any confirmation.
    async fn confirm_rest(
        &self,
        suspects: &HashMap<&Key, &Suspect>,
        confirmation: &mut Confirmation,
    ) -> Result<(), Failure> {
        let judged = confirmation.judged.iter().map(|judged| &judged.observation.key);
        let known: HashSet<&Key> = judged.chain(confirmation.unknown.iter().map(|(key, _)| key)).collect();
        let missing = suspects.values().filter(|suspect| !known.contains(&suspect.key));
        let missing: Vec<Wanted> = missing.map(|suspect| suspect.wanted()).collect();
        let settled = self.rest_needed().is_zero();
        for items in missing.chunks(LOOKED_UP_AT_ONCE) {
            self.stop.check()?;
            let Confirmation { judged, unknown } =
                self.confirm(items, &|_| settled, absence_of(suspects.values().copied())).await?;
            confirmation.judged.extend(judged);
            confirmation.unknown.extend(unknown);
        }
        Ok(())
    }

    async fn plan_for(
        &mut self,
        confirmation: Confirmation,
        suspects: &HashMap<&Key, &Suspect>,
    ) -> Result<Plan, Failure> {
        let mut observations: Vec<Observation> =
            confirmation.judged.into_iter().map(|judged| judged.observation).collect();
        // What could not be confirmed is remembered and looked at again first thing in the next run. Of what is followed already
        // nothing new is known: it keeps its place in the order of those that wait.
        let unknown: Vec<Key> = confirmation.unknown.iter().map(|(key, _)| key.clone()).collect();
        let known = self.known(&unknown).await?;
        let is_followed = |key: &Key| known.get(key).is_some_and(|finding| finding.state.is_followed());
        let news = unknown.iter().filter(|key| !is_followed(key));
        observations.extend(news.filter_map(|key| Some(self.unconfirmed(suspects.get(key)?))));
        self.decide(observations, None).await
    }

    pub(super) async fn decide(
        &mut self,
        observations: Vec<Observation>,
        hold: Option<&str>,
    ) -> Result<Plan, Failure> {
        if observations.is_empty() {
            return Ok(Plan::default());
        }
        let keys: Vec<Key> = observations.iter().map(|seen| seen.key.clone()).collect();
        let known = self.known(&keys).await?;
        let baseline = (self.job.options.found == Found::Baseline).then_some(BASELINE);
        let unexplained = self.unexplained(&observations, &known);
        let mut events = self.events_about(&observations, &unexplained).await;
        let causes = self.explain(unexplained, &observations, &known, &events).await;
        let observations = with_originals(observations, &mut events);
        let mut plan = self.planner(hold.or(baseline)).await?.plan(observations, &known);
        self.put_causes(&mut plan, causes);
        Ok(plan)
    }

    pub(super) async fn confirm(
        &self,
        items: &[Wanted],
        rested: &(dyn Fn(&Key) -> bool + Sync),
        absence: Absence,
    ) -> Result<Confirmation, Failure> {
        Ok(self.reading().confirm(items, rested, absence).await?)
    }

    /// What could not be looked up makes the domain partial; rejected credentials end it. How much was left because the look-ups
    /// are spent is said once, at the end.
    pub(super) fn doubt_unknown(&mut self, confirmation: &Confirmation) -> Result<(), Failure> {
        refuse_rejected(confirmation)?;
        for (_, why) in &confirmation.unknown {
            match why {
                Unknown::OverBudget => self.report.complete = false,
                why => self.doubt(why.to_string()),
            }
        }
        Ok(())
    }

    /// Which side is the truth.
    pub(super) fn direction(&self) -> Direction {
        self.sides.reconciler.direction()
    }

    /// Stores suspects that must rest, so that the coverage may pass them.
    async fn put_to_rest(&mut self, suspects: Vec<Suspect>, purpose: Purpose) -> Result<Plan, Failure> {
        let observations = self.as_seen(suspects.iter()).await?;
        let plan = self.decide(observations, None).await?;
        if !suspects.is_empty() {
            self.resting_since = Some(self.job.clocks.process.stopwatch());
        }
        self.resting.extend(suspects.into_iter().map(|suspect| (suspect, purpose)));
        Ok(plan)
    }
}

/// Whether absence is no surprise for any of some suspects.
fn absence_of<'s>(mut suspects: impl Iterator<Item = &'s Suspect>) -> Absence {
    let is_expected = suspects.any(|suspect| matches!(suspect.looks, Looks::LocalOnly | Looks::Deleted));
    if is_expected { Absence::Expected } else { Absence::Unexpected }
}

/// Look-ups that were refused because of the credentials end the domain.
pub(super) fn refuse_rejected(confirmation: &Confirmation) -> Result<(), Failure> {
    confirmation.unknown.iter().try_for_each(|(_, why)| reject(why.is_rejected(), why))
}

/// Rejected credentials end the domain: nothing else will work either.
fn reject(is_rejected: bool, why: &dyn std::fmt::Display) -> Result<(), Failure> {
    if is_rejected { Err(Failure::Credentials(why.to_string())) } else { Ok(()) }
}

/// What a slice saw and what came of it so far, for the state store.
fn counts_json(tally: &Tally, items: ItemCounts, is_complete: bool) -> String {
    serde_json::json!({ "counts": tally.counts(), "items": items, "complete": is_complete }).to_string()
}
