//! What all members of a domain's fan-out share while a run works on it: the two sides, the lanes and the clock readings.

use std::sync::Arc;
use std::time::Duration;

use tieout_reconcilers::fan_out::{FanOut, Member, Parents};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::Each;
use tieout_reconcilers::reconciler::{Jobs, Reconciler};
use tieout_reconcilers::window::{Purpose, Slice};
use uuid::Uuid;

use super::lease::Leases;
use super::outcome::Failure;
use super::slice::{Lanes, Pace, Reading};
use super::stop::Stop;
use super::{Job, Mode, UnderWay};
use crate::confirm::{LookUpBudget, Sides};
use crate::coverage;
use crate::going::Going;
use crate::local::{Database, MemberValues};
use crate::progress::{Progress, Watcher};
use crate::source::{Client, Coverage, Room, Walk, members as members_of};

/// How long a domain may ask its provider for more; what is left is read by the next run.
pub(super) const RUN_TIME: Duration = Duration::from_hours(12);

/// A domain before anything of it is read.
pub(super) struct Stage<'a> {
    pub(super) job: &'a Job,
    /// What the run holds.
    pub(super) leases: Leases,
    /// Whether the work on the domain is to end.
    pub(super) stop: Stop,
    pub(super) reconciler: Arc<dyn Reconciler>,
    pub(super) client: Client,
    pub(super) database: Database,
    pub(super) run_id: Uuid,
    /// The run's start by the process's clock, read once.
    pub(super) start: Instant,
    /// The run's start by the local database's clock.
    pub(super) local_start: Instant,
    pub(super) pace: Arc<Pace>,
    pub(super) lanes: Arc<Lanes>,
    /// How many items the run may still look up, all members of the domain together.
    pub(super) budget: Arc<LookUpBudget>,
}

/// Whom a domain is read for.
pub(super) enum Members {
    /// Nobody in particular: the feed has no fan-out.
    One,
    /// Each of these by itself.
    Several {
        /// The members.
        members: Vec<Member>,
        /// Why there may be more of them.
        doubts: Vec<String>,
    },
}

/// The work on a domain, of whose long waits for the provider somebody is told who watches.
fn told_to(watcher: &Arc<dyn Watcher>, reconciler: &Arc<dyn Reconciler>, going: &Going) -> Going {
    let (watcher, reconciler) = (Arc::clone(watcher), Arc::clone(reconciler));
    going.clone().heard_by(move |left, what| {
        let seconds = (left + Duration::from_millis(999)).as_secs();
        watcher.saw(Progress::Waiting { domain: reconciler.domain().as_str(), seconds, what });
    })
}

impl<'a> Stage<'a> {
    pub(super) async fn set(
        run: &UnderWay<'a>,
        reconciler: &Arc<dyn Reconciler>,
        start: Instant,
    ) -> Result<Self, Failure> {
        let (job, stop) = (run.job, run.stop.of_a_domain());
        // Where the provider works on one job at a time, walks side by side would only wait for each other.
        let walks = if reconciler.feed().jobs == Jobs::One { 1 } else { job.options.concurrency };
        let client = find(&job.clients, reconciler.provider().as_str())?
            .for_run(Some(tokio::time::Instant::now() + RUN_TIME))
            .in_room(Room::shared_by(walks))
            .by_clock(job.clocks.process.clone())
            .for_work(told_to(&job.watcher, reconciler, stop.going()));
        let client = if job.options.mode == Mode::Run { client.keeping_pages() } else { client };
        let database = find(&job.databases, &reconciler.local().database)?;
        let local_start = job.clocks.local.or_own(database.now()).await?;
        Ok(Self {
            job,
            leases: run.leases.clone(),
            stop,
            reconciler: Arc::clone(reconciler),
            client,
            database,
            run_id: job.run_id,
            start,
            local_start,
            pace: Arc::default(),
            lanes: Arc::new(Lanes::new(walks)),
            budget: Arc::new(LookUpBudget::new(reconciler.policy().max_lookups)),
        })
    }

    /// Both sides of a member, reached.
    pub(super) async fn sides(&self, each: &Each, values: &MemberValues) -> Result<Sides, Failure> {
        let reconciler = &self.reconciler;
        self.client.serves(each).map_err(|error| Failure::Definition(error.to_string()))?;
        let reader = self.database.reader_for(reconciler.local(), reconciler.fields(), values).await?;
        let (client, each) = (self.client.clone(), each.clone());
        Ok(Sides { client, reconciler: Arc::clone(reconciler), each, reader })
    }

    /// What reads slices of a member for another run.
    pub(super) fn reading(&self, sides: Arc<Sides>, readings: Going) -> Reading {
        Reading {
            sides,
            watcher: Arc::clone(&self.job.watcher),
            lanes: Arc::clone(&self.lanes),
            pace: Arc::clone(&self.pace),
            counting: Arc::default(),
            going: self.stop.going().clone(),
            budget: Arc::clone(&self.budget),
            sentinels: Arc::default(),
            shown: None,
            marks: None,
            readings,
            provider_ceiling: Arc::default(),
            start: self.start,
            local_start: self.local_start,
        }
    }

    /// A database of the configuration, by its name.
    pub(super) fn database_called(&self, name: &str) -> Result<Database, Failure> {
        find(&self.job.databases, name)
    }

    /// Whom the domain is read for today. Members that are another feed's items are read first.
    pub(super) async fn members(&self) -> Result<Members, Failure> {
        match self.reconciler.fan_out() {
            FanOut::None => Ok(Members::One),
            FanOut::Members(members) => Ok(Members::Several { members, doubts: Vec::new() }),
            FanOut::Feed(parents) => self.read_parents(&parents).await,
        }
    }

    /// Walks the whole of the other feed. Members that it did not show are left as they are: nothing is concluded of them.
    async fn read_parents(&self, parents: &Parents) -> Result<Members, Failure> {
        let ceiling = coverage::ceiling(self.start, parents.feed.feed(), parents.feed.policy(), None);
        let mut members: Vec<Member> = Vec::new();
        let mut doubts = Vec::new();
        for window in members_of::windows(parents, ceiling) {
            let slice = Slice::new(window, Purpose::Coverage);
            let mut walk = Walk::start(self.client.clone(), Arc::clone(&parents.feed), slice);
            loop {
                let page = tokio::select! {
                    page = walk.next() => page,
                    failure = self.stop.asked() => return Err(failure),
                };
                let Some(page) = page else { break };
                let found = page.items.iter().filter_map(|item| parents.member(item));
                members.extend(found);
                let nameless = page.faults.len()
                    + page.items.iter().filter(|item| parents.member(*item).is_none()).count();
                if nameless > 0 {
                    doubts.push(format!(
                        "{nameless} items of the feed that names the members have no usable name"
                    ));
                }
            }
            if let Coverage::Partial(reasons) = walk.coverage().await {
                if let Some(rejected) = reasons.iter().find(|reason| reason.is_rejected()) {
                    return Err(Failure::Credentials(rejected.to_string()));
                }
                doubts.extend(
                    reasons.iter().map(|reason| format!("the list of members may not be whole: {reason}")),
                );
            }
        }
        members.sort_by(|one, other| one.each.cmp(&other.each));
        members.dedup_by(|one, other| one.each == other.each);
        Ok(Members::Several { members, doubts })
    }
}

fn find<T: Clone>(
    known: &std::collections::BTreeMap<String, Result<T, Failure>>,
    name: &str,
) -> Result<T, Failure> {
    let missing = || Failure::Definition(format!("`{name}` is not configured"));
    known.get(name).ok_or_else(missing)?.clone()
}
