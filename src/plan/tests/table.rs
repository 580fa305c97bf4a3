//! Every transition of a finding, as a table that was written by hand.

use std::collections::HashMap;
use std::time::Duration;

use tieout_reconcilers::discrepancy::{Digest, Kind};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::Each;
use uuid::Uuid;

use super::fake::{Does, Fake, RUN, drift, key, policy};
use crate::event::Start;
use crate::finding::{BASELINE, Finding, Identity, Ignored, State};
use crate::plan::{Look, Observation, Plan};

/// Before the arrow, what is given: the finding's state, the look, whether the drift is the one it is about, whether it
/// has an event, how long ago that was acknowledged, how often it was sent again, and what the definition asks for.
/// After it, what must follow: the state (OPEN is held where the run holds), the episode, the count of sends in vain, the
/// finding's event, and whether an unsent event is withdrawn. `*` is anything; `=` is as before.
const TABLE: &str = "
none       agrees  *      *    *      *     *       -> nothing
none       young   *      *    *      *     *       -> suspected  1   0   none  -
none       differs *      *    *      *     emit    -> OPEN       1   0   new   -
none       differs *      *    *      *     report  -> OPEN       1   0   none  -

suspected  agrees  *      *    *      *     *       -> healed     =   =   none  -
suspected  young   *      *    *      *     *       -> suspected  =   =   none  -
suspected  differs *      *    *      *     emit    -> OPEN       =   =   new   -
suspected  differs *      *    *      *     report  -> OPEN       =   =   none  -

open       agrees  *      yes  *      *     *       -> healed     =   =   kept  withdrawn
open       agrees  *      no   *      *     *       -> healed     =   =   none  -
open       young   *      yes  *      *     *       -> open       =   =   kept  -
open       young   *      no   *      *     *       -> open       =   =   none  -
open       differs same   yes  *      *     emit    -> open       =   =   kept  -
open       differs same   yes  *      *     report  -> OPEN       =   =   none  withdrawn
open       differs same   no   *      *     emit    -> OPEN       =   =   new   -
open       differs same   no   *      *     report  -> open       =   =   none  -
open       differs other  yes  *      *     emit    -> OPEN       =   =   new   withdrawn
open       differs other  yes  *      *     report  -> OPEN       =   =   none  withdrawn
open       differs other  no   *      *     emit    -> OPEN       =   =   new   -
open       differs other  no   *      *     report  -> OPEN       =   =   none  -

emitted    agrees  *      *    *      *     *       -> repaired   =   =   kept  -
emitted    young   *      *    *      *     *       -> emitted    =   =   kept  -
emitted    differs same   *    fresh  *     *       -> emitted    =   =   kept  -
emitted    differs same   *    old    *     report  -> emitted    =   =   kept  -
emitted    differs same   *    old    few   emit    -> OPEN       +1  +1  new   -
emitted    differs same   *    old    many  emit    -> recurring  =   =   kept  -
emitted    differs other  *    *      *     emit    -> OPEN       +1  =   new   -
emitted    differs other  *    *      *     report  -> OPEN       +1  =   none  -

held       agrees  *      yes  *      *     *       -> healed     =   =   kept  withdrawn
held       agrees  *      no   *      *     *       -> healed     =   =   none  -
held       young   *      yes  *      *     *       -> held       =   =   kept  -
held       young   *      no   *      *     *       -> held       =   =   none  -
held       differs same   yes  *      *     emit    -> held       =   =   kept  -
held       differs same   yes  *      *     report  -> held       =   =   none  withdrawn
held       differs same   no   *      *     emit    -> held       =   =   new   -
held       differs same   no   *      *     report  -> held       =   =   none  -
held       differs other  yes  *      *     emit    -> held       =   =   new   withdrawn
held       differs other  yes  *      *     report  -> held       =   =   none  withdrawn
held       differs other  no   *      *     emit    -> held       =   =   new   -
held       differs other  no   *      *     report  -> held       =   =   none  -

baseline   agrees  *      yes  *      *     *       -> healed     =   =   kept  withdrawn
baseline   agrees  *      no   *      *     *       -> healed     =   =   none  -
baseline   young   *      yes  *      *     *       -> held       =   =   kept  -
baseline   young   *      no   *      *     *       -> held       =   =   none  -
baseline   differs same   yes  *      *     emit    -> held       =   =   kept  -
baseline   differs same   yes  *      *     report  -> held       =   =   none  withdrawn
baseline   differs same   no   *      *     emit    -> held       =   =   new   -
baseline   differs same   no   *      *     report  -> held       =   =   none  -
baseline   differs other  yes  *      *     emit    -> OPEN       +1  0   new   withdrawn
baseline   differs other  yes  *      *     report  -> OPEN       +1  0   none  withdrawn
baseline   differs other  no   *      *     emit    -> OPEN       +1  0   new   -
baseline   differs other  no   *      *     report  -> OPEN       +1  0   none  -

