//! A fixture: a folder with the answers of a provider, one file each, and the rows of the other side.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tieout_reconcilers::instant::{Instant, TimeFormat};

use super::exchange::Exchange;

/// What the file about a fixture is called.
pub(super) const ABOUT: &str = "fixture.json";
/// What the file with rows in JSON is called.
pub(super) const ROWS: &str = "rows.json";
/// What the file with rows in CSV is called.
const ROWS_CSV: &str = "rows.csv";
/// What the names of pages begin with.
pub(super) const PAGE: &str = "page";

/// The largest file that is read, in bytes: a page is at most half as large by default.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// The most files of a folder.
const MAX_FILES: usize = 10_000;

/// A fixture, read.
#[derive(Debug, Clone)]
pub struct Fixture {
    /// The answers, in the order of their names.
    pub recorded: Vec<Recorded>,
    /// The rows, each as its columns with their values in JSON.
    pub rows: Vec<BTreeMap<String, String>>,
    /// When it was.
    pub about: About,
}

/// An answer with its file.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The name of its file.
    pub file: String,
    /// The request and the answer.
    pub exchange: Exchange,
    /// Whether it is a page of the feed; others answer look-ups and the like.
    pub is_page: bool,
}

/// When a fixture was recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// What time it was, in RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
    /// Where the run began to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
}

/// Why a fixture cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FixtureFault {
    /// A file or folder cannot be read.
    #[error("`{}` cannot be read: {source}", file.display())]
    Unreadable {
        /// The file or folder.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file holds something else.
    #[error("`{}` is not what it should be: {why}", file.display())]
    Wrong {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// There is too much of something.
    #[error("`{}` {why}", file.display())]
    TooLarge {
        /// The file or folder.
        file: PathBuf,
        /// What is too large.
        why: String,
    },
}

impl Fixture {
    /// Reads a folder.
    pub fn read(folder: &Path) -> Result<Self, FixtureFault> {
        let mut recorded = Vec::new();
        for name in names(folder)? {
            let path = folder.join(&name);
            let is_json = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
            if !is_json || name == ABOUT || name == ROWS {
                continue;
            }
            let exchange: Exchange = parsed(&path)?;
            if exchange.response.body.is_some() && exchange.response.text.is_some() {
                let why = "an answer has either a `body` or a `text`".to_owned();
                return Err(FixtureFault::Wrong { file: path, why });
            }
            recorded.push(Recorded { is_page: name.starts_with(PAGE), file: name, exchange });
        }
        let about = folder.join(ABOUT);
        let about = if about.exists() { parsed(&about)? } else { About::default() };
        Ok(Self { recorded, rows: rows(folder)?, about })
    }
}

impl About {
    /// What time it was, where the file says so and it is a time.
    #[must_use]
    pub fn now(&self) -> Option<Instant> {
        TimeFormat::Rfc3339.read(self.now.as_deref()?)
    }

    /// Where the run began to read.
    #[must_use]
    pub fn start(&self) -> Option<Instant> {
        TimeFormat::Rfc3339.read(self.start.as_deref()?)
    }
}

/// The names of the files of a folder, sorted.
fn names(folder: &Path) -> Result<Vec<String>, FixtureFault> {
    let unreadable = |source| FixtureFault::Unreadable { file: folder.to_owned(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if entry.path().is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
        if names.len() > MAX_FILES {
            let why = format!("holds more than {MAX_FILES} files");
            return Err(FixtureFault::TooLarge { file: folder.to_owned(), why });
        }
    }
    names.sort();
    Ok(names)
}

fn text(path: &Path) -> Result<String, FixtureFault> {
    let unreadable = |source| FixtureFault::Unreadable { file: path.to_owned(), source };
    if fs::metadata(path).map_err(unreadable)?.len() > MAX_BYTES {
        let why = format!("is larger than {MAX_BYTES} bytes");
        return Err(FixtureFault::TooLarge { file: path.to_owned(), why });
    }
    fs::read_to_string(path).map_err(unreadable)
}

fn parsed<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, FixtureFault> {
    serde_json::from_str(&text(path)?)
        .map_err(|error| FixtureFault::Wrong { file: path.to_owned(), why: error.to_string() })
}

fn rows(folder: &Path) -> Result<Vec<BTreeMap<String, String>>, FixtureFault> {
    let (json, csv) = (folder.join(ROWS), folder.join(ROWS_CSV));
    match (json.exists(), csv.exists()) {
        (true, true) => {
            let why = format!("there is a `{ROWS_CSV}` beside it: rows stand in one of them");
            Err(FixtureFault::Wrong { file: json, why })
        }
        (true, false) => {
            let rows: Vec<BTreeMap<String, Box<RawValue>>> = parsed(&json)?;
            let raw = |row: BTreeMap<String, Box<RawValue>>| {
                row.into_iter().map(|(name, value)| (name, value.get().to_owned())).collect()
            };
            Ok(rows.into_iter().map(raw).collect())
        }
        (false, true) => rows_of_csv(&csv),
        (false, false) => Ok(Vec::new()),
    }
}

fn rows_of_csv(path: &Path) -> Result<Vec<BTreeMap<String, String>>, FixtureFault> {
    let text = text(path)?;
    let wrong = |error: csv::Error| FixtureFault::Wrong { file: path.to_owned(), why: error.to_string() };
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns = reader.headers().map_err(wrong)?.clone();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(wrong)?;
        let row = columns.iter().zip(&record).map(|(name, value)| (name.to_owned(), json_of(value)));
        rows.push(row.collect());
    }
    Ok(rows)
}

/// What a field of CSV stands for: nothing is null, a number and a boolean are themselves, and everything else is a text.
fn json_of(field: &str) -> String {
    let is_itself = serde_json::from_str::<serde_json::Value>(field)
        .is_ok_and(|value| value.is_number() || value.is_boolean());
    match field {
        "" => "null".to_owned(),
        _ if is_itself => field.to_owned(),
        text => serde_json::Value::from(text).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_of_csv_is_a_number_where_it_is_written_as_one() {
        let read = ["", "10.50", "-3", "true", "007", "ch_1", "12345678901234567890123", "null"].map(json_of);
        assert_eq!(
            read,
            ["null", "10.50", "-3", "true", "\"007\"", "\"ch_1\"", "12345678901234567890123", "\"null\""]
        );
    }
}
