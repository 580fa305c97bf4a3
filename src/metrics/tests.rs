//! What is told of a domain, and of one that never ran.

use std::collections::BTreeMap;
use std::time::Duration;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::window::Window;

use super::facts::Facts;
use super::funnel::LastFunnel;
use super::last_run::LastRun;
use super::measure::measure;
use super::subject::{MembersKnown, Subject};
use super::{ALL, text};
use crate::report::Status;
use crate::store::{Counted, Kept, Measured, MemberCoverage};

fn at(seconds: i64) -> Instant {
    Instant::from_micros(seconds * 1_000_000)
}

fn subject(name: &str, members: MembersKnown) -> Subject {
    Subject {
        domain: name.parse().unwrap(),
        clock: "created".to_owned(),
        start: None,
        members,
        expected_interval: Duration::from_hours(24),
        is_paused: false,
    }
}

fn member(verified: &[(i64, i64)]) -> MemberCoverage {
    let ranges = verified.iter().map(|(from, to)| Window::new(at(*from), at(*to)).unwrap()).collect();
    let verified = BTreeMap::from([("created".to_owned(), ranges)]);
    MemberCoverage { held_since: None, began: Some(at(10)), verified }
}

fn held_once() -> Measured {
    let unexplained = BTreeMap::from([("USD".to_owned(), "-0.50".to_owned())]);
    let funnel = Some(LastFunnel {
        day: 86_400,
        numbers: BTreeMap::from([("received".to_owned(), 100), ("unexplained".to_owned(), -2)]),
        behind: BTreeMap::from([("shop".to_owned(), 7)]),
    });
    let status = Some(Status::Held);
    let last_run = LastRun { status, pages: 3, unexplained, funnel, ..LastRun::default() };
    let kept = Kept {
        known_since: at(100),
        started_at: Some(at(1_000)),
        completed_at: Some(at(1_012)),
        succeeded_at: None,
        last_run_json: Some(serde_json::to_string(&last_run).unwrap()),
        counted: Counted { requests_ok: 40, ..Counted::default() },
    };
    let members = BTreeMap::from([(String::new(), member(&[(10, 800)]))]);
    Measured {
        kept: BTreeMap::from([("shop.charges".to_owned(), kept)]),
        members: BTreeMap::from([("shop.charges".to_owned(), members)]),
        ..Measured::default()
    }
}

fn told(subjects: &[Subject], measured: &Measured) -> String {
    text(measure(&Facts::of(subjects, measured, at(2_000)))).unwrap()
}

fn says(told: &str, line: &str) {
    assert!(told.lines().any(|told| told == line), "{line}\n{told}");
}

#[test]
fn every_metric_of_the_catalogue_has_samples_with_its_labels_once_there_is_money() {
    let families =
        measure(&Facts::of(&[subject("shop.charges", MembersKnown::Nobody)], &held_once(), at(2_000)));
    assert_eq!(families.len(), ALL.len());
    for family in &families {
        assert!(!family.samples.is_empty(), "{}", family.metric.name);
        for sample in &family.samples {
            assert_eq!(sample.labels.len(), family.metric.labels.len(), "{}", family.metric.name);
        }
    }
}

#[test]
fn a_domain_that_never_ran_is_told_with_zeros_and_one_that_is_not_configured_is_not_told() {
    let told = told(&[subject("shop.refunds", MembersKnown::Nobody)], &held_once());
    says(&told, "tieout_domain_last_success_timestamp_seconds{domain=\"shop.refunds\"} 0.0");
    says(&told, "tieout_findings_open{domain=\"shop.refunds\",kind=\"missing\"} 0.0");
    says(&told, "tieout_findings_held{domain=\"shop.refunds\"} 0.0");
    says(&told, "tieout_dlq_entries{domain=\"shop.refunds\"} 0.0");
    says(&told, "tieout_funnel_day_timestamp_seconds{domain=\"shop.refunds\"} 0.0");
    assert!(!told.contains("tieout_funnel_events{"), "what nobody told is not there: {told}");
    assert!(!told.contains("shop.charges") && told.ends_with("# EOF\n"), "{told}");
}

#[test]
fn a_run_that_goes_on_is_running_and_how_the_last_one_ended_stays() {
    let mut measured = held_once();
    measured.members.get_mut("shop.charges").unwrap().get_mut("").unwrap().held_since = Some(at(1_500));
    let told = told(&[subject("shop.charges", MembersKnown::Nobody)], &measured);
    says(&told, "tieout_domain_last_run_status{domain=\"shop.charges\",status=\"running\"} 1.0");
    says(&told, "tieout_domain_last_run_status{domain=\"shop.charges\",status=\"blocked\"} 1.0");
    says(&told, "tieout_domain_last_start_timestamp_seconds{domain=\"shop.charges\"} 1500.0");
    says(&told, "tieout_domain_last_run_unexplained_amount{domain=\"shop.charges\",currency=\"USD\"} -0.5");
    says(&told, "tieout_api_requests_total{domain=\"shop.charges\",code_class=\"ok\"} 40.0");
}

#[test]
fn a_domain_is_paused_by_a_person_or_by_its_file() {
    let paused = |subject: Subject, by: &[&str]| {
        let paused = by.iter().map(|name| (*name).to_owned()).collect();
        told(&[subject], &Measured { paused, ..held_once() })
    };
    let named = || subject("shop.charges", MembersKnown::Nobody);
    let line = |is: &str| format!("tieout_domain_paused{{domain=\"shop.charges\"}} {is}.0");
    says(&paused(named(), &["shop.refunds"]), &line("0"));
    says(&paused(named(), &["shop.charges"]), &line("1"));
    says(&paused(Subject { is_paused: true, ..named() }, &[]), &line("1"));
}

#[test]
fn the_last_day_of_the_funnel_is_told_as_far_as_it_is_known() {
    let told = told(&[subject("shop.charges", MembersKnown::Nobody)], &held_once());
    for line in [
        "tieout_funnel_day_timestamp_seconds{domain=\"shop.charges\"} 86400.0",
        "tieout_funnel_events{domain=\"shop.charges\",stage=\"received\"} 100.0",
        "tieout_funnel_events{domain=\"shop.charges\",stage=\"unexplained\"} -2.0",
        "tieout_queue_consumers_behind{domain=\"shop.charges\",queue=\"shop\"} 7.0",
    ] {
        says(&told, line);
    }
    assert!(!told.contains("stage=\"consumed\""), "nobody told it: {told}");
}

#[test]
fn a_domain_is_as_far_as_the_member_that_is_the_furthest_behind() {
    let members = BTreeMap::from([
        (String::new(), MemberCoverage::default()),
        ("a".to_owned(), member(&[(10, 800)])),
        ("b".to_owned(), member(&[(10, 300), (400, 900)])),
    ]);
    let measured =
        Measured { members: BTreeMap::from([("shop.charges".to_owned(), members)]), ..Measured::default() };
    let through = |members| {
        Facts::of(&[subject("shop.charges", members)], &measured, at(2_000)).domains[0].verified_through
    };
    let named = |names: &[&str]| MembersKnown::Named(names.iter().map(|name| (*name).to_owned()).collect());
    assert_eq!(through(MembersKnown::Found), Some(at(300)));
    assert_eq!(through(named(&["a"])), Some(at(800)));
    assert_eq!(through(named(&["a", "never read"])), None);
}

#[test]
fn what_another_version_kept_is_read_as_far_as_it_is_there() {
    assert_eq!(LastRun::from_json(r#"{"pages": 3, "unknown": 1}"#).pages, 3);
    assert_eq!(LastRun::from_json("?"), LastRun::default());
}
