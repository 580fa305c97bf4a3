//! The id, the envelope and what is carried in it.

use proptest::prelude::*;
use serde_json::Value;
use tieout_reconcilers::discrepancy::{Digest, Original};
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::Each;

use super::*;

fn identity(domain: &str, each: &str, key: &str) -> Identity {
    Identity { domain: domain.parse().unwrap(), each: Each::stored(each), key: Key::checked(key).unwrap() }
}

fn charge(key: &str) -> Identity {
    identity("shop.charges", "", key)
}

fn drift(id: &Identity, episode: u32) -> Drift<'_> {
    Drift { id, kind: Kind::Missing, episode, digest: "d" }
}

fn discrepancy(key: &Key, upstream: Option<&str>) -> Discrepancy {
    Discrepancy {
        key: key.clone(),
        kind: Kind::Missing,
        fields: Vec::new(),
        digest: Digest::of("{}"),
        reason: None,
        amount: None,
        truth: upstream.map(Into::into),
        original: None,
    }
}

fn emission(data: Data) -> Emission {
    Emission { queue: "q".into(), event_type: "com.example.charge.created".into(), data, schema: None }
}

fn making<'a>(micros: i64) -> Making<'a> {
    Making { run_id: Uuid::nil(), now: Instant::from_micros(micros), traceparent: None }
}

fn event_of(upstream: Option<&str>, wanted: Data) -> Result<Event, NoEvent> {
    let id = charge("ch_1");
    let found = discrepancy(&id.key, upstream);
    event(drift(&id, 2), &found, &emission(wanted), None, making(1_700_000_000_123_456))
}

fn attributes(event: &Event) -> serde_json::Map<String, Value> {
    serde_json::from_str(&event.payload).unwrap()
}

/// Computed with another implementation of the standard, Python's `uuid.uuid5(namespace, text)`, over the same JSON text:
/// `["v1","shop.charges","","ch_1","missing",1,"d"]` and `["v1","shop.charges","acct_2","é\"1","mismatched",7,"d"]`.
#[test]
fn the_id_is_pinned_because_a_changed_id_would_repeat_every_open_event() {
    assert_eq!(drift(&charge("ch_1"), 1).event_id().to_string(), "bb317def-6b3a-5f7e-848d-b0d8b69fd876");
    let id = identity("shop.charges", "acct_2", "é\"1");
    let other = Drift { id: &id, kind: Kind::Mismatched, episode: 7, digest: "d" };
    assert_eq!(other.event_id().to_string(), "f86dceb7-d90c-5b1d-84b0-0b036a6e62dd");
}

#[test]
fn the_item_is_carried_as_it_was_sent() {
    let item = r#"{"n":1.50,"big":18446744073709551616,"z":"\u0000","e":"\u00e9"}"#;
    insta::assert_snapshot!(event_of(Some(item), Data::Full).unwrap().payload);
}

#[test]
fn a_thin_event_and_one_about_nothing_carry_the_key_alone() {
    for (upstream, wanted) in [(Some("{}"), Data::Thin), (None, Data::Full), (None, Data::Thin)] {
        let event = event_of(upstream, wanted).unwrap();
        assert_eq!(attributes(&event)["data"], serde_json::json!({ "key": "ch_1" }));
    }
}

