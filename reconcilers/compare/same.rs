//! When two normal forms are equal.

use crate::instant::TimeFormat;
use crate::number::decimal;
use crate::scalar::Canon;

/// Equality of normal forms. Sides spell one value in different types: a numeric text equals its number, 1 and 0 stand
/// for booleans where a database has none, and so do the words that a map can give.
pub(super) fn same(upstream: &Canon<'_>, local: &Canon<'_>) -> bool {
    match (upstream, local) {
        (Canon::Text(text), number @ (Canon::Int(_) | Canon::Decimal(_)))
        | (number @ (Canon::Int(_) | Canon::Decimal(_)), Canon::Text(text)) => {
            decimal(text).is_some_and(|decimal| Canon::number(decimal) == *number)
        }
        (Canon::Bool(flag), Canon::Int(number)) | (Canon::Int(number), Canon::Bool(flag)) => {
            *number == i64::from(*flag)
        }
        (Canon::Bool(flag), Canon::Text(word)) | (Canon::Text(word), Canon::Bool(flag)) => {
            word.as_ref() == if *flag { "true" } else { "false" }
        }
        (Canon::Instant(at), Canon::Text(text)) | (Canon::Text(text), Canon::Instant(at)) => {
            TimeFormat::Rfc3339.read(text) == Some(*at)
        }
        (upstream, local) => upstream == local,
    }
}
