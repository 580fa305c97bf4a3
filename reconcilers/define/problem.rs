//! What is wrong with a file, and where: pure data, rendered by whoever has a terminal.
//!
//! A problem never repeats a value that may be a secret, and its `source` is what may be shown.

use std::fmt;
use std::sync::Arc;

use serde_saphyr::Location;

/// A stretch of one line of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spot {
    /// Line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Length in characters.
    pub length: usize,
}

impl From<Location> for Spot {
    fn from(at: Location) -> Self {
        let whole = |number: u64| usize::try_from(number).unwrap_or_default();
        Self {
            line: whole(at.line()),
            column: whole(at.column()),
            length: whole(at.span().len().min(u64::from(u32::MAX) - 1)),
        }
    }
}

/// Something wrong, or doubtful, in a file that a person wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file as it was named.
    pub file: String,
    /// Line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Length in characters; it may reach past the line.
    pub length: usize,
    /// What is wrong: a lowercase fragment.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The file's text, with secrets blotted out.
    pub source: Arc<str>,
}

impl Problem {
    /// A problem of a file as a whole, such as one that cannot be read.
    #[must_use]
    pub fn of_file(file: &str, message: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line: 0,
            column: 0,
            length: 0,
            message: message.into(),
            help: None,
            source: Arc::from(""),
        }
    }

    /// The same with advice.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Place, message and advice on one line, for where there is no room for an excerpt.
    #[must_use]
    pub fn with_its_help(&self) -> String {
        self.help.as_ref().map_or_else(|| self.to_string(), |help| format!("{self}; {help}"))
    }

    /// The bytes of `source` that it points at: on its line, and empty where the file as a whole is meant.
    #[must_use]
    pub fn bytes(&self) -> std::ops::Range<usize> {
        let mut start = 0;
        for (index, line) in self.source.split_inclusive('\n').enumerate() {
            if index + 1 == self.line {
                let line = line.trim_end_matches(['\n', '\r']);
                let byte = |n: usize| line.char_indices().nth(n).map_or(line.len(), |(at, _)| at);
                let column = self.column.saturating_sub(1);
                return start + byte(column)..start + byte(column.saturating_add(self.length));
            }
            start += line.len();
        }
        start..start
    }

    /// The line it points at, where it points at one.
    #[must_use]
    pub fn excerpt(&self) -> Option<&str> {
        self.source.lines().nth(self.line.checked_sub(1)?)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.message),
            line => write!(f, "{}:{line}:{}: {}", self.file, self.column, self.message),
        }
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_points_at_characters_and_answers_in_bytes() {
        let mut problem = Problem::of_file("a.yaml", "wrong");
        assert_eq!(problem.to_string(), "a.yaml: wrong");
        assert_eq!(problem.bytes(), 0..0);
        problem.source = "é: 1\r\nü: wörd\n".into();
        (problem.line, problem.column, problem.length) = (2, 4, 4);
        assert_eq!(&problem.source[problem.bytes()], "wörd");
        assert_eq!(problem.excerpt(), Some("ü: wörd"));
        assert_eq!(problem.to_string(), "a.yaml:2:4: wrong");
        problem.length = 400;
        assert_eq!(&problem.source[problem.bytes()], "wörd");
        problem.line = 40;
        assert!(problem.bytes().is_empty());
    }
}
