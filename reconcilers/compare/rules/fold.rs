//! Text without regard to case, to spaces, or to how Unicode composes its characters.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization, is_nfc};

/// What of the spelling of a text does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fold {
    /// Capital and small letters are the same.
    pub case: bool,
    /// Spaces around the text do not count, and any run of white space inside it is one space.
    pub space: bool,
    /// A composed character is the same as its parts (normalization form C). Characters that only look alike stay apart.
    pub unicode: bool,
}

impl Fold {
    /// The one spelling of a text. It is borrowed where it is that already.
    #[must_use]
    pub fn text(self, text: Cow<'_, str>) -> Cow<'_, str> {
        let text = if self.unicode { composed(text) } else { text };
        let text = match (self.case, self.unicode) {
            (false, _) => text,
            (true, false) => one_case(text),
            // A small letter may take its accent apart.
            (true, true) => composed(one_case(text)),
        };
        if self.space { one_space(text) } else { text }
    }
}

fn composed(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc(&text) { text } else { text.nfc().collect() }
}

/// One spelling for all cases of a text. There and back again, since neither case has one form alone: upper case keeps
/// both `ẞ` and `SS`, and lower case keeps two small sigmas.
fn one_case(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.is_ascii() {
        let lower = text.chars().flat_map(char::to_lowercase);
        return lower.flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect();
    }
    if text.bytes().any(|b| b.is_ascii_uppercase()) { text.to_ascii_lowercase().into() } else { text }
}

fn one_space(text: Cow<'_, str>) -> Cow<'_, str> {
    if is_spaced(&text) { text } else { text.split_whitespace().collect::<Vec<_>>().join(" ").into() }
}

/// Whether a text has no white space but single spaces between its words.
fn is_spaced(text: &str) -> bool {
    let mut before = ' ';
    let mut is_fine = |char: char| {
        let before = std::mem::replace(&mut before, char);
        !char.is_whitespace() || (char == ' ' && before != ' ')
    };
    text.chars().all(&mut is_fine) && !text.ends_with(' ')
}