recurring  agrees  *      *    *      *     *       -> repaired   =   =   kept  -
recurring  young   *      *    *      *     *       -> recurring  =   =   kept  -
recurring  differs *      *    *      *     *       -> recurring  =   =   kept  -

repaired   agrees  *      *    *      *     *       -> nothing
repaired   young   *      *    *      *     *       -> suspected  +1  0   none  -
repaired   differs *      *    *      *     emit    -> OPEN       +1  0   new   -
repaired   differs *      *    *      *     report  -> OPEN       +1  0   none  -

healed     agrees  *      *    *      *     *       -> nothing
healed     young   *      *    *      *     *       -> suspected  +1  0   none  -
healed     differs *      *    *      *     emit    -> OPEN       +1  0   new   -
healed     differs *      *    *      *     report  -> OPEN       +1  0   none  -

ignored    agrees  *      *    *      *     *       -> nothing
ignored    young   *      yes  *      *     *       -> ignored    =   =   kept  -
ignored    young   *      no   *      *     *       -> ignored    =   =   none  -
ignored    differs same   yes  *      *     *       -> ignored    =   =   kept  -
ignored    differs same   no   *      *     *       -> ignored    =   =   none  -
ignored    differs other  no   *      *     emit    -> OPEN       =   =   new   -
ignored    differs other  no   *      *     report  -> OPEN       =   =   none  -
ignored    differs other  yes  *      few   emit    -> OPEN       +1  =   new   -
ignored    differs other  yes  *      few   report  -> OPEN       +1  =   none  -
ignored    differs other  yes  *      many  *       -> recurring  =   =   kept  -

lapsed     agrees  *      yes  *      *     *       -> repaired   =   =   kept  -
lapsed     agrees  *      no   *      *     *       -> healed     =   =   none  -
lapsed     young   *      yes  *      *     *       -> ignored    =   =   kept  -
lapsed     young   *      no   *      *     *       -> ignored    =   =   none  -
lapsed     differs *      no   *      *     emit    -> OPEN       =   =   new   -
lapsed     differs same   no   *      *     report  -> open       =   =   none  -
lapsed     differs other  no   *      *     report  -> OPEN       =   =   none  -
lapsed     differs same   yes  *      few   report  -> emitted    =   =   kept  -
lapsed     differs same   yes  fresh  few   emit    -> emitted    =   =   kept  -
lapsed     differs same   yes  old    few   emit    -> OPEN       +1  +1  new   -
lapsed     differs other  yes  *      few   emit    -> OPEN       +1  =   new   -
lapsed     differs other  yes  *      few   report  -> OPEN       +1  =   none  -
lapsed     differs *      yes  *      many  *       -> recurring  =   =   kept  -
";

/// One combination, in the words of the table.
#[derive(Debug, Clone, Copy)]
struct Case {
    before: &'static str,
    look: &'static str,
    drift: &'static str,
    event: &'static str,
    acknowledged: &'static str,
    tries: &'static str,
    remedy: &'static str,
    hold: Option<&'static str>,
    /// Whether another drift has another digest or another kind.
    other_kind: bool,
}

impl Case {
    fn given(&self) -> [&'static str; 7] {
        [self.before, self.look, self.drift, self.event, self.acknowledged, self.tries, self.remedy]
    }
}

/// All combinations that can be: an emitted finding has an acknowledged event, an open one has not.
fn cases() -> Vec<Case> {
    let befores: [(&str, &[&str], &[&str]); 13] = [
        ("none", &["no"], &["no"]),
        ("suspected", &["no"], &["no"]),
        ("open", &["yes", "no"], &["no"]),
        ("emitted", &["yes"], &["fresh", "old"]),
        ("held", &["yes", "no"], &["no"]),
        ("recurring", &["yes"], &["fresh", "old"]),
        ("repaired", &["yes"], &["fresh", "old"]),
        ("healed", &["yes", "no"], &["no"]),
        ("baseline", &["yes", "no"], &["no"]),
        ("ignored", &["no"], &["no"]),
        ("ignored", &["yes"], &["fresh", "old"]),
        ("lapsed", &["no"], &["no"]),
        ("lapsed", &["yes"], &["fresh", "old"]),
    ];
    let mut cases = Vec::new();
    for (before, events, acks) in befores {
        for (look, drifts) in
            [("agrees", &["same"][..]), ("young", &["same", "other"]), ("differs", &["same", "other"])]
        {
            for (&event, &acknowledged) in
                events.iter().flat_map(|event| acks.iter().map(move |ack| (event, ack)))
            {
                for (&drift, other_kind) in drifts.iter().flat_map(|drift| [(drift, false), (drift, true)]) {
                    for (tries, remedy) in
                        [("few", "emit"), ("many", "emit"), ("few", "report"), ("many", "report")]
                    {
                        for hold in [None, Some("max_emits")] {
                            cases.push(Case {
                                before,
                                look,
                                drift,
                                event,
                                acknowledged,
                                tries,
                                remedy,
                                hold,
                                other_kind,
                            });
                        }
                    }
                }
            }
        }
    }
    cases
}

