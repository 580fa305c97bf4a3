//! What the words mean that programs read: the codes of errors, the reasons of exit codes and the classes of dead letters. `tieout
//! explain CODE` shows one, and the reference has them all.

mod of_commands;
mod of_dead_letters;
mod of_runs;

use serde::Serialize;

use of_commands::OF_COMMANDS;
use of_dead_letters::OF_DEAD_LETTERS;
use of_runs::OF_RUNS;

/// A word that programs read, and what people make of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Code {
    /// The word.
    pub code: &'static str,
    /// The exit codes that it may come with; none where a process that meets it does not end by it.
    #[serde(rename = "exit_codes")]
    pub exits: &'static [u8],
    /// What happened: a lowercase fragment.
    pub means: &'static str,
    /// What to do about it: a lowercase fragment.
    pub help: &'static str,
}

/// Codes that are met in the same place.
#[derive(Debug, Clone, Copy)]
pub struct Chapter {
    /// Where they are met.
    pub title: &'static str,
    /// Where programs read them.
    pub place: &'static str,
    /// The codes that have one cause in common, cause by cause.
    groups: &'static [&'static [Code]],
}

impl Chapter {
    /// The codes, in the order of the alphabet.
    #[must_use]
    pub fn codes(&self) -> Vec<&'static Code> {
        let mut codes: Vec<_> = self.groups.iter().copied().flatten().collect();
        codes.sort_by_key(|code| code.code);
        codes
    }
}

/// All of them.
pub const CHAPTERS: [Chapter; 3] = [
    Chapter {
        title: "Runs",
        place: "`exit.reasons` of a report has them, with a colon and the domain where they are about one; errors of other commands \
                may have them as `code`.",
        groups: &[OF_RUNS],
    },
    Chapter {
        title: "Commands",
        place: "An error that is written with `--format json` or `jsonl` has one as `code`, beside `exit` and `message`.",
        groups: OF_COMMANDS,
    },
    Chapter {
        title: "Dead letters",
        place: "`tieout dlq list` shows one as the class of each letter.",
        groups: &[OF_DEAD_LETTERS],
    },
];

/// All codes.
pub fn all() -> impl Iterator<Item = &'static Code> {
    CHAPTERS.iter().flat_map(Chapter::codes)
}

/// What a code means.
#[must_use]
pub fn find(code: &str) -> Option<&'static Code> {
    all().find(|known| known.code == code)
}

#[cfg(test)]
mod tests;
