//! What breaks, case by case; and the law that nothing breaks which was not said to.

use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Compared, against, compare};
use crate::schemas::tests::registry;
use crate::schemas::{Mode, Registry};

fn versions(old: &Value, new: &Value) -> Registry {
    let (old, new) = (old.to_string(), new.to_string());
    registry(&[("a/v1.json", old.as_str()), ("a/v2.json", new.as_str())])
}

fn compared(old: &Value, new: &Value, mode: Mode) -> Compared {
    let registry = versions(old, new);
    let get = |id: &str| registry.get(&id.parse().unwrap()).unwrap();
    compare((&registry, get("a/v1")), (&registry, get("a/v2")), mode)
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of changes")]
fn every_kind_of_change_has_its_verdict_and_its_place() {
    let object = |more: Value| {
        let mut schema = json!({ "type": "object", "properties": { "id": { "type": "string" } } });
        schema.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        schema
    };
    let id = |id: Value| json!({ "properties": { "id": id } });
    let closed = json!({ "additionalProperties": false });
    let tree = |item: Value| json!({ "$defs": { "node": { "properties": { "next": { "$ref": "#/$defs/node" }, "item": item } } }, "$ref": "#/$defs/node" });
    let cases: Vec<(&str, Value, Value)> = vec![
        ("the same", object(json!({})), object(json!({}))),
        ("a title", object(json!({})), object(json!({ "title": "An item", "x-owner": "billing" }))),
        ("a required property more", object(json!({})), object(json!({ "required": ["id"] }))),
        ("a required property less", object(json!({ "required": ["id"] })), object(json!({}))),
        ("a property less in an open object", object(json!({})), json!({ "type": "object" })),
        (
            "a property less in a closed object",
            object(closed.clone()),
            json!({ "type": "object", "additionalProperties": false }),
        ),
        ("a property more in an open object", json!({ "type": "object" }), object(json!({}))),
        (
            "a property more in a closed object",
            json!({ "type": "object", "additionalProperties": false }),
            object(closed.clone()),
        ),
        ("an open object is closed", object(json!({})), object(closed.clone())),
        ("a type less", id(json!({ "type": ["string", "null"] })), id(json!({ "type": "string" }))),
        ("a type more", id(json!({ "type": "integer" })), id(json!({ "type": "number" }))),
        ("whole numbers only", id(json!({ "type": "number" })), id(json!({ "type": "integer" }))),
        ("a value less", id(json!({ "enum": ["a", "b"] })), id(json!({ "enum": ["a"] }))),
        ("a value more", id(json!({ "const": "a" })), id(json!({ "enum": ["a", "b"] }))),
        ("a list of values at all", id(json!({ "type": "string" })), id(json!({ "enum": ["a"] }))),
        ("a higher minimum", id(json!({ "minimum": 1 })), id(json!({ "minimum": 2 }))),
        ("a lower minimum", id(json!({ "exclusiveMinimum": 1 })), id(json!({ "minimum": 1 }))),
        ("an exclusive maximum", id(json!({ "maximum": 1 })), id(json!({ "exclusiveMaximum": 1 }))),
        ("a multiple of a multiple", id(json!({ "multipleOf": 4 })), id(json!({ "multipleOf": 2 }))),
        ("another multiple", id(json!({ "multipleOf": 4 })), id(json!({ "multipleOf": 3 }))),
        ("a shorter text", id(json!({ "maxLength": 9 })), id(json!({ "maxLength": 8 }))),
        (
            "a bound on texts where there are none",
            id(json!({ "type": "integer" })),
            id(json!({ "type": "integer", "maxLength": 8 })),
        ),
        ("a pattern", id(json!({ "type": "string" })), id(json!({ "type": "string", "pattern": "^a" }))),
        ("another pattern", id(json!({ "pattern": "^a" })), id(json!({ "pattern": "^(a|b)" }))),
        ("another format", id(json!({ "format": "date" })), id(json!({ "format": "date-time" }))),
        (
            "other items",
            id(json!({ "items": { "type": "string" } })),
            id(json!({ "items": { "type": "integer" } })),
        ),
        (
            "items that had no schema",
            id(json!({ "type": "array" })),
            id(json!({ "type": "array", "items": { "type": "integer" } })),
        ),
        (
            "a tuple",
            id(json!({ "prefixItems": [{ "type": "string" }] })),
            id(json!({ "prefixItems": [{ "type": "integer" }] })),
        ),
        (
            "unlike elements",
            id(json!({ "type": "array" })),
            id(json!({ "type": "array", "uniqueItems": true })),
        ),
        (
            "a branch less",
            id(json!({ "anyOf": [{ "type": "string" }, { "type": "null" }] })),
            id(json!({ "anyOf": [{ "type": "null" }] })),
        ),
        (
            "a branch more",
            id(json!({ "oneOf": [{ "type": "string" }] })),
            id(json!({ "oneOf": [{ "type": "string" }, { "type": "null" }] })),
        ),
        ("a condition", id(json!({})), id(json!({ "if": { "minLength": 1 }, "then": { "pattern": "a" } }))),
        (
            "a condition that stays beside a change",
            json!({ "not": { "const": 1 }, "type": ["null", "integer"] }),
            json!({ "not": { "const": 1 }, "type": "integer" }),
        ),
        (
            "a reference that was written out",
            id(json!({ "type": "string" })),
            json!({ "$defs": { "id": { "type": "string" } }, "properties": { "id": { "$ref": "#/$defs/id" } } }),
        ),
        (
            "what a reference leads to",
            json!({ "$defs": { "id": {} }, "properties": { "id": { "$ref": "#/$defs/id" } } }),
            json!({ "$defs": { "id": { "type": "string" } }, "properties": { "id": { "$ref": "#/$defs/id" } } }),
        ),
        (
            "a schema within itself",
            tree(json!({ "type": "string" })),
            tree(json!({ "type": ["string", "null"] })),
        ),
        (
            "a schema within itself, narrower",
            tree(json!({ "type": ["string", "null"] })),
            tree(json!({ "type": "string" })),
        ),
        (
            "parts that hold together",
            json!({ "allOf": [{ "required": ["id"] }, { "minProperties": 2 }] }),
            json!({ "required": ["id"], "minProperties": 1 }),
        ),
        ("what depends", json!({}), json!({ "dependentRequired": { "a": ["b"] } })),
        (
            "unevaluated properties",
            json!({ "properties": { "a": {} } }),
            json!({ "properties": { "a": {} }, "unevaluatedProperties": false }),
        ),
        ("nothing at all", json!({}), json!(false)),
        (
            "names of properties",
            json!({ "type": "object" }),
            json!({ "type": "object", "propertyNames": { "maxLength": 3 } }),
        ),
        (
            "a pattern of names",
            json!({ "patternProperties": { "^x": { "type": "string" } } }),
            json!({ "patternProperties": { "^x": { "type": "integer" } } }),
        ),
    ];
    let mut told = String::new();
    for (name, old, new) in cases {
        let compared = compared(&old, &new, Mode::Full);
        let _ = writeln!(told, "## {name}: {}", compared.holds.as_str());
        for difference in compared.differences {
            let undecided = if difference.undecided { " (undecided)" } else { "" };
            let _ = writeln!(
                told,
                "{} {} {}{undecided}",
                difference.direction.as_str(),
                difference.path,
                difference.why
            );
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn only_what_is_promised_breaks() {
    let (old, new) = (json!({ "type": "string" }), json!({ "type": ["string", "null"] }));
    assert_eq!(compared(&old, &new, Mode::Backward).differences, []);
    assert_eq!(compared(&old, &new, Mode::Forward).differences.len(), 1);
    assert_eq!(compared(&old, &new, Mode::None).differences, []);
    assert_eq!(compared(&old, &new, Mode::Full).holds, Mode::Backward);
}

#[test]
fn a_published_version_is_neither_gone_nor_narrower() {
    let published = registry(&[("a/v1.json", "{}"), ("a/v2.json", "{}"), ("b/v1.json", "{}")]);
    let now = registry(&[("a/v1.json", r#"{"title": "edited"}"#), ("a/v2.json", r#"{"type": "object"}"#)]);
    let told: Vec<_> = against(&published, &now)
        .into_iter()
        .map(|pair| (format!("{}/v{}", pair.name, pair.to), pair.differences.len()))
        .collect();
    assert_eq!(told, [("a/v1".to_owned(), 0), ("a/v2".to_owned(), 1), ("b/v1".to_owned(), 1)]);
}

fn schema() -> impl Strategy<Value = Value> {
    let number = || (-2_i64..4).prop_map(Value::from);
    let kind =
        prop::sample::subsequence(vec!["null", "integer", "number", "string", "array", "object"], 1..4);
    let leaf = prop_oneof![
        1 => Just(json!({})),
        1 => any::<bool>().prop_map(Value::from),
        4 => kind.prop_map(|kinds| json!({ "type": kinds })),
        2 => (number(), number()).prop_map(|(least, most)| json!({ "minimum": least, "exclusiveMaximum": most })),
        1 => (1_i64..4).prop_map(|of| json!({ "multipleOf": of })),
        1 => (0_u8..3, 0_u8..3).prop_map(|(least, most)| json!({ "minLength": least, "maxLength": most })),
        1 => (0_u8..3, any::<bool>()).prop_map(|(most, unique)| json!({ "maxItems": most, "uniqueItems": unique })),
        1 => (0_u8..3).prop_map(|least| json!({ "minProperties": least })),
        1 => prop::sample::subsequence(vec![json!(1), json!("a"), json!(null), json!({}), json!([1])], 1..4).prop_map(|list| json!({ "enum": list })),
        1 => prop::sample::select(vec!["^a", "b"]).prop_map(|pattern| json!({ "pattern": pattern })),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        let some = prop::collection::vec(inner.clone(), 1..3);
        let names = || prop::sample::subsequence(vec!["a", "b", "ab"], 0..3);
        let object = (prop::collection::vec((prop::sample::select(vec!["a", "b", "ab"]), inner.clone()), 0..3), names(), prop::option::of(inner.clone()), prop::option::of(inner.clone()))
            .prop_map(|(properties, required, additional, pattern)| {
                let mut schema = json!({ "properties": properties.into_iter().collect::<std::collections::BTreeMap<_, _>>(), "required": required });
                schema.as_object_mut().unwrap().extend(additional.map(|additional| ("additionalProperties".to_owned(), additional)));
                schema.as_object_mut().unwrap().extend(pattern.map(|pattern| ("patternProperties".to_owned(), json!({ "^a": pattern }))));
                schema
            });
        prop_oneof![
            4 => object,
            1 => some.clone().prop_map(|parts| json!({ "allOf": parts })),
            1 => some.clone().prop_map(|parts| json!({ "anyOf": parts })),
            1 => some.clone().prop_map(|parts| json!({ "oneOf": parts })),
            1 => inner.clone().prop_map(|part| json!({ "not": part })),
            1 => (some, inner.clone()).prop_map(|(first, rest)| json!({ "prefixItems": first, "items": rest })),
            1 => (inner.clone(), inner.clone()).prop_map(|(target, own)| json!({ "$defs": { "x": target }, "$ref": "#/$defs/x", "anyOf": [own, true] })),
            1 => inner.prop_map(|part| json!({ "contains": part })),
        ]
    })
}

/// References lead to the root of a document, so a schema that has some stands alone there.
fn document() -> impl Strategy<Value = Value> {
    let is_whole = |schema: &Value| schema.get("$defs").is_some() || !schema.to_string().contains("$ref");
    schema().prop_filter("a reference from within", is_whole)
}

fn instance() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        (-3_i64..5).prop_map(Value::from),
        Just(json!(0.5)),
        prop::sample::select(vec!["", "a", "b", "ab", "abc"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let member = (prop::sample::select(vec!["a", "b", "ab", "c"]), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..3).prop_map(Value::from),
            prop::collection::vec(member, 0..3)
                .prop_map(|members| members.into_iter().collect::<std::collections::BTreeMap<_, _>>())
                .prop_map(|members| json!(members)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_one_version_takes_and_the_other_does_not_was_said_to_break(
        old in document(),
        new in document(),
        instances in prop::collection::vec(instance(), 40),
    ) {
        let compared = compared(&old, &new, Mode::Full);
        let registry = versions(&old, &new);
        let takes = |id: &str, data: &Value| registry.get(&id.parse().unwrap()).unwrap().check(&data.to_string()).is_ok();
        for data in &instances {
            let (by_old, by_new) = (takes("a/v1", data), takes("a/v2", data));
            if by_old && !by_new {
                prop_assert!(!matches!(compared.holds, Mode::Backward | Mode::Full), "{data} {compared:?}");
            }
            if by_new && !by_old {
                prop_assert!(!matches!(compared.holds, Mode::Forward | Mode::Full), "{data} {compared:?}");
            }
        }
    }

    #[test]
    fn a_schema_breaks_nothing_of_itself(schema in document()) {
        prop_assert_eq!(compared(&schema, &schema, Mode::Full).holds, Mode::Full);
    }
}
