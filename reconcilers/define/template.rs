//! Texts with `{placeholders}`, and the single rule that makes a request dynamic: a key whose placeholders are all
//! unset is dropped. Inside a longer text, `[[ ... ]]` marks a fragment that disappears by itself.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use super::checked::{Fault, FromText};
use super::fill::Fill;
use super::lang::{Lang, Quote, Scan};
use super::placeholder::Placeholder;
pub use super::placeholder::Slot;

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(Box<str>),
    /// A placeholder, with the quotes that it stands in where the language is known.
    Place(Placeholder, Option<Quote>),
    /// A piece that disappears where a placeholder in it is unset.
    Fragment(Vec<Part>),
}

/// A text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

impl FromText for Template {
    const WHAT: &'static str = "text with placeholders";

    fn from_text(text: &str) -> Result<Self, Fault> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("[[") {
            parts.extend(pieces(before)?);
            let (inside, behind) = after.split_once("]]").ok_or_else(|| {
                Fault::new("`[[` is not closed").with_help("close the fragment with `]]`").at("[[")
            })?;
            parts.push(Part::Fragment(fragment(inside)?));
            rest = behind;
        }
        parts.extend(pieces(rest)?);
        Ok(Self { parts })
    }
}

fn fragment(inside: &str) -> Result<Vec<Part>, Fault> {
    let parts = pieces(inside)?;
    if inside.contains("[[") {
        return Err(Fault::new("a `[[ ]]` fragment cannot hold another one").at("[["));
    }
    if places(&parts).is_empty() {
        return Err(Fault::new("nothing in this `[[ ]]` fragment could ever be unset")
            .with_help("write the text without `[[` and `]]`")
            .at("[["));
    }
    Ok(parts)
}

/// Splits a text into its placeholders and what is between them.
fn pieces(text: &str) -> Result<Vec<Part>, Fault> {
    let mut parts = Vec::new();
    let (mut rest, mut literal) = (text, String::new());
    while let Some(open) = rest.find('{') {
        let (before, from_brace) = rest.split_at(open);
        literal.push_str(before);
        let Some(written) = placeholder(from_brace) else {
            literal.push('{');
            rest = &from_brace[1..];
            continue;
        };
        push_text(&mut parts, &mut literal);
        parts.push(Part::Place(Placeholder::from_text(written)?, None));
        rest = &from_brace[written.len() + 2..];
    }
    literal.push_str(rest);
    push_text(&mut parts, &mut literal);
    Ok(parts)
}

fn push_text(parts: &mut Vec<Part>, literal: &mut String) {
    if !literal.is_empty() {
        parts.push(Part::Text(std::mem::take(literal).into()));
    }
}

/// What stands in the braces that a text begins with; other braces, such as those of JSON, are text.
fn placeholder(text: &str) -> Option<&str> {
    let (written, _) = text.strip_prefix('{')?.split_once('}')?;
    let (name, format) = written.split_once(':').unwrap_or((written, ""));
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.[]-".contains(c));
    // A format may be a pattern of a wall clock; the member of a JSON object begins with a quote or a space.
    let is_format = !format.starts_with([' ', '"', '\'']);
    (is_name && is_format).then_some(written)
}

fn places(parts: &[Part]) -> Vec<&Placeholder> {
    let mut all = Vec::new();
    for part in parts {
        match part {
            Part::Text(_) => {}
            Part::Place(place, _) => all.push(place),
            Part::Fragment(inner) => all.extend(places(inner)),
        }
    }
    all
}

/// What is known of a placeholder before any request is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known<'a> {
    /// Its value.
    Value(&'a str),
    /// That it has none.
    Unset,
    /// Nothing yet.
    Later,
}

impl Template {
    /// A text without placeholders.
    #[must_use]
    pub fn literal(text: &str) -> Self {
        Self { parts: vec![Part::Text(text.into())] }
    }

    /// The placeholders, in order.
    pub fn places(&self) -> impl Iterator<Item = &Placeholder> {
        places(&self.parts).into_iter()
    }

