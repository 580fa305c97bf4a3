//! The truth table row by row, and what must hold of every row.

use std::time::Duration;

use proptest::prelude::*;
use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::event_feed::Trace;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;

use super::Cause::{
    self, Conflict, DeliveredNotApplied, DeliveryFailed, NeverSent, NotReceived, Regressed, Unknown,
};
use super::{Evidence, Inbox, Listed, Log, Ours, Receipt, Shown, explain};

fn minute(minute: i64) -> Instant {
    Instant::from_micros(minute * 60_000_000)
}

fn key(text: &str) -> Key {
    Key::checked(text).unwrap()
}

/// An item of minute 10 about which nothing was read.
fn found(kind: Kind) -> Evidence<'static> {
    Evidence {
        kind,
        is_conflict: false,
        shown: Shown::NotKnown,
        ours: Ours::Never,
        clock: Some(minute(10)),
        changed: None,
        written: None,
        log: Log::Absent,
        inbox: Inbox::Received(&[]),
        settle: Duration::from_mins(15),
        listed: Listed { until: minute(100), lag: Duration::ZERO },
        tick: Duration::from_secs(1),
    }
}

fn event(at: i64, arrived: Option<bool>) -> Log {
    Log::Event(Trace { event: key("evt"), at: Some(minute(at)), arrived, is_doubtful: false })
}

fn receipt(at: i64, event: Option<&str>, applied: Option<bool>) -> Receipt {
    Receipt { at: Some(minute(at)), event: event.map(key), applied }
}

fn cause(evidence: &Evidence<'_>, log: Log, receipts: &[Receipt]) -> Cause {
    explain(&Evidence { log, inbox: Inbox::Received(receipts), ..evidence.clone() }).cause
}

#[test]
fn an_item_that_never_came_is_followed_along_the_way_of_its_webhook() {
    let missing = found(Kind::Missing);
    let silent = |since| Log::Silent { since: minute(since) };
    let table = [
        (silent(10), vec![], NeverSent),
        // Events before minute 11 are forgotten.
        (silent(11), vec![], Unknown),
        (silent(0), vec![receipt(12, None, None)], DeliveredNotApplied),
        (event(10, Some(false)), vec![], DeliveryFailed),
        (event(10, None), vec![], NotReceived),
        (event(10, Some(true)), vec![], DeliveredNotApplied),
        (event(10, None), vec![receipt(11, Some("evt"), None)], DeliveredNotApplied),
        (event(10, None), vec![receipt(11, Some("evt"), Some(false))], DeliveredNotApplied),
        (event(10, None), vec![receipt(11, Some("evt"), Some(true))], Regressed),
        // Another event about the same item is not this one.
        (event(10, None), vec![receipt(11, Some("other"), None)], NotReceived),
        (event(10, Some(false)), vec![receipt(9, Some("other"), None)], DeliveryFailed),
        // It came twice, and the first time it was applied.
        (
            event(10, None),
            vec![receipt(11, Some("evt"), Some(true)), receipt(12, Some("evt"), Some(false))],
            Regressed,
        ),
        // Where the table keeps no ids, anything that was received would have brought it.
        (event(10, None), vec![receipt(11, None, None)], DeliveredNotApplied),
        (event(10, None), vec![receipt(9, None, None)], DeliveredNotApplied),
        (Log::Absent, vec![], Unknown),
        (Log::Absent, vec![receipt(11, None, None)], DeliveredNotApplied),
        (Log::Absent, vec![receipt(11, None, Some(true))], Regressed),
    ];
    for (log, receipts, expected) in table {
        assert_eq!(cause(&missing, log.clone(), &receipts), expected, "{log:?} {receipts:?}");
    }
}

#[test]
fn an_item_that_differs_is_explained_by_when_it_changed_and_when_its_row_was_written() {
    let with = |changed: Option<i64>, written: Option<i64>| Evidence {
        changed: changed.map(minute),
        written: written.map(minute),
        ..found(Kind::Mismatched)
    };
    let came = [receipt(21, Some("evt"), None)];
    let table = [
        // changed, written, event at, cause of what was received
        (Some(20), Some(5), 20, DeliveredNotApplied),
        (Some(20), Some(22), 20, DeliveredNotApplied),
        // Nothing says whether it was applied before the row was written again.
        (Some(20), Some(99), 20, DeliveredNotApplied),
        (Some(20), None, 20, DeliveredNotApplied),
        (Some(60), Some(5), 20, NeverSent),
        // Hardly older than the change: it may be about it or not.
        (Some(21), Some(22), 20, Unknown),
        (None, Some(5), 20, DeliveredNotApplied),
        (None, Some(22), 20, Unknown),
        (None, Some(99), 20, Unknown),
        (None, None, 20, Unknown),
    ];
    for (changed, written, at, expected) in table {
        assert_eq!(
            cause(&with(changed, written), event(at, None), &came),
            expected,
            "{changed:?} {written:?} {at}"
        );
    }
    let failed = [receipt(21, Some("evt"), Some(false))];
    assert_eq!(cause(&with(None, Some(99)), event(20, None), &failed), DeliveredNotApplied);
    let applied = [receipt(21, Some("evt"), Some(true))];
    assert_eq!(cause(&with(Some(20), Some(22)), event(20, None), &applied), Regressed);
    assert_eq!(cause(&with(Some(20), Some(5)), event(20, None), &applied), DeliveredNotApplied);
    assert_eq!(cause(&with(None, Some(22)), event(20, None), &applied), Unknown);
    // A log of deliveries shows a late delivery of an older event as well.
    let delivered = event(20, Some(true));
    assert_eq!(cause(&with(Some(20), Some(22)), delivered.clone(), &applied), Unknown);
    assert_eq!(cause(&with(Some(60), Some(22)), delivered, &applied), NeverSent);
    assert_eq!(cause(&with(None, None), event(20, Some(false)), &[]), DeliveryFailed);
    assert_eq!(cause(&with(None, None), event(20, None), &[]), NotReceived);
    assert_eq!(cause(&with(None, None), Log::Silent { since: minute(0) }, &came), Unknown);
    assert_eq!(cause(&with(None, None), Log::Absent, &came), Unknown);
    let silent = Log::Silent { since: minute(15) };
    assert_eq!(cause(&with(Some(20), None), silent.clone(), &came), NeverSent);
    assert_eq!(cause(&with(Some(14), None), silent, &came), Unknown);
}

