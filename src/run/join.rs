//! A domain that another run works on: this one reads slices for it, as long as it offers some. Whoever holds the domain judges what
//! was read; where it dies, the work is taken over.

use std::collections::HashMap;
use std::sync::Arc;
use tracing::Instrument as _;

use serde_json::Value;
use tieout_reconcilers::name::Each;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::bookmark::{Marks, fingerprint};
use super::lease::KeptSlice;
use super::offers::LOOK_AGAIN;
use super::outcome::Failure;
use super::panicked::landed;
use super::range::Fetched;
use super::reading::MAX_IN_VAIN;
use super::slice::Reading;
use super::stage::{Members, Stage};
use crate::going::{Going, LAST_WORDS};
use crate::local::MemberValues;
use crate::report::Status;
use crate::store::{Fence, Led, SliceLease};

/// How often somebody looks how a domain ended that nobody holds any more.
const LOOKS: u32 = 20;

/// How it ended.
pub(super) enum Joined {
    /// The other run is through, or the deadline came, after so many slices were read for it.
    Over(u64),
    /// A run of the same job was through with it before this one came.
    Before(Uuid),
    /// The other run is dead or has given the domain up, and nobody has taken it over yet.
    Orphaned,
}

/// How a run came through with a domain.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Through {
    /// With all of it.
    Whole,
    /// With some of it, which is as far as anybody gets who works with it.
    InPart,
    Not,
}

/// Reads what another run offers of a domain, until it is through with it.
pub(super) async fn join(stage: &Stage<'_>) -> Result<Joined, Failure> {
    let mut helper =
        Helper { stage, readings: HashMap::new(), values: None, going: stage.stop.going().part() };
    let mut under_way = JoinSet::new();
    let before = stage.leases.had_by_job(stage.reconciler.domain()).await?;
    let (mut n_read, mut in_vain, mut leader) = (0, 0, None);
    loop {
        while under_way.len() < stage.lanes.all && in_vain < MAX_IN_VAIN && !stage.job.options.is_late() {
            let Some(lease) = helper.claim().await? else { break };
            let kept = stage.leases.keep_slice(&lease);
            let reading = match helper.reading(&lease).await {
                Ok(reading) => reading,
                Err(failure) => {
                    stage.job.store.give_back_slice(&lease).await?;
                    return Err(failure);
                }
            };
            under_way.spawn(read(reading, lease, kept).in_current_span());
        }
        if under_way.is_empty() {
            if stage.job.options.is_late() {
                return Ok(Joined::Over(n_read));
            }
            match stage.job.store.led(stage.reconciler.domain()).await? {
                Led::ByNobody => return how_it_ended(stage, leader, before, n_read).await,
                Led::ByTheDead => return Ok(Joined::Orphaned),
                Led::ByTheLiving(run) => leader = Some(run),
            }
            // It gives signs of life, so this is no standstill.
            stage.stop.going().moves();
        }
        tokio::select! {
            Some(fetched) = under_way.join_next() => match landed(fetched).unwrap_or(Ok(Fetched::Nothing))? {
                Fetched::Whole => (n_read, in_vain) = (n_read + 1, 0),
                Fetched::Nothing => in_vain += 1,
            },
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            () = stage.job.options.late(), if !under_way.is_empty() => {
                helper.end(under_way).await;
                return Ok(Joined::Over(n_read));
            }
            failure = stage.stop.asked() => {
                helper.end(under_way).await;
                return Err(failure);
            }
        }
    }
}

/// What is left to do of a domain that nobody holds any more. Whoever comes later than a run of the same job tries what that left
/// undone once more.
async fn how_it_ended(
    stage: &Stage<'_>,
    leader: Option<Uuid>,
    before: Option<Uuid>,
    n_read: u64,
) -> Result<Joined, Failure> {
    let Some(last) = leader.or(before) else { return Ok(Joined::Orphaned) };
    match (through(stage, last).await?, leader) {
        (Through::Whole | Through::InPart, Some(_)) => return Ok(Joined::Over(n_read)),
        (Through::Whole, None) => return Ok(Joined::Before(last)),
        (Through::InPart | Through::Not, _) => stage.leases.note_failed(last),
    }
    Ok(Joined::Orphaned)
}

