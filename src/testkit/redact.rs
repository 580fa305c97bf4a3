//! Takes out of a recording what is nobody's business, and proves that nothing is left that looks like a secret. Pure.
//!
//! Placeholders are pseudonyms by a key that is made for one recording and then forgotten: equal values have equal placeholders, so
//! that an item still meets its row and a cursor still leads to its page. They keep the case of letters and the blanks around a value,
//! so that what differed in these alone still does.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::hmac::{Key, sign};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::value::RawValue;

use super::suspicion::{doubtful, emails, is_cursor_name, is_secret_name, secrets};
use super::tree::Tree;
use crate::source::auth::hex;

/// What a placeholder begins with, however its letters are written.
const FORM: &str = "redacted";

/// The shortest value that is looked for inside other texts: a shorter one is a part of too many.
const SHORTEST: usize = 6;

/// Why values were taken out, with how many there were.
pub type Taken = BTreeMap<&'static str, u64>;

/// Where something looks like a secret that was not taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The file.
    pub file: String,
    /// Where in it, as a path of JSON.
    pub place: String,
    /// What it looks like.
    pub what: &'static str,
}

/// Takes values out of a recording.
pub(super) struct Redactor {
    key: Key,
    /// Names of members and columns whose values are taken out.
    names: BTreeSet<String>,
    /// Values that are taken out wherever they stand, the longest first, with their placeholders.
    values: Vec<(String, String)>,
    taken: Taken,
}

impl Redactor {
    /// One with a key of its own. `hidden` are members and columns, `known` are secrets of the configuration.
    pub(super) fn new(key: Key, hidden: impl IntoIterator<Item = String>, known: &[String]) -> Self {
        let names: BTreeSet<String> = hidden.into_iter().collect();
        let mut redactor = Self { key, names, values: Vec::new(), taken: Taken::new() };
        for secret in known {
            redactor.learn(secret);
        }
        redactor
    }

    /// Learns what has to go from a document: everything that surely is a secret or an address, and what is named.
    pub(super) fn study(&mut self, tree: &Tree) {
        self.study_below(None, tree);
    }

    fn study_below(&mut self, name: Option<&str>, tree: &Tree) {
        match tree {
            Tree::Object(members) => {
                for (name, value) in members {
                    self.study_below(Some(name), value);
                }
            }
            Tree::List(elements) => elements.iter().for_each(|element| self.study_below(name, element)),
            Tree::Text(text) => {
                let is_cursor = |name| is_cursor_name(name) && !doubtful(text).is_empty();
                if name.is_some_and(|name| self.is_named(name) || is_cursor(name)) {
                    self.learn(text);
                }
                self.study_text(text);
            }
            Tree::Other(_) => {}
        }
    }

    /// Learns what has to go from a text.
    pub(super) fn study_text(&mut self, text: &str) {
        for found in secrets(text).into_iter().chain(emails(text)) {
            self.learn(found);
        }
    }

    /// Learns a parameter of a request: what has no sense there is a cursor or a key, and nobody reads it.
    pub(super) fn study_parameter(&mut self, name: &str, value: &str) {
        if self.is_named(name) || !doubtful(value).is_empty() {
            self.learn(value);
        }
        self.study_text(value);
    }

    fn is_named(&self, name: &str) -> bool {
        self.names.contains(name) || is_secret_name(name)
    }

    fn learn(&mut self, value: &str) {
        if value.trim().len() < SHORTEST || self.values.iter().any(|(known, _)| known == value) {
            return;
        }
        let placeholder = self.placeholder(value);
        self.values.push((value.to_owned(), placeholder));
        self.values.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
    }

    /// The document without what has to go.
    pub(super) fn cleaned(&mut self, tree: &Tree) -> Tree {
        let mut taken = Taken::new();
        let cell = std::cell::RefCell::new(&mut taken);
        let count = |why: &'static str| *cell.borrow_mut().entry(why).or_default() += 1;
        let cleaned = tree.changed(None, &|name, leaf| {
            let is_named = name.is_some_and(|name| self.is_named(name));
            match leaf {
                Tree::Text(text) if is_named && !text.is_empty() => {
                    count(if name.is_some_and(is_secret_name) { "secret" } else { "named" });
                    Some(Tree::Text(self.placeholder(text)))
                }
                Tree::Text(text) => {
                    let (without, why) = self.without(text);
                    why.into_iter().for_each(&count);
                    Some(Tree::Text(without))
                }
                Tree::Other(raw) if is_named => {
                    let number = self.number_for(raw.get())?;
                    count("named");
                    Some(Tree::Other(number))
                }
                _ => None,
            }
        });
        for (why, number) in taken {
            *self.taken.entry(why).or_default() += number;
        }
        cleaned
    }

    /// A text without what has to go.
    pub(super) fn cleaned_text(&mut self, text: &str) -> String {
        let (without, why) = self.without(text);
        for why in why {
            *self.taken.entry(why).or_default() += 1;
        }
        without
    }

    /// A parameter, header or column of a name without what has to go.
    pub(super) fn cleaned_value(&mut self, name: &str, value: &str) -> String {
        if self.is_named(name) && !value.is_empty() {
            *self.taken.entry("named").or_default() += 1;
            return self.placeholder(value);
        }
        self.cleaned_text(value)
    }

