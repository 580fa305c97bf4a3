//! What people may do to a finding in each state, as a table that was written by hand.

use std::time::Duration;

use tieout_reconcilers::instant::Instant;

use crate::finding::{Finding, Ignored, State};
use crate::plan::step::before_ignored;
use crate::plan::{Act, Refusal, act};
use crate::report::text::samples;

/// The state of a finding, and where ignoring it and opening it again lead; `!` is refused.
const TABLE: &str = "
suspected  !        !
open       ignored  !
emitted    ignored  !
repaired   !        !
held       ignored  !
healed     !        !
recurring  ignored  open
ignored    ignored  open
";

fn now() -> Instant {
    samples::finding(State::Open).last_seen
}

fn ignore(until: Option<Instant>) -> Act {
    Act::Ignore(Ignored { until, why: "known".to_owned() })
}

fn finding(state: State) -> Finding {
    let ignored = (state == State::Ignored).then(|| Ignored { until: None, why: "known".to_owned() });
    Finding { ignored, ..samples::finding(state) }
}

fn leads_to(state: State, what: &Act) -> &'static str {
    act(&finding(state), what, now()).map_or("!", |acted| acted.finding.state.as_str())
}

#[test]
fn every_act_leads_where_the_table_says() {
    let rows: Vec<Vec<&str>> = TABLE.lines().map(|line| line.split_whitespace().collect()).collect();
    let rows: Vec<&Vec<&str>> = rows.iter().filter(|row| !row.is_empty()).collect();
    assert_eq!(rows.len(), State::ALL.len());
    for row in rows {
        let state = State::from_word(row[0]).unwrap();
        assert_eq!(leads_to(state, &ignore(None)), row[1], "ignore {row:?}");
        assert_eq!(leads_to(state, &Act::Reopen { why: None }), row[2], "reopen {row:?}");
    }
}

#[test]
fn what_was_parked_because_its_event_was_dropped_stays_so_however_often_it_is_ignored() {
    let dropped = Finding { event_id: Some(uuid::Uuid::nil()), ..samples::finding(State::Recurring) };
    let once = act(&dropped, &ignore(None), now()).unwrap();
    let twice = act(&once.finding, &ignore(None), now()).unwrap();
    for ignored in [once, twice] {
        assert!(!ignored.withdraws, "nobody has to take back what nobody sends");
        let again = before_ignored(&ignored.finding);
        assert_eq!((again.state, again.event_id), (State::Recurring, dropped.event_id));
    }
}

#[test]
fn what_was_ignored_goes_on_where_it_was() {
    let held = Finding { held_by: Some(uuid::Uuid::nil()), ..samples::finding(State::Held) };
    let emitted = Finding { acknowledged_at: Some(now()), ..samples::finding(State::Emitted) };
    let parked =
        Finding { acknowledged_at: Some(now()), reemissions: 3, ..samples::finding(State::Recurring) };
    let event_id = Some(uuid::Uuid::nil());
    let dropped = Finding { event_id, ..samples::finding(State::Recurring) };
    for (before, after) in [
        (Finding { event_id, ..samples::finding(State::Open) }, State::Open),
        (dropped, State::Open),
        (held, State::Held),
        (emitted, State::Emitted),
        (parked, State::Open),
    ] {
        let ignored = act(&before, &ignore(None), now()).unwrap().finding;
        let reopened = act(&ignored, &Act::Reopen { why: None }, now()).unwrap().finding;
        assert_eq!((reopened.state, reopened.ignored), (after, None), "{:?}", before.state);
        assert_eq!(reopened.interventions, before.interventions + 2);
        let is_anew = before.state == State::Recurring;
        assert_eq!(reopened.episode, before.episode + u32::from(is_anew), "{:?}", before.state);
    }
}

#[test]
fn an_end_lies_in_the_future() {
    let open = samples::finding(State::Open);
    assert_eq!(act(&open, &ignore(Some(now())), now()), Err(Refusal::Past(now())));
    assert!(act(&open, &ignore(Some(now() + Duration::from_secs(1))), now()).is_ok());
}

#[test]
fn a_sent_event_is_not_withdrawn_and_an_unsent_one_is() {
    let open = act(&samples::finding(State::Open), &ignore(None), now()).unwrap();
    assert_eq!((open.withdraws, open.finding.event_id), (true, None));
    let sent = Finding { acknowledged_at: Some(now()), ..samples::finding(State::Emitted) };
    let sent = act(&sent, &ignore(None), now()).unwrap();
    assert!(!sent.withdraws && sent.finding.event_id.is_some());
}

#[test]
fn owners_and_notes_change_nothing_of_a_finding_s_life() {
    let open = samples::finding(State::Open);
    let owned = act(&open, &Act::Assign { to: "ada".to_owned() }, now()).unwrap().finding;
    assert_eq!(owned, Finding { owner: Some("ada".to_owned()), ..open.clone() });
    assert_eq!(act(&owned, &Act::Unassign, now()).unwrap().finding, open);
    let over = samples::finding(State::Repaired);
    assert_eq!(act(&over, &Act::Unassign, now()), Err(Refusal::Over(State::Repaired)));
    let note = Act::Note { text: "why it was".to_owned() };
    assert_eq!(act(&over, &note, now()).unwrap().finding, over);
}
