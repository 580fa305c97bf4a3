//! What came of a test: what a run reports of its one domain, without what differs from run to run.

use serde::Serialize;
use tieout_reconcilers::discrepancy::FieldDiff;

use super::player::Player;
use crate::report::DomainReport;

/// Findings in this state are no findings yet: they are too young, or could not be confirmed.
const SUSPECTED: &str = "suspected";

/// What came of a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// How the domain ended.
    pub status: String,
    /// Whether everything was read to its proven end.
    pub complete: bool,
    /// How far it is verified now; nothing where nothing was.
    pub verified_through: Option<String>,
    /// How many events arrived at the queues.
    pub emits: u64,
    /// What was found, in the order of its members and keys.
    pub findings: Vec<FoundFinding>,
    /// What went wrong or is doubtful, in words.
    pub problems: Vec<String>,
    /// What was asked and is in no file of the fixture.
    pub unanswered: Vec<String>,
    /// In which ways something went wrong on the way, as the test wanted it.
    pub faults: Vec<String>,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FoundFinding {
    /// What kind it is.
    pub kind: String,
    /// The member of the fan-out; empty where there is none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub each: String,
    /// The item.
    pub key: String,
    /// Where it stands.
    pub state: String,
    /// Where the sides differ.
    pub fields: Vec<FieldDiff>,
}

impl FoundFinding {
    /// The names of the fields that differ. What one side lacks differs in no field.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        match self.kind.as_str() {
            "mismatched" => self.fields.iter().map(|diff| &*diff.field).collect(),
            _ => Vec::new(),
        }
    }
}

impl Outcome {
    /// What a report says of its domain.
    #[must_use]
    pub(super) fn of(report: &DomainReport, start: &str, emits: u64, player: &Player) -> Self {
        let mut findings: Vec<FoundFinding> = report
            .findings
            .iter()
            .filter(|finding| finding.state != SUSPECTED)
            .map(|finding| FoundFinding {
                kind: finding.kind.clone(),
                each: finding.each.clone(),
                key: finding.key.clone(),
                state: finding.state.clone(),
                fields: finding.fields.clone(),
            })
            .collect();
        findings.sort_by(|one, other| (&one.each, &one.key).cmp(&(&other.each, &other.key)));
        Self {
            status: report.status.as_str().to_owned(),
            complete: report.complete,
            // The beginning is where a domain stands of which nothing is verified.
            verified_through: report.verified_through.clone().filter(|through| through != start),
            emits,
            findings,
            problems: report.problems.clone(),
            unanswered: player.unanswered(),
            faults: player.mishaps().into_iter().map(ToOwned::to_owned).collect(),
        }
    }
}
