//! Which run somebody means: by its id, or counted back from the newest one.

use std::fmt;
use std::str::FromStr;

use tieout_reconcilers::define::words;
use uuid::Uuid;

use crate::report::Status;

/// Which run somebody means: an id, its first characters, `latest`, `latest~N` for the one N before, and `latest:STATUS` or
/// `latest:STATUS~N` among those that ended so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSelector(pub(super) Named);

/// How a run is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    /// By the beginning of its id: hexadecimal digits and dashes, in lower case.
    Beginning(String),
    /// By how many runs came after it, of all or of those with a status.
    Latest { status: Option<Status>, back: u32 },
}

/// Why a text names no run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotASelector {
    /// It is neither an id nor a way to count.
    #[error(
        "expected the id of a run or its first characters, `latest`, `latest~1` for the one before, or `latest:failed` for the newest that failed"
    )]
    Neither,
    /// No run ever has this status.
    #[error("no run is ever `{0}`; {advice}", advice = words::advice(.0, &Status::ALL.map(Status::as_str)))]
    Status(String),
}

impl FromStr for RunSelector {
    type Err = NotASelector;

    fn from_str(text: &str) -> Result<Self, NotASelector> {
        let Some(rest) = text.strip_prefix("latest") else { return beginning(text) };
        let (status, back) = match rest.split_once('~') {
            Some((status, back)) => (status, back.parse().map_err(|_| NotASelector::Neither)?),
            None => (rest, 0),
        };
        let status = match status.strip_prefix(':') {
            Some(word) => Some(Status::from_word(word).ok_or_else(|| NotASelector::Status(word.to_owned()))?),
            None if status.is_empty() => None,
            None => return Err(NotASelector::Neither),
        };
        Ok(Self(Named::Latest { status, back }))
    }
}

fn beginning(text: &str) -> Result<RunSelector, NotASelector> {
    let is_of_an_id = !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    let beginning = is_of_an_id.then(|| Named::Beginning(text.to_ascii_lowercase()));
    beginning.map(RunSelector).ok_or(NotASelector::Neither)
}

impl RunSelector {
    /// How far it counts back, for a command that is about what runs hold: only runs that hold something count there. `latest:held` is
    /// the same, because a run also ends as held where an earlier one holds something.
    #[must_use]
    pub fn back_among_holders(&self) -> Option<usize> {
        match &self.0 {
            Named::Latest { status: None | Some(Status::Held), back } => usize::try_from(*back).ok(),
            Named::Latest { .. } | Named::Beginning(_) => None,
        }
    }
}

impl From<Uuid> for RunSelector {
    fn from(run_id: Uuid) -> Self {
        Self(Named::Beginning(run_id.to_string()))
    }
}

impl fmt::Display for RunSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Named::Beginning(text) => f.write_str(text),
            Named::Latest { status, back } => {
                f.write_str("latest")?;
                status.map_or(Ok(()), |status| write!(f, ":{}", status.as_str()))?;
                if *back > 0 { write!(f, "~{back}") } else { Ok(()) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_named_by_its_id_or_by_its_age_among_all_or_among_those_that_ended_alike() {
        let back: [&str; 7] = [
            "latest",
            "latest~1",
            "latest:failed",
            "latest:held~2",
            "latest:running",
            "019ac9c5",
            "019ac9c5-6f00-7000-8000-000000000001",
        ];
        for text in back {
            assert_eq!(text.parse::<RunSelector>().unwrap().to_string(), text);
        }
        assert_eq!("FFFF".parse::<RunSelector>().unwrap().to_string(), "ffff");
        assert_eq!("latest~0".parse::<RunSelector>().unwrap(), "latest".parse().unwrap());
    }

    #[test]
    fn what_names_no_run_is_refused_with_what_would() {
        for wrong in [
            "",
            "%",
            "_",
            "' OR 1=1",
            "latest~x",
            "latest~-1",
            "latest-1",
            "latest~1:failed",
            "last",
            "latest~",
        ] {
            assert_eq!(wrong.parse::<RunSelector>(), Err(NotASelector::Neither), "{wrong}");
        }
        assert_eq!(
            "latest:faild".parse::<RunSelector>().unwrap_err().to_string(),
            "no run is ever `faild`; did you mean `failed`? allowed here: `running`, `done`, `partial`, `held`, `failed`, `skipped`, \
             `interrupted`"
        );
        for wrong in ["latest:", "latest:Failed", "latest:ok~1"] {
            assert!(matches!(wrong.parse::<RunSelector>(), Err(NotASelector::Status(_))), "{wrong}");
        }
    }
}
