//! Facts become samples: a value for every configured domain from the start, 0 where nothing has happened yet, because a series that
//! begins with an accident raises no alarm.

use std::collections::{BTreeMap, BTreeSet};

use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::money::exponent;

use super::catalogue::{self as metric, ALL, Metric};
use super::facts::{DomainFacts, Facts};
use super::sample::{Family, Sample};
use crate::finding::State;
use crate::report::{ItemCounts, Status};
use crate::store::FindingGroup;

/// The kinds of findings.
const KINDS: [Kind; 4] = [Kind::Missing, Kind::Mismatched, Kind::Orphaned, Kind::Unreadable];

/// The stages of a run, and the delivery at its end.
const STAGES: [&str; 5] = ["follow_up", "read", "rest", "release", "deliver"];

/// The samples of all metrics, in the order of the catalogue.
#[must_use]
pub fn measure(facts: &Facts) -> Vec<Family> {
    let mut samples = Samples::default();
    for domain in &facts.domains {
        times(&mut samples, domain);
        last_run(&mut samples, domain);
        findings(&mut samples, domain);
        money(&mut samples, domain);
        dead_letters(&mut samples, domain);
        funnel(&mut samples, domain);
        totals(&mut samples, domain);
    }
    samples.add(&metric::BUILD_INFO, &[facts.version], 1.0);
    samples.add(&metric::PUSH_FAILURES, &[facts.version], number(facts.push_failures));
    samples.families()
}

#[derive(Default)]
struct Samples(BTreeMap<&'static str, Vec<Sample>>);

impl Samples {
    fn add(&mut self, metric: &'static Metric, labels: &[&str], value: f64) {
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        self.0.entry(metric.name).or_default().push(Sample { labels, value });
    }

    fn families(mut self) -> Vec<Family> {
        let family = |metric: &&'static Metric| Family {
            metric,
            samples: self.0.remove(metric.name).unwrap_or_default(),
        };
        ALL.iter().map(family).collect()
    }
}

fn times(samples: &mut Samples, domain: &DomainFacts) {
    let name = [domain.domain.as_str()];
    for (metric, at) in [
        (&metric::LAST_SUCCESS, domain.succeeded),
        (&metric::LAST_COMPLETION, domain.completed),
        (&metric::LAST_START, domain.started),
        (&metric::VERIFIED_THROUGH, domain.verified_through),
        (&metric::CREATED, Some(domain.created)),
    ] {
        samples.add(metric, &name, seconds(at));
    }
    samples.add(&metric::EXPECTED_INTERVAL, &name, domain.expected_interval.as_secs_f64());
    samples.add(&metric::PAUSED, &name, flag(domain.is_paused));
}

fn last_run(samples: &mut Samples, domain: &DomainFacts) {
    let (name, last) = (domain.domain.as_str(), &domain.last_run);
    let ended = last.status.and_then(word);
    for status in ["ok", "partial", "failed", "blocked"] {
        samples.add(&metric::LAST_RUN_STATUS, &[name, status], flag(ended == Some(status)));
    }
    samples.add(&metric::LAST_RUN_STATUS, &[name, "running"], flag(domain.is_running));
    samples.add(&metric::LAST_RUN_DURATION, &[name], last.seconds);
    for stage in STAGES {
        let took = last.stages.get(stage).copied().unwrap_or_default();
        samples.add(&metric::LAST_RUN_STAGE_DURATION, &[name, stage], took);
    }
    let ItemCounts { upstream, local, matched, mismatched, missing, orphaned, pending, unreadable, ignored } =
        last.items;
    for (result, count) in [
        ("upstream", upstream),
        ("local", local),
        ("matched", matched),
        ("mismatched", mismatched),
        ("missing", missing),
        ("orphaned", orphaned),
        ("pending", pending.upstream.max(pending.local)),
        ("unreadable", unreadable.upstream.max(unreadable.local)),
        ("ignored", ignored.upstream.max(ignored.local)),
    ] {
        samples.add(&metric::LAST_RUN_ITEMS, &[name, result], number(count));
    }
    samples.add(&metric::LAST_RUN_COMPARED, &[name], number(matched + mismatched + missing + orphaned));
    samples.add(&metric::LAST_RUN_PAGES, &[name], number(last.pages));
    for (outcome, count) in
        [("emitted", last.emitted), ("failed", last.failed), ("confirmed", last.confirmed)]
    {
        samples.add(&metric::LAST_RUN_EVENTS, &[name, outcome], number(count));
    }
}

