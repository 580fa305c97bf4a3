//! What was to come of a test that says nothing of it itself: a file beside its pages, which `tieout test --update` writes.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tieout_reconcilers::define::tests_file::{Ending, Expectation, ExpectedFinding, Verified};
use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::instant::TimeFormat;

use super::outcome::Outcome;

/// The folder of a fixture that expectations are kept in.
const FOLDER: &str = "expected";

/// An expectation as its file holds it. Everything is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// How the domain ends.
    status: String,
    /// Whether everything is read to its proven end.
    complete: bool,
    /// How far it is verified.
    verified_through: String,
    /// How many events arrive.
    emits: u64,
    /// All findings.
    findings: Vec<KeptFinding>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptFinding {
    kind: String,
    key: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    each: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    fields: Vec<String>,
}

/// Why a file holds no expectation.
#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    /// It cannot be read.
    #[error("`{}` cannot be read: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It says something else.
    #[error("`{}` is no expectation: {why}", file.display())]
    Wrong {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        why: String,
    },
}

impl From<&Outcome> for Kept {
    fn from(outcome: &Outcome) -> Self {
        let findings = outcome.findings.iter().map(|finding| KeptFinding {
            kind: finding.kind.clone(),
            key: finding.key.clone(),
            each: finding.each.clone(),
            fields: finding.names().into_iter().map(ToOwned::to_owned).collect(),
        });
        Self {
            status: outcome.status.clone(),
            complete: outcome.complete,
            verified_through: outcome.verified_through.clone().unwrap_or_else(|| "unchanged".to_owned()),
            emits: outcome.emits,
            findings: findings.collect(),
        }
    }
}

impl Kept {
    /// The text of the file.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// The lines of `expect:` in a definition, as somebody would write them.
    #[must_use]
    pub fn yaml(&self) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let finding = |finding: &KeptFinding| {
            let each = (!finding.each.is_empty()).then(|| format!(", each: {}", quoted(&finding.each)));
            let fields: Vec<String> = finding.fields.iter().map(|field| quoted(field)).collect();
            let fields = (!fields.is_empty()).then(|| format!(", fields: [{}]", fields.join(", ")));
            format!(
                "    - {{kind: {}, key: {}{}{}}}\n",
                finding.kind,
                quoted(&finding.key),
                each.unwrap_or_default(),
                fields.unwrap_or_default()
            )
        };
        let findings = self.findings.iter().map(finding).collect::<Vec<_>>().concat();
        let findings = if findings.is_empty() { " []\n".to_owned() } else { format!("\n{findings}") };
        let Self { status, complete, emits, .. } = self;
        let through = quoted(&self.verified_through);
        format!(
            "expect:\n  status: {status}\n  complete: {complete}\n  verified_through: {through}\n  emits: {emits}\n  findings:{findings}"
        )
    }

    fn expectation(&self) -> Option<Expectation> {
        let endings = [Ending::Done, Ending::Partial, Ending::Held, Ending::Failed];
        let ending = endings.into_iter().find(|ending| ending.as_str() == self.status)?;
        let through = match self.verified_through.as_str() {
            "unchanged" => Verified::Unchanged,
            at => Verified::Through(TimeFormat::Rfc3339.read(at)?),
        };
        let finding = |finding: &KeptFinding| {
            let KeptFinding { kind, key, each, fields } = finding.clone();
            Some(ExpectedFinding { kind: Kind::from_word(&kind)?, key, each, fields: Some(fields) })
        };
        Some(Expectation {
            status: Some(ending),
            complete: Some(self.complete),
            verified_through: Some(through),
            emits: Some(self.emits),
            findings: Some(self.findings.iter().map(finding).collect::<Option<_>>()?),
        })
    }
}

/// Where the expectation of a test is kept.
#[must_use]
pub fn kept_at(fixture: &Path, domain: &str, slug: &str) -> PathBuf {
    fixture.join(FOLDER).join(format!("{domain}.{slug}.json"))
}

/// Reads an expectation; nothing where there is none.
pub fn read_kept(file: &Path) -> Result<Option<(String, Expectation)>, NotKept> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(NotKept::Unreadable { file: file.to_owned(), source }),
    };
    let wrong = |why: String| NotKept::Wrong { file: file.to_owned(), why };
    let kept: Kept = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let expectation = kept.expectation().ok_or_else(|| wrong("a word of it is not known".to_owned()))?;
    Ok(Some((text, expectation)))
}
