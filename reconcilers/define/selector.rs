//! Paths that choose from arrays: `errors[*].extensions.code`, `links[rel=next].href`, `data[0].id`.
//!
//! They are for the few values of a response that steer a walk. They read the text of one member that a
//! [`Projection`](crate::projection::Projection) kept, so rows never pay for them.

use std::collections::HashMap;
use std::fmt;

use serde_json::value::RawValue;

use super::checked::{Fault, FromText};
use super::reader::plain;
use crate::path::Path;

/// A path of members into a document, and what to choose below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    /// The members before the first choice; none where the document itself is an array.
    pub root: Option<Path>,
    choices: Vec<Choice>,
    text: Box<str>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Choice {
    /// A member of an object.
    Member(Box<str>),
    /// Every element.
    Every,
    /// One element.
    Nth(usize),
    /// The elements whose member has a value.
    Where(Box<str>, Box<str>),
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromText for Selector {
    const WHAT: &'static str = "place in the body";
    const EXAMPLES: &'static [&'static str] = &["errors[*].message"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        let Some(at) = first_choice(text) else {
            return Ok(Self { root: Some(Path::from_text(text)?), choices: Vec::new(), text: text.into() });
        };
        let (root, rest) = text.split_at(at);
        let root = if root.is_empty() { None } else { Some(Path::from_text(root)?) };
        let choices = choices(rest).ok_or_else(|| {
            let help = "write `list[*].member`, `list[0].member` or `list[member=value].member`";
            Fault::new(format!("`{text}` does not say what to choose from an array")).with_help(help)
        })?;
        Ok(Self { root, choices, text: text.into() })
    }
}

/// Where a path stops being one of members only.
fn first_choice(text: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.find('[')?;
        if !text[at..].starts_with("['") {
            return Some(at);
        }
        from = at + 2 + text[at + 2..].find("']")? + 2;
    }
}

fn choices(mut rest: &str) -> Option<Vec<Choice>> {
    let mut found = Vec::new();
    while !rest.is_empty() {
        let after = if let Some(quoted) = rest.strip_prefix("['") {
            let (member, after) = quoted.split_once("']")?;
            found.push(Choice::Member(member.into()));
            after
        } else if let Some(open) = rest.strip_prefix('[') {
            let (inside, after) = open.split_once(']')?;
            found.push(match inside.split_once('=') {
                Some((member, value)) if !member.is_empty() => Choice::Where(member.into(), value.into()),
                None if inside == "*" => Choice::Every,
                _ => Choice::Nth(inside.parse().ok()?),
            });
            after
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (member, after) = rest.split_at(end);
            found.push(Choice::Member(Some(member).filter(|member| !member.is_empty())?.into()));
            after
        };
        rest = match after.strip_prefix('.') {
            Some("") => return None,
            Some(next) => next,
            None if after.is_empty() || after.starts_with('[') => after,
            None => return None,
        };
    }
    Some(found)
}

impl Selector {
    /// The path of members where there is nothing to choose.
    #[must_use]
    pub fn plain(&self) -> Option<Path> {
        self.root.clone().filter(|_| self.choices.is_empty())
    }

    /// The JSON texts that the choices lead to, from the text at the root; null is no value.
    #[must_use]
    pub fn select<'j>(&self, root: &'j str) -> Vec<&'j str> {
        let mut found = vec![root];
        for choice in &self.choices {
            found = found.into_iter().flat_map(|raw| choice.of(raw)).collect();
        }
        found.retain(|raw| *raw != "null");
        found
    }
}

impl Selector {
    /// The same where nothing is left out: nothing at all where there is no list, or where some element lacks what is chosen
    /// from it.
    #[must_use]
    pub fn select_all<'j>(&self, root: &'j str) -> Option<Vec<&'j str>> {
        let mut found = vec![root];
        for choice in &self.choices {
            let mut chosen = Vec::new();
            for raw in found {
                let own = choice.of(raw);
                let lacks = match choice {
                    Choice::Member(_) | Choice::Nth(_) => own.is_empty(),
                    Choice::Every | Choice::Where(..) => !raw.starts_with('['),
                };
                if lacks {
                    return None;
                }
                chosen.extend(own);
            }
            found = chosen;
        }
        (!found.contains(&"null")).then_some(found)
    }
}

