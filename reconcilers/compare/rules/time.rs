//! Instants, cut off to a precision that both sides can hold.

use std::time::Duration;

use crate::clock_format::ClockFormat;
use crate::compare::Side;
use crate::instant::TimeFormat;
use crate::scalar::{Canon, Scalar, Unreadable};

/// How instants are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeRule {
    /// How upstream writes them.
    pub upstream: ClockFormat,
    /// How the local side writes them, where its column has no time type.
    pub local: TimeFormat,
    /// What both are cut off to; days are those of upstream's zone.
    pub precision: Duration,
}

impl TimeRule {
    /// The instant that a value stands for.
    pub(in crate::compare) fn normal<'a>(
        &self,
        value: &Scalar<'_>,
        side: Side,
    ) -> Result<Canon<'a>, Unreadable> {
        let read = |text: &str| match side {
            Side::Upstream => self.upstream.read(text),
            Side::Local => self.local.read(text),
        };
        let at = match value {
            Scalar::Absent | Scalar::Null => return Ok(Canon::Null),
            Scalar::Instant(at) => Some(*at),
            Scalar::Int(whole) => read(&whole.to_string()),
            Scalar::Number(text) | Scalar::Text(text) => read(text),
            _ => None,
        };
        let at = at.ok_or_else(|| value.unreadable("a time in the declared format"))?;
        Ok(Canon::Instant(self.upstream.floor(at, self.precision)))
    }
}
