//! Changes of older items, followed by the provider's own list of events: the ids that events are about are looked up on both
//! sides and compared. What an event says about its item is never compared.
//!
//! How far the events were followed has a line of its own in the ledger of coverage.

use std::collections::HashSet;
use std::sync::Arc;

use tieout_reconcilers::event_feed::EventFeed;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::spoken::Spoken;
use tieout_reconcilers::window::{Purpose, Slice, Window};

use super::domain::{Night, Proven};
use super::outcome::Failure;
use super::slice::LOOKED_UP_AT_ONCE;
use crate::confirm::Absence;
use crate::coverage;
use crate::diff::{Looks, Suspect};
use crate::plan::Plan;
use crate::source::{Coverage, Walk};
use crate::store::Covered;

/// The axis of the coverage ledger along which events are followed.
pub(crate) const EVENTS: &str = "events";

/// What of the events is to be followed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Following {
    /// From the last covered instant on, as far back as the provider keeps events.
    window: Window,
    /// What the provider does not keep any more: changes in it can no longer be proven.
    pub(super) lost: Option<Window>,
    /// Whether nothing was followed before tonight.
    is_first: bool,
}

/// The keys that some events are about.
#[derive(Debug, Default)]
struct Touched {
    keys: HashSet<Key>,
    is_complete: bool,
}

