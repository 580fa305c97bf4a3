//! Lists in any order.

use super::*;
use proptest::prelude::*;

fn split(at: &str) -> Rule {
    Rule::Unordered(Unordered { split: Some(at.into()), ..Unordered::default() })
}

fn any_order() -> Rule {
    Rule::Unordered(Unordered::default())
}

fn json(text: &str) -> Scalar<'static> {
    Scalar::Json(text.to_owned().into())
}

fn agrees(rule: Rule, upstream: &str, local: Scalar<'static>) -> Result<bool, String> {
    Pair::field(upstream, local).agrees(&one(rule))
}

#[test]
fn order_does_not_count_and_number_does() {
    assert_eq!(agrees(any_order(), r#"["a","b"]"#, json(r#"["b", "a"]"#)), Ok(true));
    assert_eq!(agrees(any_order(), r#"["a","b"]"#, text(r#"["b", "a"]"#)), Ok(true), "JSON in a text column");
    assert_eq!(agrees(any_order(), r#"["a","b"]"#, json(r#"["a"]"#)), Ok(false));
    assert_eq!(agrees(any_order(), r#"["a","a"]"#, json(r#"["a"]"#)), Ok(false), "twice is not once");
    assert_eq!(agrees(any_order(), r#"["a","a","b"]"#, json(r#"["a","b","b"]"#)), Ok(false));
    assert_eq!(agrees(any_order(), "[]", json("[]")), Ok(true));
    assert_eq!(agrees(any_order(), "[]", Scalar::Null), Ok(false), "an empty list is a value");
}

#[test]
fn a_local_text_may_be_a_list_with_something_between() {
    assert_eq!(agrees(split(","), r#"["a","b"]"#, text("b, a")), Ok(true));
    assert_eq!(agrees(split("|"), r#"["a","b"]"#, text("b|a")), Ok(true));
    assert_eq!(agrees(split(","), "[]", text("")), Ok(true));
    assert_eq!(agrees(split(","), r#"["a"]"#, text("a,")), Ok(false), "a comma too many is one element more");
    assert_eq!(agrees(split(","), r#"["a,b"]"#, text("a,b")), Ok(false));
}

#[test]
fn elements_are_texts_and_a_number_has_one_spelling() {
    assert_eq!(agrees(split(","), "[1, 2.50, true]", text("true,2.5,1")), Ok(true));
    assert_eq!(agrees(any_order(), "[1.0]", json(r#"["1"]"#)), Ok(true));
    assert_eq!(agrees(any_order(), r#"["1.0"]"#, json("[1]")), Ok(false), "a text stays as it is");
}

#[test]
fn elements_may_be_folded_and_mapped() {
    let words = Words::mapped([("New", "N"), ("Old", "O")], Fold { case: true, ..Fold::default() }).unwrap();
    let rule = Rule::Unordered(Unordered { words, split: Some(",".into()) });
    assert_eq!(agrees(rule.clone(), r#"["new","OLD"]"#, text("o, n")), Ok(true));
    assert!(agrees(rule, r#"["new","other"]"#, text("o, n")).is_err(), "the map does not name it");
}

#[test]
fn what_is_no_list_of_single_values_is_unreadable() {
    for bad in ["{}", "1", r#""a""#, "[[1]]", "[{}]", "[null]", "true"] {
        assert!(agrees(any_order(), bad, json("[]")).is_err(), "{bad}");
    }
    for bad in [text("a,b"), Scalar::Int(1), json("{}"), json("[")] {
        assert!(agrees(any_order(), "[]", bad.clone()).is_err(), "{bad:?}");
    }
    assert_eq!(agrees(any_order(), "null", Scalar::Null), Ok(true));
}

proptest! {
    #[test]
    fn a_shuffled_list_is_the_same_and_has_the_same_digest((list, shuffled) in proptest::collection::vec("[a-c]{0,2}", 0..6).prop_flat_map(|list| (Just(list.clone()), Just(list).prop_shuffle())), other in proptest::collection::vec("[a-c]{0,2}", 0..6)) {
        let raw = |list: &[String]| serde_json::Value::from(list.to_vec()).to_string();
        let fields = one(any_order());
        let pair = |a: &[String], b: &[String]| Pair::field(&raw(a), json(&raw(b)));
        prop_assert_eq!(pair(&list, &shuffled).agrees(&fields), Ok(true));
        prop_assert_eq!(pair(&list, &list).digest(&fields), pair(&shuffled, &list).digest(&fields));
        let sorted = |list: &[String]| { let mut list = list.to_vec(); list.sort(); list };
        prop_assert_eq!(pair(&list, &other).agrees(&fields), Ok(sorted(&list) == sorted(&other)));
    }
}
