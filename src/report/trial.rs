//! What `tieout test` tried, and what came of it.

use serde::Serialize;

use crate::testkit::{Difference, Outcome};

/// One test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trial {
    /// The domain.
    pub domain: String,
    /// What the test is called.
    pub name: String,
    /// The file that it stands in.
    pub file: String,
    /// Its line there.
    pub line: usize,
    /// Its column.
    pub column: usize,
    /// Whether what came of it is what was to come of it.
    pub passed: bool,
    /// In which ways it is not.
    pub differences: Vec<Difference>,
    /// Why it could not be tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken: Option<String>,
    /// What came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// What was written of it, or would have to be written by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update: Option<Update>,
}

/// What became of an expectation that is to be brought up to date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Update {
    /// Its file was written.
    Written {
        /// The file.
        file: String,
        /// The lines that changed.
        diff: String,
    },
    /// It stands in the definition, which only a person writes.
    ByHand {
        /// What to write there.
        expect: String,
    },
}

impl Trial {
    /// The test as one name.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.domain, self.name)
    }

    /// Why it failed, a line for each reason.
    #[must_use]
    pub fn reasons(&self) -> Vec<String> {
        let differences = self.differences.iter();
        let told = differences.map(|one| format!("{}: expected {}, was {}", one.what, one.expected, one.was));
        told.chain(self.broken.clone()).collect()
    }
}
