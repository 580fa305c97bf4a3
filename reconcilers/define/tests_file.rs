//! The `tests` of a domain file: recorded pages and rows, what goes wrong on the way, and what is to come of it.
//!
//! Only what is written is read here. The pages themselves are files of a folder that a test names.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::checked::{Checked, Fault, FromText, Placed, Word};
use super::document::Problems;
use super::problem::Spot;
use crate::discrepancy::Kind;
use crate::instant::Instant;

/// How long before its clock a test begins where it says nothing: as long as most slices.
const BACK: Duration = Duration::from_hours(24);

/// A test of a domain.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TestFile {
    /// What it proves, as a sentence.
    name: Checked<TestName>,
    /// The folder with the recorded pages, and rows; it begins at the folder of this file.
    fixture: Checked<Folder>,
    /// The rows on the other side, in place of those of the folder: column and value.
    rows: Option<Vec<BTreeMap<String, Value>>>,
    /// What time it is, in place of what the folder says.
    now: Option<Checked<Instant>>,
    /// Where the run begins to read, in place of what the folder says; a day before `now` where nobody says so.
    start: Option<Checked<Instant>>,
    /// What goes wrong on the way.
    #[serde(default)]
    faults: Vec<FaultFile>,
    /// What is to come of it. Left out, it stands in a file beside the pages, which `tieout test --update` writes.
    expect: Option<Placed<ExpectFile>>,
}

/// What a test is called.
#[derive(Debug, Clone)]
struct TestName(String);

impl FromText for TestName {
    const WHAT: &'static str = "name of a test";
    const EXAMPLES: &'static [&'static str] = &["a missing charge is emitted once"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        if text.trim().is_empty() || text.chars().any(char::is_control) {
            return Err(Fault::new("a test has a name, on one line"));
        }
        Ok(Self(text.trim().to_owned()))
    }
}

/// A folder, relative to the file that names it.
#[derive(Debug, Clone)]
struct Folder(String);

impl FromText for Folder {
    const WHAT: &'static str = "folder";
    const EXAMPLES: &'static [&'static str] = &["fixtures/stripe.charges/two-pages"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        if text.trim().is_empty() {
            return Err(Fault::new("the folder has no name"));
        }
        Ok(Self(text.to_owned()))
    }
}

/// Something that goes wrong with one recorded page.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FaultFile {
    /// Which of the folder's pages, from 1, in the order of their names.
    page: Placed<u32>,
    /// It is answered with this HTTP status and no page.
    #[serde(default)]
    #[schemars(schema_with = "optional_status")]
    status: Option<u16>,
    /// What happens to it otherwise.
    what: Option<Checked<Mishap>>,
    /// How often, before it is answered as it was recorded; always where this is left out.
    times: Option<u32>,
}

fn optional_status(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    super::schema::status()
}

/// What can happen to a page beside a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// Nobody answers in time.
    Timeout,
    /// The body ends in its middle.
    Truncated,
    /// The page before it comes again.
    Duplicate,
    /// The page has no rows.
    Empty,
}

impl Mishap {
    const ALL: [Self; 4] = [Self::Timeout, Self::Truncated, Self::Duplicate, Self::Empty];

    const fn word(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Truncated => "truncated",
            Self::Duplicate => "duplicate",
            Self::Empty => "empty",
        }
    }
}

impl Word for Mishap {
    const WHAT: &'static str = "fault";

    fn words() -> Vec<(&'static str, Self)> {
        Self::ALL.map(|mishap| (mishap.word(), mishap)).to_vec()
    }
}

impl Word for Kind {
    const WHAT: &'static str = "kind of finding";

    fn words() -> Vec<(&'static str, Self)> {
        Self::ALL.map(|kind| (kind.as_str(), kind)).to_vec()
    }
}

/// What is to come of a test; what is left out may be anything.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ExpectFile {
    /// How the domain ends.
    status: Option<Checked<Ending>>,
    /// Whether every page was read to the proven end of the list.
    complete: Option<bool>,
    /// The instant up to which the domain is verified; `unchanged` where nothing was.
    verified_through: Option<Checked<Verified>>,
    /// How many events arrive at the queues.
    emits: Option<u64>,
    /// All findings.
    findings: Option<Vec<FindingFile>>,
}

/// How a domain ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Everything was read to the end.
    Done,
    /// Something could not be read or sent.
    Partial,
    /// A safety limit keeps the events back.
    Held,
    /// Nothing can be said.
    Failed,
}

impl Ending {
    /// The word of reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Partial => "partial",
            Self::Held => "held",
            Self::Failed => "failed",
        }
    }
}

impl Word for Ending {
    const WHAT: &'static str = "status";

    fn words() -> Vec<(&'static str, Self)> {
        [Self::Done, Self::Partial, Self::Held, Self::Failed].map(|ending| (ending.as_str(), ending)).to_vec()
    }
}

/// How far a domain is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verified {
    /// No further than before.
    Unchanged,
    /// Up to an instant.
    Through(Instant),
}

impl FromText for Verified {
    const WHAT: &'static str = "instant, or `unchanged`";
    const EXAMPLES: &'static [&'static str] = &["2025-11-20T00:00:00Z", "unchanged"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        if text == "unchanged" { Ok(Self::Unchanged) } else { Instant::from_text(text).map(Self::Through) }
    }
}

/// A finding.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FindingFile {
    /// What kind it is.
    kind: Checked<Kind>,
    /// The item.
    key: Checked<String>,
    /// The member of the fan-out, where the feed has one.
    each: Option<Checked<String>>,
    /// The names of the fields that differ; what is left out may be any.
    fields: Option<Vec<String>>,
}

