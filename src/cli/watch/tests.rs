//! What those who watch write, by a clock that the test moves.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tieout_reconcilers::instant::TimeFormat;

use super::*;
use crate::going::WaitsFor;
use crate::report::text::samples;

/// A clock that stands still until it is moved, and what was written.
#[derive(Clone, Default)]
struct World {
    seconds: Arc<AtomicU64>,
    written: Arc<Mutex<Vec<u8>>>,
}

impl World {
    fn clock(&self) -> Clock {
        let seconds = Arc::clone(&self.seconds);
        Box::new(move || Duration::from_secs(seconds.load(Ordering::Relaxed)))
    }

    fn pass(&self, seconds: u64) {
        self.seconds.fetch_add(seconds, Ordering::Relaxed);
    }

    fn text(&self) -> String {
        String::from_utf8(self.written.lock().unwrap().clone()).unwrap()
    }
}

impl Write for World {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.written.lock().unwrap().write(text)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A clock that stands still.
fn midnight() -> crate::clock::Clock {
    crate::clock::Clock::still(TimeFormat::Rfc3339.read("2025-11-21T02:00:00Z").unwrap())
}

const MINUTE: Duration = Duration::from_mins(1);

/// A run of one domain over two minutes, with a page per second and then silence.
fn plays(world: &World, audience: &dyn Audience) {
    let report = samples::emitted();
    audience.begin(report.run_id, &report.mode, &report.selected);
    audience.saw(Progress::DomainStarted { domain: "stripe.charges" });
    for page in 1..=100 {
        world.pass(1);
        audience.saw(Progress::Page { domain: "stripe.charges", pages: page, items: page * 100 });
    }
    audience.saw(Progress::Resting { domain: "stripe.charges", seconds: 15 });
    audience.beat();
    world.pass(20);
    audience.beat();
    audience.saw(Progress::DomainFinished { report: &report.domains[0] });
    world.pass(600);
    audience.beat();
    audience.end(&report).unwrap();
}

#[test]
fn whoever_asks_is_told_how_far_it_is_and_nobody_else_is() {
    let world = World::default();
    let asked = Asked::new(Box::new(Nobody), world.clone(), world.clock());
    asked.asked();
    asked.saw(Progress::DomainStarted { domain: "stripe.charges" });
    asked.saw(Progress::Page { domain: "stripe.charges", pages: 3, items: 1_300 });
    world.pass(600);
    asked.beat();
    asked.asked();
    assert_eq!(world.text(), "no domain is being read at the moment\nstripe.charges: page 3, 1,300 items\n");
}

#[test]
fn whoever_asks_is_told_what_a_domain_waits_for_and_no_longer_than_it_does() {
    let world = World::default();
    let asked = Asked::new(Box::new(Nobody), world.clone(), world.clock());
    let read = |pages| asked.saw(Progress::Page { domain: "stripe.charges", pages, items: pages * 100 });
    let waits = |seconds, what| asked.saw(Progress::Waiting { domain: "stripe.charges", seconds, what });
    asked.saw(Progress::DomainStarted { domain: "stripe.charges" });
    read(3);
    waits(540, WaitsFor::Limit);
    world.pass(40);
    asked.asked();
    world.pass(500);
    asked.asked();
    waits(8, WaitsFor::Outage);
    asked.asked();
    read(4);
    asked.asked();
    insta::assert_snapshot!(world.text(), @r"
    stripe.charges: page 3, 300 items, waiting 500 s for the provider's limit
    stripe.charges: page 3, 300 items
    stripe.charges: page 3, 300 items, waiting 8 s after requests that failed
    stripe.charges: page 4, 400 items
    ");
}

#[test]
fn a_program_reads_how_long_requests_wait_and_for_what() {
    let world = World::default();
    let records = Records::new(world.clone(), world.clock(), midnight(), Some(MINUTE));
    records.saw(Progress::DomainStarted { domain: "stripe.charges" });
    records.saw(Progress::Waiting { domain: "stripe.charges", seconds: 540, what: WaitsFor::Limit });
    world.pass(60);
    records.beat();
    let text = world.text();
    let record: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&record["waiting_seconds"], &record["waiting_for"]),
        (&480.into(), &"limit".into()),
        "{text}"
    );
}

#[test]
fn a_log_hears_of_a_domain_at_its_ends_and_once_per_heartbeat() {
    let world = World::default();
    plays(&world, &Lines::new(world.clone(), world.clock(), MINUTE));
    insta::assert_snapshot!(world.text());
}

#[test]
fn a_program_reads_a_record_per_event() {
    let world = World::default();
    plays(&world, &Records::new(world.clone(), world.clock(), midnight(), Some(MINUTE)));
    insta::assert_snapshot!(world.text());
}

#[test]
fn the_records_hold_the_whole_document() {
    let world = World::default();
    plays(&world, &Records::new(world.clone(), world.clock(), midnight(), None));
    let records: Vec<serde_json::Value> =
        world.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |name: &str| records.iter().filter(|record| record["type"] == name).collect::<Vec<_>>();
    assert!(of("progress").is_empty());

    let mut whole = of("run_finished")[0].clone();
    whole["domains"] = serde_json::json!([of("domain_finished")[0]]);
    whole["domains"][0]["findings"] = serde_json::json!(of("finding"));
    let rebuilt: RunReport = serde_json::from_value(whole).unwrap();
    assert_eq!(rebuilt, samples::emitted());
}

#[test]
fn a_stream_that_cannot_be_written_is_told_at_the_end_and_stops_nothing() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let records = Records::new(Full, stopwatch(), midnight(), None);
    records.saw(Progress::DomainStarted { domain: "stripe.charges" });
    assert_eq!(records.end(&samples::in_sync()).unwrap_err().kind(), io::ErrorKind::StorageFull);
}
