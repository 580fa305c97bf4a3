//! Values by example.

use super::*;
use proptest::prelude::*;

const ORDER: &str = r#"{"id": "o1", "lines": [
    {"sku": "b", "amount": 0.10, "n": 2}, {"sku": "a", "amount": 0.20, "n": 1}], "note": "", "big": 12345678901234567890123456789012}"#;

#[test]
fn sums_of_decimals_are_exact() {
    gives(".lines | map(.amount) | add", ORDER, "0.3");
    gives("[.lines[] | .amount * .n] | add", ORDER, "0.4");
    gives("reduce .lines[] as $l (0; . + $l.amount * $l.n)", ORDER, "0.4");
    gives("add(.lines[].amount) * 100", ORDER, "30");
    gives("12050 / 100", "{}", "120.5");
    gives("[0.125, 2.5, -2.5] | map(round)", "{}", "[0,3,-3]");
    gives("[1.2, -1.2] | map(floor, ceil)", "{}", "[1,2,-2,-1]");
}

#[test]
fn what_cannot_be_calculated_exactly_gives_no_value() {
    for text in
        ["10 / 3", "1 / 0", ".big + 1", ".big < 1", ".big == 1", "1e-28 * 0.1", ".id * 2", ".lines + 1"]
    {
        assert_eq!(of(text, ORDER), Err(Underivable::Failed), "{text}");
    }
}

#[test]
fn numbers_keep_their_digits() {
    gives(".big", ORDER, "12345678901234567890123456789012");
    gives(".a", r#"{"a": 9007199254740993}"#, "9007199254740993");
    gives(".a", r#"{"a": 18446744073709551615}"#, "18446744073709551615");
    gives("[.big] | tostring", ORDER, r#""[12345678901234567890123456789012]""#);
}

#[test]
fn texts_lists_and_objects_are_looked_into_as_jq_does() {
    gives(".lines[0].sku", ORDER, r#""b""#);
    gives(".lines[-1].sku", ORDER, r#""a""#);
    gives(".lines[9].sku", ORDER, "null");
    gives(".lines | map(.sku) | sort | join(\", \")", ORDER, r#""a, b""#);
    gives(".id | split(\"o\")", ORDER, r#"["","1"]"#);
    gives("\"\\(.id)/\\(.lines | length)\"", ORDER, r#""o1/2""#);
    gives("if .note == \"\" then null else .note end", ORDER, "null");
    gives(".missing // .id", ORDER, r#""o1""#);
    gives(
        ".lines | group_by(.n) | map({n: .[0].n, skus: map(.sku)})",
        ORDER,
        r#"[{"n":1,"skus":["a"]},{"n":2,"skus":["b"]}]"#,
    );
    gives("[.lines[] | select(.n > 1)] | length", ORDER, "1");
    gives(".lines[1:] | map(.sku) | first", ORDER, r#""a""#);
    gives("keys", r#"{"b":1,"a":2}"#, r#"["a","b"]"#);
    gives("with_entries({key: (\"x\" + .key), value})", r#"{"b":1}"#, r#"{"xb":1}"#);
    gives("any(.lines[]; .n == 2) and all(.lines[]; .n > 0)", ORDER, "true");
    gives("[.lines[] | .sku] | unique | max", ORDER, r#""b""#);
    gives("try error(\"no\") catch .", "{}", r#""no""#);
    gives("\"10.50\" | tonumber", "{}", "10.5");
    gives(
        "[null, true, 1, \"x\", [], {}] | map(type) | join(\" \")",
        "{}",
        r#""null boolean number string array object""#,
    );
}

#[test]
fn an_expression_has_exactly_one_value() {
    assert_eq!(of(".lines[].sku", ORDER), Err(Underivable::Several));
    assert_eq!(of(".lines[] | select(.n > 5)", ORDER), Err(Underivable::Nothing));
    assert_eq!(of("error(\"no\")", ORDER), Err(Underivable::Failed));
    assert_eq!(of(".id[0]", ORDER), Err(Underivable::Failed));
    assert_eq!(of(".lines[].missing.deeper | select(. != null)", ORDER), Err(Underivable::Nothing));
}

#[test]
fn an_item_that_is_not_clear_gives_no_value() {
    for item in [r#"{"a":1,"a":2}"#, r#"{"a":{"b":1,"b":2}}"#, "{", "[1"] {
        assert_eq!(of(".a", item), Err(Underivable::Failed), "{item}");
    }
}

proptest! {
    #[test]
    fn a_sum_is_what_a_book_keeper_adds_up(amounts in proptest::collection::vec((any::<i32>(), 0_u32..5), 0..30)) {
        let amounts: Vec<rust_decimal::Decimal> =
            amounts.iter().map(|(digits, scale)| rust_decimal::Decimal::new(i64::from(*digits), *scale)).collect();
        let lines: Vec<String> = amounts.iter().map(|amount| format!(r#"{{"amount":{amount}}}"#)).collect();
        let sum: rust_decimal::Decimal = amounts.iter().sum();
        let item = format!(r#"{{"lines":[{}]}}"#, lines.join(","));
        let expected = if amounts.is_empty() { "null".to_owned() } else { sum.normalize().to_string() };
        let found = of(".lines | map(.amount) | add", &item).unwrap();
        let found = found.parse::<rust_decimal::Decimal>().map_or(found, |sum| sum.normalize().to_string());
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_value_that_is_only_handed_on_is_itself(item in values()) {
        let item: serde_json::Value = serde_json::from_str(&item).unwrap();
        let found = of(".a", &format!(r#"{{"a":{item}}}"#)).unwrap();
        prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&found).unwrap(), item);
    }
}

fn values() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        any::<i64>().prop_map(|whole| whole.to_string()),
        ".{0,9}".prop_map(|text| serde_json::Value::from(text).to_string()),
    ];
    scalar.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|all| format!("[{}]", all.join(","))),
            proptest::collection::btree_map("[a-d]", inner, 0..4).prop_map(|all| {
                let all: Vec<String> =
                    all.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                format!("{{{}}}", all.join(","))
            }),
        ]
    })
}
