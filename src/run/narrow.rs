//! What is left of a decided plan once only the events of a saved one may be sent. Pure.

use std::collections::{BTreeMap, HashMap, HashSet};

use tieout_reconcilers::key::Key;
use uuid::Uuid;

use super::permit::PermittedItem;
use crate::event::{Event, Start};
use crate::finding::{Finding, State};
use crate::plan::{Look, Plan};
use crate::report::{ItemCarriedOut, Outcome};

/// What a look at an item showed tonight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// The sides agree.
    Agrees,
    /// They differ.
    Differs,
    /// They differ, and the item changed too short a time ago to be judged.
    Young,
    /// It could not be looked up, and why.
    Unknown(String),
}

impl From<&Look> for Seen {
    fn from(look: &Look) -> Self {
        match look {
            Look::Agrees => Self::Agrees,
            Look::Differs(_) => Self::Differs,
            Look::Young(_) => Self::Young,
        }
    }
}

/// Takes out of a plan what was not planned before, and says of each item what becomes of it. Of what is taken out nothing is
/// stored: the next run that is not narrowed judges it.
pub(super) fn narrow(
    plan: Plan,
    items: &BTreeMap<Key, PermittedItem>,
    seen: &HashMap<Key, Seen>,
    known: &HashMap<Key, Finding>,
) -> (Plan, Vec<ItemCarriedOut>) {
    let events: HashMap<Key, Event> =
        plan.events.into_iter().map(|event| (event.finding.key.clone(), event)).collect();
    let mut kept = HashSet::new();
    let mut told = Vec::new();
    for (key, item) in items {
        let (outcome, why) = outcome(item, seen.get(key), events.get(key), known.get(key));
        if is_stored(outcome) {
            kept.insert(key.clone());
        }
        told.push(ItemCarriedOut { each: String::new(), key: key.to_string(), outcome, why });
    }
    let unsent: HashSet<Uuid> = kept.iter().filter_map(|key| known.get(key)?.event_id).collect();
    let findings = plan.findings.into_iter().zip(plan.stood);
    let (findings, stood) = findings.filter(|(finding, _)| kept.contains(&finding.id.key)).unzip();
    let events = events.into_iter().filter(|(key, _)| kept.contains(key)).map(|(_, event)| event);
    let mut events: Vec<Event> = events.collect();
    events.sort_by(|one, other| one.finding.key.cmp(&other.finding.key));
    let superseded = plan.superseded.into_iter().filter(|event| unsent.contains(event)).collect();
    (Plan { findings, stood, events, superseded }, told)
}

/// Whether what was found about an item tonight is stored.
const fn is_stored(outcome: Outcome) -> bool {
    !matches!(outcome, Outcome::Stale | Outcome::Unread)
}

fn outcome(
    item: &PermittedItem,
    seen: Option<&Seen>,
    event: Option<&Event>,
    known: Option<&Finding>,
) -> (Outcome, Option<String>) {
    let stale = |why: &str| (Outcome::Stale, Some(why.to_owned()));
    match seen {
        None => (Outcome::Unread, Some("it could not be looked up".to_owned())),
        Some(Seen::Unknown(why)) => (Outcome::Unread, Some(why.clone())),
        Some(Seen::Agrees) => (Outcome::AlreadyRepaired, None),
        Some(Seen::Young) => stale("it changed a moment ago and is too young to be judged"),
        Some(Seen::Differs) => match event {
            Some(event) if event.id == item.event_id => of_event(event),
            Some(_) => stale("it differs in another way now, or for another time"),
            None => stale(without_event(item, known)),
        },
    }
}

/// The planned events of items that still differ, whose findings say that another run has put them on their way. Where that run died
/// before it let them go, they are this run's to send.
pub(super) fn on_their_way(
    items: &BTreeMap<Key, PermittedItem>,
    seen: &HashMap<Key, Seen>,
    known: &HashMap<Key, Finding>,
) -> HashMap<Uuid, Key> {
    let is_its = |key: &Key, item: &PermittedItem| {
        let open = known.get(key).filter(|finding| finding.state == State::Open);
        seen.get(key) == Some(&Seen::Differs)
            && open.is_some_and(|finding| finding.event_id == Some(item.event_id))
    };
    let its = items.iter().filter(|(key, item)| is_its(key, item));
    its.map(|(key, item)| (item.event_id, key.clone())).collect()
}

fn of_event(event: &Event) -> (Outcome, Option<String>) {
    match &event.start {
        Start::Staged => (Outcome::Released, None),
        Start::Held => (Outcome::Held, Some("its finding is held".to_owned())),
        Start::Dead { reason, .. } => (Outcome::Dead, Some(reason.clone())),
    }
}

