//! How the work on a domain, or on one member of it, begins: both sides reached, the lease taken, nothing known yet.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tieout_reconcilers::name::Each;

use super::Night;
use crate::confirm::Sides;
use crate::local::MemberValues;
use crate::quarantine::Known;
use crate::run::Mode;
use crate::run::account::Account;
use crate::run::causes::InboxTable;
use crate::run::listing::Listing;
use crate::run::lives::Lives;
use crate::run::outcome::Failure;
use crate::run::resume::Resumed;
use crate::run::shown::ShownTonight;
use crate::run::stage::Stage;
use crate::run::summary::blank;
use crate::source::DetailBudget;
use crate::store::Lease;
use crate::telemetry;

impl<'a> Night<'a> {
    /// Reaches both sides of a member and takes its lease.
    pub(in crate::run) async fn open(
        stage: &Stage<'a>,
        each: &Each,
        values: &MemberValues,
    ) -> Result<Self, Failure> {
        let (job, reconciler) = (stage.job, &stage.reconciler);
        let sides = Arc::new(stage.sides(each, values).await?);
        let inbox = InboxTable::of(stage, values).await;
        let lease = match job.options.mode {
            Mode::Plan => None,
            Mode::Run => Some(stage.leases.take(job, (reconciler.domain(), each), &stage.stop).await?),
        };
        Ok(Self::of(stage, sides, inbox, lease))
    }

    /// The same for a member that nobody else works on, to look at what is known of it and explain nothing.
    pub(in crate::run) async fn open_if_free(
        stage: &Stage<'a>,
        each: &Each,
        values: &MemberValues,
    ) -> Result<Self, Failure> {
        let sides = Arc::new(stage.sides(each, values).await?);
        let whose = (stage.reconciler.domain(), each);
        let lease = stage.leases.take_if_free(whose, &stage.stop).await?;
        Ok(Self::of(stage, sides, None, Some(lease)))
    }

    /// A night of which nothing has happened yet.
    fn of(stage: &Stage<'a>, sides: Arc<Sides>, inbox: Option<InboxTable>, lease: Option<Lease>) -> Self {
        let (job, reconciler) = (stage.job, &stage.reconciler);
        Self {
            job,
            sides,
            run_id: stage.run_id,
            start: stage.start,
            local_start: stage.local_start,
            lease,
            leases: stage.leases.clone(),
            stop: stage.stop.clone(),
            readings: stage.stop.going().part(),
            account: Account::of(reconciler.direction()),
            again: Account::of(reconciler.direction()),
            report: blank(reconciler.as_ref()),
            pace: Arc::clone(&stage.pace),
            counting: Arc::default(),
            budget: Arc::clone(&stage.budget),
            sentinels: Arc::default(),
            lanes: Arc::clone(&stage.lanes),
            provider_ceiling: Arc::default(),
            quarantine: Known::default(),
            aside: HashSet::new(),
            resting: Vec::new(),
            resting_since: None,
            withheld: Vec::new(),
            shown: ShownTonight::default(),
            to_fill: Vec::new(),
            marks: None,
            resumed: Resumed::default(),
            traceparent: telemetry::traceparent(),
            imagined: HashMap::new(),
            listing: Listing::of_at_most(job.options.list),
            named: Vec::new(),
            lives: Lives::default(),
            n_events: 0,
            inbox,
            n_explained: 0,
            details: DetailBudget::default(),
            limit: None,
        }
    }
}
