//! One YAML file: what it may be shown as, what it declares itself to be, and its reading into a checked type.
//!
//! Every error of the YAML reader is said in our words here; the words of the reader may repeat values.

use std::sync::Arc;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_saphyr::{Error, Location};

use super::checked::{Checked, Fault, Ordered};
use super::problem::{Problem, Spot};
use super::words;
use crate::reconciler::Place;

/// The largest file that is read, in bytes; a definition is a few kilobytes.
pub const MAX_BYTES: usize = 1024 * 1024;

/// A file with its text.
#[derive(Debug, Clone)]
pub struct Document {
    file: String,
    text: Arc<str>,
    shown: Arc<str>,
    /// What is read in place of the text, with the place that each of its lines stands for.
    read: Option<(Arc<str>, Arc<[Spot]>)>,
}

/// What a definition file declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It starts with `provider:`.
    Provider,
    /// It starts with `domain:`.
    Domain,
}

impl Document {
    /// What is read of it: where it inherits from another file, with what it inherits.
    #[must_use]
    pub fn read_text(&self) -> &str {
        self.read.as_ref().map_or(&*self.text, |(text, _)| text)
    }

    /// A file whose text may be shown.
    #[must_use]
    pub fn new(file: impl Into<String>, text: &str) -> Self {
        let text: Arc<str> = text.into();
        Self { file: file.into(), shown: Arc::clone(&text), text, read: None }
    }

    /// The same with another text in its excerpts, of equal lines and columns.
    #[must_use]
    pub fn shown_as(mut self, shown: &str) -> Self {
        self.shown = shown.into();
        self
    }

    /// The same with another text to read; `spots` are the places that its lines stand for.
    #[must_use]
    pub(super) fn reading(mut self, text: String, spots: Vec<Spot>) -> Self {
        self.read = Some((text.into(), spots.into()));
        self
    }

    /// Where a place of what was read stands in the file.
    fn origin(&self, spot: Spot) -> Spot {
        let Some((_, spots)) = &self.read else { return spot };
        spot.line.checked_sub(1).and_then(|line| spots.get(line)).copied().unwrap_or_default()
    }

    /// The number or word in a stretch of one line of the file.
    pub(super) fn written_at(&self, spot: Spot) -> Option<String> {
        let line = self.text.lines().nth(spot.line.checked_sub(1)?)?;
        let text: String = line.chars().skip(spot.column.checked_sub(1)?).take(spot.length).collect();
        // An alias stands for what was written elsewhere.
        text.starts_with(|c: char| c.is_ascii_alphanumeric() || "+-.".contains(c)).then_some(text)
    }

    /// The file as it was named.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The word behind a key that begins a line, for files that cannot be read as a whole.
    pub(super) fn word_behind(&self, key: &str) -> Option<&str> {
        let rest = self.text.lines().find_map(|line| line.strip_prefix(key))?;
        rest.split_whitespace().next().map(|word| word.trim_matches(['"', '\'']))
    }

    /// A problem at a place of this file.
    #[must_use]
    pub fn problem(&self, spot: Spot, fault: Fault) -> Problem {
        let spot = self.origin(spot);
        let spot = fault.part.as_deref().and_then(|part| self.find(spot, part)).unwrap_or(spot);
        Problem {
            file: self.file.clone(),
            line: spot.line,
            column: spot.column,
            length: spot.length,
            message: fault.message,
            help: fault.help,
            source: Arc::clone(&self.shown),
        }
    }

    /// A place to remember.
    #[must_use]
    pub fn place(&self, spot: Spot) -> Place {
        let spot = self.origin(spot);
        Place { file: self.file.clone(), line: spot.line, column: spot.column }
    }

    /// Where a part of a text stands that begins at `spot`: on its own line only, which every template does.
    fn find(&self, spot: Spot, part: &str) -> Option<Spot> {
        let line = self.text.lines().nth(spot.line.checked_sub(1)?)?;
        let start = line.char_indices().nth(spot.column.checked_sub(1)?)?.0;
        let before = line[start..].find(part)?;
        let column = spot.column + line[start..start + before].chars().count();
        Some(Spot { column, length: part.chars().count(), ..spot })
    }

    /// What the file declares itself to be.
    pub fn kind(&self) -> Result<Kind, Problem> {
        if self.text.len() > MAX_BYTES {
            return Err(Problem::of_file(&self.file, format!("the file is larger than {MAX_BYTES} bytes")));
        }
        let keys = self.read::<Ordered<IgnoredAny>>()?.0;
        let has = |name: &str| keys.iter().any(|entry| entry.key == name);
        if has("provider") {
            return Ok(Kind::Provider);
        }
        if has("domain") {
            return Ok(Kind::Domain);
        }
        let fault = Fault::new("the file is neither a provider file nor a domain file")
            .with_help("a provider file starts with `provider: NAME`, a domain file with `domain: NAME`");
        Err(self.problem(keys.first().map(|entry| entry.spot).unwrap_or_default(), fault))
    }