#[test]
fn what_is_no_json_is_not_sent() {
    assert!(event_of(Some(r#"{"id":"#), Data::Full).is_err());
    assert!(event_of(Some("{} {}"), Data::Full).is_err());
}

#[test]
fn the_envelope_has_what_cloudevents_1_0_requires() {
    let event = event_of(Some("{}"), Data::Full).unwrap();
    let attributes = attributes(&event);
    for required in ["id", "source", "specversion", "type"] {
        assert!(!attributes[required].as_str().unwrap().is_empty(), "{required}");
    }
    assert_eq!(attributes["specversion"], "1.0");
    assert_eq!(attributes["id"], event.id.to_string());
    assert_eq!(
        (&attributes["source"], &attributes["type"]),
        (&event.source.as_str().into(), &event.event_type.as_str().into())
    );
    assert_eq!(attributes["subject"], "ch_1");
    let name_fits =
        |name: &str| name.len() <= 20 && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    assert!(attributes.keys().all(|name| name_fits(name)), "{:?}", attributes.keys());
    assert!(chrono::DateTime::parse_from_rfc3339(attributes["time"].as_str().unwrap()).is_ok());
    let base = url::Url::parse("https://example.com/").unwrap();
    assert_eq!(base.join(&event.source).unwrap().path(), "/tieout/shop.charges", "a URI reference");
    assert_eq!(attributes["datacontenttype"], "application/json");
    assert!(attributes["tieoutepisode"].is_i64(), "an extension is a string, a boolean or an integer");
}

#[test]
fn the_member_of_a_fan_out_is_part_of_the_source() {
    let id = identity("shop.charges", "acct_2", "ch_1");
    let found = discrepancy(&id.key, None);
    let event = event(drift(&id, 1), &found, &emission(Data::Thin), None, making(0)).unwrap();
    assert_eq!(event.source, "/tieout/shop.charges/acct_2");
}

#[test]
fn the_id_knows_neither_clock_nor_run_nor_what_is_sent() {
    let id = charge("ch_1");
    let at = |micros, run, wanted, upstream| {
        let found = discrepancy(&id.key, upstream);
        event(
            drift(&id, 1),
            &found,
            &emission(wanted),
            None,
            Making { run_id: Uuid::from_u128(run), ..making(micros) },
        )
        .unwrap()
        .id
    };
    assert_eq!(at(1, 1, Data::Full, Some("{}")), at(2, 2, Data::Thin, None));
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        "[ \n\r\t\"\\\\{}]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map(".{0,4}", inner, 0..4).prop_map(Value::from_iter),
        ]
    })
}

proptest! {
    #[test]
    fn an_event_is_one_line_and_says_what_the_item_says(item in json(), crlf: bool) {
        let pretty = serde_json::to_string_pretty(&item).unwrap();
        let pretty = if crlf { pretty.replace('\n', "\r\n") } else { pretty };
        let event = event_of(Some(&pretty), Data::Full).unwrap();
        prop_assert!(!event.payload.contains(['\n', '\r']));
        prop_assert_eq!(&attributes(&event)["data"], &item);
    }

    #[test]
    fn different_drifts_have_different_ids(
        a in ("[a-c]{1,2}", "[a,\"]{0,2}", "[a-z\",]{1,3}", 1_u32..4, "[ab]"),
        b in ("[a-c]{1,2}", "[a,\"]{0,2}", "[a-z\",]{1,3}", 1_u32..4, "[ab]"),
        kinds in (0_usize..4, 0_usize..4),
    ) {
        const KINDS: [Kind; 4] = [Kind::Missing, Kind::Mismatched, Kind::Orphaned, Kind::Unreadable];
        let event_id = |(domain, each, key, episode, digest): &(String, String, String, u32, String), kind: usize| {
            let id = identity(domain, each, key);
            Drift { id: &id, kind: KINDS[kind], episode: *episode, digest }.event_id()
        };
        let are_same = a == b && kinds.0 == kinds.1;
        prop_assert_eq!(event_id(&a, kinds.0) == event_id(&b, kinds.1), are_same);
    }
}

