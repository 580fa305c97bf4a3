//! What a domain's report says when nothing more will be done.

use std::collections::BTreeMap;

use tieout_reconcilers::direction::Direction;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::reconciler::Reconciler;

use super::Found;
use super::domain::Night;
use super::listing::Listing;
use super::outcome::Failure;
use crate::coverage;
use crate::report::{
    DomainReport, EventCounts, FollowUp, Found as FoundWrong, ItemCounts, Limit, Named, Requests, Standing,
    Status, Tonight,
};

/// What a reader of a baseline's report has to know.
const BASELINE_NOTE: &str =
    "baseline: what was found is held and not sent; approve it, ignore it, or leave it until it heals";

impl Night<'_> {
    /// Fills in what was counted and kept.
    pub(super) async fn fill_report(&mut self) {
        self.report.ceiling = Some(self.ceiling().to_string());
        self.report.pages = self.pace.pages();
        let sent = self.sides.client.sent();
        self.report.api_requests = Requests { ok: sent.ok, throttled: sent.throttled, failed: sent.failed };
        self.report.items = self.account.items;
        self.report.overlap = self.again.items;
        self.report.quarantine = self.quarantine_report();
        self.report.amounts = self.account.money.tie_out();
        self.report.events.planned = self.n_events + self.report.events.dead;
        if self.job.options.found == Found::Baseline {
            self.report.notes.push(BASELINE_NOTE.to_owned());
        }
        let lives = std::mem::take(&mut self.lives);
        self.report.repair_times = lives.repair_times().to_vec();
        self.report.tonight = lives.tell();
        self.report.limits =
            self.limit.iter().map(|text| Limit { text: text.clone(), tripped: true }).collect();
        let left = self.budget.refused();
        if left > 0 {
            self.report.problems.push(format!(
                "{left} items were not looked up, because a run looks up {} at most (`policy: {{max_lookups: ...}}`); they stay \
                 suspected, and the next run begins with them",
                self.budget.limit()
            ));
        }
        match self.verified_through().await {
            Ok(through) => self.report.verified_through = through.map(|at| at.to_string()),
            Err(failure) => self.report.problems.push(failure.to_string()),
        }
        self.report.named = Named::of(std::mem::take(&mut self.named), self.job.options.list);
        self.report.found = self.listing.found();
        let listing = std::mem::replace(&mut self.listing, Listing::of_at_most(0));
        (self.report.findings, self.report.findings_not_listed) = listing.finish(self.limit.is_some());
        self.say_held_items();
    }

    /// How far the coverage of this member has no hole.
    pub(super) async fn verified_through(&self) -> Result<Option<Instant>, Failure> {
        let (domain, clock) = (self.sides.reconciler.domain(), &self.sides.reconciler.feed().clock);
        let verified = self.job.store.coverage(domain, &self.sides.each, clock).await?;
        let began = self.job.store.first_slice(domain, &self.sides.each).await?;
        Ok(coverage::verified_through(&verified, self.sides.reconciler.policy().start.or(began)))
    }
}

/// The report of a domain that could not go on.
pub(super) fn failed(mut report: DomainReport, failure: &Failure) -> DomainReport {
    report.status = failure.status();
    report.complete = false;
    report.problems.push(failure.to_string());
    report.exit_code = failure.exit_code();
    report.failure = Some(failure.word().to_owned());
    report
}

/// The report of a domain of which nothing is known yet.
pub(super) fn blank(reconciler: &dyn Reconciler) -> DomainReport {
    DomainReport {
        owner: reconciler.owner().map(ToOwned::to_owned),
        tags: reconciler.tags().iter().map(ToString::to_string).collect(),
        direction: reconciler.direction(),
        settle_seconds: reconciler.policy().settle.as_secs(),
        ..blank_named(reconciler.domain().as_str())
    }
}

/// The report of a domain of which the name alone is known.
pub(super) fn blank_named(domain: &str) -> DomainReport {
    DomainReport {
        domain: domain.to_owned(),
        owner: None,
        definition_sha256: None,
        tags: Vec::new(),
        direction: Direction::default(),
        status: Status::Running,
        complete: true,
        failure: None,
        exit_code: 0,
        ranges: Vec::new(),
        ceiling: None,
        settle_seconds: 0,
        verified_through: None,
        pages: 0,
        api_requests: Requests::default(),
        seconds: 0.0,
        stages: BTreeMap::new(),
        items: ItemCounts::default(),
        overlap: ItemCounts::default(),
        follow_up: FollowUp::default(),
        tonight: Tonight::default(),
        standing: Standing::default(),
        events: EventCounts::default(),
        amounts: Vec::new(),
        limits: Vec::new(),
        quarantine: None,
        funnel: None,
        problems: Vec::new(),
        notes: Vec::new(),
        causes: BTreeMap::new(),
        findings: Vec::new(),
        findings_not_listed: 0,
        carried_out: None,
        members: None,
        looked_again: None,
        named: None,
        found: FoundWrong::default(),
        repair_times: Vec::new(),
    }
}
