//! In which ways what came of a test is not what was to come of it. Pure.

use serde::Serialize;
use tieout_reconcilers::define::tests_file::{Expectation, ExpectedFinding, Verified};
use tieout_reconcilers::discrepancy::FieldDiff;

use super::outcome::{FoundFinding, Outcome};

/// One way in which they differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What differs: `status`, `emits`, `missing ch_1`.
    pub what: String,
    /// What was to come of it.
    pub expected: String,
    /// What came of it.
    pub was: String,
}

impl Difference {
    fn new(what: impl Into<String>, expected: &str, was: &str) -> Self {
        Self { what: what.into(), expected: expected.to_owned(), was: was.to_owned() }
    }
}

/// Said where something is not there.
const NOTHING: &str = "nothing";

/// Every difference, in the order of an expectation. What was asked in vain always is one.
#[must_use]
pub fn differences(expected: &Expectation, outcome: &Outcome) -> Vec<Difference> {
    let mut all = Vec::new();
    let mut compare = |what: &str, expected: Option<String>, was: String| {
        if let Some(expected) = expected.filter(|expected| *expected != was) {
            all.push(Difference::new(what, &expected, &was));
        }
    };
    let status = expected.status.map(|status| status.as_str().to_owned());
    compare("status", status, outcome.status.clone());
    compare("complete", expected.complete.map(|complete| complete.to_string()), outcome.complete.to_string());
    let through = expected.verified_through.map(|through| match through {
        Verified::Unchanged => "unchanged".to_owned(),
        Verified::Through(at) => at.to_string(),
    });
    let was = outcome.verified_through.clone().unwrap_or_else(|| "unchanged".to_owned());
    compare("verified_through", through, was);
    compare("emits", expected.emits.map(|emits| emits.to_string()), outcome.emits.to_string());
    if let Some(findings) = &expected.findings {
        all.extend(of_findings(findings, &outcome.findings));
    }
    if !all.is_empty() {
        all.extend(outcome.problems.iter().map(|problem| Difference::new("problem", NOTHING, problem)));
    }
    all.extend(outcome.unanswered.iter().map(|asked| Difference::new("asked", "a file that answers", asked)));
    all
}

fn of_findings(expected: &[ExpectedFinding], found: &[FoundFinding]) -> Vec<Difference> {
    let is_of = |expected: &ExpectedFinding, found: &FoundFinding| {
        expected.key == found.key && expected.each == found.each
    };
    let mut all = Vec::new();
    for wanted in expected {
        let Some(seen) = found.iter().find(|seen| is_of(wanted, seen)) else {
            all.push(Difference::new(name(&wanted.each, &wanted.key), wanted.kind.as_str(), NOTHING));
            continue;
        };
        if seen.kind != wanted.kind.as_str() {
            all.push(Difference::new(name(&wanted.each, &wanted.key), wanted.kind.as_str(), &told(seen)));
            continue;
        }
        if let Some(fields) = &wanted.fields {
            let (wanted_names, names) = (sorted(fields.iter().map(String::as_str)), sorted(seen.names()));
            if wanted_names != names {
                let what = format!("{}: fields", name(&wanted.each, &wanted.key));
                all.push(Difference::new(what, &wanted_names.join(", "), &fields_told(&seen.fields)));
            }
        }
    }
    let strangers = found.iter().filter(|seen| !expected.iter().any(|wanted| is_of(wanted, seen)));
    all.extend(strangers.map(|seen| Difference::new(name(&seen.each, &seen.key), NOTHING, &told(seen))));
    all
}

fn sorted<'s>(names: impl IntoIterator<Item = &'s str>) -> Vec<&'s str> {
    let mut names: Vec<&str> = names.into_iter().collect();
    names.sort_unstable();
    names
}

fn name(each: &str, key: &str) -> String {
    if each.is_empty() { key.to_owned() } else { format!("{key} of {each}") }
}

fn told(seen: &FoundFinding) -> String {
    if seen.names().is_empty() {
        return seen.kind.clone();
    }
    format!("{} ({})", seen.kind, fields_told(&seen.fields))
}

/// `amount upstream 100 local 90`: the values that differ, upstream first.
fn fields_told(fields: &[FieldDiff]) -> String {
    let value = |side: &Option<Box<str>>| side.as_deref().unwrap_or("hidden").to_owned();
    let told = fields.iter().map(|diff| {
        format!("{} upstream {} local {}", diff.field, value(&diff.upstream), value(&diff.local))
    });
    told.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tieout_reconcilers::define::tests_file::Ending;
    use tieout_reconcilers::discrepancy::Kind;

    fn found(kind: &str, key: &str, field: Option<&str>) -> FoundFinding {
        let diff = |field: &str| FieldDiff {
            field: field.into(),
            upstream: Some("100".into()),
            local: Some("90".into()),
            hidden: None,
        };
        FoundFinding {
            kind: kind.to_owned(),
            each: String::new(),
            key: key.to_owned(),
            state: "emitted".to_owned(),
            fields: field.map(diff).into_iter().collect(),
        }
    }

    fn outcome() -> Outcome {
        Outcome {
            status: "done".to_owned(),
            complete: true,
            verified_through: Some("2025-11-21T00:00:00Z".to_owned()),
            emits: 2,
            findings: vec![found("missing", "ch_1", None), found("mismatched", "ch_2", Some("amount"))],
            problems: vec!["a problem".to_owned()],
            unanswered: Vec::new(),
            faults: Vec::new(),
        }
    }

    fn wanted(kind: Kind, key: &str, fields: Option<&[&str]>) -> ExpectedFinding {
        let fields = fields.map(|fields| fields.iter().map(ToString::to_string).collect());
        ExpectedFinding { kind, key: key.to_owned(), each: String::new(), fields }
    }

    #[test]
    fn what_is_left_out_may_be_anything_and_what_is_as_expected_says_nothing() {
        assert_eq!(differences(&Expectation::default(), &outcome()), []);
        let all = Expectation {
            status: Some(Ending::Done),
            complete: Some(true),
            emits: Some(2),
            findings: Some(vec![
                wanted(Kind::Mismatched, "ch_2", Some(&["amount"])),
                wanted(Kind::Missing, "ch_1", None),
            ]),
            ..Expectation::default()
        };
        assert_eq!(differences(&all, &outcome()), []);
    }

    #[test]
    fn only_what_differs_is_told_and_a_problem_only_beside_it() {
        let expected = Expectation {
            status: Some(Ending::Partial),
            verified_through: Some(Verified::Unchanged),
            findings: Some(vec![
                wanted(Kind::Orphaned, "ch_1", None),
                wanted(Kind::Mismatched, "ch_2", Some(&["status"])),
                wanted(Kind::Missing, "ch_3", None),
            ]),
            ..Expectation::default()
        };
        let told = differences(&expected, &outcome());
        let told: Vec<String> =
            told.iter().map(|one| format!("{}|{}|{}", one.what, one.expected, one.was)).collect();
        insta::assert_snapshot!(told.join("\n"), @r"
        status|partial|done
        verified_through|unchanged|2025-11-21T00:00:00Z
        ch_1|orphaned|missing
        ch_2: fields|status|amount upstream 100 local 90
        ch_3|missing|nothing
        problem|nothing|a problem
        ");
    }

    #[test]
    fn a_request_that_no_file_answers_fails_whatever_was_expected() {
        let asked = Outcome { unanswered: vec!["GET /charges?limit=50".to_owned()], ..outcome() };
        assert_eq!(differences(&Expectation::default(), &asked)[0].was, "GET /charges?limit=50");
    }
}
