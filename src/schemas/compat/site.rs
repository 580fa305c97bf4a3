//! A part of a schema with the file that it stands in, since references are read from there.

use serde_json::{Map, Value};

use crate::schemas::links::Links;

/// Takes everything, as a part does that is left out.
pub(super) static ANYTHING: Value = Value::Bool(true);

/// How far references and `allOf` are followed from one part.
const MOST_PARTS: usize = 200;

#[derive(Debug, Clone, Copy)]
pub(super) struct Site<'s> {
    pub(super) file: &'s str,
    pub(super) part: &'s Value,
}

impl<'s> Site<'s> {
    pub(super) const fn anything() -> Self {
        Self { file: "", part: &ANYTHING }
    }

    /// Another part of the same file.
    pub(super) const fn at(self, part: &'s Value) -> Self {
        Self { part, ..self }
    }

    /// What a keyword says.
    pub(super) fn get(self, keyword: &str) -> Option<&'s Value> {
        self.part.as_object()?.get(keyword)
    }

    /// A schema behind a keyword.
    pub(super) fn within(self, keyword: &str) -> Option<Self> {
        self.get(keyword).map(|part| self.at(part))
    }

    /// A mapping behind a keyword, empty where there is none.
    pub(super) fn members(self, keyword: &str) -> impl Iterator<Item = (&'s String, Self)> {
        let members: Option<&'s Map<String, Value>> = self.get(keyword).and_then(Value::as_object);
        members.into_iter().flatten().map(move |(name, part)| (name, self.at(part)))
    }

    /// A list behind a keyword, empty where there is none.
    pub(super) fn elements(self, keyword: &str) -> &'s [Value] {
        self.get(keyword).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// Where a reference leads.
    pub(super) fn follow(self, links: &'s Links, reference: &Value) -> Option<Self> {
        let (file, part) = links.follow(self.file, reference.as_str()?)?;
        Some(Self { file, part })
    }

    /// This part and everything that holds together with it: what it refers to, and its `allOf`.
    pub(super) fn together(self, links: &'s Links) -> Vec<Self> {
        let mut all = vec![self];
        let mut next = 0;
        while let Some(site) = all.get(next).copied() {
            next += 1;
            let parts = site.elements("allOf").iter().map(|part| site.at(part));
            let target = site.get("$ref").and_then(|reference| site.follow(links, reference));
            for part in parts.chain(target) {
                let is_new = !all.iter().any(|known| std::ptr::eq(known.part, part.part));
                if is_new && all.len() < MOST_PARTS {
                    all.push(part);
                }
            }
        }
        all
    }
}

/// Whether anything in a part is a reference, so that equal texts may mean different things.
pub(super) fn has_references(part: &Value) -> bool {
    match part {
        Value::Object(members) => {
            let is_reference =
                |name: &String| matches!(name.as_str(), "$ref" | "$dynamicRef" | "$recursiveRef");
            members.iter().any(|(name, member)| is_reference(name) || has_references(member))
        }
        Value::Array(elements) => elements.iter().any(has_references),
        _ => false,
    }
}
