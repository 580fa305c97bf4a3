//! Makes a fixture of what was heard and read: cleaned, proven to hold nothing that looks like a secret, and written once.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use aws_lc_rs::hmac::{HMAC_SHA256, Key};
use aws_lc_rs::rand::SystemRandom;
use serde::Serialize;
use tieout_reconcilers::compare::{Fields, Source};
use tieout_reconcilers::path::Path as Member;

use super::exchange::{Ask, Values};
use super::fixture::{ABOUT, About, PAGE, ROWS};
use super::recorder::{Answered, Heard};
use super::redact::{Left, Redactor, Taken, left_in};
use super::tree::Tree;

/// Headers of an answer that are kept in any case; beside them those that the provider's definition names.
const KEPT: [&str; 2] = ["content-type", "link"];
/// Headers that are never kept.
const NEVER: [&str; 5] = ["date", "set-cookie", "authorization", "proxy-authorization", "www-authenticate"];

/// What has to go beside what surely is a secret.
#[derive(Debug, Default)]
pub struct Hidden {
    /// Names of members and columns.
    pub names: BTreeSet<String>,
    /// Secrets of the configuration.
    pub secrets: Vec<String>,
}

/// A fixture that may be written.
#[derive(Debug)]
pub struct Recording {
    /// Its files with their texts.
    pub files: Vec<(String, String)>,
    /// What was taken out, and how often.
    pub taken: Taken,
    /// How many pages it has.
    pub pages: usize,
    /// How many other answers.
    pub others: usize,
    /// How many rows.
    pub rows: usize,
}

/// Why a recording may not be written.
#[derive(Debug, thiserror::Error)]
pub enum NotRecordable {
    /// Something in it looks like a secret.
    #[error("something looks like a secret")]
    Left(Vec<Left>),
    /// A body is no text.
    #[error("the answer to {0} is no text, and only texts can be searched for secrets")]
    NoText(String),
    /// The system gives no randomness.
    #[error("there is no key for the placeholders")]
    NoKey,
}

#[derive(Serialize)]
struct FileText<'f> {
    request: &'f Ask,
    response: SayText,
}

#[derive(Serialize)]
struct SayText {
    status: u16,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Tree>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

/// What was heard of one request, read.
struct Read<'h> {
    answered: &'h Answered,
    body: Body,
}

enum Body {
    Json(Tree),
    Text(String),
}

/// Makes a fixture. `definition` is the text of the provider's file, which names the headers that matter.
pub fn recording(
    heard: &Heard,
    rows: &[BTreeMap<String, String>],
    about: &About,
    (hidden, fields): (&Hidden, &Fields),
    definition: &str,
) -> Result<Recording, NotRecordable> {
    let read = heard.answers.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let rows = rows_tree(rows);
    let trees = || read.iter().filter_map(|read| read.body.json()).chain([&rows]);
    let key = Key::generate(HMAC_SHA256, &SystemRandom::new()).map_err(|_| NotRecordable::NoKey)?;
    let names = hidden.names.iter().cloned().chain(names_of(fields, trees()));
    let mut redactor = Redactor::new(key, names, &hidden.secrets);
    trees().for_each(|tree| redactor.study(tree));
    for Read { answered, body } in &read {
        for (name, values) in answered.ask.query.iter().flatten() {
            values.all().iter().for_each(|value| redactor.study_parameter(name, value));
        }
        if let Body::Text(text) = body {
            redactor.study_text(text);
        }
    }
    let definition = definition.to_ascii_lowercase();
    let is_sign = |c: char| !c.is_ascii_alphanumeric() && c != '-';
    let headers: BTreeSet<&str> = definition.split(is_sign).collect();
    let mut files = Vec::new();
    let (mut pages, mut others) = (0, 0);
    for one in &read {
        let name = if one.answered.is_page {
            pages += 1;
            format!("{PAGE}-{pages:03}.json")
        } else {
            others += 1;
            format!("look-up-{others:03}.json")
        };
        files.push((name, file_text(one, &mut redactor, &headers)));
    }
    let n_rows = if let Tree::List(rows) = &rows { rows.len() } else { 0 };
    files.push((ROWS.to_owned(), pretty(&redactor.cleaned(&rows))));
    files.push((ABOUT.to_owned(), pretty(about)));
    let unreadable =
        |name: &String| Left { file: name.clone(), place: "$".to_owned(), what: "what cannot be read back" };
    let left = files.iter().flat_map(|(name, text)| match Tree::read(text) {
        Some(tree) => left_in(name, &tree, &hidden.secrets),
        None => vec![unreadable(name)],
    });
    let left: Vec<Left> = left.collect();
    if !left.is_empty() {
        return Err(NotRecordable::Left(left));
    }
    Ok(Recording { files, taken: redactor.taken().clone(), pages, others, rows: n_rows })
}

