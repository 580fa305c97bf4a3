//! How lengths of time are said to people. Definitions are written in words of their own (`30d`), which this never reads.

use std::fmt;
use std::time::Duration;

const DAY: u64 = 24 * 60 * 60;

/// A length of time as people say it: `45 days`, `1 day 6h`, `15m 30s`. Days are never summed up to months, which are of
/// different lengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spoken(pub Duration);

impl Spoken {
    /// The same in its largest unit, and no more exactly than to the second: `1 day`, `6h`, `0s`.
    #[must_use]
    pub fn roughly(self) -> String {
        let seconds = self.0.as_secs();
        if seconds >= DAY {
            return Self(Duration::from_secs(seconds - seconds % DAY)).to_string();
        }
        let text = humantime::format_duration(Duration::from_secs(seconds)).to_string();
        text.split(' ').next().unwrap_or_default().to_owned()
    }
}

impl fmt::Display for Spoken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, rest) =
            (self.0.as_secs() / DAY, Duration::new(self.0.as_secs() % DAY, self.0.subsec_nanos()));
        match days {
            0 => {}
            1 => f.write_str("1 day")?,
            days => write!(f, "{days} days")?,
        }
        match (days, rest) {
            (0, rest) => write!(f, "{}", humantime::format_duration(rest)),
            (_, Duration::ZERO) => Ok(()),
            (_, rest) => write!(f, " {}", humantime::format_duration(rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_said_with_a_space_where_its_unit_is_a_word_and_without_months() {
        let said = |text: &str| Spoken(humantime::parse_duration(text).unwrap()).to_string();
        let pairs = [
            ("60d", "60 days"),
            ("24h", "1 day"),
            ("1d 6h", "1 day 6h"),
            ("2d 3h 4m 5s 6ms", "2 days 3h 4m 5s 6ms"),
            ("90m", "1h 30m"),
            ("0s", "0s"),
            ("400d", "400 days"),
        ];
        for (length, expected) in pairs {
            assert_eq!(said(length), expected);
        }
    }

    #[test]
    fn a_rough_length_has_one_unit() {
        let rough = |text: &str| Spoken(humantime::parse_duration(text).unwrap()).roughly();
        assert_eq!(
            ["3d 23h", "47h", "90m", "59s 999ms", "1ms"].map(rough),
            ["3 days", "1 day", "1h", "59s", "0s"]
        );
    }
}
