//! The `span` of a window: how long a range one slice reads.

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::checked::{Checked, Fault, FromText, Placed};
use super::document::Problems;
use super::edges::Edges;
use super::problem::Spot;
use super::schema;
use super::value::Length;
use super::window_file::length_above_zero;

/// The range that a slice begins with where a definition does not say.
const DEFAULT: Duration = Duration::from_hours(24);

/// The same where there is only a lower bound: each slice reads up to now, so one is better than many.
const UP_TO_NOW: Duration = Duration::from_hours(24 * 366);

/// `7d`, or `{prefer: 1d, max: 31d, min: 1s}`.
#[derive(Debug, Clone)]
pub(super) enum SpanFile {
    Prefer(Result<Length, Fault>),
    Keys(Box<SpanKeys>),
}

/// The range of one slice.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SpanKeys {
    /// What a slice begins with.
    prefer: Option<Checked<Length>>,
    /// The longest that the API takes.
    max: Option<Checked<Length>>,
    /// The shortest that a slice is split into; the grain where this is left out.
    min: Option<Checked<Length>>,
}

impl<'de> Deserialize<'de> for SpanFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SpanVisitor)
    }
}

schema::schema_of!(SpanFile, |generator| schema::any_of([
    schema::plain_text::<Length>(),
    generator.subschema_for::<SpanKeys>(),
]));

struct SpanVisitor;

impl<'de> Visitor<'de> for SpanVisitor {
    type Value = SpanFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration such as `1d`, or a mapping such as `{prefer: 1d, max: 31d}`")
    }

    fn visit_str<E>(self, text: &str) -> Result<SpanFile, E> {
        Ok(SpanFile::Prefer(Length::from_text(text)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SpanFile, A::Error> {
        SpanKeys::deserialize(MapAccessDeserializer::new(map)).map(Box::new).map(SpanFile::Keys)
    }
}

/// The ranges of slices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// What a slice begins with.
    pub(super) prefer: Duration,
    /// The longest that the provider takes.
    pub(super) max: Option<Duration>,
    /// The shortest that a slice is split into.
    pub(super) min: Duration,
}

impl SpanFile {
    pub(super) fn compile(
        written: Option<Placed<Self>>,
        edges: Edges,
        grain: Duration,
        problems: &mut Problems<'_>,
    ) -> Span {
        let Some(written) = written else {
            let usual = if edges.upper.is_some() { DEFAULT } else { UP_TO_NOW };
            return Span { prefer: usual.max(grain), max: None, min: grain };
        };
        let spot = written.spot;
        let keys = match written.value {
            Self::Keys(keys) => *keys,
            Self::Prefer(outcome) => {
                SpanKeys { prefer: Some(Checked { spot, outcome }), max: None, min: None }
            }
        };
        let prefer = length_above_zero(keys.prefer, problems);
        let max = length_above_zero(keys.max, problems);
        let min = length_above_zero(keys.min, problems);
        let span = Span {
            prefer: prefer.unwrap_or_else(|| DEFAULT.min(max.unwrap_or(DEFAULT)).max(min.unwrap_or(grain))),
            max,
            min: min.unwrap_or(grain),
        };
        span.check(grain, spot, problems);
        span
    }
}

impl Span {
    fn check(self, grain: Duration, spot: Spot, problems: &mut Problems<'_>) {
        let wrong = [
            (
                self.max.is_some_and(|max| self.prefer > max),
                "the span is longer than the `max` that the provider takes",
            ),
            (self.min > self.prefer, "the span is shorter than its own `min`"),
            (self.min < grain, "`min` is shorter than the grain, and no bound can say that"),
            (self.prefer < grain, "the span is shorter than the grain, and no bound can say that"),
        ];
        if let Some((_, why)) = wrong.into_iter().find(|(is_wrong, _)| *is_wrong) {
            let help = "choose them so that grain <= `min` <= `prefer` <= `max`";
            problems.add(spot, Fault::new(why).with_help(help));
        }
    }
}
