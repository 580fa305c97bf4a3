//! What was tested, and what came of it, for `tieout check` and `tieout probe`. The tests themselves live with what they test.

use serde::Serialize;

use super::failure::Failure;
use super::output::Output;
use crate::report::exit::decide;
use crate::report::github::{Annotation, annotations};
use crate::report::{json, text};

/// One thing that was tested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tested {
    /// Such as `domain stripe.charges` or `database app`.
    pub what: String,
    /// What came of it.
    pub result: TestResult,
    /// In words: what is there, doubtful or wrong.
    pub detail: String,
    /// The exit code of a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<u8>,
}

/// What came of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TestResult {
    /// It is as it should be.
    Ok,
    /// It works, and is not what it should be.
    Warning,
    /// It does not work.
    Failed,
    /// Nobody could say.
    NotTold,
}

impl Tested {
    /// A test that passed.
    #[must_use]
    pub fn ok(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { what: what.into(), result: TestResult::Ok, detail: detail.into(), exit: None }
    }

    /// A test that passed with a doubt.
    #[must_use]
    pub fn warning(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { result: TestResult::Warning, ..Self::ok(what, detail) }
    }

    /// A test that nobody could carry out.
    #[must_use]
    pub fn not_told(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self { result: TestResult::NotTold, ..Self::ok(what, why) }
    }

    /// A test that failed, with the exit code that a run would end with for it.
    #[must_use]
    pub fn failed(what: impl Into<String>, detail: impl Into<String>, exit: u8) -> Self {
        Self { result: TestResult::Failed, exit: Some(exit), ..Self::ok(what, detail) }
    }
}

/// Writes what a command tested; the exit code is the strongest of the failures.
pub fn show(command: &str, tests: &[Tested], output: &Output) -> Result<u8, Failure> {
    let exit = code(tests);
    let lines = || json::lines("tested", tests);
    let document = || json::checked(command, tests, exit);
    output.show(|look| page(command, tests, output.quiet, look), document, lines)?;
    Ok(exit)
}

/// Writes what a command tested as annotations of GitHub; the exit code is that of `show`.
pub(super) fn annotate(tests: &[Tested], output: &Output) -> Result<u8, Failure> {
    let of = |result| {
        let these = tests.iter().filter(move |test| test.result == result);
        these.map(|test| Annotation::titled(&test.what, &test.detail)).collect::<Vec<_>>()
    };
    output.write(&annotations(&of(TestResult::Failed), &of(TestResult::Warning)))?;
    Ok(code(tests))
}

/// The strongest of the failures.
fn code(tests: &[Tested]) -> u8 {
    let failures = tests.iter().filter_map(|test| Some((test.exit?, test.what.clone())));
    decide(&failures.collect::<Vec<_>>()).code
}

fn page(command: &str, tests: &[Tested], quiet: bool, look: &text::Look) -> String {
    let told = tests.iter().filter(|test| !quiet || test.result == TestResult::Failed);
    let rows = told.map(|test| [test.result.word(), &test.what, &test.detail]);
    let number = |result| tests.iter().filter(|test| test.result == result).count() as u64;
    text::checks(command, rows, number(TestResult::Failed), number(TestResult::Warning), look)
}

impl TestResult {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::NotTold => "not told",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::exit;

    fn tests() -> Vec<Tested> {
        vec![
            Tested::ok("definitions", "2 domains, 1 provider"),
            Tested::warning("domain stripe.charges", "settle is 0s: items in flight will look missing"),
            Tested::failed("provider adyen", "the key was rejected\u{1b}[2J", exit::CREDENTIALS),
        ]
    }

    #[test]
    fn every_test_has_its_line_and_silence_leaves_the_failures() {
        insta::assert_snapshot!(page("check", &tests(), false, &text::Look::default()), @r"
        ok       definitions            2 domains, 1 provider
        warning  domain stripe.charges  settle is 0s: items in flight will look missing
        failed   provider adyen         the key was rejected\u{1b}[2J
        check: 1 failed, 1 warning
        ");
        assert_eq!(page("check", &tests(), true, &text::Look::default()).lines().count(), 2);
    }
}