    fn without(&self, text: &str) -> (String, Vec<&'static str>) {
        let mut without = text.to_owned();
        let mut why = Vec::new();
        for (value, placeholder) in &self.values {
            let encoded = utf8_percent_encode(value, NON_ALPHANUMERIC).to_string();
            let form: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
            for spelled in [value, &encoded, &form] {
                if without.contains(spelled.as_str()) {
                    without = without.replace(spelled.as_str(), placeholder);
                    why.push(if emails(value).is_empty() { "secret" } else { "e-mail address" });
                }
            }
        }
        (without, why)
    }

    /// What was taken out so far.
    pub(super) const fn taken(&self) -> &Taken {
        &self.taken
    }

    /// What stands for a value.
    fn placeholder(&self, value: &str) -> String {
        let inner = value.trim();
        let start = value.len() - value.trim_start().len();
        let (before, after) = (&value[..start], &value[start + inner.len()..]);
        let digest = sign(&self.key, inner.to_lowercase().as_bytes());
        let half = digest.as_ref().get(..8).unwrap_or_default();
        let mut plain = format!("{FORM}-{}", hex(half));
        if emails(inner).first() == Some(&inner) {
            plain.push_str("@example.com");
        }
        format!("{before}{}{after}", cased(&plain, inner))
    }

    /// A number that stands for another one; nothing for what is none.
    fn number_for(&self, raw: &str) -> Option<Box<RawValue>> {
        if raw == "null" || raw == "true" || raw == "false" {
            return None;
        }
        let digest = sign(&self.key, raw.as_bytes());
        let number = digest.as_ref().iter().take(4).fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte));
        RawValue::from_string(number.to_string()).ok()
    }
}

/// A placeholder with letters as large and as small as those of a value, one after the other.
fn cased(plain: &str, value: &str) -> String {
    let pattern: Vec<bool> = value.chars().filter(|c| c.is_alphabetic()).map(char::is_uppercase).collect();
    let mut pattern = pattern.iter().cycle();
    let large = |c: char, pattern: &mut std::iter::Cycle<std::slice::Iter<'_, bool>>| match c
        .is_ascii_alphabetic()
        .then(|| pattern.next())
        .flatten()
    {
        Some(true) => c.to_ascii_uppercase(),
        _ => c,
    };
    plain.chars().map(|c| large(c, &mut pattern)).collect()
}

/// Everything in a file that still looks like a secret.
pub(super) fn left_in(file: &str, tree: &Tree, known: &[String]) -> Vec<Left> {
    let mut left = Vec::new();
    tree.each_text("$", &mut |place, text| {
        let what = if known.iter().any(|secret| text.contains(secret.as_str())) {
            Some("a secret of this configuration")
        } else if !secrets(text).is_empty() {
            Some("a key, token or password")
        } else if doubtful(text).iter().any(|run| !run.to_lowercase().contains(FORM)) {
            Some("a long text without sense, which may be a key")
        } else {
            None
        };
        left.extend(what.map(|what| Left { file: file.to_owned(), place: place.to_owned(), what }));
    });
    left
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::hmac::HMAC_SHA256;
    use proptest::prelude::*;

    fn redactor(names: &[&str]) -> Redactor {
        let key = Key::new(HMAC_SHA256, b"a key of a test");
        Redactor::new(key, names.iter().map(ToString::to_string), &["s3cr3t-of-the-configuration".to_owned()])
    }

    fn cleaned(names: &[&str], text: &str) -> String {
        let mut redactor = redactor(names);
        let tree = Tree::read(text).unwrap();
        redactor.study(&tree);
        serde_json::to_string(&redactor.cleaned(&tree)).unwrap()
    }

    #[test]
    fn what_is_named_and_what_is_a_secret_go_and_the_rest_stays() {
        let text = concat!(
            r#"{"id":"ch_1","amount":10.50,"name":"Ann Smith","note":"for Ann Smith, mail ann@shop.example.com","#,
            r#""client_secret":"pi_1_x","url":"https://example.com/?key=s3cr3t-of-the-configuration","phone":42,"open":true}"#
        );
        insta::assert_snapshot!(cleaned(&["name", "phone", "open"], text));
    }

    #[test]
    fn equal_values_have_equal_placeholders_and_case_and_blanks_are_kept() {
        let redactor = redactor(&[]);
        let [one, upper, blank] =
            ["ann smith", "ANN SMITH", " ann smith "].map(|text| redactor.placeholder(text));
        assert_eq!(one.to_uppercase(), upper);
        assert_eq!(blank, format!(" {one} "));
        assert_ne!(one, upper);
        assert_ne!(one, redactor.placeholder("ann smyth"));
    }

    #[test]
    fn what_is_left_is_told_by_its_place_and_never_by_its_value() {
        let text = r#"{"data":[{"note":"q9Zt4LwX2vKb7RmYc1NfH8sDgJ5p"},{"x":"redacted-0123456789abcdef"}]}"#;
        let left = left_in("page-001.json", &Tree::read(text).unwrap(), &[]);
        assert_eq!(left.len(), 1);
        assert_eq!((left[0].file.as_str(), left[0].place.as_str()), ("page-001.json", "$.data[0].note"));
    }

    proptest! {
        #[test]
        fn no_address_and_no_known_secret_survives(before in "[a-z ]{0,9}", user in "[a-z0-9]{1,9}", after in " [a-z ]{0,9}") {
            let value = format!("{before} {user}@shop.example.org{after} s3cr3t-of-the-configuration");
            let text = serde_json::json!({ "any": value }).to_string();
            let cleaned = cleaned(&[], &text);
            prop_assert!(!cleaned.contains("shop.example.org") && !cleaned.contains("s3cr3t"), "{}", cleaned);
        }
    }
}
