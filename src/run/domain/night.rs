//! What a run holds of a domain while it works on it, and what it shares with the tasks that read slices.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::window::{Purpose, Window};
use uuid::Uuid;

use crate::clock::Stopwatch;
use crate::confirm::{LookUpBudget, Sentinels, Sides};
use crate::diff::Suspect;
use crate::finding::Finding;
use crate::going::Going;
use crate::quarantine::Known;
use crate::report::{DomainReport, NamedItem};
use crate::run::Job;
use crate::run::account::Account;
use crate::run::bookmark::Marks;
use crate::run::causes::InboxTable;
use crate::run::counting::Counting;
use crate::run::lease::Leases;
use crate::run::listing::Listing;
use crate::run::lives::Lives;
use crate::run::resume::Resumed;
use crate::run::shown::ShownTonight;
use crate::run::slice::{Lanes, Pace, Reading};
use crate::run::stop::Stop;
use crate::run::unseen::Withheld;
use crate::source::DetailBudget;
use crate::store::Lease;

/// A domain while a run works on it.
pub(in crate::run) struct Night<'a> {
    pub job: &'a Job,
    pub sides: Arc<Sides>,
    pub run_id: Uuid,
    /// Where its events belong in a trace, where the run is traced.
    pub traceparent: Option<String>,
    /// The run's start by the process's clock, read once.
    pub start: Instant,
    /// The run's start by the local database's clock.
    pub local_start: Instant,
    pub lease: Option<Lease>,
    pub leases: Leases,
    /// Whether the work on the domain is to end.
    pub stop: Stop,
    pub account: Account,
    /// What overlap scans read, counted apart.
    pub again: Account,
    pub report: DomainReport,
    pub pace: Arc<Pace>,
    pub counting: Arc<Counting>,
    /// How many items the run may still look up, all members of the domain together.
    pub budget: Arc<LookUpBudget>,
    /// Items that a look-up must find.
    pub sentinels: Arc<Sentinels>,
    pub lanes: Arc<Lanes>,
    /// What the provider's first answer says about how far its answers are whole.
    pub provider_ceiling: Arc<OnceLock<Option<Instant>>>,
    /// What cannot be read and is known.
    pub quarantine: Known,
    /// Rows that may be those of items without a key: nothing is concluded about them.
    pub aside: HashSet<Key>,
    /// Suspects that must rest before they are judged, with the moment they were first seen.
    pub resting: Vec<(Suspect, Purpose)>,
    pub resting_since: Option<Stopwatch>,
    /// What was proven if none of the resting orphans exists.
    pub withheld: Vec<Withheld>,
    /// What tonight's pages have shown, where events are followed.
    pub shown: ShownTonight,
    /// What a backfill has to fill.
    pub to_fill: Vec<Window>,
    /// Where it is written down how far slices are, once it is known whether they can be carried on.
    pub marks: Option<Arc<Marks>>,
    /// What earlier runs had begun to read.
    pub resumed: Resumed,
    /// Once it is over, readings that can be carried on later are given up.
    pub readings: Going,
    /// What `plan` would have stored, so that it decides as `run` does.
    pub imagined: HashMap<Key, Finding>,
    /// What the report will list.
    pub listing: Listing,
    /// What is thought of the items that the call named.
    pub named: Vec<NamedItem>,
    /// What became of findings so far.
    pub lives: Lives,
    pub n_events: u64,
    /// The team's table of received webhooks, where the domain names one.
    pub inbox: Option<InboxTable>,
    /// How many findings were explained.
    pub n_explained: usize,
    /// How many entries of a log of deliveries may still be looked up.
    pub details: DetailBudget,
    pub limit: Option<String>,
}

impl Night<'_> {
    /// The ceiling as far as it is known.
    pub(in crate::run) fn ceiling(&self) -> Instant {
        self.reading().ceiling()
    }

    /// What the tasks that read slices share.
    pub(in crate::run) fn reading(&self) -> Reading {
        Reading {
            sides: Arc::clone(&self.sides),
            watcher: Arc::clone(&self.job.watcher),
            lanes: Arc::clone(&self.lanes),
            pace: Arc::clone(&self.pace),
            counting: Arc::clone(&self.counting),
            going: self.stop.going().clone(),
            budget: Arc::clone(&self.budget),
            sentinels: Arc::clone(&self.sentinels),
            shown: self.sides.reconciler.events().filter(|events| events.drives).map(|_| self.shown.clone()),
            marks: self.marks.clone(),
            readings: self.readings.clone(),
            provider_ceiling: Arc::clone(&self.provider_ceiling),
            start: self.start,
            local_start: self.local_start,
        }
    }
}
