//! Who does something, and what they say about it: it goes into the history, so it is one readable line.

use std::os::unix::fs::MetadataExt as _;
use std::str::FromStr;

use clap::Args;

/// The longest name.
const LONGEST_NAME: usize = 100;
/// The longest reason or note.
const LONGEST_TEXT: usize = 2_000;

/// Who does it.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Actor {
    /// Who does this, for the history; the user of the system when left out
    #[arg(long, value_name = "NAME", env = "TIEOUT_USER", hide_env_values = true)]
    pub by: Option<PersonName>,
}

impl Actor {
    /// The name for the history.
    pub(super) fn name(&self) -> String {
        let said = self.by.as_ref().map(|name| name.0.clone());
        said.or_else(|| variable("USER")).or_else(|| variable("LOGNAME")).unwrap_or_else(number)
    }
}

/// What a variable of the environment says, where that is a name.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()?.parse::<PersonName>().ok().map(|name| name.0)
}

/// The number of the user, where nobody gave them a name.
fn number() -> String {
    std::fs::metadata("/proc/self").map_or_else(|_| "unknown".to_owned(), |own| format!("uid {}", own.uid()))
}

/// What somebody is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonName(pub String);

impl FromStr for PersonName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        line(text, LONGEST_NAME).map(Self)
    }
}

/// A reason or a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark(pub String);

impl FromStr for Remark {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        line(text, LONGEST_TEXT).map(Self)
    }
}

fn line(text: &str, longest: usize) -> Result<String, String> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err("expected some words".to_owned()),
        long if long > longest => Err(format!("expected at most {longest} characters, found {long}")),
        _ if text.chars().any(char::is_control) => {
            Err("expected one line without control characters".to_owned())
        }
        _ => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_people_are_one_readable_line() {
        assert_eq!("  asked the bank ".parse::<Remark>().unwrap().0, "asked the bank");
        for wrong in ["", "  ", "a\nb", "a\u{1b}[2J", &"x".repeat(2_001)] {
            assert!(wrong.parse::<Remark>().is_err(), "{wrong:?} was accepted");
        }
        assert!("x".repeat(101).parse::<PersonName>().is_err());
    }

    #[test]
    fn who_does_it_is_whoever_said_so() {
        let by = Some(PersonName("ada".to_owned()));
        assert_eq!(Actor { by }.name(), "ada");
        assert!(!Actor { by: None }.name().is_empty());
    }
}
