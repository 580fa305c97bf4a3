//! XML as JSON: an element is an object, its attributes are members with an `@`, its text is the value itself, or the
//! member `#text` where it stands beside attributes or elements. The root element is a member of the page.
//!
//! An element that occurs once is no array, unless the definition says that a list is there. Nothing is expanded or
//! loaded: a document type is refused, and so is every entity that XML does not define itself.

use std::collections::HashMap;

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use serde_json::Value;

use super::fault::FormatFault;
use crate::path::Path;
use crate::projection::MAX_DEPTH;

/// What XML does not say and the definition does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Elements {
    /// The elements that are lists, even where there is one of them.
    pub lists: Vec<Path>,
    /// The elements whose attributes are named, so that their text is always at `#text`.
    pub objects: Vec<Path>,
}

/// A page in JSON.
pub(super) fn page(text: &str, elements: &Elements) -> Result<String, FormatFault> {
    let mut reader = Reader::from_str(text);
    let mut building = Building { elements, open: vec![Element::default()] };
    loop {
        let event = reader.read_event();
        let at = reader.buffer_position();
        let fault = |what| FormatFault::NotXml { what, at };
        match event.map_err(|_| fault("it is not well formed"))? {
            Event::Start(start) => building.start(&start).map_err(fault)?,
            Event::Empty(start) => {
                building.start(&start).map_err(fault)?;
                building.end();
            }
            Event::End(_) => building.end(),
            Event::Text(text) => building.text(&text.xml10_content()),
            Event::CData(text) => building.text(&text.xml10_content()),
            Event::GeneralRef(reference) => building.text(&resolved(&reference)?),
            Event::DocType(_) => return Err(FormatFault::DocumentType),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
            Event::Eof => return building.finish().map_err(fault),
        }
        if building.open.len() > MAX_DEPTH {
            return Err(FormatFault::TooDeep(MAX_DEPTH));
        }
    }
}

/// A character reference, or one of the five entities of XML itself.
fn resolved(reference: &BytesRef<'_>) -> Result<String, FormatFault> {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return Ok(character.to_string());
    }
    let known = quick_xml::escape::resolve_predefined_entity(reference);
    known.map(str::to_owned).ok_or(FormatFault::UnknownEntity)
}

/// An element that is not closed yet.
#[derive(Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Child>,
    /// The places of children by their names.
    places: HashMap<String, usize>,
    text: String,
    is_nil: bool,
}

/// The elements of one name.
struct Child {
    name: String,
    values: Vec<String>,
    shows: Shows,
}

/// How elements of one name are shown.
#[derive(Clone, Copy)]
enum Shows {
    /// As an array where there are several of them.
    AsSent,
    /// As an array in any case.
    AsList,
}

struct Building<'e> {
    elements: &'e Elements,
    /// The elements around the place that is read, the document first.
    open: Vec<Element>,
}

impl Building<'_> {
    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), &'static str> {
        let mut element = Element { name: start.name().as_ref().to_owned(), ..Element::default() };
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|_| "an attribute is not well formed")?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            let value = value.map_err(|_| "an attribute uses an entity that is not defined")?.into_owned();
            let name = attribute.key.as_ref().to_owned();
            if name == "xmlns" || name.starts_with("xmlns:") {
                continue;
            }
            element.is_nil |= name == "xsi:nil" && matches!(value.as_str(), "true" | "1");
            element.attributes.push((name, value));
        }
        self.open.push(element);
        Ok(())
    }

    fn text(&mut self, text: &str) {
        if let Some(element) = self.open.last_mut() {
            element.text.push_str(text);
        }
    }

    fn end(&mut self) {
        let must_be_object = self.is_any_of(&self.elements.objects);
        let shows = if self.is_any_of(&self.elements.lists) { Shows::AsList } else { Shows::AsSent };
        let Some(mut element) = self.open.pop() else { return };
        let name = std::mem::take(&mut element.name);
        let is_plain = element.attributes.is_empty() && element.children.is_empty() && !must_be_object;
        let json = match (element.is_nil, is_plain) {
            (true, _) => "null".to_owned(),
            (false, true) => quoted(&element.text),
            (false, false) => element.object(),
        };
        if let Some(outer) = self.open.last_mut() {
            outer.add(name, json, shows);
        }
    }

    /// The document, once it is read to its end.
    fn finish(mut self) -> Result<String, &'static str> {
        let document = self.open.pop().filter(|_| self.open.is_empty()).ok_or("it ends too early")?;
        match document.children.as_slice() {
            [root] if root.values.len() == 1 && document.text.trim().is_empty() => Ok(document.object()),
            _ => Err("it is not one element"),
        }
    }

    /// Whether the innermost open element is one that the definition speaks of.
    fn is_any_of(&self, paths: &[Path]) -> bool {
        let here = || self.open.iter().skip(1).map(|element| element.name.as_str());
        paths.iter().any(|path| here().eq(path.members()))
    }
}

impl Element {
    fn add(&mut self, name: String, json: String, shows: Shows) {
        let place = *self.places.entry(name).or_insert_with_key(|name| {
            self.children.push(Child { name: name.clone(), values: Vec::new(), shows });
            self.children.len() - 1
        });
        if let Some(child) = self.children.get_mut(place) {
            child.values.push(json);
        }
    }

    fn object(&self) -> String {
        let attributes = self.attributes.iter();
        let attributes =
            attributes.map(|(name, value)| format!("{}:{}", quoted(&format!("@{name}")), quoted(value)));
        let children = self.children.iter().map(|child| match (child.values.as_slice(), child.shows) {
            ([one], Shows::AsSent) => format!("{}:{one}", quoted(&child.name)),
            (many, _) => format!("{}:[{}]", quoted(&child.name), many.join(",")),
        });
        // Between elements there is space that nobody means.
        let has_text = self.children.is_empty() || !self.text.trim().is_empty();
        let text = has_text.then(|| format!("\"#text\":{}", quoted(&self.text)));
        let members: Vec<String> = attributes.chain(children).chain(text).collect();
        format!("{{{}}}", members.join(","))
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