/// Why nothing is asked for about an item that still differs.
fn without_event(item: &PermittedItem, known: Option<&Finding>) -> &'static str {
    let is_its = known.is_some_and(|finding| finding.event_id == Some(item.event_id));
    match known.map(|finding| finding.state) {
        Some(State::Emitted) if is_its => "its event was sent since the plan was made",
        Some(State::Open) if is_its => "another run has put its event on its way since the plan was made",
        Some(State::Held) => "its finding is held: only `tieout approve` lets it go",
        Some(State::Recurring) => "its finding is parked: sending does not help",
        Some(State::Ignored) => "somebody said to leave it alone",
        _ => "its definition asks for no such event now",
    }
}

#[cfg(test)]
mod tests {
    use tieout_reconcilers::discrepancy::Kind;

    use super::*;
    use crate::finding::Identity;
    use crate::report::text::samples;

    fn key(text: &str) -> Key {
        Key::checked(text).unwrap()
    }

    fn finding(name: &str, state: State, event: u128) -> Finding {
        let finding = samples::finding(state);
        let id = Identity { key: key(name), ..finding.id.clone() };
        Finding { id, event_id: Some(Uuid::from_u128(event)), ..finding }
    }

    fn event(name: &str, id: u128, start: Start) -> Event {
        Event {
            id: Uuid::from_u128(id),
            finding: finding(name, State::Open, id).id,
            kind: Kind::Missing,
            episode: 1,
            queue: "shop".to_owned(),
            source: "/tieout/shop.charges".to_owned(),
            event_type: "com.example.created".to_owned(),
            payload: "{}".to_owned(),
            start,
        }
    }

    /// What becomes of one item that is planned with event 1.
    fn became(seen: Option<Seen>, event: Option<Event>, known: Option<Finding>) -> (Outcome, usize, usize) {
        let item = PermittedItem { kind: Kind::Missing, event_id: Uuid::from_u128(1), clock: None };
        let plan = Plan {
            findings: vec![finding("a", State::Open, 1)],
            stood: vec![None],
            events: event.into_iter().collect(),
            superseded: Vec::new(),
        };
        let items = [(key("a"), item)].into();
        let seen = seen.map(|seen| (key("a"), seen)).into_iter().collect();
        let known = known.map(|known| (key("a"), known)).into_iter().collect();
        let (plan, told) = narrow(plan, &items, &seen, &known);
        (told[0].outcome, plan.findings.len(), plan.events.len())
    }

    #[test]
    fn only_the_event_that_was_planned_goes_on() {
        let staged = |id| Some(event("a", id, Start::Staged));
        assert_eq!(became(Some(Seen::Differs), staged(1), None), (Outcome::Released, 1, 1));
        assert_eq!(became(Some(Seen::Differs), staged(2), None), (Outcome::Stale, 0, 0));
        assert_eq!(became(Some(Seen::Young), None, None), (Outcome::Stale, 0, 0));
        assert_eq!(became(Some(Seen::Agrees), None, None), (Outcome::AlreadyRepaired, 1, 0));
        assert_eq!(became(Some(Seen::Unknown("503".to_owned())), None, None), (Outcome::Unread, 0, 0));
        assert_eq!(became(None, None, None), (Outcome::Unread, 0, 0));
        let held = Some(event("a", 1, Start::Held));
        assert_eq!(became(Some(Seen::Differs), held, None), (Outcome::Held, 1, 1));
        let dead = Start::Dead { class: "schema", reason: "no".to_owned() };
        assert_eq!(became(Some(Seen::Differs), Some(event("a", 1, dead)), None), (Outcome::Dead, 1, 1));
    }

    #[test]
    fn what_went_on_since_the_plan_is_stale_and_stays_as_it_is() {
        for state in [State::Open, State::Emitted, State::Held, State::Recurring, State::Ignored] {
            let known = Some(finding("a", state, 1));
            assert_eq!(became(Some(Seen::Differs), None, known), (Outcome::Stale, 0, 0), "{state:?}");
        }
    }

    #[test]
    fn an_item_that_is_not_in_the_plan_takes_nothing_with_it() {
        let known = finding("b", State::Open, 3);
        let plan = Plan {
            findings: vec![finding("b", State::Open, 2)],
            stood: vec![None],
            events: vec![event("b", 2, Start::Staged)],
            superseded: vec![Uuid::from_u128(3)],
        };
        let (plan, told) = narrow(plan, &BTreeMap::new(), &HashMap::new(), &[(key("b"), known)].into());
        assert!(plan.is_empty() && told.is_empty());
    }
}
