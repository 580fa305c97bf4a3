//! Texts with `{placeholders}`, and the single rule that makes a request dynamic: a key whose placeholders are all
//! unset is dropped.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use super::checked::{Fault, FromText};
use super::words;

/// What a placeholder stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Slot {
    /// The page size.
    Size,
    /// The cursor of the page; unset on the first page, unless the definition gives a first one.
    Cursor,
    /// The page number.
    Page,
    /// The row offset.
    Offset,
    /// The window's lower bound.
    From,
    /// The window's upper bound.
    To,
    /// The key that is looked up.
    Id,
    /// The keys that are looked up, as one parameter each.
    Ids,
    /// The keys that are looked up, in one value with commas.
    IdsCsv,
    /// A variable of the configuration.
    Var(Box<str>),
    /// A secret of the configuration.
    Secret(Box<str>),
}

/// Placeholders without a name of their own.
const PLAIN: &[(&str, Slot)] = &[
    ("size", Slot::Size),
    ("cursor", Slot::Cursor),
    ("page", Slot::Page),
    ("offset", Slot::Offset),
    ("from", Slot::From),
    ("to", Slot::To),
    ("id", Slot::Id),
    ("ids", Slot::Ids),
    ("ids:csv", Slot::IdsCsv),
];

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Var(name) => write!(f, "{{var.{name}}}"),
            Self::Secret(name) => write!(f, "{{secret.{name}}}"),
            plain => {
                let name = PLAIN.iter().find(|(_, slot)| slot == plain).map_or("", |(name, _)| name);
                write!(f, "{{{name}}}")
            }
        }
    }
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(Box<str>),
    Slot(Slot),
}

/// A text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

impl FromText for Template {
    fn from_text(text: &str) -> Result<Self, Fault> {
        if text.contains("[[") {
            return Err(Fault::new(
                "`[[ ]]` is a known form of the vocabulary that this version does not support yet",
            )
            .at("[["));
        }
        let mut parts = Vec::new();
        let (mut rest, mut literal) = (text, String::new());
        while let Some(open) = rest.find('{') {
            let (before, from_brace) = rest.split_at(open);
            literal.push_str(before);
            let Some(name) = placeholder(from_brace) else {
                literal.push('{');
                rest = &from_brace[1..];
                continue;
            };
            push_text(&mut parts, &mut literal);
            parts.push(Part::Slot(slot(name)?));
            rest = &from_brace[name.len() + 2..];
        }
        literal.push_str(rest);
        push_text(&mut parts, &mut literal);
        Ok(Self { parts })
    }
}

fn push_text(parts: &mut Vec<Part>, literal: &mut String) {
    if !literal.is_empty() {
        parts.push(Part::Text(std::mem::take(literal).into()));
    }
}

/// The name in the braces that a text begins with; other braces, such as those of JSON, are text.
fn placeholder(text: &str) -> Option<&str> {
    let (name, _) = text.strip_prefix('{')?.split_once('}')?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.:[]-".contains(c));
    is_name.then_some(name)
}

fn slot(name: &str) -> Result<Slot, Fault> {
    if let Some((_, slot)) = PLAIN.iter().find(|(known, _)| *known == name) {
        return Ok(slot.clone());
    }
    match name.split_once('.') {
        Some(("var", own)) if !own.is_empty() => return Ok(Slot::Var(own.into())),
        Some(("secret", own)) if !own.is_empty() => return Ok(Slot::Secret(own.into())),
        _ => {}
    }
    let written = format!("{{{name}}}");
    if words::is_placeholder_later(name) {
        let message = format!(
            "`{written}` is a known placeholder of the vocabulary that this version does not support yet"
        );
        return Err(Fault::new(message).at(written));
    }
    let mut allowed: Vec<&str> = PLAIN.iter().map(|(known, _)| *known).collect();
    allowed.extend(["var.NAME", "secret.NAME"]);
    Err(Fault::new(format!("unknown placeholder `{written}`"))
        .with_help(words::advice(name, &allowed))
        .at(written))
}

impl Template {
    /// The placeholders, in order.
    pub fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.parts.iter().filter_map(|part| match part {
            Part::Slot(slot) => Some(slot),
            Part::Text(_) => None,
        })
    }

    /// Whether it uses a placeholder.
    #[must_use]
    pub fn uses(&self, slot: &Slot) -> bool {
        self.slots().any(|used| used == slot)
    }

    /// Whether it is nothing but one placeholder.
    #[must_use]
    pub fn is_only(&self, slot: &Slot) -> bool {
        matches!(self.parts.as_slice(), [Part::Slot(only)] if only == slot)
    }

    /// Puts variables in place; nothing where all placeholders are variables and unset.
    ///
    /// A variable that is unset beside other placeholders is returned as the error.
    pub fn bind(&self, vars: &BTreeMap<String, String>) -> Result<Option<Self>, Slot> {
        let unset = |slot: &&Slot| matches!(slot, Slot::Var(name) if !vars.contains_key(&**name));
        if let Some(missing) = self.slots().find(unset) {
            return if self.slots().all(|slot| unset(&slot)) { Ok(None) } else { Err(missing.clone()) };
        }
        let parts = self.parts.iter().map(|part| match part {
            Part::Slot(Slot::Var(name)) => {
                Part::Text(vars.get(&**name).map(String::as_str).unwrap_or_default().into())
            }
            other => other.clone(),
        });
        Ok(Some(Self { parts: parts.collect() }))
    }

    /// The text with every placeholder filled in, or nothing where one is unset.
    pub fn render<'v>(&self, value: impl Fn(&Slot) -> Option<Cow<'v, str>>) -> Option<String> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Slot(slot) => text.push_str(&value(slot)?),
            }
        }
        Some(text)
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(text),
            Part::Slot(slot) => write!(f, "{slot}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Template {
        Template::from_text(text).unwrap()
    }

    #[test]
    fn a_template_prints_as_it_was_written() {
        for text in ["", "plain", "{from}", "a {var.x}/{ids:csv} b", r#"{"json": 1}"#, "{", "a}b"] {
            assert_eq!(template(text).to_string(), text);
        }
    }

    #[test]
    fn a_key_whose_placeholders_are_unset_is_dropped() {
        assert_eq!(template("{cursor}").render(|_| None), None);
        assert_eq!(template("text").render(|_| None).unwrap(), "text");
        let none = BTreeMap::new();
        assert_eq!(template("{var.account}").bind(&none), Ok(None));
        assert_eq!(template("{var.a}-{from}").bind(&none), Err(Slot::Var("a".into())));
        let vars = BTreeMap::from([("a".to_owned(), "x".to_owned())]);
        assert_eq!(template("{var.a}-{from}").bind(&vars).unwrap().unwrap().to_string(), "x-{from}");
    }

    #[test]
    fn a_placeholder_that_is_not_one_is_refused_where_it_stands() {
        let fault = Template::from_text("a {form} b").unwrap_err();
        assert_eq!(fault.message, "unknown placeholder `{form}`");
        assert_eq!(fault.part.unwrap(), "{form}");
        assert!(fault.help.unwrap().starts_with("did you mean `from`?"));
        for later in ["{rekey}", "{row.id}", "{each.repo}", "{id[0]}", "[[ x ]]", "{from:date}"] {
            assert!(
                Template::from_text(later).unwrap_err().message.contains("does not support yet"),
                "{later}"
            );
        }
    }
}
