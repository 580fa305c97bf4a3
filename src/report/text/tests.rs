//! How reports read. The snapshots are the specification of the text.

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::money::Money;
use uuid::Uuid;

use super::*;
use crate::finding::State;
use crate::report::explained::{Explained, Rules};
use crate::report::{HeldLine, LastRun, Range, RunLine, Running, Stake, Standing, Status, StatusLine, json};
use crate::store::{FindingRecord, HistoryEntry, OutboxRow, OutboxState};

fn plain() -> Look {
    Look::default()
}

#[test]
fn a_run_in_sync_says_so() {
    insta::assert_snapshot!(run(&samples::in_sync(), &plain()));
}

#[test]
fn a_run_with_findings_lists_them_above_its_table() {
    insta::assert_snapshot!(run(&samples::emitted(), &plain()));
}

#[test]
fn a_partial_read_never_says_that_all_is_well() {
    let text = run(&samples::partial(), &plain());
    assert_eq!(text.matches("in sync").count(), 1);
    insta::assert_snapshot!(text);
}

#[test]
fn a_held_run_says_which_limit_holds_it() {
    insta::assert_snapshot!(run(&samples::held(), &plain()));
}

#[test]
fn rejected_credentials_are_named_as_what_a_person_must_mend() {
    insta::assert_snapshot!(run(&samples::rejected(), &plain()));
}

#[test]
fn a_plan_shows_every_kind_and_ends_by_saying_that_nothing_was_sent() {
    insta::assert_snapshot!(plan(&samples::plan(), &plain()));
}

#[test]
fn an_earlier_event_that_did_not_repair_is_not_in_sync() {
    let mut report = samples::in_sync();
    report.domains[0].follow_up.checked = 1;
    report.domains[0].follow_up.emitted_not_repaired = 1;
    let text = run(&report, &plain());
    assert!(!text.contains("in sync") && text.contains("1 emitted earlier and not repaired yet"), "{text}");
    report.domains[0].follow_up.checked = 3;
    let text = run(&report, &plain());
    assert!(!text.contains("in sync") && text.contains("2 found earlier and still open"), "{text}");
}