fn findings(samples: &mut Samples, domain: &DomainFacts) {
    let held = domain.held.map_or(0, |held| held.count);
    samples.add(&metric::FINDINGS_HELD, &[domain.domain.as_str()], number(held));
    for kind in KINDS {
        let labels = [domain.domain.as_str(), kind.as_str()];
        let its: Vec<&FindingGroup> = domain.findings.iter().filter(|group| group.kind == kind).collect();
        let is_sent = |group: &&&FindingGroup| matches!(group.state, State::Emitted | State::Recurring);
        let open: u64 = its.iter().map(|group| group.count).sum();
        let unconfirmed: u64 = its.iter().filter(is_sent).map(|group| group.count).sum();
        samples.add(&metric::FINDINGS_OPEN, &labels, number(open));
        let oldest = its.iter().map(|group| group.oldest).min();
        samples.add(&metric::FINDINGS_OLDEST, &labels, seconds(oldest));
        samples.add(&metric::FINDINGS_UNCONFIRMED, &labels, number(unconfirmed));
    }
}

/// Every currency that is known of the domain has both values, so that neither vanishes when it becomes 0.
fn money(samples: &mut Samples, domain: &DomainFacts) {
    let unexplained = &domain.last_run.unexplained;
    let of_findings = domain.findings.iter().filter_map(|group| group.currency.as_deref());
    let currencies: BTreeSet<&str> = unexplained.keys().map(String::as_str).chain(of_findings).collect();
    for currency in currencies {
        let labels = [domain.domain.as_str(), currency];
        let its = domain.findings.iter().filter(|group| group.currency.as_deref() == Some(currency));
        let minor: f64 = its.map(|group| group.minor).sum();
        let major = minor / 10_f64.powi(exponent(currency).unwrap_or(0).try_into().unwrap_or(0));
        samples.add(&metric::FINDINGS_AMOUNT, &labels, major);
        let text = unexplained.get(currency).map_or("0", String::as_str);
        samples.add(&metric::UNEXPLAINED, &labels, text.parse().unwrap_or(f64::NAN));
    }
}

fn dead_letters(samples: &mut Samples, domain: &DomainFacts) {
    let name = [domain.domain.as_str()];
    samples.add(&metric::DLQ_ENTRIES, &name, number(domain.dead.map_or(0, |dead| dead.count)));
    samples.add(&metric::DLQ_OLDEST, &name, seconds(domain.dead.map(|dead| dead.oldest)));
}

fn funnel(samples: &mut Samples, domain: &DomainFacts) {
    let name = domain.domain.as_str();
    let last = domain.last_run.funnel.clone().unwrap_or_default();
    samples.add(&metric::FUNNEL_DAY, &[name], signed(last.day));
    for (stage, count) in &last.numbers {
        samples.add(&metric::FUNNEL, &[name, stage], signed(*count));
    }
    for (queue, behind) in &last.behind {
        samples.add(&metric::CONSUMERS_BEHIND, &[name, queue], number(*behind));
    }
}

fn totals(samples: &mut Samples, domain: &DomainFacts) {
    let (name, counted) = (domain.domain.as_str(), domain.counted);
    for (class, count) in [
        ("ok", counted.requests_ok),
        ("throttled", counted.requests_throttled),
        ("failed", counted.requests_failed),
    ] {
        samples.add(&metric::API_REQUESTS, &[name, class], number(count));
    }
    for (outcome, count) in [
        ("emitted", counted.events_emitted),
        ("failed", counted.events_failed),
        ("confirmed", counted.events_confirmed),
    ] {
        samples.add(&metric::EVENTS_EMITTED, &[name, outcome], number(count));
    }
}

/// What metrics call how a run ended. An interrupted run is partial: the next one goes on with it.
const fn word(status: Status) -> Option<&'static str> {
    match status {
        Status::Done => Some("ok"),
        Status::Partial | Status::Interrupted => Some("partial"),
        Status::Failed => Some("failed"),
        Status::Held => Some("blocked"),
        Status::Running | Status::Skipped => None,
    }
}

const fn flag(is: bool) -> f64 {
    if is { 1.0 } else { 0.0 }
}

#[expect(clippy::cast_precision_loss, reason = "every value of the exposition format is a float")]
const fn number(count: u64) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "every value of the exposition format is a float")]
const fn signed(count: i64) -> f64 {
    count as f64
}

/// Seconds since 1970; 0 is never.
#[expect(clippy::cast_precision_loss, reason = "a float holds microseconds of this millennium to within one")]
fn seconds(at: Option<Instant>) -> f64 {
    at.map_or(0.0, |at| at.micros() as f64 / 1e6)
}
