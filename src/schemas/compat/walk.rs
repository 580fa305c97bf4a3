//! Walks a schema of whoever reads beside one of whoever writes, and says where something may be written that is not read.
//!
//! It is sound: where it finds nothing, everything that is written is read. Each keyword of the reading side has to be implied by something
//! of the writing side; what it does not understand is undecided.

use std::collections::HashSet;

use serde_json::Value;

use super::difference::{Difference, Direction};
use super::judge::Side;
use super::site::{Site, has_references};
use super::types::Kinds;
use crate::schemas::links::Links;

/// How deep parts may lie in each other.
const DEEPEST: usize = 64;

/// What is being compared, from the roots on.
pub(super) struct Walk<'w> {
    pub(super) writes: &'w Links,
    pub(super) reads: &'w Links,
    direction: Direction,
    roots: (Site<'w>, Site<'w>),
    /// Pairs that are being compared further up: comparing them once more would prove the same.
    open: HashSet<(*const Value, *const Value)>,
    found: Vec<Difference>,
}

/// One part of each side.
pub(super) struct Pair<'w, 'p> {
    /// The parts of the writing side that hold together.
    pub(super) written: &'p [Site<'w>],
    /// The part of the reading side.
    pub(super) read: Site<'w>,
    /// The kinds of values that are written.
    pub(super) kinds: Kinds,
    /// The pointer of the part that reads.
    pub(super) path: &'p str,
}

impl<'w> Walk<'w> {
    pub(super) fn new(written: &'w Side<'w>, read: &'w Side<'w>, direction: Direction) -> Self {
        let root = |side: &'w Side<'w>| {
            let found = side.links.document(&side.file);
            found.map_or_else(Site::anything, |(file, part)| Site { file, part })
        };
        Self {
            writes: written.links,
            reads: read.links,
            direction,
            roots: (root(written), root(read)),
            open: HashSet::new(),
            found: Vec::new(),
        }
    }

    pub(super) fn run(mut self) -> Vec<Difference> {
        let (written, read) = self.roots;
        self.parts(written, read, "");
        self.found
    }

    pub(super) fn breaks(&mut self, path: &str, why: impl Into<String>) {
        self.tell(path, why.into(), false);
    }

    pub(super) fn undecided(&mut self, path: &str, why: impl Into<String>) {
        self.tell(path, why.into(), true);
    }

    fn tell(&mut self, path: &str, why: String, undecided: bool) {
        self.found.push(Difference { direction: self.direction, path: path.to_owned(), why, undecided });
    }

    /// Compares two parts.
    pub(super) fn parts(&mut self, written: Site<'w>, read: Site<'w>, path: &str) {
        if std::ptr::eq(written.part, read.part) || written.part == read.part && !has_references(read.part) {
            return;
        }
        if self.open.len() >= DEEPEST {
            return self.undecided(path, "the schemas lie too deep in each other to be compared");
        }
        let pair: (*const Value, *const Value) = (written.part, read.part);
        if !self.open.insert(pair) {
            return;
        }
        let together = written.together(self.writes);
        let is_never = |site: &Site<'_>| *site.part == Value::Bool(false);
        if !together.iter().any(is_never) {
            let kinds = Kinds::of(&together);
            self.keywords(&Pair { written: &together, read, kinds, path });
        }
        self.open.remove(&pair);
    }