#[test]
fn a_table_without_ids_says_of_an_item_that_differs_only_that_nothing_came() {
    let differs = Evidence { changed: Some(minute(20)), written: Some(minute(5)), ..found(Kind::Mismatched) };
    assert_eq!(cause(&differs, event(20, None), &[]), NotReceived);
    // An older event that came late looks the same, and so does this one where the clocks differ.
    assert_eq!(cause(&differs, event(20, None), &[receipt(21, None, Some(false))]), Unknown);
    assert_eq!(cause(&differs, event(20, None), &[receipt(19, None, Some(true))]), Unknown);
}

#[test]
fn an_event_in_the_second_before_the_change_is_not_about_it() {
    let differs = Evidence {
        changed: Some(Instant::from_micros(11_000_000)),
        settle: Duration::ZERO,
        ..found(Kind::Mismatched)
    };
    let at = |second: i64| {
        Log::Event(Trace {
            event: key("evt"),
            at: Some(Instant::from_micros(second * 1_000_000)),
            arrived: None,
            is_doubtful: false,
        })
    };
    assert_eq!(cause(&differs, at(10), &[]), NeverSent);
    assert_eq!(cause(&differs, at(11), &[]), NotReceived);
}

#[test]
fn what_the_provider_may_still_list_was_not_left_unsent() {
    let listed = Listed { until: minute(20), lag: Duration::from_mins(40) };
    let changed = |at: i64| Evidence {
        clock: Some(minute(at)),
        changed: Some(minute(at)),
        listed,
        ..found(Kind::Mismatched)
    };
    let silent = Log::Silent { since: minute(0) };
    assert_eq!(cause(&changed(19), silent.clone(), &[]), NeverSent);
    assert_eq!(cause(&changed(20), silent.clone(), &[]), Unknown);
    assert_eq!(cause(&changed(90), event(0, None), &[]), Unknown);
    // A newer event may be listed later.
    assert_eq!(cause(&Evidence { listed, ..found(Kind::Missing) }, event(10, None), &[]), Unknown);
    // Nothing dates the change, and it has rested for a shorter time than events may take.
    assert_eq!(cause(&Evidence { listed, ..found(Kind::Mismatched) }, silent, &[]), Unknown);
}

#[test]
fn of_two_events_that_were_delivered_at_once_none_is_the_newest() {
    let trace =
        |is_doubtful| Trace { event: key("evt"), at: Some(minute(10)), arrived: Some(false), is_doubtful };
    assert_eq!(cause(&found(Kind::Missing), Log::Event(trace(false)), &[]), DeliveryFailed);
    assert_eq!(cause(&found(Kind::Missing), Log::Event(trace(true)), &[]), Unknown);
}

#[test]
fn after_an_event_of_ours_only_dates_tell_what_older_webhooks_are_about() {
    let ours = |ours, kind, changed: Option<i64>| Evidence {
        ours,
        clock: Some(minute(10)),
        changed: changed.map(minute),
        ..found(kind)
    };
    let silent = Log::Silent { since: minute(0) };
    for kind in [Kind::Missing, Kind::Mismatched, Kind::Orphaned] {
        for log in [event(10, None), silent.clone(), Log::Absent] {
            assert_eq!(cause(&ours(Ours::OtherState, kind, None), log.clone(), &[]), Unknown, "{log:?}");
        }
    }
    let other = ours(Ours::OtherState, Kind::Mismatched, Some(10));
    assert_eq!(cause(&other, event(10, None), &[]), NotReceived);
    assert_eq!(cause(&other, silent.clone(), &[]), NeverSent);
    // It may have been repaired, and gone back since.
    let same = ours(Ours::ThisState, Kind::Mismatched, Some(10));
    assert_eq!(cause(&same, event(10, None), &[]), Unknown);
    assert_eq!(cause(&same, silent, &[]), Unknown);
    // The row is older than what was received: nobody wrote it since.
    let unwritten = Evidence { written: Some(minute(5)), ..same };
    assert_eq!(cause(&unwritten, event(10, None), &[receipt(11, Some("evt"), None)]), DeliveredNotApplied);
}

