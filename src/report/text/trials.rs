//! Tests as text: a line for each, and below it only what is not as it was to be.

use std::iter;

use crate::report::touched::Touched;
use crate::report::trial::{Trial, Update};

use super::escape::safe;
use super::grid::{figure, page};
use super::look::Look;
use super::touched::touched;

/// What `tieout test` tried, and what its tests touch where that is wanted. With `quiet` only what failed is told.
#[must_use]
pub fn trials(trials: &[Trial], coverage: Option<&[Touched]>, quiet: bool, look: &Look) -> String {
    let width = trials.iter().map(|trial| trial.domain.chars().count()).max().unwrap_or_default();
    let mut lines = Vec::new();
    for trial in trials.iter().filter(|trial| !quiet || !trial.passed) {
        let word = if trial.passed { "ok" } else { "failed" };
        let place =
            if trial.passed { String::new() } else { format!("  ({}:{})", safe(&trial.file), trial.line) };
        let line = format!("{word:<7} {:<width$}  {}{place}", safe(&trial.domain), safe(&trial.name));
        lines.push(look.paint(&line));
        lines.extend(below(trial));
    }
    if let Some(domains) = coverage {
        lines.extend(iter::once(String::new()).chain(touched(domains)).chain(iter::once(String::new())));
    }
    lines.push(summary(trials));
    page(&lines)
}

fn summary(trials: &[Trial]) -> String {
    let failed = trials.iter().filter(|trial| !trial.passed).count() as u64;
    let passed = trials.len() as u64 - failed;
    let written = trials.iter().filter(|trial| matches!(trial.update, Some(Update::Written { .. }))).count();
    let written = match written {
        0 => String::new(),
        written => format!(", {} written", figure(written as u64)),
    };
    format!("test: {} failed, {} passed{written}", figure(failed), figure(passed))
}

fn below(trial: &Trial) -> Vec<String> {
    let width = |of: fn(&crate::testkit::Difference) -> &str| {
        trial.differences.iter().map(|one| of(one).chars().count()).max().unwrap_or_default()
    };
    let (what, expected) = (width(|one| &one.what), width(|one| &one.expected));
    let mut lines: Vec<String> = Vec::new();
    if !trial.passed {
        let told = trial.differences.iter().map(|one| {
            let [named, wanted, was] =
                [&one.what, &one.expected, &one.was].map(|text| safe(text).into_owned());
            format!("        {named:<what$}  expected {wanted:<expected$}  was {was}")
        });
        lines.extend(told);
        lines.extend(
            trial.broken.iter().flat_map(|why| why.lines()).map(|line| format!("        {}", safe(line))),
        );
    }
    match &trial.update {
        Some(Update::Written { file, diff }) => {
            lines.push(format!("        written to {}", safe(file)));
            lines.extend(diff.lines().map(|line| format!("        {}", safe(line))));
        }
        Some(Update::ByHand { expect }) => {
            lines.push("        the definition is yours to change; as it is now, it would say".to_owned());
            lines.extend(expect.lines().map(|line| format!("          {}", safe(line))));
        }
        None => {}
    }
    lines
}
