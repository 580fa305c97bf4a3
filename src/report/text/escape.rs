//! Text from outside, made safe to print: keys, values and reasons can steer no terminal and hide nothing.
//!
//! Nothing is cut off or replaced: what cannot be shown is written as an escape.

use std::borrow::Cow;

use tieout_reconcilers::discrepancy::{FieldDiff, Hidden};

/// How a space is shown where it would otherwise be overlooked.
const VISIBLE_SPACE: &str = "␠";

/// What stands for a side that holds nothing.
const ABSENT: &str = "(absent)";

/// What stands for a value that people must not see.
const HIDDEN: &str = "(hidden)";

/// The text with everything escaped that is not plainly visible: control characters, ANSI escapes, characters that
/// turn the direction of writing, and spaces other than the usual one.
#[must_use]
pub fn safe(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
        return Cow::Borrowed(text);
    }
    text.chars().map(shown).collect::<String>().into()
}

fn shown(c: char) -> String {
    match c {
        '\'' | '"' | '\\' => c.to_string(),
        // The letter in front stays out: a combining mark is escaped only where it opens a text.
        _ => format!("a{c}").escape_debug().skip(1).collect(),
    }
}

/// The two sides of a field, local first, with the spaces visible that make them differ or stand at an edge.
fn sides(local: Option<&str>, upstream: Option<&str>) -> (String, String) {
    let bare = |side: Option<&str>| side.map(|text| text.split_whitespace().collect::<String>());
    let differ_in_spaces_only = local.is_some() && bare(local) == bare(upstream);
    let show = |side: Option<&str>| match side {
        None => ABSENT.to_owned(),
        Some(text) if differ_in_spaces_only => safe(text).replace(' ', VISIBLE_SPACE),
        Some(text) => with_visible_edges(&safe(text)),
    };
    (show(local), show(upstream))
}

/// The two sides of a field as a finding keeps it.
pub(super) fn sides_of(diff: &FieldDiff) -> (String, String) {
    match diff.hidden {
        Some(Hidden::Dropped) => (HIDDEN.to_owned(), HIDDEN.to_owned()),
        Some(Hidden::Hashed) | None => sides(diff.local.as_deref(), diff.upstream.as_deref()),
    }
}

/// Shows the spaces at both ends of a JSON text.
fn with_visible_edges(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return value.to_owned();
    };
    let body = inner.trim_matches(' ');
    let before =
        if body.is_empty() { inner.len() } else { inner.len() - inner.trim_start_matches(' ').len() };
    let after = inner.len() - before - body.len();
    format!("\"{}{body}{}\"", VISIBLE_SPACE.repeat(before), VISIBLE_SPACE.repeat(after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_could_steer_a_terminal_is_written_as_an_escape() {
        assert_eq!(safe("\u{1b}[2J\r\n\u{7}\u{9b}31m"), r"\u{1b}[2J\r\n\u{7}\u{9b}31m");
        assert_eq!(safe("abc\u{202e}cba\u{200b}\u{a0}"), r"abc\u{202e}cba\u{200b}\u{a0}");
    }

    #[test]
    fn what_people_write_stays_as_it_is() {
        for text in ["ch_1", "O'Brien \"x\" C:\\tmp", "Žižkov 東京 e\u{301}", ""] {
            assert_eq!(safe(text), text);
        }
    }

    #[test]
    fn spaces_are_visible_where_they_matter() {
        let pair = |local, upstream| sides(Some(local), Some(upstream));
        assert_eq!(
            pair(r#""Pro plan ""#, r#""Pro plan""#),
            (r#""Pro␠plan␠""#.into(), r#""Pro␠plan""#.into())
        );
        assert_eq!(pair(r#"" a b""#, r#""c d""#), (r#""␠a b""#.into(), r#""c d""#.into()));
        assert_eq!(pair(r#""  ""#, r#""x""#).0, r#""␠␠""#);
        assert_eq!(sides(None, Some("1")), ("(absent)".into(), "1".into()));
    }

    #[test]
    fn a_value_that_was_dropped_is_said_to_be_hidden_and_not_to_be_absent() {
        let told = |hidden| {
            let diff = FieldDiff { field: "email".into(), upstream: Some("1".into()), local: None, hidden };
            sides_of(&diff)
        };
        assert_eq!(told(Some(Hidden::Dropped)), ("(hidden)".into(), "(hidden)".into()));
        assert_eq!(told(Some(Hidden::Hashed)), ("(absent)".into(), "1".into()));
        assert_eq!(told(None), ("(absent)".into(), "1".into()));
    }

    proptest! {
        #[test]
        fn no_control_character_ever_passes(text in any::<String>()) {
            prop_assert!(!safe(&text).chars().any(char::is_control));
        }
    }
}