/// How the run came through that held the domain. One that was asked to stop, or failed, did not.
async fn through(stage: &Stage<'_>, leader: Uuid) -> Result<Through, Failure> {
    let domain = stage.reconciler.domain().as_str();
    for _ in 0..LOOKS {
        if let Some(report) = stage.job.store.ended_with(leader, domain).await? {
            let status = status_of(&report, domain).unwrap_or_default();
            let is = |one: &Status| one.as_str() == status;
            return Ok(match () {
                () if [Status::Done, Status::Held].iter().any(is) => Through::Whole,
                () if is(&Status::Partial) => Through::InPart,
                () => Through::Not,
            });
        }
        // It gives its lease back a moment before it says how the domain ended.
        stage.stop.pause(LOOK_AGAIN).await?;
    }
    Ok(Through::Not)
}

/// How a domain ended, by its own report or that of its run.
fn status_of(report: &str, domain: &str) -> Option<String> {
    let report: Value = serde_json::from_str(report).ok()?;
    let of_run = report["domains"].as_array().into_iter().flatten();
    let mut all = of_run.chain([&report]);
    Some(all.find(|told| told["domain"] == domain)?["status"].as_str()?.to_owned())
}

struct Helper<'h, 'a> {
    stage: &'h Stage<'a>,
    readings: HashMap<Each, (Reading, String)>,
    /// What the members of the fan-out are about, once it is needed.
    values: Option<HashMap<Each, MemberValues>>,
    going: Going,
}

impl Helper<'_, '_> {
    /// Ends what is under way, once it has written down how far it is.
    async fn end(&self, under_way: JoinSet<Result<Fetched, Failure>>) {
        self.going.end();
        let _too_long = tokio::time::timeout(LAST_WORDS, under_way.join_all()).await;
    }

    async fn claim(&self) -> Result<Option<SliceLease>, Failure> {
        let domain = self.stage.reconciler.domain();
        Ok(self.stage.job.store.claim_slice(domain, self.stage.run_id, self.stage.leases.holder()).await?)
    }

    /// What the reading of a claimed slice needs.
    async fn reading(&mut self, lease: &SliceLease) -> Result<Reading, Failure> {
        let slice = lease.slice();
        let (reading, fingerprint) = match self.readings.get(&slice.each) {
            Some(known) => known.clone(),
            None => self.open(&slice.each).await?,
        };
        let marks = Marks {
            store: self.stage.job.store.clone(),
            fence: Fence::Slice(lease.clone()),
            fingerprint,
            begins: lease.begins(),
            often: self.stage.job.options.bookmarks,
        };
        Ok(Reading { marks: Some(Arc::new(marks)), ..reading })
    }

    async fn open(&mut self, each: &Each) -> Result<(Reading, String), Failure> {
        let values = self.values_of(each).await?;
        let sides = Arc::new(self.stage.sides(each, &values).await?);
        let fingerprint = fingerprint(&sides.client, sides.reconciler.as_ref(), each)
            .map_err(|error| Failure::Definition(error.to_string()))?;
        let opened = (self.stage.reading(sides, self.going.clone()), fingerprint);
        self.readings.insert(each.clone(), opened.clone());
        Ok(opened)
    }

    async fn values_of(&mut self, each: &Each) -> Result<MemberValues, Failure> {
        if *each == Each::default() {
            return Ok(MemberValues::new());
        }
        if self.values.is_none() {
            let members = match self.stage.members().await? {
                Members::One => Vec::new(),
                Members::Several { members, .. } => members,
            };
            self.values = Some(members.into_iter().map(|member| (member.each, member.values)).collect());
        }
        let known = self.values.as_ref().and_then(|values| values.get(each)).cloned();
        known.ok_or_else(|| {
            Failure::Definition(format!("`{}` is no member of the fan-out here", each.as_str()))
        })
    }
}

/// Reads a slice and gives it back, whatever came of it. Only what another key or setting would mend ends the work.
async fn read(reading: Reading, lease: SliceLease, _kept: KeptSlice) -> Result<Fetched, Failure> {
    let fetched = reading.fetch(&lease.slice()).await;
    if let Some(marks) = reading.marks {
        // No call of the store is cut off, whoever gives up waiting for this one.
        let gives_back = tokio::spawn(async move { marks.store.give_back_slice(&lease).await });
        if let Ok(Err(error)) = gives_back.await {
            tracing::warn!(%error, "a range that was read for another run is not wanted any more");
            return Ok(Fetched::Nothing);
        }
    }
    match fetched {
        Err(failure @ (Failure::Credentials(_) | Failure::Definition(_) | Failure::Configuration(_))) => {
            Err(failure)
        }
        Err(failure) => {
            tracing::warn!(%failure, "a range could not be read for another run");
            Ok(Fetched::Nothing)
        }
        Ok(fetched) => Ok(fetched),
    }
}
