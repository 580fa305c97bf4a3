//! Expressions that would never end, or never fit: each has an answer after a number of steps, and not after a time.

use super::*;

#[test]
fn products_of_lists_run_out_of_steps() {
    let numbers: Vec<String> = (0..300).map(|n| n.to_string()).collect();
    let item = format!(r#"{{"a":[{}]}}"#, numbers.join(","));
    for text in [
        "[.a[] as $x | .a[] as $y | .a[] as $z | .a[]] | length",
        "reduce (.a[] | [., .]) as [$x, $y] (0; . + 1) | [., .] | length",
        "[.a[] + .a[] + .a[]] | length",
        "[.a[] == .a[], .a[] < .a[] and (.a[] | . > 5)] | any",
        "last(.a[] | [.] | .[] as $x | $x + ({a: [1, 2, 3]} | .a[]))",
        "any(((.a[], .a[]) as $x | .a[] | . as $y | $x * $y | . < 0); .)",
        "try ([.a[] as $x | .a[] as $y | .a[] as $z | $x] | length) catch 0",
        "first(.a[] as $x | .a[] as $y | .a[] as $z | empty)",
    ] {
        let _ = of(text, &item);
    }
    assert_eq!(
        of("[.a[] as $x | .a[] as $y | .a[] as $z | .a[]] | length", &item),
        Err(Underivable::TooLong)
    );
    assert_eq!(
        of("try ([.a[] as $x | .a[] as $y | .a[] as $z | $x] | length) catch 0", &item),
        Err(Underivable::TooLong),
        "an error that was caught is not forgotten"
    );
}

#[test]
fn branching_without_any_value_runs_out_of_steps() {
    let doubled = ["(.,.)"; 40].join("|");
    assert_eq!(of(&format!("reduce ({doubled}) as $x (0; 0)"), "{}"), Err(Underivable::TooLong));
    assert_eq!(of(&format!("last({doubled})"), "{}"), Err(Underivable::TooLong));
    assert_eq!(of(&format!("[{doubled}|empty]"), "{}"), Err(Underivable::TooLong));
    assert_eq!(of(&format!("any(({doubled}); false)"), "{}"), Err(Underivable::TooLong));
    assert_eq!(of(&doubled, "{}"), Err(Underivable::Several));
    let caught = ["(try (.,.) catch .)"; 16].join("|");
    assert_eq!(of(&format!("[{caught}]|length"), "{}"), Err(Underivable::TooLong));
}

#[test]
fn values_that_double_are_refused_before_they_do_not_fit() {
    for doubling in [". + .", "[., .]", "{a: ., b: .}", "\"\\(.)\\(.)\"", "[., .] | tostring"] {
        let fits = |n: &usize| Expression::parse(&vec![doubling; *n].join(" | ")).is_ok();
        let text = vec![doubling; (1..60).take_while(fits).last().unwrap()].join(" | ");
        assert!(text.matches('.').count() >= 40, "{text}");
        for item in [r#""xxxxxxxx""#, "[1, 2, 3]"] {
            assert!(of(&text, item).is_err(), "{doubling} of {item}");
        }
    }
    let nested = ["[.]"; 48].join(" | ");
    let item = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    assert!(of(&nested, &item).is_err(), "too deep");
    let list = format!("[{}]", vec!["1"; 10_000].join(","));
    assert!(of("reduce .[] as $x (0; [.])", &list).is_err(), "too deep");
    assert!(of("reduce .[] as $x (.; . + .)", &list).is_err(), "too large");
}

#[test]
fn large_and_deep_items_give_no_value() {
    let large = format!("[{}]", vec!["1"; 2_000_000].join(","));
    assert_eq!(of("length", &large), Err(Underivable::Failed));
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(of("length", &deep), Err(Underivable::Failed));
    let long = format!("\"{}\"", "x".repeat(3_000_000));
    assert_eq!(of("length", &long), Err(Underivable::Failed));
}

#[test]
fn a_long_text_is_parsed_without_going_too_deep() {
    for (before, inside, after) in [
        ("(", ".", ")"),
        ("[", ".", "]"),
        ("-", "1", ""),
        ("try ", ".", ""),
        ("if . then ", ".", " end"),
        ("if ", ".", " then . end"),
        (". as $x | ", ".", ""),
        ("label $x | ", ".", ""),
        (".[", "0", "]"),
        ("{a: ", "1", "}"),
        ("\"\\(", ".", ")\""),
        (".a + ", "1", ""),
        (". // ", "1", ""),
        (". | ", ".", ""),
        (".a, ", "1", ""),
        ("map(", ".", ")"),
        ("reduce . as $x (0; ", "1", ")"),
    ] {
        let nested = |n: usize| format!("{}{inside}{}", before.repeat(n), after.repeat(n));
        let most = (1..1_000).take_while(|n| Expression::parse(&nested(*n)).is_ok()).last();
        for item in ["{}", "[[[1]]]"] {
            let _ = Expression::parse(&nested(most.unwrap_or(1))).map(|expression| expression.of_item(item));
        }
        assert!(Expression::parse(&nested(900 / before.len())).is_err(), "{before}");
    }
}
