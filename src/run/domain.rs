//! One domain, in order: look again at what was found earlier, read the slices, rest once, judge what had to rest, release.

mod night;
mod open;
mod work;
mod commit;
mod remark;
mod close;

use std::sync::Arc;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::Each;
use tieout_reconcilers::reconciler::Reconciler;

use super::join::{self, Joined};
use super::members;
use super::outcome::Failure;
use super::stage::{Members, Stage};
use super::summary::{blank, failed};
use super::{IfLocked, Job, UnderWay};
use crate::local::MemberValues;
use crate::report::DomainReport;

pub(super) use self::commit::Proven;
pub(super) use self::night::Night;

/// Reconciles one domain and reports on it, whatever happens.
pub(super) async fn reconcile(
    run: &UnderWay<'_>,
    reconciler: &Arc<dyn Reconciler>,
    now: Instant,
) -> DomainReport {
    let began = std::time::Instant::now();
    let told = async {
        let stage = Stage::set(run, reconciler, now).await?;
        lead_or_join(&stage).await
    };
    let mut report =
        Box::pin(told).await.unwrap_or_else(|failure| failed(blank(reconciler.as_ref()), &failure));
    report.seconds = began.elapsed().as_secs_f64();
    report
}

/// Reconciles a domain, or reads for the run that holds it where this one was told to join. A domain whose holder left it
/// is tried again.
async fn lead_or_join(stage: &Stage<'_>) -> Result<DomainReport, Failure> {
    loop {
        let why = match Box::pin(lead(stage)).await {
            Err(Failure::Locked(why)) if stage.job.options.if_locked == IfLocked::Join => why,
            led => return led,
        };
        let note = match Box::pin(join::join(stage)).await? {
            Joined::Over(n_read) => format!("{n_read} ranges were read for the run that works on the domain"),
            Joined::Before(run_id) => {
                format!("run {run_id} of the same job was through with the domain before")
            }
            Joined::Orphaned => continue,
        };
        return Ok(joined(stage, why, note));
    }
}

/// Reconciles a domain that nobody else holds.
async fn lead(stage: &Stage<'_>) -> Result<DomainReport, Failure> {
    match stage.members().await? {
        Members::One => {
            let mut night = Night::open(stage, &Each::default(), &MemberValues::new()).await?;
            let end = Box::pin(night.work_alone()).await;
            Ok(Box::pin(night.close(end)).await)
        }
        Members::Several { members, doubts } => Box::pin(members::reconcile(stage, members, doubts)).await,
    }
}

/// The report of a domain that another run reconciled.
fn joined(stage: &Stage<'_>, why: String, note: String) -> DomainReport {
    let mut report = failed(blank(stage.reconciler.as_ref()), &Failure::Locked(why));
    report.pages = stage.pace.pages();
    report.notes.push(note);
    report
}

/// Whether a locked domain is left out silently.
pub(super) fn tolerates_lock(job: &Job) -> bool {
    matches!(job.options.if_locked, IfLocked::Skip | IfLocked::Join)
}
