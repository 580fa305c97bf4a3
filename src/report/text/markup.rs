//! Text from outside within Markdown. All of it is code, so that it is shown as it is: it makes no link, no table and no heading, and
//! calls nobody by `@name`.

use super::escape::safe;

/// A text in a line or in a cell of a table.
pub(super) fn code(text: &str) -> String {
    let text = safe(text);
    if text.is_empty() {
        return String::new();
    }
    // A bar ends a cell even within code, a backtick ends the code, and a blank at an edge is cut off.
    if text.contains(['`', '|']) || text.trim() != text {
        return format!("<code>{}</code>", text.chars().map(entity).collect::<String>());
    }
    format!("`{text}`")
}

/// A character that means nothing, in Markdown or in HTML.
fn entity(character: char) -> String {
    let is_plain = character.is_alphanumeric() || character == ' ';
    if is_plain { character.to_string() } else { format!("&#{};", u32::from(character)) }
}

/// A word of this program as it is; whatever else stands in its place is code.
pub(super) fn word(text: &str) -> String {
    if text.bytes().all(|byte| byte.is_ascii_lowercase()) { text.to_owned() } else { code(text) }
}

/// Lines in a block of their own.
pub(super) fn fenced(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| safe(line).into_owned()).collect();
    let text = lines.join("\n");
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{text}\n{fence}")
}

/// A row of a table.
pub(super) fn row<const N: usize>(cells: &[String; N]) -> String {
    format!("| {} |", cells.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_would_end_its_code_is_written_in_entities() {
        assert_eq!(
            code("ch_1 @ada #7 <b>*x*</b> www.example.com"),
            "`ch_1 @ada #7 <b>*x*</b> www.example.com`"
        );
        assert_eq!(code("a`b"), "<code>a&#96;b</code>");
        assert_eq!(code("a\\|b"), "<code>a&#92;&#124;b</code>");
        assert_eq!(code(" a"), "<code> a</code>");
        assert_eq!(code("a\n|- b"), r"<code>a&#92;n&#124;&#45; b</code>");
        assert_eq!(code(""), "");
        assert_eq!((word("missing"), word("not begun")), ("missing".to_owned(), "`not begun`".to_owned()));
    }

    #[test]
    fn a_fence_is_longer_than_any_within() {
        let lines = ["a ```` b".to_owned(), "```".to_owned(), "c\n\u{1b}".to_owned()];
        assert_eq!(fenced(&lines), "`````text\na ```` b\n```\nc\\n\\u{1b}\n`````");
        assert_eq!(fenced(&["plain".to_owned()]), "```text\nplain\n```");
    }

    proptest! {
        #[test]
        fn no_text_leaves_its_code_or_its_cell(text in any::<String>()) {
            let code = code(&text);
            prop_assert!(!code.contains(['|', '\n', '\r']));
            let inner = code.strip_prefix('`').and_then(|rest| rest.strip_suffix('`'));
            let entities = code.strip_prefix("<code>").and_then(|rest| rest.strip_suffix("</code>"));
            match (inner, entities) {
                (Some(inner), _) => prop_assert!(!inner.contains('`')),
                (_, Some(inner)) => {
                    let is_harmless = |c: char| c.is_alphanumeric() || "&#; ".contains(c);
                    prop_assert!(inner.chars().all(is_harmless));
                }
                _ => prop_assert!(text.is_empty()),
            }
        }
    }
}
