//! What was tested as workflow commands of GitHub Actions, which show it beside the lines of a change.
//!
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>

use std::fmt::Write as _;

use tieout_reconcilers::define::problem::Problem;

use super::text::safe;

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
    fn what_github_would_not_show_is_counted() {
        let many = vec![Annotation::titled("a", "b"); 12];
        let told = annotations(&[], &many);
        assert_eq!(told.lines().count(), 11);
        assert!(told.ends_with("and 2 more of kind warning\n"), "{told}");
    }
}
