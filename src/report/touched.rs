//! What the tests of a domain touch, and what they never do: kinds of findings, compared fields, and faults on the way.

use std::collections::BTreeSet;

use serde::Serialize;
use tieout_reconcilers::define::tests_file::How;
use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::reconciler::Reconciler;

use super::trial::Trial;

/// What the tests of one domain touch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Touched {
    /// The domain.
    pub domain: String,
    /// How many tests of it were tried.
    pub tests: usize,
    /// Kinds of findings that came of one.
    pub kinds: Reached,
    /// Compared fields that differed in one.
    pub fields: Reached,
    /// Faults that happened in one.
    pub faults: Reached,
}

/// Some of what there is, and the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reached {
    /// What was touched.
    pub touched: Vec<String>,
    /// What never was.
    pub never: Vec<String>,
}

impl Reached {
    fn of<'n>(all: impl IntoIterator<Item = &'n str>, touched: &BTreeSet<&str>) -> Self {
        let names = all.into_iter().map(ToOwned::to_owned);
        let (touched, never) = names.partition(|name| touched.contains(name.as_str()));
        Self { touched, never }
    }
}

impl Touched {
    /// What those of some trials touch that are of a domain.
    #[must_use]
    pub fn of(domain: &dyn Reconciler, trials: &[Trial]) -> Self {
        let name = domain.domain().as_str();
        let own: Vec<&Trial> = trials.iter().filter(|trial| trial.domain == name).collect();
        let outcomes = || own.iter().filter_map(|trial| trial.outcome.as_ref());
        let findings = || outcomes().flat_map(|outcome| &outcome.findings);
        let kinds = findings().map(|finding| finding.kind.as_str()).collect();
        let fields = findings().flat_map(|finding| finding.names()).collect();
        let faults = outcomes().flat_map(|outcome| outcome.faults.iter().map(String::as_str)).collect();
        Self {
            domain: name.to_owned(),
            tests: own.len(),
            kinds: Reached::of(Kind::ALL.map(Kind::as_str), &kinds),
            fields: Reached::of(domain.fields().fields.iter().map(|field| &*field.name), &fields),
            faults: Reached::of(How::WORDS, &faults),
        }
    }
}
