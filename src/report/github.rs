//! What was tested and how a run ended, as workflow commands of GitHub Actions, which show it beside the lines of a change.
//!
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>

use std::fmt::Write as _;

use tieout_reconcilers::define::problem::Problem;

use super::text::{self, Look, safe};
use super::value::{DomainReport, RunReport, Status};

/// How many of a kind GitHub shows of one step.
const SHOWN: usize = 10;

/// One thing to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    place: Vec<(&'static str, String)>,
    message: String,
}

impl Annotation {
    /// Beside the line of a file.
    #[must_use]
    pub fn beside(problem: &Problem) -> Self {
        let mut place = vec![("file", problem.file.clone())];
        if problem.line > 0 {
            place.extend([("line", problem.line.to_string()), ("col", problem.column.to_string())]);
        }
        let help = problem.help.iter().map(|help| format!("; {help}"));
        Self { place, message: problem.message.clone() + &help.collect::<String>() }
    }

    /// Beside a line and column of a file.
    #[must_use]
    pub fn at(file: &str, (line, column): (usize, usize), message: &str) -> Self {
        let place = vec![("file", file.to_owned()), ("line", line.to_string()), ("col", column.to_string())];
        Self { place, message: message.to_owned() }
    }

    /// With a title, where no file is to blame.
    #[must_use]
    pub fn titled(title: &str, message: &str) -> Self {
        Self { place: vec![("title", title.to_owned())], message: message.to_owned() }
    }
}

/// Errors, then warnings; what GitHub would not show is counted.
#[must_use]
pub fn annotations(errors: &[Annotation], warnings: &[Annotation]) -> String {
    let mut commands = String::new();
    for (kind, all) in [("error", errors), ("warning", warnings)] {
        for Annotation { place, message } in all.iter().take(SHOWN) {
            let place: Vec<String> =
                place.iter().map(|(name, value)| format!("{name}={}", property(value))).collect();
            let _ = writeln!(commands, "::{kind} {}::{}", place.join(","), data(message));
        }
        if let Some(more) = all.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            let _ = writeln!(commands, "and {more} more of kind {kind}");
        }
    }
    commands
}

/// How a run ended: an error for what went wrong, a warning for what was found and held, and the line that says how it ended.
#[must_use]
pub fn of_run(report: &RunReport, look: &Look) -> String {
    let look = Look { color: false, ..look.clone() };
    let errors: Vec<Annotation> = report.domains.iter().flat_map(errors_of).collect();
    let beside = report.warnings.iter().map(|warning| Annotation::titled("tieout", &look.sentence(warning)));
    let warnings = report.domains.iter().flat_map(warnings_of).chain(beside);
    annotations(&errors, &warnings.collect::<Vec<_>>()) + &text::ending(report, &look) + "\n"
}

/// Whether something went wrong in a domain. That another run works on it, or that somebody paused it, is nothing wrong.
const fn is_wrong(domain: &DomainReport) -> bool {
    !matches!(domain.status, Status::Done | Status::Held | Status::Skipped)
}

/// What went wrong in a domain.
fn errors_of(domain: &DomainReport) -> Vec<Annotation> {
    let unnamed = domain.problems.is_empty().then(|| text::domain(domain));
    let told = domain.problems.iter().cloned().chain(unnamed).filter(|_| is_wrong(domain));
    told.map(|message| Annotation::titled(&domain.domain, &message)).collect()
}

/// What somebody should look at.
fn warnings_of(domain: &DomainReport) -> Vec<Annotation> {
    let warning = |message: &str| Annotation::titled(&domain.domain, message);
    let tripped = domain.limits.iter().filter(|limit| limit.tripped);
    let held = tripped.map(|limit| warning(&format!("held by a limit: {}", limit.text)));
    let is_found = !domain.findings.is_empty() || domain.findings_not_listed > 0;
    let found = is_found.then(|| warning(&text::domain(domain)));
    let doubts = domain.problems.iter().filter(|_| !is_wrong(domain)).map(|problem| warning(problem));
    held.chain(found).chain(doubts).collect()
}

fn data(text: &str) -> String {
    let escaped = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    safe(&escaped).into_owned()
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::text::samples;

    #[test]
    fn nothing_in_a_name_or_a_message_ends_its_command() {
        let mut problem = Problem::of_file("a,b:c.yaml", "100%\r\n::error::x").with_help("mend it");
        (problem.line, problem.column) = (3, 7);
        let doubts = [Annotation::titled("provider adyen", "slow")];
        insta::assert_snapshot!(annotations(&[Annotation::beside(&problem)], &doubts), @r"
        ::error file=a%2Cb%3Ac.yaml,line=3,col=7::100%25%0D%0A::error::x; mend it
        ::warning title=provider adyen::slow
        ");
    }

    #[test]
    fn a_run_is_annotated_with_what_went_wrong_and_what_was_found() {
        let look = Look::default();
        let told = [
            samples::in_sync(),
            samples::partial(),
            samples::held(),
            samples::rejected(),
            samples::emitted(),
        ]
        .map(|report| of_run(&report, &look));
        insta::assert_snapshot!(told.concat());
    }

    #[test]
    fn nothing_that_was_read_becomes_a_command() {
        let mut report = samples::hostile();
        report.domains[0].problems = vec!["a\n::error::all is well\r::set-output::x".to_owned()];
        let told = of_run(&report, &Look::default());
        let commands = told.lines().filter(|line| line.trim_start().starts_with("::")).count();
        assert_eq!(commands, 3, "{told}");
    }

    #[test]
    fn what_github_would_not_show_is_counted() {
        let many = vec![Annotation::titled("a", "b"); 12];
        let told = annotations(&[], &many);
        assert_eq!(told.lines().count(), 11);
        assert!(told.ends_with("and 2 more of kind warning\n"), "{told}");
    }
}
