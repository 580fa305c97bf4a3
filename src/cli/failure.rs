//! Why a command ended without a result: a code for programs, words for people, and the exit code.

use crate::report::exit;
use crate::report::json::Record;
use crate::report::text::Look;

use super::args::Format;

/// The end of a command that has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// A stable word for programs, such as `no_such_domain`.
    pub code: &'static str,
    /// The exit code.
    pub exit: u8,
    /// What is wrong and what to do, in plain text.
    pub message: String,
    /// The same, laid out for a terminal by whoever knows more, such as an excerpt of a definition.
    pub drawn: Option<String>,
}

impl Failure {
    /// A failure that a retry may fix: exit code 1.
    #[must_use]
    pub fn failed(code: &'static str, message: impl Into<String>) -> Self {
        Self::exiting(exit::FAILED, code, message)
    }

    /// A wrong command line, selection or definition: exit code 2.
    #[must_use]
    pub fn usage(code: &'static str, message: impl Into<String>) -> Self {
        Self::exiting(exit::USAGE, code, message)
    }

    /// A failure with an exit code of its own.
    #[must_use]
    pub fn exiting(exit: u8, code: &'static str, message: impl Into<String>) -> Self {
        Self { code, exit, message: message.into(), drawn: None }
    }

    /// The exit code, and the reason for programs, as a report has them.
    #[must_use]
    pub const fn reason(&self) -> (u8, &'static str) {
        (self.exit, self.code)
    }

    /// Adds a drawing, which is printed as it is in place of the message.
    #[must_use]
    pub fn drawn(self, drawing: impl Into<String>) -> Self {
        Self { drawn: Some(drawing.into()), ..self }
    }

    /// What goes to stderr.
    #[must_use]
    pub fn told(&self, format: Format, look: &Look) -> String {
        let record = Record::Error { code: self.code, exit: self.exit, message: &self.message };
        match (format, &self.drawn) {
            (Format::Json | Format::Jsonl, _) => record.to_line().unwrap_or_default(),
            (Format::Human | Format::Yaml | Format::Junit | Format::Md, Some(drawing)) => {
                format!("{}\n", drawing.trim_end())
            }
            (Format::Human | Format::Yaml | Format::Junit | Format::Md, None) | (Format::Github, _) => {
                self.plain(look)
            }
        }
    }

    /// The same for those who draw nothing.
    #[must_use]
    pub fn plain(&self, look: &Look) -> String {
        self.message.lines().enumerate().fold(String::new(), |told, (at, line)| {
            let before = if at == 0 { "error: " } else { "  " };
            told + before + &look.sentence(line) + "\n"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_reads_the_code_and_a_person_reads_the_words() {
        let failure = Failure::usage("no_such_domain", "no domain matches `x\u{1b}[2J`\nknown: a, b");
        assert_eq!(
            failure.told(Format::Human, &Look::default()),
            "error: no domain matches `x\\u{1b}[2J`\n  known: a, b\n"
        );
        assert_eq!(
            failure.told(Format::Json, &Look::default()),
            "{\"type\":\"error\",\"code\":\"no_such_domain\",\"exit\":2,\
             \"message\":\"no domain matches `x\\u001b[2J`\\nknown: a, b\"}\n"
        );
    }
}
