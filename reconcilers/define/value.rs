//! The small values of definition files, parsed at the door: durations, shares, rates, formats, names and paths.

use std::time::Duration;

use super::checked::{Fault, FromText, Word};
use crate::instant::{Instant, TimeFormat};
use crate::name::{FeedName, Name};
use crate::path::Path;

impl FromText for Name {
    const WHAT: &'static str = "name";

    fn from_text(text: &str) -> Result<Self, Fault> {
        text.parse().map_err(|error: crate::name::NotAName| Fault::new(error.to_string()))
    }
}

impl FromText for FeedName {
    const WHAT: &'static str = "name of a feed";
    const EXAMPLES: &'static [&'static str] = &["stripe/charges"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        Self::try_from(text.to_owned()).map_err(Fault::new)
    }
}

impl FromText for Path {
    const WHAT: &'static str = "path";
    const EXAMPLES: &'static [&'static str] = &["id", "total.amount"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        Self::try_from(text.to_owned()).map_err(Fault::new)
    }
}

impl Word for TimeFormat {
    const WHAT: &'static str = "time format";

    fn words() -> Vec<(&'static str, Self)> {
        vec![
            ("epoch", TimeFormat::Epoch),
            ("epoch_ms", TimeFormat::EpochMs),
            ("epoch_us", TimeFormat::EpochUs),
            ("rfc3339", TimeFormat::Rfc3339),
            ("sql", TimeFormat::Sql),
        ]
    }
}

impl FromText for Instant {
    const WHAT: &'static str = "instant";
    const EXAMPLES: &'static [&'static str] = &["2025-11-21T00:00:00Z"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        TimeFormat::Rfc3339.read(text).ok_or_else(|| {
            Fault::new(format!("`{text}` is not an instant"))
                .with_help("write it with its offset, such as `2025-11-21T00:00:00Z`")
        })
    }
}

/// A duration such as `15m`, `1d` or `1h 30m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length(pub Duration);

impl FromText for Length {
    const WHAT: &'static str = "duration";
    const EXAMPLES: &'static [&'static str] = &["30s", "15m", "12h", "30d"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        humantime::parse_duration(text).map(Self).map_err(|_| {
            Fault::new(format!("`{text}` is not a duration"))
                .with_help("write a number with a unit, such as `30s`, `15m`, `12h` or `30d`")
        })
    }
}

/// A share such as `5%`, between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio(pub f64);

impl FromText for Ratio {
    const WHAT: &'static str = "share";
    const EXAMPLES: &'static [&'static str] = &["5%"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        let percent = text.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
        percent
            .filter(|percent| (0.0..=100.0).contains(percent))
            .map(|percent| Self(percent / 100.0))
            .ok_or_else(|| {
                Fault::new(format!("`{text}` is not a share"))
                    .with_help("write `5%`, between `0%` and `100%`")
            })
    }
}

/// A rate such as `25/s`, `100/10s` or `1/60s`, in requests per second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate(pub f64);

impl FromText for Rate {
    const WHAT: &'static str = "rate";
    const EXAMPLES: &'static [&'static str] = &["25/s", "60/min", "100/10s"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        let seconds = |unit: &str| match unit {
            "s" | "sec" => Some(1.0),
            "m" | "min" => Some(60.0),
            "h" => Some(3_600.0),
            "d" => Some(86_400.0),
            _ => None,
        };
        let span = |unit: &str| {
            seconds(unit).or_else(|| humantime::parse_duration(unit).ok().map(|span| span.as_secs_f64()))
        };
        text.split_once('/')
            .and_then(|(number, unit)| Some(number.trim().parse::<f64>().ok()? / span(unit.trim())?))
            .filter(|rate| rate.is_finite() && *rate > 0.0)
            .map(Self)
            .ok_or_else(|| {
                Fault::new(format!("`{text}` is not a rate")).with_help(
                    "write a number of requests per unit of time, such as `25/s`, `60/min` or `100/10s`",
                )
            })
    }
}

/// The name of an HTTP header, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderName(pub String);

impl FromText for HeaderName {
    const WHAT: &'static str = "name of a header";

    fn from_text(text: &str) -> Result<Self, Fault> {
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if text.is_empty() || !text.chars().all(is_token) {
            return Err(Fault::new(format!("`{text}` is not the name of a header")));
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_per_second() {
        assert_eq!(Rate::from_text("25/s").unwrap(), Rate(25.0));
        assert_eq!(Rate::from_text("60/min").unwrap(), Rate(1.0));
        assert_eq!(Rate::from_text("100/10s").unwrap(), Rate(10.0));
        assert_eq!(Rate::from_text("3/1m 30s").unwrap(), Rate(3.0 / 90.0));
        for bad in ["25", "0/s", "-1/s", "x/s", "5/year", "inf/s", "NaN/s", "5/0s", "5/"] {
            assert!(Rate::from_text(bad).is_err(), "{bad} was accepted");
        }
    }

    #[test]
    fn shares_are_percentages() {
        assert_eq!(Ratio::from_text("5%").unwrap(), Ratio(0.05));
        for bad in ["5", "0.05", "101%", "-1%", "x%", "NaN%"] {
            assert!(Ratio::from_text(bad).is_err(), "{bad} was accepted");
        }
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(Length::from_text("1h 30m").unwrap().0, Duration::from_mins(90));
        assert_eq!(Length::from_text("0s").unwrap().0, Duration::ZERO);
        assert!(Length::from_text("15").is_err());
    }
}
