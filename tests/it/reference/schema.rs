//! Every key of `tieout.yaml` and of definitions, from the schema that editors check them by.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;

use serde_json::Value;
use tieout_reconcilers::define::definition_file::DefinitionFile;
use tieout_reconcilers::define::schema::of_file;

use super::{HOW, is_kept};

/// A page about a schema: the mappings in it, each with the path where it stands first.
struct Page<'s> {
    root: &'s Value,
    text: String,
    /// The heading of each named mapping.
    headings: BTreeMap<&'s str, String>,
    /// The mappings that are still to be told, with their paths.
    open: VecDeque<(String, &'s Value)>,
    words: Words,
}

/// What its columns are called, and what stands for a key that has to be there.
#[derive(Clone, Copy)]
struct Words {
    columns: &'static str,
    needed: &'static str,
    /// Whether `null` is a value to be told of.
    has_null: bool,
}

/// Of what somebody writes.
const WRITTEN: Words =
    Words { columns: "| key | value | without it | what it says |", needed: "needed", has_null: false };
/// Of what the program writes.
const READ: Words = Words {
    columns: "| field | value | without it | what it says |",
    needed: "always there",
    has_null: true,
};

/// The place of a heading in its page, as mdBook and GitHub name it.
fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    heading.to_lowercase().chars().filter(kept).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// A text that stands in the cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

impl<'s> Page<'s> {
    fn of(root: &'s Value, words: Words, head: &str) -> Self {
        let head = format!("{head} This page is made from the schema by a test: `{HOW}`.\n");
        Self { root, text: head, headings: BTreeMap::new(), open: VecDeque::new(), words }
    }

    fn referred(&self, of: &Value) -> Option<(&'s str, &'s Value)> {
        let name = of["$ref"].as_str()?.strip_prefix("#/$defs/")?;
        let (name, of) = self.root["$defs"].as_object()?.get_key_value(name)?;
        Some((name, of))
    }

    /// A chapter with all mappings below it.
    fn chapter(&mut self, title: &str, at: &str, of: &'s Value) {
        let of = self.referred(of).map_or(of, |(name, of)| {
            self.headings.insert(name, title.to_owned());
            of
        });
        self.section(title, at, of);
        while let Some((at, of)) = self.open.pop_front() {
            self.section(&format!("`{at}`"), &at, of);
        }
    }

