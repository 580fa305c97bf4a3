//! Which members of an item are kept for an expression.

use super::*;
use proptest::prelude::*;

fn reads(text: &str) -> Option<String> {
    match Expression::parse(text).unwrap().reads() {
        Reads::Whole => None,
        Reads::Members(members) => Some(members.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(" ")),
    }
}

/// Expressions with the members that they read; nothing where they read all.
const TABLE: &[(&str, Option<&str>)] = &[
    (".a", Some("a")),
    (".a.b.c", Some("a")),
    (".[\"a\"]", Some("a")),
    (".a | map(.b) | add", Some("a")),
    (".a + .b", Some("a b")),
    ("[.a, .b, 1] | add", Some("a b")),
    ("{a, x: .b}", Some("a b")),
    ("\"\\(.a)-\\(.b)\"", Some("a b")),
    (".a // .b // 0", Some("a b")),
    ("if .a then .b else .c end", Some("a b c")),
    ("if .a then .b end", None),
    (".a as $x | .b | . + $x", Some("a b")),
    ("reduce .a[] as $x (.b; . + $x)", Some("a b")),
    ("add(.a[].b)", Some("a")),
    ("first(.a[])", Some("a")),
    (".a[.b]", Some("a b")),
    (".a[.b:.c]", Some("a b c")),
    ("try .a catch 0", Some("a")),
    ("-.a", Some("a")),
    ("1 + 1", Some("")),
    ("null", Some("")),
    (".", None),
    ("..", None),
    (".[]", None),
    (".[.a]", None),
    ("keys", None),
    ("length", None),
    ("with_entries(.)", None),
    (". as $x | $x.a", None),
    ("map(.a)", None),
    ("[.] | .[0].a", None),
];

#[test]
fn only_the_members_that_an_expression_looks_at_are_kept() {
    for (text, expected) in TABLE {
        assert_eq!(reads(text).as_deref(), *expected, "{text}");
    }
}

static EXPRESSIONS: std::sync::LazyLock<Vec<Expression>> =
    std::sync::LazyLock::new(|| TABLE.iter().map(|(text, _)| Expression::parse(text).unwrap()).collect());

proptest! {
    #[test]
    fn an_expression_gives_the_same_for_the_members_as_for_the_item(a in "[1-9][0-9]{0,2}|0|null|\"x\"|\\[1,2\\]|\\{\"b\":1\\}", b in "[1-9][0-9]{0,2}|\"y\"|\\[3\\]", c in "1|2") {
        let members = [("a", a.as_str()), ("b", b.as_str()), ("c", c.as_str()), ("d", "[7]")];
        let item: Vec<String> = members.iter().map(|(name, raw)| format!("\"{name}\":{raw}")).collect();
        let item = format!("{{{}}}", item.join(","));
        for expression in EXPRESSIONS.iter() {
            if let Reads::Members(names) = expression.reads() {
                let kept = members.iter().copied().filter(|(name, _)| names.contains(*name));
                prop_assert_eq!(expression.of_members(kept), expression.of_item(&item), "{}", expression);
            }
        }
    }
}