const NOW: Instant = Instant::from_micros(1_700_000_000_000_000);
const EVENT_BEFORE: Uuid = Uuid::from_u128(0xe);
const EARLIER_RUN: Uuid = Uuid::from_u128(6);

fn before(case: &Case) -> Option<Finding> {
    let state = match case.before {
        "baseline" => State::Held,
        "lapsed" => State::Ignored,
        word => State::from_word(word)?,
    };
    let day = Duration::from_hours(24);
    let known = drift(Kind::Missing, "a");
    Some(Finding {
        id: Identity { domain: "shop.charges".parse().unwrap(), each: Each::default(), key: key() },
        kind: known.kind,
        state,
        episode: 5,
        reemissions: if case.tries == "many" { 3 } else { 2 },
        digest: known.digest,
        fields: known.fields,
        reason: match case.before {
            "held" => Some("max_ratio".to_owned()),
            "baseline" => Some(BASELINE.to_owned()),
            _ => None,
        },
        cause: None,
        amount: known.amount,
        clock: None,
        first_seen: NOW - day,
        last_seen: NOW - day,
        acknowledged_at: match case.acknowledged {
            "fresh" => Some(NOW - policy().reemit_after + Duration::from_micros(1)),
            "old" => Some(NOW - policy().reemit_after),
            _ => None,
        },
        closed_at: matches!(state, State::Repaired | State::Healed).then_some(NOW - day),
        event_id: (case.event == "yes").then_some(EVENT_BEFORE),
        run_id: EARLIER_RUN,
        occurred_at: None,
        held_by: (state == State::Held).then_some(EARLIER_RUN),
        ignored: (state == State::Ignored)
            .then(|| Ignored { until: (case.before == "lapsed").then_some(NOW), why: "known".to_owned() }),
        owner: Some("ada".to_owned()),
        interventions: 4,
    })
}

fn look(case: &Case) -> Look {
    let found = match (case.drift, case.other_kind) {
        ("other", true) => drift(Kind::Mismatched, "a"),
        ("other", false) => drift(Kind::Missing, "b"),
        _ => drift(Kind::Missing, "a"),
    };
    match case.look {
        "agrees" => Look::Agrees,
        "young" => Look::Young(found),
        _ => Look::Differs(found),
    }
}

fn plan(case: &Case, before: Option<&Finding>) -> Plan {
    let domain = Fake::new(if case.remedy == "emit" { Does::Emit } else { Does::Report });
    let known: HashMap<_, _> = before.map(|finding| (key(), finding.clone())).into_iter().collect();
    let seen = Observation { key: key(), clock: None, look: look(case) };
    domain.planner(&Each::default(), NOW, case.hold).plan(vec![seen], &known)
}

/// The rows of the table: what is given, and what must follow.
fn rows() -> Vec<(&'static str, &'static str)> {
    TABLE.lines().filter_map(|line| line.split_once("->")).collect()
}

/// The place of the one row that a case fits.
fn place_of(case: &Case) -> usize {
    let fits =
        |left: &str| left.split_whitespace().zip(case.given()).all(|(want, is)| want == "*" || want == is);
    let fitting: Vec<_> = rows().iter().enumerate().filter(|(_, row)| fits(row.0)).map(|(n, _)| n).collect();
    assert_eq!(fitting.len(), 1, "{case:?} fits {fitting:?}");
    fitting[0]
}

/// A number of the table, where `=` and `+1` refer to the one before.
fn count(word: &str, before: Option<u32>) -> u32 {
    match word {
        "=" => before.unwrap(),
        "+1" => before.unwrap() + 1,
        number => number.parse().unwrap(),
    }
}