#[test]
fn the_providers_own_event_is_carried_and_named_and_its_absence_is_said() {
    let id = charge("ch_1");
    let original = Original {
        id: Key::checked("evt_9").unwrap(),
        event: "{\"id\":\"evt_9\",\n \"data\":{}}".into(),
        arrived: None,
    };
    let carry = |original: Option<Original>, upstream: Option<&str>| {
        let found = Discrepancy { original, ..discrepancy(&id.key, upstream) };
        let made = event(drift(&id, 1), &found, &emission(Data::Original), None, making(0));
        attributes(&made.unwrap())
    };
    let own = carry(Some(original.clone()), Some(r#"{"id":"ch_1"}"#));
    assert_eq!((own["data"]["id"].as_str(), own["tieoutorigin"].as_str()), (Some("evt_9"), Some("evt_9")));
    assert!(!own.contains_key("tieoutsynthetic"));
    let made = carry(None, Some(r#"{"id":"ch_1"}"#));
    assert_eq!((made["data"]["id"].as_str(), made["tieoutsynthetic"].as_bool()), (Some("ch_1"), Some(true)));
    assert!(!made.contains_key("tieoutorigin"));
    assert_eq!(carry(None, None)["data"]["key"], "ch_1");
    assert_eq!(
        carry(Some(original), None)["data"]["id"],
        "evt_9",
        "an orphan's own event says more than its key"
    );
}

fn judged_by(schema: &str, item: &str, data: Data) -> Result<Event, NoEvent> {
    let registry = crate::schemas::tests::registry(&[("charge/v1.json", "{}"), ("charge/v2.json", schema)]);
    let (id, wanted) = (charge("ch_1"), "charge/v2".parse().unwrap());
    let found = discrepancy(&id.key, Some(item));
    event(drift(&id, 1), &found, &emission(data), Some(registry.get(&wanted)), making(0))
}

#[test]
fn an_event_names_the_schema_that_it_fits() {
    let schema = r#"{"$id": "https://example.com/charge.json", "required": ["id"]}"#;
    let made = judged_by(schema, r#"{"id":"ch_1"}"#, Data::Full).unwrap();
    let named = attributes(&made);
    assert_eq!(named["dataschema"], "https://example.com/charge.json");
    assert_eq!((named["dataversion"].as_u64(), made.start), (Some(2), Start::Staged));
}

#[test]
fn an_event_that_breaks_its_schema_is_dead_and_an_approval_does_not_wake_it() {
    let made = judged_by(r#"{"required": ["amount"]}"#, r#"{"id":"hunter2"}"#, Data::Full).unwrap();
    let reason = "the data breaks charge/v2 at its root: required (amount)".to_owned();
    assert_eq!(made.start, Start::Dead { class: "schema", reason });
    assert!(made.clone().held().is_dead());
    assert_eq!(attributes(&made)["data"]["id"], "hunter2", "it is kept as it would have been sent");
    let thin = judged_by(r#"{"required": ["amount"]}"#, r#"{"amount":1}"#, Data::Thin).unwrap();
    assert!(thin.is_dead(), "what is sent is checked, and not the item");
}

#[test]
fn a_schema_that_is_gone_lets_nothing_out() {
    let (id, wanted) = (charge("ch_1"), "charge/v2".parse().unwrap());
    let nothing = crate::schemas::Registry::default();
    let found = discrepancy(&id.key, Some("{}"));
    let schema = Some(nothing.get(&wanted));
    let made = event(drift(&id, 1), &found, &emission(Data::Full), schema, making(0)).unwrap();
    assert_eq!(
        made.start,
        Start::Dead { class: "schema", reason: "the registry has no schema charge/v2".to_owned() }
    );
}

#[test]
fn mapped_data_is_what_the_expression_makes_of_the_item() {
    let map = |text: &str| Data::Mapped(tieout_reconcilers::jq::Expression::parse(text).unwrap());
    let made =
        judged_by(r#"{"required": ["total"]}"#, r#"{"id":"ch_1","amount":12.50}"#, map("{total: .amount}"))
            .unwrap();
    assert!(made.payload.contains(r#""data":{"total":12.5}"#), "{}", made.payload);
    let none = judged_by("{}", r#"{"id":"ch_1"}"#, map(".amount | tonumber")).unwrap_err();
    assert_eq!(none.to_string(), "`data` is an expression that fails on this item");
}
