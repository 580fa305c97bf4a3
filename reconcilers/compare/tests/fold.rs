//! Text without regard to case, spaces and Unicode's compositions.

use super::*;
use proptest::prelude::*;

const CASE: Fold = Fold { case: true, space: false, unicode: false };
const SPACE: Fold = Fold { case: false, space: true, unicode: false };
const UNICODE: Fold = Fold { case: false, space: false, unicode: true };
const ALL: Fold = Fold { case: true, space: true, unicode: true };

fn folded(fold: Fold, text: &str) -> String {
    fold.text(text.into()).into_owned()
}

/// The texts that a person would say are the same, and those that they would not.
#[test]
fn each_folding_ignores_what_it_is_named_for_and_nothing_else() {
    let (composed, apart) = ("caf\u{e9}", "cafe\u{301}");
    for (a, b, same_for) in [
        ("USD", "usd", vec![CASE, ALL]),
        ("Ada  Lovelace ", "Ada Lovelace", vec![SPACE, ALL]),
        ("\tAda\u{a0}Lovelace\n", "Ada Lovelace", vec![SPACE, ALL]),
        (composed, apart, vec![UNICODE, ALL]),
        ("CAF\u{c9}", apart, vec![ALL]),
        ("  CAF\u{c9}  BAR", "cafe\u{301} bar", vec![ALL]),
        ("straße", "STRASSE", vec![CASE, ALL]),
        ("\u{fb01}n", "fin", vec![CASE, ALL]),
        ("adalovelace", "Ada Lovelace", vec![]),
        ("cafe", composed, vec![]),
        ("\u{2460}", "1", vec![]),
        ("\u{ff21}", "A", vec![]),
    ] {
        for fold in [CASE, SPACE, UNICODE, ALL] {
            let is_same = folded(fold, a) == folded(fold, b);
            assert_eq!(is_same, same_for.contains(&fold), "{a:?} and {b:?} by {fold:?}");
        }
    }
}

#[test]
fn folding_knows_every_character() {
    for char in (0..=0x2_FFFF).filter_map(char::from_u32) {
        let alone = char.to_string();
        for fold in [CASE, SPACE, UNICODE, ALL] {
            let once = folded(fold, &alone);
            assert_eq!(folded(fold, &once), once, "{char:?} folds twice by {fold:?}");
        }
        let once = folded(CASE, &alone);
        assert_eq!(folded(CASE, &char.to_uppercase().to_string()), once, "{char:?} and its capital");
        let is_capital = char.to_lowercase().to_string().to_uppercase() == alone;
        let small = folded(CASE, &char.to_lowercase().to_string());
        assert!(!is_capital || small == once, "{char:?} and its small letter");
    }
}

#[test]
fn a_text_in_its_one_spelling_is_not_copied() {
    for text in ["usd", "ada lovelace", "", "caf\u{e9}"] {
        let fold = if text.is_ascii() { ALL } else { UNICODE };
        assert!(matches!(fold.text(text.into()), std::borrow::Cow::Borrowed(_)), "{text:?}");
    }
}

proptest! {
    #[test]
    fn folding_twice_is_folding_once(text in "[ \\ta-zA-ZéÉßẞΣσςǅ\u{301}\u{345}\u{3b1}\u{1f80}\u{a0}\u{130}]{0,12}|\\PC{0,12}", case: bool, space: bool, unicode: bool) {
        let fold = Fold { case, space, unicode };
        let once = folded(fold, &text);
        prop_assert_eq!(folded(fold, &once), once);
    }

    #[test]
    fn spaces_around_and_between_words_do_not_count(words in proptest::collection::vec("[a-z]{1,4}", 0..5), spaces in "[ \\t\\n\u{a0}]{1,3}") {
        let spaced = format!("{spaces}{}{spaces}", words.join(&spaces));
        prop_assert_eq!(folded(SPACE, &spaced), words.join(" "));
    }
}

#[test]
fn a_map_is_read_after_its_words_were_folded() {
    let rule = Words::mapped([("Succeeded", "Paid"), ("failed", "FAILED")], ALL).unwrap();
    let fields = one(Rule::Words(rule));
    let agrees = |upstream: &str, local| Pair::field(upstream, text(local)).agrees(&fields);
    assert_eq!(agrees(r#"" succeeded""#, "PAID "), Ok(true));
    assert_eq!(agrees(r#""FAILED""#, "failed"), Ok(true));
    assert_eq!(agrees(r#""FAILED""#, "paid"), Ok(false));
    assert!(agrees(r#""refunded""#, "paid").is_err());
    assert_eq!(Words::mapped([("a", "x"), ("A", "y")], CASE), Err("A"), "one word stands for two");
    assert!(Words::mapped([("a", "x"), ("A", "X")], CASE).is_ok());
}