#[test]
fn every_transition_is_the_one_in_the_table() {
    for case in cases() {
        let before = before(&case);
        let plan = plan(&case, before.as_ref());
        let row: Vec<_> = rows()[place_of(&case)].1.split_whitespace().collect();
        if row == ["nothing"] {
            assert!(plan.is_empty(), "{case:?}");
            continue;
        }
        let [after] = &plan.findings[..] else { panic!("{case:?}: one key has one finding") };
        let [state, episode, tries, event, withdrawn] = row[..] else {
            panic!("{case:?}: a row has five words")
        };
        let state = match (state, case.hold) {
            ("OPEN", Some(_)) => State::Held,
            ("OPEN", None) => State::Open,
            (word, _) => State::from_word(word).unwrap(),
        };
        assert_eq!(after.state, state, "{case:?}");
        assert_eq!(after.episode, count(episode, before.as_ref().map(|f| f.episode)), "{case:?}");
        assert_eq!(after.reemissions, count(tries, before.as_ref().map(|f| f.reemissions)), "{case:?}");
        assert_eq!(
            plan.superseded,
            if withdrawn == "withdrawn" { vec![EVENT_BEFORE] } else { vec![] },
            "{case:?}"
        );
        match event {
            "none" => assert_eq!((after.event_id, plan.events.len()), (None, 0), "{case:?}"),
            "kept" => assert_eq!((after.event_id, plan.events.len()), (Some(EVENT_BEFORE), 0), "{case:?}"),
            _ => {
                let [event] = &plan.events[..] else { panic!("{case:?}: one finding has one event") };
                assert_eq!(
                    (after.event_id, event.start == Start::Held),
                    (Some(event.id), state == State::Held),
                    "{case:?}"
                );
                assert_eq!((event.kind, event.episode), (after.kind, after.episode), "{case:?}");
            }
        }
    }
}

#[test]
fn every_row_of_the_table_is_needed() {
    let used: std::collections::BTreeSet<_> = cases().iter().map(place_of).collect();
    assert_eq!(used.len(), rows().len());
}

#[test]
fn what_a_finding_says_about_itself_follows_what_is_seen() {
    for case in cases() {
        let before = before(&case);
        let plan = plan(&case, before.as_ref());
        let Some(after) = plan.findings.first() else { continue };
        assert_eq!(after.run_id, RUN, "{case:?}");
        let is_over = matches!(after.state, State::Repaired | State::Healed);
        assert_eq!(after.closed_at, is_over.then_some(NOW), "{case:?}");
        assert_eq!(after.last_seen == NOW, case.look != "agrees", "{case:?}");
        let is_over = |before: &Finding| before.closed_at.is_some();
        let changed_baseline = case.before == "baseline" && case.look == "differs" && case.drift == "other";
        let begins = changed_baseline || before.as_ref().is_none_or(is_over);
        assert_eq!(after.first_seen == NOW, begins, "{case:?}: a drift keeps its age until it is over");
        let waits = matches!(after.state, State::Open | State::Held | State::Suspected | State::Healed);
        assert!(!waits || after.acknowledged_at.is_none(), "{case:?}");
        assert!(after.state != State::Held || after.reason.is_some(), "{case:?}: nobody knows why");
        assert_eq!(after.state == State::Held, after.held_by.is_some(), "{case:?}: nobody knows who");
        assert_eq!(after.state == State::Ignored, after.ignored.is_some(), "{case:?}");
        let people = before.as_ref().map_or((None, 0), |before| (before.owner.clone(), before.interventions));
        assert_eq!((after.owner.clone(), after.interventions), people, "{case:?}: runs are no people");
        if let Look::Differs(found) = look(&case)
            && !matches!(after.state, State::Emitted | State::Ignored)
        {
            assert_eq!(
                (after.kind, &after.digest, &after.fields),
                (found.kind, &found.digest, &found.fields),
                "{case:?}"
            );
        }
    }
}

#[test]
fn a_look_that_is_repeated_at_once_changes_nothing_but_the_time_it_was_seen() {
    for case in cases() {
        let first = plan(&case, before(&case).as_ref());
        let Some(stored) = first.findings.first() else { continue };
        let second = plan(&case, Some(stored));
        assert!(second.events.is_empty() && second.superseded.is_empty(), "{case:?}");
        assert!(second.findings.iter().all(|again| again == stored), "{case:?}");
    }
}

#[test]
fn a_parked_finding_says_how_often_it_was_sent() {
    let case = |tries| Case {
        before: "emitted",
        look: "differs",
        drift: "same",
        event: "yes",
        acknowledged: "old",
        tries,
        remedy: "emit",
        hold: None,
        other_kind: false,
    };
    let parked = plan(&case("many"), before(&case("many")).as_ref());
    assert_eq!(parked.findings[0].reason.as_deref(), Some("sent 4 times and never repaired"));
    assert_eq!(parked.findings[0].digest, Digest::of("a"));
}
