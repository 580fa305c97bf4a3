//! Whole plans, over several keys.

use std::collections::HashMap;

use tieout_reconcilers::discrepancy::{Discrepancy, Kind};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::Each;

use super::fake::{Does, Fake, drift, key};
use crate::finding::{Finding, State};
use crate::plan::{Look, Observation, Plan};

fn seen(key: &str, found: Discrepancy) -> Observation {
    let key = Key::checked(key).unwrap();
    Observation {
        key: key.clone(),
        clock: Some(Instant::from_micros(1)),
        look: Look::Differs(Discrepancy { key, ..found }),
    }
}

fn plan(observations: Vec<Observation>, known: &HashMap<Key, Finding>) -> Plan {
    Fake::new(Does::Emit).planner(&Each::default(), Instant::from_micros(5), None).plan(observations, known)
}

#[test]
fn a_plan_says_everything_that_will_be_stored() {
    insta::assert_debug_snapshot!(plan(vec![seen("ch_1", drift(Kind::Missing, "paid"))], &HashMap::new()));
}

#[test]
fn keys_do_not_touch_each_other() {
    let looks = || vec![seen("a", drift(Kind::Missing, "x")), seen("b", drift(Kind::Mismatched, "y"))];
    let together = plan(looks(), &HashMap::new());
    let mut apart = Plan::default();
    for look in looks() {
        apart.extend(plan(vec![look], &HashMap::new()));
    }
    assert_eq!(together, apart);
    assert!(!together.is_empty() && Plan::default().is_empty());
}

#[test]
fn an_item_that_cannot_be_carried_is_open_without_an_event_and_says_why() {
    let broken = || Discrepancy { truth: Some("{\"id\":".into()), ..drift(Kind::Missing, "b") };
    let first = plan(vec![seen("ch_1", drift(Kind::Missing, "a"))], &HashMap::new());
    let known = HashMap::from([(key(), first.findings[0].clone())]);
    let second = plan(vec![seen("ch_1", broken())], &known);
    let finding = &second.findings[0];
    assert_eq!((finding.state, finding.event_id), (State::Open, None));
    assert!(finding.reason.as_deref().unwrap().starts_with("the item cannot be carried"));
    assert_eq!(second.superseded, [first.events[0].id], "the older event says what is no longer so");
    assert!(second.events.is_empty());
}

#[test]
fn a_conflict_says_so_until_it_is_something_else() {
    let conflict = Discrepancy { reason: Some("conflict".to_owned()), ..drift(Kind::Mismatched, "a") };
    let first = plan(vec![seen("ch_1", conflict)], &HashMap::new());
    assert_eq!(first.findings[0].reason.as_deref(), Some("conflict"));
    let known = HashMap::from([(key(), first.findings[0].clone())]);
    let second = plan(vec![seen("ch_1", drift(Kind::Mismatched, "b"))], &known);
    assert_eq!(second.findings[0].reason, None);
}