#[test]
fn hostile_text_is_shown_and_does_nothing() {
    let report = samples::hostile();
    let shown = show(&report, &plain());
    let texts = [&shown, &plan(&report, &plain()), &brief(&report, &plain()), &domain(&report.domains[0])];
    for text in texts {
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
        assert!(!text.contains('\u{202e}'), "{text:?}");
        assert!(!text.lines().any(|line| line.starts_with("DONE")), "{text}");
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn a_stored_report_is_shown_with_its_ranges_and_its_tie_out_and_the_dearest_findings_first() {
    let shown = show(&samples::emitted(), &plain());
    assert!(shown.find("ch_3Q9z") < shown.find("ch_3Q9x"), "{shown}");
    insta::assert_snapshot!(shown);
}

#[test]
fn a_problem_of_several_lines_can_be_read_and_pasted() {
    let mut report = samples::partial();
    report.domains[1].problems =
        vec!["the table is not there; create it:\nCREATE TABLE tieout_events (\n  seq\n);".into()];
    assert!(!run(&report, &plain()).contains("\\n"));
    insta::assert_snapshot!(brief(&report, &plain()));
}

#[test]
fn silence_leaves_problems_and_the_last_line() {
    insta::assert_snapshot!(brief(&samples::partial(), &plain()), @r"
    shop.orders: page 17: the cursor repeats, so the end of the list was not proven
    PARTIAL (exit 3)  1 of 2 domains done, 1 partial; 0 events emitted
    ");
}

#[test]
fn colors_change_nothing_but_colors() {
    let colored = Look { color: true, ..plain() };
    for report in [samples::emitted(), samples::held()] {
        let text = run(&report, &colored);
        assert_ne!(text, run(&report, &plain()));
        assert_eq!(anstream::adapter::strip_str(&text).to_string(), run(&report, &plain()));
    }
}

#[test]
fn every_suggested_command_is_understood() {
    use clap::Parser;
    let look = Look { config: Some("etc/tieout.yaml".into()), ..Look::default() };
    let reports =
        [samples::emitted(), samples::partial(), samples::held(), samples::rejected(), samples::plan()];
    let steps: Vec<_> = reports.iter().flat_map(|report| next_steps::next_steps(report, &look)).collect();
    assert!(steps.len() > 5);
    for step in steps {
        let words = step.command.split(' ');
        crate::cli::Cli::try_parse_from(words).unwrap_or_else(|error| panic!("{}: {error}", step.command));
    }
}

fn at(second: i64) -> Instant {
    Instant::from_micros((1_763_690_400 + second) * 1_000_000)
}

fn status_lines() -> Vec<StatusLine> {
    let usd = |minor| Money { currency: "USD".into(), minor };
    vec![
        StatusLine {
            furthest_behind: None,
            domain: "stripe.charges".into(),
            owner: None,
            tags: vec![],
            verified_through: Some(at(-900)),
            holes: vec![Range { from: at(-600), to: at(-300) }],
            lost: vec![Range { from: at(-600), to: at(-500) }],
            changes_back_to: Some(at(-30 * 86_400)),
            changes_through: None,
            running: Some(Running {
                run_id: Uuid::from_u128(0x019a_a3c0_0000_7000_8000_0000_0000_0002),
                since: at(7_080),
            }),
            last_run: Some(LastRun {
                status: Status::Partial,
                at: at(0),
                run_id: Uuid::from_u128(0x019a_a3c0_0000_7000_8000_0000_0000_0001),
                exit_code: Some(3),
                reason: Some("undelivered".into()),
            }),
            open: 4,
            oldest: Some(at(-6 * 3_600)),
            standing: Standing {
                open: 1,
                held: 2,
                recurring: 1,
                ignored: 3,
                held_sets: vec![HeldLine {
                    run_id: Uuid::from_u128(0x019a_a3c0_0000_7000_8000_0000_0000_0001),
                    events: 2,
                    findings: 2,
                    reason: Some("max_emits".into()),
                    since: Some("2025-11-20T02:00:00Z".into()),
                }],
                ..Standing::default()
            },
            at_stake: [usd(41_290), Money { currency: "JPY".into(), minor: 500 }].iter().collect(),
            waiting: 2,
            dead: 0,
            paused: None,
            next_due: Some(at(3_600)),
            missed_due: Some(at(-300)),
            quarantined: 0,
            accepted: 0,
            funnel: None,
        },
        StatusLine {
            furthest_behind: None,
            domain: "shop.orders".into(),
            owner: None,
            tags: vec![],
            verified_through: None,
            holes: vec![],
            lost: vec![],
            changes_back_to: None,
            changes_through: Some(at(-900)),
            running: None,
            last_run: None,
            open: 0,
            oldest: None,
            standing: Standing::default(),
            at_stake: Stake::default(),
            waiting: 0,
            dead: 0,
            paused: None,
            next_due: Some(at(7_200)),
            missed_due: None,
            quarantined: 0,
            accepted: 0,
            funnel: None,
        },
    ]
}

#[test]
fn the_status_fits_one_screen() {
    insta::assert_snapshot!(status(&status_lines(), at(7_200), &plain()));
    insta::assert_snapshot!(json::status(&status_lines(), at(7_200)).unwrap());
}

#[test]
fn the_table_of_a_quiet_status_fits_100_columns_whatever_the_clocks_show() {
    let lines: Vec<StatusLine> = status_lines()
        .into_iter()
        .take(1)
        .map(|line| StatusLine {
            standing: Standing { open: 4, ..Standing::default() },
            verified_through: line.verified_through.map(|at| at + std::time::Duration::from_micros(769_973)),
            at_stake: line.at_stake.amounts().iter().take(1).collect(),
            ..line
        })
        .collect();
    let told = status(&lines, at(7_200), &plain());
    let widths = told.lines().take(2).map(|line| line.chars().count());
    assert!(widths.max().is_some_and(|width| width <= 100), "{told}");
}

#[test]
fn a_funnel_is_a_line_a_day_in_a_report_and_in_the_status_and_what_is_unknown_says_why() {
    let mut report = samples::in_sync();
    report.domains[0].funnel = Some(samples::funnel());
    assert_eq!(crate::report::seal(report.clone()), report);
    insta::assert_snapshot!(run(&report, &plain()));
    let lines: Vec<StatusLine> = status_lines()
        .into_iter()
        .take(1)
        .map(|line| StatusLine { funnel: Some(samples::funnel()), ..line })
        .collect();
    insta::assert_snapshot!(status(&lines, at(7_200), &plain()));
    insta::assert_snapshot!(json::whole("funnel", &samples::funnel()).unwrap());
}

#[test]
fn a_funnel_that_does_not_add_up_is_a_failed_report() {
    let mut report = samples::in_sync();
    let mut funnel = samples::funnel();
    funnel.days[0].unexplained = crate::funnel::Number::Known(8);
    report.domains[0].funnel = Some(funnel);
    let sealed = crate::report::seal(report);
    assert_eq!(
        sealed.domains[0].problems,
        [
            "the numbers of the funnel of stripe.charges do not add up: received of 2025-11-20 is 48211, its parts sum to 48210; this is a bug in tieout"
        ]
    );
}

#[test]
fn runs_are_listed_with_how_they_ended() {
    let line = |status, exit_code| RunLine {
        run_id: Uuid::from_u128(0x019a_a3c0_0000_7000_8000_0000_0000_0001),
        mode: "run".into(),
        trigger: "schedule".into(),
        status,
        exit_code,
        started_at: at(0),
        finished_at: exit_code.map(|_| at(72)),
    };
    let lines = [line(Status::Running, None), line(Status::Partial, Some(3))];
    insta::assert_snapshot!(runs(&lines, &plain()));
    insta::assert_snapshot!(json::lines("run", &lines).unwrap());
    insta::assert_snapshot!(runs(&[], &plain()), @"No runs yet. Begin with: tieout plan");
}

#[test]
fn findings_are_listed_and_shown() {
    let all = [samples::finding(State::Open), samples::finding(State::Repaired)];
    insta::assert_snapshot!(findings(&all, 3, &plain()));
    insta::assert_snapshot!(json::findings(&all[..1], 0).unwrap());
    insta::assert_snapshot!(findings(&[], 0, &plain()), @"No findings match.");
}

#[test]
fn the_json_document_of_a_run_reads_back_as_the_report() {
    let report = samples::emitted();
    let text = json::run(&report).unwrap();
    assert_eq!(serde_json::from_str::<crate::report::RunReport>(&text).unwrap(), report);
}

/// A finding that was sent, ignored and opened again, with everything about it.
fn record(state: State) -> FindingRecord {
    let run_id = Uuid::from_u128(0x019a_a3c0_0000_7000_8000_0000_0000_0001);
    let run = |second, state| HistoryEntry {
        episode: 1,
        state,
        at: at(second),
        run_id,
        note: None,
        act: None,
        actor: None,
    };
    let ada = |second, act: &str, state, note: &str| HistoryEntry {
        note: Some(note.into()),
        act: Some(act.into()),
        actor: Some("ada".into()),
        ..run(second, state)
    };
    let event = OutboxRow {
        event_id: Uuid::from_u128(7),
        episode: 1,
        run_id,
        queue: "billing".into(),
        event_type: "com.example.charge.updated".into(),
        payload: "{}".into(),
        state: OutboxState::Sent,
        class: None,
        reason: Some("the queue did not answer".into()),
        attempts: 2,
        staged_at: at(0),
        due_at: at(5),
        finished_at: Some(at(9)),
    };
    let mut finding = samples::finding(state);
    finding.owner = Some("grace".into());
    finding.acknowledged_at = Some(at(9));
    FindingRecord {
        finding,
        history: vec![
            run(0, State::Open),
            run(9, State::Emitted),
            ada(300, "ignore", State::Ignored, "until 2025-12-01T00:00:00Z: refunded by hand"),
            ada(600, "reopen", State::Emitted, "it was not"),
        ],
        event: Some(event.clone()),
        events: vec![event],
    }
}

fn explained(record: &FindingRecord) -> Explained<'_> {
    let hours = std::time::Duration::from_hours;
    let rules =
        Rules { owner: Some("payments@example.com"), settle: hours(1), reemit_after: hours(20), emits: true };
    Explained::new(record, Some(rules), None, at(7_200))
}

#[test]
fn a_finding_is_shown_with_its_whole_life() {
    insta::assert_snapshot!(finding(&explained(&record(State::Emitted)), &plain()));
    insta::assert_snapshot!(explain(&explained(&record(State::Emitted)), &plain()));
}

#[test]
fn every_state_says_what_happens_next() {
    let told: Vec<String> = State::ALL
        .into_iter()
        .map(|state| {
            let next = explained(&record(state)).next();
            format!("{}: {next:?}", state.as_str())
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}
