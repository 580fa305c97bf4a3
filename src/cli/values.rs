//! Values on the command line, read into the types that the rest of the program uses.

use std::str::FromStr;
use std::time::Duration;

use chrono::{NaiveDate, NaiveTime};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use tieout_reconcilers::define::checked::{Fault, FromText as _};
use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::instant::{Instant, TimeFormat};
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::{DomainName, FeedName};
use tieout_reconcilers::zone::Zone;

use crate::cause::Cause;
use crate::finding::State;

/// A date, which is its midnight in UTC, or a time with its offset.
pub(super) fn instant(text: &str) -> Result<Instant, String> {
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Ok(date.and_time(NaiveTime::MIN).and_utc().into());
    }
    let wrong = || "expected a date (2025-11-21) or a time with its offset (2025-11-21T02:00:00Z)".to_owned();
    TimeFormat::Rfc3339.read(text).ok_or_else(wrong)
}

/// A moment as somebody writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// An instant.
    At(Instant),
    /// So long before the command.
    Ago(Duration),
}

impl When {
    /// The instant that is meant by a command that was given at `now`.
    #[must_use]
    pub fn before(self, now: Instant) -> Instant {
        match self {
            Self::At(at) => at,
            Self::Ago(time) => now - time,
        }
    }
}

/// A date, a time with its offset, or so long ago.
pub(super) fn when(text: &str) -> Result<When, String> {
    if let Ok(at) = instant(text) {
        return Ok(When::At(at));
    }
    let wrong = "expected a date (2025-11-21), a time with its offset (2025-11-21T02:00:00Z) or how long ago (24h, 2d)";
    humantime::parse_duration(text).map(When::Ago).map_err(|_| wrong.to_owned())
}

/// A time zone, by its name in the IANA database.
pub(super) fn zone(text: &str) -> Result<Zone, String> {
    let said =
        |fault: Fault| [Some(fault.message), fault.help].into_iter().flatten().collect::<Vec<_>>().join("; ");
    Zone::from_text(text).map_err(said)
}

/// The key of an item.
pub(super) fn key(text: &str) -> Result<Key, String> {
    Key::checked(text).map_err(|fault| fault.to_string())
}

/// The name of a feed.
pub(super) fn feed_name(text: &str) -> Result<FeedName, String> {
    FeedName::try_from(text.to_owned()).map_err(|fault| format!("{fault}, such as stripe/charges"))
}

/// The words for the states of a finding.
pub(super) fn states() -> impl TypedValueParser<Value = State> {
    PossibleValuesParser::new(State::ALL.map(State::as_str))
        .try_map(|word| State::from_word(&word).ok_or("not a state"))
}

/// The words for the kinds of a finding.
pub(super) fn kinds() -> impl TypedValueParser<Value = Kind> {
    let all = [Kind::Missing, Kind::Mismatched, Kind::Orphaned, Kind::Unreadable];
    PossibleValuesParser::new(all.map(Kind::as_str))
        .try_map(|word| Kind::from_word(&word).ok_or("not a kind"))
}

/// The words for the causes of a finding.
pub(super) fn causes() -> impl TypedValueParser<Value = Cause> {
    PossibleValuesParser::new(Cause::ALL.map(Cause::as_str))
        .try_map(|word| Cause::from_word(&word).ok_or("not a cause"))
}

/// Which finding, written `DOMAIN/KEY`. A key may hold slashes; a domain's name never does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingPath {
    /// The domain.
    pub domain: DomainName,
    /// The item.
    pub key: Key,
}

impl FromStr for FindingPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (domain, item) = text.split_once('/').ok_or("expected DOMAIN/KEY, as in stripe.charges/ch_1")?;
        let domain = domain.parse().map_err(|fault: tieout_reconcilers::name::NotAName| fault.to_string())?;
        Ok(Self { domain, key: key(item)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_an_instant_or_so_long_ago() {
        let now = instant("2025-11-21T12:00:00Z").unwrap();
        let meant = |text: &str| when(text).map(|when| when.before(now).to_string());
        assert_eq!(meant("2025-11-20").unwrap(), "2025-11-20T00:00:00Z");
        assert_eq!(meant("2025-11-20T12:00:00+01:00").unwrap(), "2025-11-20T11:00:00Z");
        assert_eq!(meant("2d").unwrap(), "2025-11-19T12:00:00Z");
        assert_eq!(meant("1h 30m").unwrap(), "2025-11-21T10:30:00Z");
        for wrong in ["yesterday", "-2d", "2", ""] {
            assert!(meant(wrong).unwrap_err().contains("how long ago"), "{wrong:?}");
        }
    }

    #[test]
    fn a_zone_is_one_of_the_iana_database_and_another_word_says_which_is_like_it() {
        assert_eq!(
            zone("Europe/London").unwrap().rfc3339(Instant::from_micros(0)),
            "1970-01-01T01:00:00+01:00"
        );
        assert_eq!(
            zone("Europe/Londn").unwrap_err(),
            "`Europe/Londn` is not a time zone; did you mean `Europe/London`? zones are named as in the IANA database"
        );
        for wrong in ["", "+01:00", "local", "CET+1"] {
            assert!(zone(wrong).unwrap_err().contains("is not a time zone"), "{wrong}");
        }
    }

    #[test]
    fn a_key_may_hold_slashes() {
        let path: FindingPath = "files.objects/a/b".parse().unwrap();
        assert_eq!((path.domain.as_str(), path.key.as_str()), ("files.objects", "a/b"));
        for wrong in ["stripe.charges", "stripe.charges/", "/ch_1", "Stripe/ch_1"] {
            assert!(wrong.parse::<FindingPath>().is_err(), "{wrong:?} was accepted");
        }
    }
}