    /// What the placeholders stand for, in order.
    pub fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.places().map(|place| &place.slot)
    }

    /// What the placeholders outside of `[[ ]]` stand for: where one of them is unset there is no text at all.
    pub fn needed(&self) -> impl Iterator<Item = &Slot> {
        self.parts.iter().filter_map(|part| match part {
            Part::Place(place, _) => Some(&place.slot),
            Part::Text(_) | Part::Fragment(_) => None,
        })
    }

    /// Whether it uses a placeholder.
    #[must_use]
    pub fn uses(&self, slot: &Slot) -> bool {
        self.slots().any(|used| used == slot)
    }

    /// The placeholder that it is, where it is nothing else.
    #[must_use]
    pub fn only(&self) -> Option<&Placeholder> {
        match self.parts.as_slice() {
            [Part::Place(only, None)] => Some(only),
            _ => None,
        }
    }

    /// Whether it is nothing but one placeholder.
    #[must_use]
    pub fn is_only(&self, slot: &Slot) -> bool {
        self.only().is_some_and(|only| only.slot == *slot)
    }

    /// The same as a text of a language, in whose quotes values will be escaped.
    ///
    /// A template that is nothing but one placeholder is no text of a language.
    pub fn in_language(mut self, lang: Lang) -> Result<Self, Fault> {
        if self.only().is_some() || self.parts.iter().all(|part| matches!(part, Part::Text(_))) {
            return Ok(self);
        }
        let mut scan = Scan::new(lang);
        speak(&mut self.parts, &mut scan)?;
        if scan.quote().is_some() {
            return Err(Fault::new("a quoted text does not end here").with_help("close its quotes"));
        }
        Ok(self)
    }

    /// A placeholder that stands in quotes of which nobody knows the language.
    #[must_use]
    pub fn unguarded(&self) -> Option<&Placeholder> {
        fn inside<'p>(parts: &'p [Part], before: &mut bool) -> Option<&'p Placeholder> {
            parts.iter().find_map(|part| match part {
                Part::Text(text) => {
                    *before = text.ends_with(['\'', '"']);
                    None
                }
                Part::Place(place, None) if *before && place.slot.may_hold_anything() => Some(place),
                Part::Place(..) => None,
                Part::Fragment(inner) => inside(inner, before),
            })
        }
        inside(&self.parts, &mut false)
    }

    /// Puts what is known in place; nothing where all that is needed is known to be unset.
    ///
    /// A placeholder that is unset beside others is returned as the error.
    pub fn bind_with<'k>(&self, known: &impl Fn(&Slot) -> Known<'k>) -> Result<Option<Self>, Slot> {
        let is_unset = |slot: &Slot| known(slot) == Known::Unset;
        if let Some(missing) = self.needed().find(|slot| is_unset(slot)) {
            return if self.needed().all(is_unset) { Ok(None) } else { Err(missing.clone()) };
        }
        let parts = bound(&self.parts, known);
        Ok((!parts.is_empty() || self.parts.is_empty()).then_some(Self { parts }))
    }

    /// The text with every placeholder filled in, or nothing where one is unset.
    pub fn render<'v>(&self, value: impl Fn(&Slot) -> Option<Cow<'v, str>>) -> Option<String> {
        self.text_of(&|place| value(&place.slot))
    }

    /// The text for a request, or nothing where a placeholder that it needs is unset.
    pub(super) fn text(&self, fill: &Fill<'_>) -> Option<String> {
        self.text_of(&|place| fill.text(place))
    }

    /// The same with every value encoded for where the text will stand.
    pub(super) fn encoded(&self, fill: &Fill<'_>, encode: impl Fn(&str) -> String) -> Option<String> {
        self.text_of(&|place| fill.text(place).map(|text| Cow::Owned(encode(&text))))
    }

    /// The value for a JSON body: one placeholder keeps its type.
    pub(super) fn json(&self, fill: &Fill<'_>) -> Option<Value> {
        match self.only() {
            Some(only) => fill.json(only),
            None => self.text(fill).map(Value::from),
        }
    }

    fn text_of<'v>(&self, value: &impl Fn(&Placeholder) -> Option<Cow<'v, str>>) -> Option<String> {
        let mut text = String::new();
        write(&self.parts, value, &mut text)?;
        let could_vanish = self.parts.iter().all(|part| matches!(part, Part::Fragment(_)));
        (!(text.is_empty() && could_vanish && !self.parts.is_empty())).then_some(text)
    }
}