#[test]
fn what_only_the_local_side_has_is_explained_by_an_event_that_did_not_come_or_not_at_all() {
    let orphaned = Evidence { written: Some(minute(5)), ..found(Kind::Orphaned) };
    assert_eq!(cause(&orphaned, Log::Silent { since: minute(0) }, &[]), Unknown);
    assert_eq!(cause(&orphaned, event(20, None), &[]), NotReceived);
    assert_eq!(cause(&orphaned, event(20, Some(false)), &[]), DeliveryFailed);
    assert_eq!(cause(&orphaned, event(20, None), &[receipt(21, Some("evt"), None)]), DeliveredNotApplied);
    let since = Evidence { written: Some(minute(22)), ..orphaned };
    assert_eq!(cause(&since, event(20, None), &[receipt(21, Some("evt"), None)]), Unknown);
}

#[test]
fn a_state_that_was_repaired_before_went_back_whatever_the_logs_say() {
    let again = Evidence { shown: Shown::Repaired, ..found(Kind::Mismatched) };
    assert_eq!(cause(&again, Log::Unread("status 500".into()), &[]), Regressed);
    let conflict = Evidence { is_conflict: true, ..again };
    assert_eq!(cause(&conflict, Log::Absent, &[]), Conflict);
}

#[test]
fn what_could_not_be_read_is_said() {
    let unread = Evidence { log: Log::Unread("status 500".into()), ..found(Kind::Missing) };
    assert_eq!(explain(&unread).why.unwrap(), "the provider's events were not read whole: status 500");
    let log = event(10, Some(false));
    let unread = Evidence { log, inbox: Inbox::Unread("no table".into()), ..found(Kind::Missing) };
    assert_eq!(explain(&unread).why.unwrap(), "the received webhooks could not be read: no table");
}

#[test]
fn words_come_back_as_the_causes_they_stand_for() {
    for cause in Cause::ALL {
        assert_eq!(Cause::from_word(cause.as_str()), Some(cause));
    }
    assert_eq!(Cause::from_word("lost"), None);
}

fn time() -> impl Strategy<Value = Option<Instant>> {
    proptest::option::of((0_i64..60).prop_map(minute))
}

fn receipts() -> impl Strategy<Value = Vec<Receipt>> {
    let one = (time(), proptest::option::of("evt|other"), any::<Option<bool>>());
    let one = one.prop_map(|(at, event, applied)| Receipt { at, event: event.as_deref().map(key), applied });
    proptest::collection::vec(one, 0..4)
}

fn log() -> impl Strategy<Value = Log> {
    prop_oneof![
        Just(Log::Absent),
        Just(Log::Unread("why".into())),
        (0_i64..60).prop_map(|since| Log::Silent { since: minute(since) }),
        (time(), any::<Option<bool>>()).prop_map(|(at, arrived)| Log::Event(Trace {
            event: key("evt"),
            at,
            arrived,
            is_doubtful: false,
        })),
    ]
}

proptest! {
    #[test]
    fn every_explanation_has_its_evidence(
        kind in prop_oneof![Just(Kind::Missing), Just(Kind::Mismatched), Just(Kind::Orphaned)],
        (clock, changed, written) in (time(), time(), time()),
        log in log(),
        receipts in receipts(),
    ) {
        let evidence = Evidence {
            clock, changed, written, log: log.clone(), inbox: Inbox::Received(&receipts), ..found(kind)
        };
        let explanation = explain(&evidence);
        let arrived = match &log { Log::Event(trace) => trace.arrived, _ => None };
        let is_event = matches!(log, Log::Event(_));
        let is_whole_and_silent =
            matches!(log, Log::Silent { since } if (receipts.is_empty() && clock >= Some(since)) || changed >= Some(since));
        match explanation.cause {
            NeverSent => prop_assert!(is_event || is_whole_and_silent),
            DeliveryFailed => prop_assert_eq!(arrived, Some(false)),
            NotReceived => prop_assert!(is_event && arrived.is_none()),
            DeliveredNotApplied => prop_assert!(!receipts.is_empty() || arrived == Some(true)),
            Regressed => prop_assert!(!receipts.is_empty()),
            Conflict => prop_assert!(false, "nobody spoke of versions"),
            Unknown => prop_assert!(explanation.why.is_some(), "an unknown cause says why"),
        }
        // The order of the table does not matter.
        let turned: Vec<Receipt> = receipts.iter().rev().cloned().collect();
        let same_times = receipts.iter().enumerate().any(|(n, one)| receipts[..n].iter().any(|other| other.at == one.at));
        if !same_times {
            prop_assert_eq!(explain(&Evidence { inbox: Inbox::Received(&turned), ..evidence }), explanation);
        }
    }
}
