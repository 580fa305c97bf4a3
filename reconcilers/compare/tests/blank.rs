//! Which values say nothing.

use super::*;
use proptest::prelude::*;

const ALL: [Nothing; 4] = [Nothing::Absent, Nothing::Text, Nothing::List, Nothing::Object];

#[test]
fn what_says_nothing_is_what_was_declared() {
    // An item without the member, and ways to write nothing, with what has to be declared for it.
    let table: [(&str, Option<Nothing>); 6] = [
        (r#""f0":null"#, None),
        (r#""other":1"#, Some(Nothing::Absent)),
        (r#""f0":"""#, Some(Nothing::Text)),
        (r#""f0":[]"#, Some(Nothing::List)),
        (r#""f0":[ ]"#, Some(Nothing::List)),
        (r#""f0":{}"#, Some(Nothing::Object)),
    ];
    for (members, needed) in table {
        for declared in 0..16_usize {
            let declared: Vec<Nothing> = ALL
                .into_iter()
                .enumerate()
                .filter(|(n, _)| declared & (1 << n) > 0)
                .map(|(_, it)| it)
                .collect();
            let pair = Pair::of(members, Scalar::Absent, vec![Scalar::Null]);
            let is_nothing = needed.is_none_or(|needed| declared.contains(&needed));
            let said = pair.agrees(&blank(&declared, Rule::Exact));
            match (is_nothing, needed) {
                (true, _) => assert_eq!(said, Ok(true), "{members} by {declared:?}"),
                (false, Some(Nothing::Text)) => assert_eq!(said, Ok(false), "{members} by {declared:?}"),
                (false, _) => assert!(said.is_err(), "{members} by {declared:?}"),
            }
        }
    }
}

#[test]
fn the_local_side_says_nothing_in_the_same_ways() {
    let fields = blank(&ALL, Rule::Exact);
    for local in
        [Scalar::Null, Scalar::Absent, text(""), Scalar::Json("[]".into()), Scalar::Json("{}".into())]
    {
        assert_eq!(Pair::field(r#""""#, local.clone()).agrees(&fields), Ok(true), "{local:?}");
        assert_eq!(Pair::field(r#""x""#, local.clone()).agrees(&fields), Ok(false), "{local:?}");
    }
    assert_eq!(Pair::field("0", text("")).agrees(&fields), Ok(false), "zero is a value");
    assert_eq!(Pair::field("false", Scalar::Null).agrees(&fields), Ok(false), "so is false");
}

#[test]
fn an_absent_member_is_unreadable_only_where_the_domain_says_that_it_must_be_there() {
    let absent = Pair::of(r#""other":1"#, Scalar::Absent, vec![Scalar::Null]);
    assert_eq!(
        absent.agrees(&blank(&[Nothing::Text], Rule::Exact)),
        Err("upstream.f0: a value or null, found nothing".to_owned())
    );
    assert_eq!(absent.agrees(&one(Rule::Exact)), Ok(true), "without a word it is null");
}

#[test]
fn nothing_comes_before_every_other_rule() {
    let rules = [
        words(&[]),
        Rule::fold_case(),
        time(TimeFormat::Epoch, TimeFormat::Epoch, Duration::ZERO),
        Rule::Near(Tolerance::new(Some(rust_decimal::Decimal::ONE), None).unwrap()),
        Rule::Unordered(Unordered::default()),
    ];
    for rule in rules {
        for upstream in [r#""""#, "[]", "{}", "null"] {
            let pair = Pair::field(upstream, text(""));
            assert_eq!(pair.agrees(&blank(&ALL, rule.clone())), Ok(true), "{upstream} by {rule:?}");
        }
    }
    let spaces = Rule::Words(Words::folded(Fold { space: true, ..Fold::default() }));
    assert_eq!(Pair::field(r#""  ""#, Scalar::Null).agrees(&blank(&[Nothing::Text], spaces)), Ok(true));
}

proptest! {
    #[test]
    fn all_that_says_nothing_has_one_digest(a in 0_usize..5, b in 0_usize..5) {
        let ways = [r#""f0":null"#, r#""other":1"#, r#""f0":"""#, r#""f0":[]"#, r#""f0":{}"#];
        let digest = |way: usize| Pair::of(ways[way], Scalar::Absent, vec![]).digest(&blank(&ALL, Rule::Exact));
        prop_assert_eq!(digest(a), digest(b));
    }
}