    /// Reads the file into a type that knows every key.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        if self.is_blank() {
            return Err(Problem::of_file(&self.file, "the file is empty"));
        }
        let options = serde_saphyr::options! { with_snippet: false };
        let text = self.read.as_ref().map_or(&self.text, |(text, _)| text);
        serde_saphyr::from_str_with_options(text, options).map_err(|error| self.reword(&error))
    }

    fn reword(&self, error: &Error) -> Problem {
        let spot = error.location().filter(|at| *at != Location::UNKNOWN).map(Spot::from).unwrap_or_default();
        let fault = fault_of(error);
        if fault.help.is_none() && fault.message == NO_TEXT && self.begins_with(spot, '{') {
            let help =
                "quote a text that begins with a brace, such as `\"{page}\"`: without quotes it is a mapping";
            return self.problem(spot, fault.with_help(help));
        }
        self.problem(spot, fault)
    }

    fn begins_with(&self, spot: Spot, sign: char) -> bool {
        let spot = self.origin(spot);
        let line = spot.line.checked_sub(1).and_then(|line| self.text.lines().nth(line));
        line.and_then(|line| line.chars().nth(spot.column.checked_sub(1)?)) == Some(sign)
    }

    fn is_blank(&self) -> bool {
        self.text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
    }
}

/// What an error of the YAML reader means, without the values that it met.
fn fault_of(error: &Error) -> Fault {
    match error {
        Error::SerdeUnknownField { field, expected, .. } => words::refuse("key", field, expected),
        Error::SerdeUnknownVariant { variant, expected, .. } => words::refuse("word", variant, expected),
        Error::SerdeMissingField { field, .. } => {
            Fault::new(format!("the key `{field}` is missing in this block"))
        }
        Error::DuplicateMappingKey { key, .. } => {
            let key = key.as_deref().unwrap_or("a key");
            Fault::new(format!("`{key}` is given twice"))
        }
        Error::Unexpected { expected, .. } => Fault::new(format!("expected {}", in_plain_words(expected))),
        Error::InvalidScalar { ty, .. } => Fault::new(format!("expected {}", in_plain_words(ty))),
        Error::InvalidBooleanStrict { .. } => Fault::new("expected `true` or `false`"),
        Error::NullIntoString { .. } => Fault::new("a value is missing here"),
        Error::SerdeInvalidType { expected, .. } | Error::SerdeInvalidValue { expected, .. } => {
            Fault::new(format!("expected {expected}"))
        }
        Error::Message { msg, .. } => Fault::new(msg.clone()),
        Error::MultipleDocuments { .. } => Fault::new("the file holds more than one document")
            .with_help("give each its own file, without `---`"),
        Error::AliasError { error, .. } => fault_of(error),
        Error::Budget { .. } => Fault::new("the file nests too deeply or repeats itself too often"),
        other => Fault::new(format!("the file is not YAML: {}", without_place(&other.to_string()))),
    }
}

/// Said where a text was expected.
const NO_TEXT: &str = "expected a single text";

fn in_plain_words(expected: &str) -> &str {
    match expected {
        "mapping start" => "a mapping (`key: value`)",
        "sequence start" => "a list (`[a, b]`)",
        "string scalar" => "a single text",
        "bool" | "boolean" => "`true` or `false`",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number",
        other => other,
    }
}

/// The reader appends a place to its messages; ours stands in front.
fn without_place(message: &str) -> &str {
    message.split(" at line ").next().unwrap_or(message)
}

/// Collects what is wrong and what is doubtful in one file.
#[derive(Debug)]
pub struct Problems<'d> {
    /// The file.
    pub document: &'d Document,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// What is doubtful.
    pub warnings: Vec<Problem>,
}

impl<'d> Problems<'d> {
    /// Nothing wrong so far.
    #[must_use]
    pub const fn of(document: &'d Document) -> Self {
        Self { document, problems: Vec::new(), warnings: Vec::new() }
    }

    /// The value, or nothing after its fault was noted.
    pub fn take<T>(&mut self, checked: Checked<T>) -> Option<T> {
        checked.outcome.map_err(|fault| self.add(checked.spot, fault)).ok()
    }

    /// The value of a key that may be left out; `None` inside where it was.
    pub fn take_option<T>(&mut self, checked: Option<Checked<T>>) -> Option<T> {
        checked.and_then(|checked| self.take(checked))
    }

    /// Notes a problem, once: what several feeds take over is wrong in all of them.
    pub fn add(&mut self, spot: Spot, fault: Fault) {
        let problem = self.document.problem(spot, fault);
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Notes a doubt.
    pub fn warn(&mut self, spot: Spot, fault: Fault) {
        self.warnings.push(self.document.problem(spot, fault));
    }

    /// The value where nothing was wrong.
    pub fn finish<T>(self, value: Option<T>) -> Result<(T, Vec<Problem>), Vec<Problem>> {
        match value {
            Some(value) if self.problems.is_empty() => Ok((value, self.warnings)),
            _ => Err(self.problems),
        }
    }
}