impl Night<'_> {
    /// What is to be followed tonight, before anything is read.
    pub(super) async fn events_to_follow(&self) -> Result<Option<Following>, Failure> {
        let reconciler = &self.sides.reconciler;
        let Some(events) = reconciler.events().filter(|events| events.drives) else { return Ok(None) };
        if !self.job.options.scope.is_whole() {
            return Ok(None);
        }
        let feed = events.feed.feed();
        let known = self.job.store.coverage(reconciler.domain(), &self.sides.each, EVENTS).await?;
        let ceiling = self.events_ceiling(events);
        let Some(followed_to) = known.last().map(Window::to) else {
            let first = Window::new((ceiling - feed.grain).floor(feed.grain), ceiling);
            return Ok(first.map(|window| Following { window, lost: None, is_first: true }));
        };
        let from = (followed_to - feed.margin).floor(feed.grain);
        let whole = Window::new(from, ceiling);
        let lost =
            Window::new(followed_to, ceiling).and_then(|gap| coverage::lost(feed, self.start, &[gap]).pop());
        let window = match lost {
            Some(lost) => Window::new(lost.to(), ceiling),
            None => whole,
        };
        Ok(window.map(|window| Following { window, lost, is_first: false }))
    }

    /// An event is old enough to be followed where its item had time to be told to the local side.
    fn events_ceiling(&self, events: &EventFeed) -> Instant {
        let policy = self.sides.reconciler.policy();
        coverage::ceiling(self.start, events.feed.feed(), policy, self.sides.client.first_skew())
    }

    /// Says what can no longer be proven. Where the feed has a wider re-read, that takes the place of what was lost.
    pub(super) fn say_lost_events(&mut self, following: Option<&Following>) {
        let reconciler = self.sides.reconciler.clone();
        let (Some(lost), Some(events)) =
            (following.and_then(|following| following.lost), reconciler.events())
        else {
            return;
        };
        let keep = Spoken(events.feed.feed().retention.unwrap_or_default());
        let said = format!(
            "changes from {} to {} can no longer be followed, because the provider keeps its events for {keep} only",
            lost.from(),
            lost.to()
        );
        match reconciler.feed().overlap {
            Some(_) => {
                self.remark(format!(
                    "{said}; verified ranges are read again in their place (`overlap_scan`)"
                ));
            }
            None => self.doubt(format!("{said}, and nothing reads older items again: `overlap_scan` would")),
        }
    }

    /// Follows the events, day by day; each day is committed by itself.
    pub(super) async fn follow_events(&mut self, following: Option<Following>) -> Result<(), Failure> {
        let reconciler = self.sides.reconciler.clone();
        let (Some(following), Some(events)) = (following, reconciler.events()) else { return Ok(()) };
        if following.is_first {
            return self.commit(Plan::default(), followed(following.window)).await;
        }
        // What has a newer event waits for the night that follows that one.
        let newest = Window::new(following.window.to(), self.start);
        let young = match newest {
            Some(newest) => self.touched(events, newest).await?.keys,
            None => HashSet::new(),
        };
        let mut n_looked_up = 0;
        for slice in coverage::slices_of(events.feed.feed(), following.window) {
            self.stop.check()?;
            if self.job.options.is_late() {
                self.doubt("the deadline came before all events were followed".to_owned());
                break;
            }
            let touched = self.touched(events, slice.window).await?;
            let wanted: Vec<Key> = touched.keys.into_iter().filter(|key| !young.contains(key)).collect();
            let news: Vec<Key> = wanted.into_iter().filter(|key| self.shown.is_news(key)).collect();
            n_looked_up += news.len();
            let plan = self.judge_touched(news).await?;
            let proven = if touched.is_complete { followed(slice.window) } else { Proven::default() };
            self.commit(plan, proven).await?;
            if !touched.is_complete {
                break;
            }
        }
        if n_looked_up > 0 {
            self.remark(format!(
                "{n_looked_up} items were looked up because the provider's events are about them"
            ));
        }
        Ok(())
    }

    /// The keys that the events of a range are about. A list that cannot be read to its end makes the domain partial.
    async fn touched(&mut self, events: &EventFeed, range: Window) -> Result<Touched, Failure> {
        let slice = Slice { each: self.sides.each.clone(), ..Slice::new(range, Purpose::Coverage) };
        let clock = &events.feed.feed().clock_format;
        let mut walk = Walk::start(self.sides.client.clone(), Arc::clone(&events.feed), slice);
        let mut touched = Touched::default();
        loop {
            let page = tokio::select! {
                page = walk.next() => page,
                failure = self.stop.asked() => return Err(failure),
            };
            let Some(page) = page else { break };
            let inside =
                page.items.iter().filter(|entry| clock.of(*entry).is_none_or(|at| range.contains(at)));
            touched.keys.extend(inside.filter_map(|entry| events.about(entry)));
        }
        match walk.coverage().await {
            Coverage::Complete => touched.is_complete = true,
            Coverage::Partial(reasons) => {
                if let Some(rejected) = reasons.iter().find(|reason| reason.is_rejected()) {
                    return Err(Failure::Credentials(rejected.to_string()));
                }
                for reason in reasons {
                    self.doubt(format!("not all events were followed: {reason}"));
                }
            }
        }
        Ok(touched)
    }

    /// Compares the current state of items that events are about. What was made before the domain's beginning and is not known
    /// here is nobody's item.
    async fn judge_touched(&mut self, mut keys: Vec<Key>) -> Result<Plan, Failure> {
        keys.sort_unstable();
        let begins = self.begins().await?;
        let is_ours = |clock: Option<Instant>| clock.zip(begins).is_none_or(|(at, begins)| at >= begins);
        let mut plan = Plan::default();
        for keys in keys.chunks(LOOKED_UP_AT_ONCE) {
            self.stop.check()?;
            let mut suspects: Vec<Suspect> = keys.iter().cloned().map(suspect_of).collect();
            let items: Vec<_> = suspects.iter().map(Suspect::wanted).collect();
            let mut confirmation = self.confirm(&items, &|_| true, Absence::Unexpected).await?;
            let strangers: HashSet<Key> = confirmation
                .judged
                .iter()
                .filter(|one| !one.local && !is_ours(one.observation.clock))
                .map(|one| one.observation.key.clone())
                .collect();
            confirmation.judged.retain(|one| !strangers.contains(&one.observation.key));
            suspects.retain(|suspect| !strangers.contains(&suspect.key));
            plan.extend(self.judge(&suspects, Purpose::Overlap, confirmation).await?);
        }
        Ok(plan)
    }
}

fn suspect_of(key: Key) -> Suspect {
    Suspect { key, clock: None, looks: Looks::Different, upstream: false, local: false, seen_before: None }
}

fn followed(window: Window) -> Proven {
    Proven { coverage: Some(Covered { clock: EVENTS.to_owned(), window }), ..Proven::default() }
}
