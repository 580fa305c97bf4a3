//! The types of parameters, and how each database keeps them.

use std::borrow::Cow;

use chrono::SecondsFormat;
use tieout_reconcilers::instant::Instant;
use uuid::Uuid;

/// A parameter. `None` is SQL's `NULL`, which has a type too.
#[derive(Debug, Clone)]
pub(in crate::store) enum Value<'a> {
    Text(Option<Cow<'a, str>>),
    Int(Option<i64>),
    Time(Option<Instant>),
}

/// The parameters of a statement.
macro_rules! args {
    ($($value:expr),* $(,)?) => { [$($crate::store::sql::Value::from($value)),*] };
}
pub(in crate::store) use args;

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Some(Cow::Borrowed(text)))
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(text: Option<&'a str>) -> Self {
        Self::Text(text.map(Cow::Borrowed))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Some(Cow::Owned(text)))
    }
}

impl From<Option<String>> for Value<'_> {
    fn from(text: Option<String>) -> Self {
        Self::Text(text.map(Cow::Owned))
    }
}

impl From<Uuid> for Value<'_> {
    fn from(id: Uuid) -> Self {
        Self::from(id.to_string())
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Int(Some(number))
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Self::Int(Some(number.into()))
    }
}

impl From<Instant> for Value<'_> {
    fn from(at: Instant) -> Self {
        Self::Time(Some(at))
    }
}

impl From<Option<Instant>> for Value<'_> {
    fn from(at: Option<Instant>) -> Self {
        Self::Time(at)
    }
}

/// PostgreSQL's `text` has no U+0000. JSON texts escape it; in other texts its symbol stands for it.
pub(super) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{2400}")) } else { Cow::Borrowed(text) }
}

/// An instant as SQLite keeps it: text of one width, which sorts as time does.
pub(super) fn sortable(at: Instant) -> String {
    within_calendar(at).utc().to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Both databases can write and sort the years 1 to 9999; what lies outside is a provider's nonsense.
pub(super) fn within_calendar(at: Instant) -> Instant {
    const FIRST: i64 = -62_135_596_800_000_000;
    const LAST: i64 = 253_402_300_799_999_999;
    Instant::from_micros(at.micros().clamp(FIRST, LAST))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use tieout_reconcilers::instant::TimeFormat;

    use super::*;

    proptest! {
        #[test]
        fn stored_instants_sort_as_time_does(a in any::<i64>(), b in any::<i64>()) {
            let (a, b) = (within_calendar(Instant::from_micros(a)), within_calendar(Instant::from_micros(b)));
            prop_assert_eq!(sortable(a).cmp(&sortable(b)), a.cmp(&b));
            prop_assert_eq!(TimeFormat::Rfc3339.read(&sortable(a)), Some(a));
        }
    }
}