impl Choice {
    fn of<'j>(&self, raw: &'j str) -> Vec<&'j str> {
        match self {
            Self::Member(name) => member(raw, name).into_iter().collect(),
            Self::Every => elements(raw),
            Self::Nth(n) => elements(raw).into_iter().skip(*n).take(1).collect(),
            Self::Where(name, value) => {
                let has_it =
                    |raw: &&str| member(raw, name).and_then(plain).is_some_and(|found| found == **value);
                elements(raw).into_iter().filter(has_it).collect()
            }
        }
    }
}

fn member<'j>(raw: &'j str, name: &str) -> Option<&'j str> {
    let members: HashMap<String, &RawValue> = serde_json::from_str(raw).ok()?;
    members.get(name).map(|value| value.get())
}

fn elements(raw: &str) -> Vec<&str> {
    let elements: Result<Vec<&RawValue>, _> = serde_json::from_str(raw);
    elements.map(|all| all.into_iter().map(RawValue::get).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn select<'j>(path: &str, raw: &'j str) -> Vec<&'j str> {
        Selector::from_text(path).unwrap().select(raw)
    }

    #[test]
    fn elements_are_chosen_by_place_by_member_or_all_of_them() {
        let links = r#"[{"rel":"self","href":"a"},{"rel":"next","href":"b"}, {"rel":7,"href":"c"}]"#;
        assert_eq!(select("links[rel=next].href", links), [r#""b""#]);
        assert_eq!(select("links[rel=7].href", links), [r#""c""#]);
        assert_eq!(select("links[*].href", links), [r#""a""#, r#""b""#, r#""c""#]);
        assert_eq!(select("links[1].rel", links), [r#""next""#]);
        assert_eq!(select("[0]['rel']", links), [r#""self""#]);
        assert_eq!(select("links[rel=last].href", links), [""; 0]);
        assert_eq!(select("links[9].href", links), [""; 0]);
        assert_eq!(select("links[*].a", "{}"), [""; 0], "an object is no array");
        assert_eq!(
            select("e[*].x[*]", r#"[{"x":[1,null]},{"x":[12345678901234567890]}]"#),
            ["1", "12345678901234567890"]
        );
    }

    #[test]
    fn where_all_is_asked_for_an_element_that_lacks_its_part_is_noticed() {
        let all = |path: &str, raw| Selector::from_text(path).unwrap().select_all(raw).map(|all| all.len());
        assert_eq!(all("files[*].url", r#"[{"url":"a"},{"url":"b"}]"#), Some(2));
        assert_eq!(all("files[*].url", r#"[{"url":"a"},{"href":"b"}]"#), None);
        assert_eq!(all("files[*].url", r#"[{"url":"a"},{"url":null}]"#), None);
        assert_eq!(all("urls[*]", "[]"), Some(0));
        assert_eq!(all("urls[*]", r#"{"a":1}"#), None);
        assert_eq!(all("urls[1]", r#"["a"]"#), None);
        assert_eq!(all("links[rel=file].href", r#"[{"rel":"self","href":"a"}]"#), Some(0));
    }

    #[test]
    fn the_members_before_the_first_choice_are_the_root() {
        let root = |path: &str| Selector::from_text(path).unwrap().root.map(|root| root.to_string());
        assert_eq!(root("a.b[*].c"), Some("a.b".to_owned()));
        assert_eq!(root("['@x[0]'].b[0]"), Some("['@x[0]'].b".to_owned()));
        assert_eq!(root("[*].c"), None);
        assert_eq!(root("a.b"), Some("a.b".to_owned()));
    }

    #[test]
    fn what_chooses_nothing_is_refused() {
        for bad in ["a[", "a[]", "a[x].b", "a[=x].b", "a[*]b", "a[*].", "a[-1]", "a..b[*]", ""] {
            assert!(Selector::from_text(bad).is_err(), "{bad:?} was accepted");
        }
    }
}