/// Appends parts to a text; nothing where a placeholder outside of fragments is unset.
fn write<'v>(
    parts: &[Part],
    value: &impl Fn(&Placeholder) -> Option<Cow<'v, str>>,
    text: &mut String,
) -> Option<()> {
    for part in parts {
        match part {
            Part::Text(literal) => text.push_str(literal),
            Part::Place(place, None) => text.push_str(&value(place)?),
            Part::Place(place, Some(quote)) => text.push_str(&quote.escaped(&value(place)?)),
            Part::Fragment(inner) => {
                let before = text.len();
                if write(inner, value, text).is_none() {
                    text.truncate(before);
                }
            }
        }
    }
    Some(())
}

/// Notes the quotes around each placeholder.
fn speak(parts: &mut [Part], scan: &mut Scan) -> Result<(), Fault> {
    for part in parts {
        match part {
            Part::Text(text) => scan.read(text),
            Part::Place(place, quote) => {
                *quote = scan.quote();
                if scan.is_escaping() {
                    return Err(
                        Fault::new(format!("`{place}` stands behind a backslash")).at(place.to_string())
                    );
                }
                if quote.is_none() && place.slot.may_hold_anything() && !writes_quotes(place) {
                    let fault =
                        Fault::new(format!("`{place}` may hold anything, so it must stand in quotes"));
                    return Err(fault
                        .with_help("a list of keys is quoted by `{ids:quoted}`")
                        .at(place.to_string()));
                }
            }
            Part::Fragment(inner) => {
                let before = *scan;
                speak(inner, scan)?;
                if *scan != before {
                    let fault = Fault::new("a `[[ ]]` fragment cannot hold one end of a quoted text");
                    return Err(fault.at("[["));
                }
            }
        }
    }
    Ok(())
}

/// Whether the value brings its own quotes.
const fn writes_quotes(place: &Placeholder) -> bool {
    use super::placeholder::Format;
    matches!(place.format, Some(Format::Quoted | Format::Json))
}

/// Parts with what is known in place; fragments that will never be seen are gone.
fn bound<'k>(parts: &[Part], known: &impl Fn(&Slot) -> Known<'k>) -> Vec<Part> {
    let is_unset = |place: &&Placeholder| known(&place.slot) == Known::Unset;
    let mut all = Vec::new();
    for part in parts {
        match part {
            Part::Place(place, quote) => all.push(match known(&place.slot) {
                Known::Value(value) => {
                    Part::Text(quote.map_or_else(|| value.to_owned(), |quote| quote.escaped(value)).into())
                }
                Known::Unset | Known::Later => part.clone(),
            }),
            Part::Fragment(inner) if places(inner).iter().any(is_unset) => {}
            Part::Fragment(inner) => {
                let inner = bound(inner, known);
                if places(&inner).is_empty() { all.extend(inner) } else { all.push(Part::Fragment(inner)) }
            }
            Part::Text(_) => all.push(part.clone()),
        }
    }
    all
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(&self.parts, f)
    }
}

