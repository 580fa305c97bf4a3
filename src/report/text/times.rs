//! Instants for people: no other place writes them. Without a wish they are UTC, else by the wall clocks of a zone, with their offset.

use std::sync::LazyLock;

use regex_lite::{Captures, Regex};
use tieout_reconcilers::instant::{Instant, TimeFormat};

use super::escape::safe;
use super::look::Look;

/// An instant as this program writes it. What is quoted is somebody's value.
const INSTANT: &str = r#"(^|[^`"\w])(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)"#;

/// The same, to find it; nothing is found where the expression is wrong, which a test would notice.
static INSTANTS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(INSTANT).ok());

impl Look {
    /// An instant, as RFC 3339.
    #[must_use]
    pub fn at(&self, at: Instant) -> String {
        self.zone.map_or_else(|| at.to_string(), |zone| zone.rfc3339(at))
    }

    /// An instant, or nothing where there is none.
    pub(super) fn at_if_any(&self, at: Option<Instant>) -> String {
        at.map(|at| self.at(at)).unwrap_or_default()
    }

    /// An instant that a report keeps as text. Another text stays what it is.
    pub(super) fn told(&self, text: &str) -> String {
        let at = TimeFormat::Rfc3339.read(text).filter(|_| self.zone.is_some());
        at.map_or_else(|| safe(text).into_owned(), |at| self.at(at))
    }

    /// A sentence that this program wrote, for people and programs alike, with its instants as people want them.
    #[must_use]
    pub fn sentence(&self, text: &str) -> String {
        let text = safe(text);
        let Some(instants) = INSTANTS.as_ref().filter(|_| self.zone.is_some()) else {
            return text.into_owned();
        };
        let shown = |found: &Captures<'_>| format!("{}{}", &found[1], self.told(&found[2]));
        instants.replace_all(&text, shown).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(zone: &str) -> Look {
        use tieout_reconcilers::define::checked::FromText as _;
        Look { zone: Some(tieout_reconcilers::zone::Zone::from_text(zone).unwrap()), ..Look::default() }
    }

    #[test]
    fn an_instant_is_told_by_the_clocks_of_a_zone_with_their_offset() {
        let at = |seconds: i64| Instant::from_micros(seconds * 1_000_000);
        let (winter, summer) = (at(1_763_690_400), at(1_753_149_600));
        assert_eq!(Look::default().at(winter), "2025-11-21T02:00:00Z");
        assert_eq!(look("Europe/Berlin").at(winter), "2025-11-21T03:00:00+01:00");
        assert_eq!(look("Europe/Berlin").at(summer), "2025-07-22T04:00:00+02:00");
        assert_eq!(look("Asia/Kathmandu").at(Instant::from_micros(1)), "1970-01-01T05:30:00.000001+05:30");
        assert_eq!(look("UTC").at(winter), "2025-11-21T02:00:00Z");
    }

    #[test]
    fn sentences_are_told_alike_and_values_of_others_stay_what_they_are() {
        let sentence = "read from 2025-11-20T00:00:00Z to 2025-11-21T01:45:00.5Z; `2025-11-20T00:00:00Z` is no number \u{1b}";
        assert_eq!(
            look("America/New_York").sentence(sentence),
            "read from 2025-11-19T19:00:00-05:00 to 2025-11-20T20:45:00.500-05:00; `2025-11-20T00:00:00Z` is no number \\u{1b}"
        );
        assert_eq!(Look::default().sentence("at 2025-11-20T00:00:00Z"), "at 2025-11-20T00:00:00Z");
        assert_eq!(look("Europe/Berlin").told("nothing yet"), "nothing yet");
    }
}
