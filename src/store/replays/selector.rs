//! Which replay somebody means: by its id, or the newest one.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// Which replay somebody means: an id, its first characters, or `latest`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplaySelector(pub(super) Named);

/// How a replay is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    /// By the beginning of its id: hexadecimal digits and dashes, in lower case.
    Beginning(String),
    /// The newest one.
    Latest,
}

/// The text names no replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected the id of a replay or its first characters, or `latest`; `tieout replay list` shows them")]
pub struct NotAReplay;

impl FromStr for ReplaySelector {
    type Err = NotAReplay;

    fn from_str(text: &str) -> Result<Self, NotAReplay> {
        if text == "latest" {
            return Ok(Self(Named::Latest));
        }
        let is_of_an_id = !text.is_empty() && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
        if is_of_an_id { Ok(Self(Named::Beginning(text.to_ascii_lowercase()))) } else { Err(NotAReplay) }
    }
}

impl From<Uuid> for ReplaySelector {
    fn from(replay_id: Uuid) -> Self {
        Self(Named::Beginning(replay_id.to_string()))
    }
}

impl fmt::Display for ReplaySelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Named::Beginning(text) => f.write_str(text),
            Named::Latest => f.write_str("latest"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_is_named_by_the_beginning_of_its_id_or_is_the_newest() {
        for text in ["latest", "019ac9c5", "019ac9c5-6f00-7000-8000-000000000001"] {
            assert_eq!(text.parse::<ReplaySelector>().unwrap().to_string(), text);
        }
        assert_eq!("FFFF".parse::<ReplaySelector>().unwrap().to_string(), "ffff");
        for wrong in ["", "%", "_", "last", "latest~1", "latest:done", "' OR 1=1"] {
            assert_eq!(wrong.parse::<ReplaySelector>(), Err(NotAReplay), "{wrong}");
        }
    }
}