fn show(parts: &[Part], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    parts.iter().try_for_each(|part| match part {
        Part::Text(text) => f.write_str(text),
        Part::Place(place, _) => write!(f, "{place}"),
        Part::Fragment(inner) => {
            f.write_str("[[")?;
            show(inner, f)?;
            f.write_str("]]")
        }
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn template(text: &str) -> Template {
        Template::from_text(text).unwrap()
    }

    fn rendered(text: &str, cursor: Option<&str>) -> Option<String> {
        template(text).text(&Fill { cursor, size: Some(7), ..Fill::default() })
    }

    #[test]
    fn a_template_prints_as_it_was_written() {
        for text in [
            "",
            "plain",
            "{from}",
            "a {var.x}/{ids:csv} b",
            r#"{"json": 1}"#,
            r#"{id:"x"}"#,
            "{",
            "a}b",
            "x >= '{from:epoch_ms}'[[ AND x < '{to}']]",
        ] {
            assert_eq!(template(text).to_string(), text);
        }
    }

    fn bound_to(text: &str, vars: &BTreeMap<String, String>) -> Result<Option<Template>, Slot> {
        template(text).bind_with(&|slot| match slot {
            Slot::Var(name) => vars.get(&**name).map_or(Known::Unset, |value| Known::Value(value)),
            _ => Known::Later,
        })
    }

    #[test]
    fn a_key_whose_placeholders_are_unset_is_dropped() {
        assert_eq!(template("{cursor}").render(|_| None), None);
        assert_eq!(template("text").render(|_| None).unwrap(), "text");
        let none = BTreeMap::new();
        assert_eq!(bound_to("{var.account}", &none), Ok(None));
        assert_eq!(bound_to("{var.a}-{from}", &none), Err(Slot::Var("a".into())));
        let vars = BTreeMap::from([("a".to_owned(), "x".to_owned())]);
        assert_eq!(bound_to("{var.a}-{from}", &vars).unwrap().unwrap().to_string(), "x-{from}");
    }

    #[test]
    fn a_fragment_disappears_where_a_placeholder_in_it_is_unset() {
        let text = "size {size}[[, then {cursor} of {size}]].";
        assert_eq!(rendered(text, None).unwrap(), "size 7.");
        assert_eq!(rendered(text, Some("x")).unwrap(), "size 7, then x of 7.");
        assert_eq!(rendered("[[{cursor}]]", None), None, "nothing is left of it");
        assert_eq!(rendered("all[[ after {cursor}]]", None).unwrap(), "all");
        let none = BTreeMap::new();
        assert_eq!(bound_to("a[[ {var.x} {size}]]", &none).unwrap().unwrap().to_string(), "a");
        let vars = BTreeMap::from([("x".to_owned(), "1".to_owned())]);
        assert_eq!(bound_to("a[[ {var.x}]]", &vars).unwrap().unwrap().to_string(), "a 1");
        for bad in ["[[ x ]]", "[[ {size}", "[[ {size} [[ {cursor} ]] ]]"] {
            assert!(Template::from_text(bad).is_err(), "{bad} was accepted");
        }
    }

    #[test]
    fn values_in_quotes_are_escaped_and_values_that_should_be_are_refused() {
        let filled = |text: &str, lang| -> Result<String, String> {
            let template = template(text).in_language(lang).map_err(|fault| fault.message)?;
            Ok(template.text(&Fill { cursor: Some("o'x"), size: Some(7), ..Fill::default() }).unwrap())
        };
        assert_eq!(filled("a > '{cursor}' LIMIT {size}", Lang::Soql), Ok(r"a > 'o\'x' LIMIT 7".to_owned()));
        assert_eq!(filled("a gt '{cursor}'", Lang::Odata), Ok("a gt 'o''x'".to_owned()));
        assert_eq!(filled("{cursor}", Lang::Odata), Ok("o'x".to_owned()), "a value by itself is no text");
        for bad in ["a > {cursor}", "a > '{cursor}", r"a > '\{cursor}'", "a > '[[{cursor}']]"] {
            assert!(filled(bad, Lang::Soql).is_err(), "{bad} was accepted");
        }
        assert!(template("id = '{id}'").unguarded().is_some());
        assert!(template("at >= '{from}'").unguarded().is_none());
        assert!(template("{id}").unguarded().is_none());
    }

    #[test]
    fn a_placeholder_that_is_not_one_is_refused_where_it_stands() {
        let fault = Template::from_text("a {form} b").unwrap_err();
        assert_eq!(fault.message, "unknown placeholder `{form}`");
        assert_eq!(fault.part.unwrap(), "{form}");
        assert!(fault.help.unwrap().starts_with("did you mean `from`?"));
    }
}