impl Recording {
    /// Writes the files into a folder that is not there yet. Where one cannot be written, nothing stays.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::create_dir(folder)?;
        let written = self.files.iter().try_for_each(|(name, text)| std::fs::write(folder.join(name), text));
        if written.is_err() {
            let _half = std::fs::remove_dir_all(folder);
        }
        written
    }
}

impl Body {
    fn json(&self) -> Option<&Tree> {
        if let Self::Json(tree) = self { Some(tree) } else { None }
    }
}

fn read(answered: &Answered) -> Result<Read<'_>, NotRecordable> {
    let text =
        std::str::from_utf8(&answered.body).map_err(|_| NotRecordable::NoText(answered.ask.path.clone()))?;
    let body = Tree::read(text).map_or_else(|| Body::Text(text.to_owned()), Body::Json);
    Ok(Read { answered, body })
}

fn file_text(one: &Read<'_>, redactor: &mut Redactor, named: &BTreeSet<&str>) -> String {
    let Read { answered, body } = one;
    let mut headers = BTreeMap::new();
    for (name, value) in &answered.headers {
        let is_kept = KEPT.contains(&name.as_str()) || named.contains(name.as_str());
        if is_kept && !NEVER.contains(&name.as_str()) {
            headers.insert(name.clone(), redactor.cleaned_value(name, value));
        }
    }
    let request = cleaned_ask(&answered.ask, redactor);
    let (body, text) = match body {
        Body::Json(tree) => (Some(redactor.cleaned(tree)), None),
        Body::Text(text) => (None, Some(redactor.cleaned_text(text)).filter(|text| !text.is_empty())),
    };
    let response = SayText { status: answered.status, headers, body, text };
    pretty(&FileText { request: &request, response })
}

fn cleaned_ask(ask: &Ask, redactor: &mut Redactor) -> Ask {
    let query = ask.query.as_ref().map(|query| {
        let cleaned = query.iter().map(|(name, values)| {
            let all = values.all().iter().map(|value| redactor.cleaned_value(name, value)).collect();
            (name.clone(), Values::of(all))
        });
        cleaned.collect()
    });
    let body = ask.body.as_ref().map(|body| {
        let cleaned = Tree::read(&body.to_string()).map(|tree| redactor.cleaned(&tree));
        cleaned.and_then(|tree| serde_json::to_value(&tree).ok()).unwrap_or_default()
    });
    Ask { method: ask.method.clone(), path: redactor.cleaned_text(&ask.path), query, body }
}

/// The names of what the domain hides, on both sides. What is calculated hides everything that it may be calculated from.
fn names_of<'t>(fields: &Fields, trees: impl Iterator<Item = &'t Tree>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let hidden: Vec<_> = fields.fields.iter().filter(|field| field.hidden.is_some()).collect();
    for field in &hidden {
        names.insert(field.local.to_string());
        if let Source::Member(path) = &field.upstream {
            names.extend(path.members().last().map(ToOwned::to_owned));
        }
    }
    let derived: Vec<&Source> = hidden
        .iter()
        .map(|field| &field.upstream)
        .filter(|from| matches!(from, Source::Derived(_)))
        .collect();
    if !derived.is_empty() {
        for tree in trees {
            tree.each_name(&mut |name| {
                if derived.iter().any(|from| from.overlaps(&Member::of_member(name))) {
                    names.insert(name.to_owned());
                }
            });
        }
    }
    names
}

fn rows_tree(rows: &[BTreeMap<String, String>]) -> Tree {
    let value = |(name, raw): (&String, &String)| {
        (name.clone(), Tree::read(raw).unwrap_or_else(|| Tree::Text(raw.clone())))
    };
    Tree::List(rows.iter().map(|row| Tree::Object(row.iter().map(value).collect())).collect())
}

fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}