    fn section(&mut self, heading: &str, at: &str, of: &'s Value) {
        let about = of["description"].as_str().map(|about| format!("{about}\n\n")).unwrap_or_default();
        let _ = write!(self.text, "\n## {heading}\n\n{about}");
        let Some(words) = of["properties"].as_object().filter(|words| !words.is_empty()) else {
            self.text.truncate(self.text.trim_end().len());
            self.text.push('\n');
            return;
        };
        let needed: Vec<&str> =
            of["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let Words { columns, needed: always, .. } = self.words;
        let _ = writeln!(self.text, "{columns}\n|---|---|---|---|");
        let is_needed = |word: &String| needed.contains(&word.as_str());
        let (first, then): (Vec<_>, Vec<_>) = words.iter().partition(|(word, _)| is_needed(word));
        for (word, of) in first.into_iter().chain(then) {
            let below = if at.is_empty() { word.clone() } else { format!("{at}.{word}") };
            let mut value = self.value(of, &below);
            if self.words.has_null && may_be_null(of) {
                value.push_str(", or `null`");
            }
            let without = match &of["default"] {
                _ if is_needed(word) => always.to_owned(),
                Value::Null | Value::Object(_) => String::new(),
                Value::String(default) => format!("`{default}`"),
                default => format!("`{default}`"),
            };
            let about = of["description"].as_str().unwrap_or_default();
            let _ =
                writeln!(self.text, "| `{word}` | {} | {} | {} |", cell(&value), cell(&without), cell(about));
        }
    }

    /// What a value may be, in words.
    fn value(&mut self, of: &'s Value, at: &str) -> String {
        if let Some((name, of)) = self.referred(of) {
            return self.named(name, of, at);
        }
        if let Some(otherwise) = of.get("else") {
            return self.value(otherwise, at);
        }
        if let Some(ways) = of["anyOf"].as_array().or_else(|| of["oneOf"].as_array()) {
            let ways = ways.iter().filter(|way| way["type"] != "null");
            let mut told: Vec<String> = Vec::new();
            for way in ways {
                let way = self.value(way, at);
                if !told.contains(&way) {
                    told.push(way);
                }
            }
            let are_words = told.iter().all(|way| way.starts_with('`'));
            return told.join(if are_words { ", " } else { ", or " });
        }
        let words = of["enum"].as_array().into_iter().flatten().chain(of.get("const"));
        let words: Vec<String> = words.filter_map(Value::as_str).map(|word| format!("`{word}`")).collect();
        if !words.is_empty() {
            return words.join(", ");
        }
        let kind = match &of["type"] {
            Value::Array(kinds) => kinds[0].as_str(),
            kind => kind.as_str(),
        };
        match kind {
            Some("object") => {
                format!("names with {}", self.value(&of["additionalProperties"], &format!("{at}.NAME")))
            }
            Some("array") => format!("list of {}", self.value(&of["items"], &format!("{at}[]"))),
            Some("boolean") => "`true`, `false`".to_owned(),
            Some("number") => "number".to_owned(),
            Some("integer") => of["title"].as_str().unwrap_or("whole number").to_owned(),
            Some(_) => text(of),
            None => "anything".to_owned(),
        }
    }

    /// A named type: a mapping that has a section of its own, or something that holds itself.
    fn named(&mut self, name: &'s str, of: &'s Value, at: &str) -> String {
        if of.get("properties").is_none() && of["type"] != "object" {
            if self.headings.insert(name, String::new()).is_some() {
                return "these".to_owned();
            }
            let told = self.value(of, at);
            self.headings.remove(name);
            return told;
        }
        let heading = self.headings.get(name).cloned().unwrap_or_else(|| {
            self.open.push_back((at.to_owned(), of));
            self.headings.insert(name, format!("`{at}`"));
            format!("`{at}`")
        });
        format!("[mapping](#{})", anchor(&heading))
    }
}

fn may_be_null(of: &Value) -> bool {
    let is_null = |way: &Value| way == "null" || way["type"] == "null";
    [&of["type"], &of["anyOf"]]
        .into_iter()
        .any(|ways| ways.as_array().is_some_and(|ways| ways.iter().any(is_null)))
}

fn text(of: &Value) -> String {
    let what = of["title"].as_str().unwrap_or("text");
    let examples = of["examples"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let examples: Vec<String> = examples.map(|example| format!("`{example}`")).collect();
    if examples.is_empty() { what.to_owned() } else { format!("{what}: {}", examples.join(", ")) }
}

#[test]
fn the_reference_of_the_configuration_is_its_schema() {
    let schema = tieout::config::schema();
    let mut page = Page::of(
        &schema,
        WRITTEN,
        "# Keys of tieout.yaml\n\nEvery key of the configuration: what it takes, what holds without it, and what it says. \
         [Configuration](../configuration.md) says how an editor completes and checks them.",
    );
    page.chapter("tieout.yaml", "", &schema);
    is_kept("configuration.md", &page.text);
}

#[test]
fn the_reference_of_definitions_is_their_schema() {
    let schema = of_file::<DefinitionFile>();
    let mut page = Page::of(
        &schema,
        WRITTEN,
        "# Keys of definitions\n\nEvery key of [domain files](../domains.md) and [provider files](../providers.md): what it takes, what holds \
         without it, and what it says. A feed that says `like` or `preset` needs none of the keys that it takes over.",
    );
    page.chapter("Domain files", "", &schema["else"]);
    page.chapter("Provider files", "", &schema["then"]);
    is_kept("definitions.md", &page.text);
}

#[test]
fn the_reference_of_reports_is_their_schema() {
    let schema = tieout::report::run_schema();
    let mut page = Page::of(
        &schema,
        READ,
        "# Fields of reports\n\nEvery field of `tieout.run/v1`: what `run`, `plan`, `backfill` and `report show` write with `--format json`, and \
         what report files hold. `tieout generate schema run` prints the schema that this page is made from. [Output for programs](../json.md) \
         says what may be relied on.",
    );
    page.chapter("A run", "", &schema);
    is_kept("reports.md", &page.text);
}
