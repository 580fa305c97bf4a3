//! What the times of the local side stand for: a database's own, or numbers and texts in the domain's format, with a zone
//! or in the one that the domain declares.
//!
//! Where a clock was put back, a time was shown twice. A row's clock is then the earlier instant, so that it belongs to
//! exactly one window; `changed` is the later one, so that nothing is judged too early; and a compared value is
//! unreadable, since either could be meant.

use chrono::NaiveDateTime;
use tieout_reconcilers::instant::{Instant, TimeFormat};
use tieout_reconcilers::reconciler::Local;
use tieout_reconcilers::scalar::Scalar;
use tieout_reconcilers::window::Window;
use tieout_reconcilers::zone::{Shown, Zone};

use super::columns::Value;

/// How a domain's local side writes instants.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    format: TimeFormat,
    zone: Option<Zone>,
}

impl Times {
    /// As a domain declares.
    pub(super) const fn of(local: &Local) -> Self {
        Self { format: local.time, zone: local.zone }
    }

    /// The instants that a value stands for, or none where it is null.
    pub(super) fn shown(self, value: &Value<'_>) -> Result<Option<Shown>, &'static str> {
        let shown = match value {
            Value::Is(Scalar::Null | Scalar::Absent) => return Ok(None),
            Value::Shown(shown) => Some(*shown),
            Value::Is(Scalar::Instant(at)) => Some(Shown::Once(*at)),
            Value::Is(Scalar::Int(whole)) => from_number(*whole, self.format).map(Shown::Once),
            Value::Is(Scalar::Text(text) | Scalar::Number(text)) => self.read(text),
            Value::Is(Scalar::Bool(_) | Scalar::Json(_)) => None,
        };
        shown.map(Some).ok_or("is not a time in the format that `time` declares")
    }

    fn read(self, text: &str) -> Option<Shown> {
        match (self.format, self.zone) {
            (TimeFormat::Sql, Some(zone)) => wall(text).map(|time| zone.read(time)),
            (format, _) => format.read(text).map(Shown::Once),
        }
    }

    /// The bounds of a window as text in the domain's format; a wall clock's are wide enough for every reading.
    pub(super) fn bounds(self, window: Window) -> [String; 2] {
        if let (TimeFormat::Sql, Some(zone)) = (self.format, self.zone) {
            let readings = zone.readings(window.from(), window.to());
            return [readings.from, readings.to].map(|time| self.format.write(time.and_utc().into()));
        }
        [window.from(), window.to()].map(|at| self.format.write(at))
    }

    /// Whether bounds are numbers, which compare with numbers only.
    pub(super) const fn are_numbers(self) -> bool {
        matches!(self.format, TimeFormat::Epoch | TimeFormat::EpochMs | TimeFormat::EpochUs)
    }
}

/// What a wall clock shows, from text as `datetime()` writes it.
fn wall(text: &str) -> Option<NaiveDateTime> {
    TimeFormat::Sql.read(text).map(|time| time.utc().naive_utc())
}

/// A value to compare; `zone` is that of a text which a wall clock showed.
pub(super) fn certain(value: Value<'_>, zone: Option<Zone>) -> Result<Scalar<'_>, &'static str> {
    let shown = match (value, zone) {
        (Value::Shown(shown), _) => shown,
        // What is no such time is left to the field's rule, which says so.
        (Value::Is(Scalar::Text(text)), Some(zone)) => match wall(&text) {
            Some(time) => zone.read(time),
            None => return Ok(Scalar::Text(text)),
        },
        (Value::Is(scalar), _) => return Ok(scalar),
    };
    match shown {
        Shown::Once(at) => Ok(Scalar::Instant(at)),
        Shown::Twice { .. } => {
            Err("holds a time that was shown twice when the clocks of its zone were put back")
        }
        Shown::Never(_) => Err("holds a time over which the clocks of its zone were put forward"),
    }
}

fn from_number(whole: i64, time: TimeFormat) -> Option<Instant> {
    let scale = match time {
        TimeFormat::Epoch => 1_000_000,
        TimeFormat::EpochMs => 1_000,
        TimeFormat::EpochUs => 1,
        TimeFormat::Rfc3339 | TimeFormat::Sql => return None,
    };
    whole.checked_mul(scale).map(Instant::from_micros)
}

/// An instant as text that sorts before every spelling of itself and after every spelling of an earlier one.
///
/// Texts compare byte by byte: `…:00.5Z` is less than `…:00Z`, though half a second later. Without the zone and without
/// trailing zeros of the fraction, the bound is a beginning of every spelling of its instant.
pub(super) fn sortable(text: &str) -> &str {
    let text = text.trim_end_matches('Z');
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_sorts_before_every_spelling_of_its_instant() {
        let bound = |micros| sortable(&TimeFormat::Rfc3339.write(Instant::from_micros(micros))).to_owned();
        let second = bound(1_000_000);
        for later in ["1970-01-01T00:00:01Z", "1970-01-01T00:00:01.000Z", "1970-01-01T00:00:01.5+00:00"] {
            assert!(second.as_str() <= later, "{second} {later}");
        }
        assert!("1970-01-01T00:00:00.999999Z" < second.as_str());
        assert_eq!(bound(1_500_000), "1970-01-01T00:00:01.5");
        assert_eq!(sortable("1970-01-01 00:00:10"), "1970-01-01 00:00:10");
    }

    #[test]
    fn a_time_that_was_shown_twice_is_a_clock_and_no_value() {
        let london = Zone::named("Europe/London").unwrap();
        let twice = Value::Is(Scalar::Text("2026-10-25 01:30:00".into()));
        let times = Times { format: TimeFormat::Sql, zone: Some(london) };
        assert!(matches!(times.shown(&twice), Ok(Some(Shown::Twice { .. }))));
        assert!(certain(twice.clone(), Some(london)).unwrap_err().contains("twice"));
        assert_eq!(certain(twice, None), Ok(Scalar::Text("2026-10-25 01:30:00".into())));
        let skipped = Value::Is(Scalar::Text("2026-03-29 01:30:00".into()));
        assert!(certain(skipped, Some(london)).unwrap_err().contains("forward"));
    }
}