    /// Compares a part with each of some candidates of the writing side, any of which proves it.
    pub(super) fn any(&mut self, candidates: &[Site<'w>], read: Site<'w>, path: &str) {
        let before = self.found.len();
        let mut first: Option<Vec<Difference>> = None;
        for candidate in candidates {
            self.parts(*candidate, read, path);
            let found = self.found.split_off(before);
            if found.is_empty() {
                return;
            }
            first.get_or_insert(found);
        }
        match first {
            Some(found) => self.found.extend(found),
            None => self.parts(Site::anything(), read, path),
        }
    }

    fn keywords(&mut self, pair: &Pair<'w, '_>) {
        match pair.read.part {
            Value::Bool(true) => {}
            Value::Object(keywords) => {
                for (keyword, said) in keywords {
                    let path = format!("{}/{}", pair.path, escaped(keyword));
                    self.keyword(pair, keyword, said, &path);
                }
            }
            _ => self.breaks(pair.path, "nothing is allowed here any more"),
        }
    }

    fn keyword(&mut self, pair: &Pair<'w, '_>, keyword: &str, said: &'w Value, path: &str) {
        match keyword {
            "type" | "enum" | "const" => self.values(pair, keyword, said, path),
            "minimum" | "exclusiveMinimum" | "maximum" | "exclusiveMaximum" | "multipleOf" => {
                self.numbers(pair, keyword, said, path);
            }
            "minLength" | "maxLength" | "pattern" | "format" => self.texts(pair, keyword, said, path),
            "minItems" | "maxItems" | "uniqueItems" | "items" | "prefixItems" => {
                self.arrays(pair, keyword, said, path);
            }
            "minProperties"
            | "maxProperties"
            | "required"
            | "dependentRequired"
            | "properties"
            | "patternProperties"
            | "additionalProperties"
            | "propertyNames" => {
                self.objects(pair, keyword, said, path);
            }
            "$ref" => match pair.read.follow(self.reads, said) {
                Some(target) => self.together(pair, target, path),
                None => self.undecided(path, "where this leads is not known"),
            },
            "allOf" => {
                for (at, part) in pair.read.elements("allOf").iter().enumerate() {
                    self.together(pair, pair.read.at(part), &format!("{path}/{at}"));
                }
            }
            "anyOf" => self.any_of(pair, path),
            "oneOf"
            | "not"
            | "if"
            | "then"
            | "else"
            | "dependentSchemas"
            | "contains"
            | "minContains"
            | "maxContains"
            | "unevaluatedProperties"
            | "unevaluatedItems"
            | "$dynamicRef"
            | "$recursiveRef"
            | "dependencies" => self.whole(pair, keyword, said, path),
            // What is left are notes for people, and words that no validator knows.
            _ => {}
        }
    }

    /// Another part of the reading side that holds together with the one of the pair.
    fn together(&mut self, pair: &Pair<'w, '_>, read: Site<'w>, path: &str) {
        self.any(pair.written, read, path);
    }

    /// One branch that takes all that is written is enough.
    fn any_of(&mut self, pair: &Pair<'w, '_>, path: &str) {
        let before = self.found.len();
        for branch in pair.read.elements("anyOf") {
            self.any(pair.written, pair.read.at(branch), path);
            if self.found.split_off(before).is_empty() {
                return;
            }
        }
        if !is_said_by(pair, "anyOf") {
            self.undecided(path, "`anyOf` is not the same, and no branch takes everything");
        }
    }

    /// Keywords that are only compared as they are written: those that work together have to be equal together.
    fn whole(&mut self, pair: &Pair<'w, '_>, keyword: &str, said: &Value, path: &str) {
        let group: &[&str] = match keyword {
            "if" | "then" | "else" => &["if", "then", "else"],
            "contains" | "minContains" | "maxContains" => &["contains", "minContains", "maxContains"],
            _ => &[keyword],
        };
        let is_idle =
            matches!(keyword, "unevaluatedProperties" | "unevaluatedItems") && *said == Value::Bool(true);
        let is_whole = !matches!(
            keyword,
            "unevaluatedProperties" | "unevaluatedItems" | "$dynamicRef" | "$recursiveRef"
        );
        let equals =
            |site: &Site<'w>| group.iter().all(|keyword| site.get(keyword) == pair.read.get(keyword));
        let has_references = |keyword: &&str| pair.read.get(keyword).is_some_and(has_references);
        let is_equal = is_whole && pair.written.iter().any(equals) && !group.iter().any(has_references);
        if !is_idle && !is_equal {
            self.undecided(path, format!("`{keyword}` cannot be compared with what was there before"));
        }
    }
}

/// Whether the writing side says the same with a keyword that refers to nothing.
pub(super) fn is_said_by(pair: &Pair<'_, '_>, keyword: &str) -> bool {
    let said = pair.read.get(keyword);
    said.is_some_and(|said| !has_references(said))
        && pair.written.iter().any(|site| site.get(keyword) == said)
}

/// A name as a token of a JSON pointer.
pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