/// A test, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct TestDefinition {
    /// What it is called.
    pub name: String,
    /// Where it stands.
    pub spot: Spot,
    /// The folder with its pages, as it is written.
    pub fixture: String,
    /// Its rows, where they stand in the definition.
    pub rows: Option<Vec<BTreeMap<String, Value>>>,
    /// What time it is.
    pub now: Option<Instant>,
    /// Where the run begins to read.
    pub start: Option<Instant>,
    /// What goes wrong.
    pub faults: Vec<TestFault>,
    /// What is to come of it.
    pub expect: Option<Expectation>,
}

/// Something that goes wrong with one recorded page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestFault {
    /// Which page, from 1.
    pub page: u32,
    /// What happens to it.
    pub how: How,
    /// How often; always where nothing is said.
    pub times: Option<u32>,
}

/// What happens to a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// An HTTP status and no page.
    Status(u16),
    /// Something else.
    Mishap(Mishap),
}

impl How {
    /// A word for each way: whatever the status is, it is one of them.
    pub const WORDS: [&'static str; 5] = {
        let [timeout, truncated, duplicate, empty] = Mishap::ALL;
        ["status", timeout.word(), truncated.word(), duplicate.word(), empty.word()]
    };

    /// Which way it is.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Status(_) => "status",
            Self::Mishap(mishap) => mishap.word(),
        }
    }
}

/// What is to come of a test. Nothing stands for anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expectation {
    /// How the domain ends.
    pub status: Option<Ending>,
    /// Whether everything was read to its proven end.
    pub complete: Option<bool>,
    /// How far it is verified.
    pub verified_through: Option<Verified>,
    /// How many events arrive.
    pub emits: Option<u64>,
    /// All findings.
    pub findings: Option<Vec<ExpectedFinding>>,
}

/// A finding that is to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedFinding {
    /// What kind it is.
    pub kind: Kind,
    /// The item.
    pub key: String,
    /// The member; empty where there is none.
    pub each: String,
    /// The fields that differ.
    pub fields: Option<Vec<String>>,
}

impl TestDefinition {
    /// A test of what a folder holds, which says nothing else.
    #[must_use]
    pub fn of_fixture(name: String, fixture: String) -> Self {
        let (rows, now, start, faults, expect) = (None, None, None, Vec::new(), None);
        Self { name, spot: Spot::default(), fixture, rows, now, start, faults, expect }
    }

    /// The name as a part of a file's name: letters, digits and dashes.
    #[must_use]
    pub fn slug(&self) -> String {
        let words = self.name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join("-").to_lowercase()
    }

    /// Where a run that begins at `now` begins to read, where nobody says so.
    #[must_use]
    pub fn default_start(now: Instant) -> Instant {
        now - BACK
    }
}

/// The tests of a domain. Each has a name of its own.
pub(super) fn compile(files: Vec<TestFile>, problems: &mut Problems<'_>) -> Vec<TestDefinition> {
    let mut tests: Vec<TestDefinition> = Vec::new();
    for file in files {
        let Some(test) = file.compile(problems) else { continue };
        if let Some(known) = tests.iter().find(|known| known.slug() == test.slug()) {
            problems.add(test.spot, Fault::new(format!("there is a test `{}` already", known.name)));
            continue;
        }
        tests.push(test);
    }
    tests
}

impl TestFile {
    fn compile(self, problems: &mut Problems<'_>) -> Option<TestDefinition> {
        let spot = self.name.spot;
        let (name, fixture) = (problems.take(self.name), problems.take(self.fixture));
        let (now, start) = (problems.take_option(self.now), problems.take_option(self.start));
        let faults = self.faults.into_iter().filter_map(|fault| fault.compile(problems)).collect();
        let expect = self.expect.map(|expect| expect.value.compile(problems));
        let (name, fixture) = (name?.0, fixture?.0);
        Some(TestDefinition { name, spot, fixture, rows: self.rows, now, start, faults, expect })
    }
}

impl FaultFile {
    fn compile(self, problems: &mut Problems<'_>) -> Option<TestFault> {
        let Placed { spot, value: page } = self.page;
        if page == 0 {
            problems.add(spot, Fault::new("pages are counted from 1"));
            return None;
        }
        let has_what = self.what.is_some();
        let what = problems.take_option(self.what);
        let how = match (self.status, what) {
            (Some(status), None) if !has_what && (100..=599).contains(&status) => How::Status(status),
            (Some(_), None) if !has_what => {
                problems.add(spot, Fault::new("an HTTP status lies between 100 and 599"));
                return None;
            }
            (None, Some(what)) => How::Mishap(what),
            (None, None) if has_what => return None,
            _ => {
                let fault = Fault::new("a fault has either a `status` or a `what`");
                let help = "write `{page: 2, status: 500}` or `{page: 2, what: timeout}`";
                problems.add(spot, fault.with_help(help));
                return None;
            }
        };
        Some(TestFault { page, how, times: self.times })
    }
}

impl ExpectFile {
    fn compile(self, problems: &mut Problems<'_>) -> Expectation {
        let status = problems.take_option(self.status);
        let verified_through = problems.take_option(self.verified_through);
        let mut finding = |file: FindingFile| {
            let (kind, key) = (problems.take(file.kind), problems.take(file.key));
            let each = problems.take_option(file.each).unwrap_or_default();
            Some(ExpectedFinding { kind: kind?, key: key?, each, fields: file.fields })
        };
        let findings = self.findings.map(|findings| findings.into_iter().filter_map(&mut finding).collect());
        Expectation { status, complete: self.complete, verified_through, emits: self.emits, findings }
    }
}
