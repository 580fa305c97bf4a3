//! Keywords that compare a number or a size with a bound.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::types::Kinds;
use super::walk::{Pair, Walk, is_said_by};

/// Which end of a range a bound is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Lower,
    Upper,
}

impl Walk<'_> {
    pub(super) fn numbers(&mut self, pair: &Pair<'_, '_>, keyword: &str, said: &Value, path: &str) {
        if !pair.kinds.has_any(Kinds::NUMBER) || is_said_by(pair, keyword) {
            return;
        }
        let Value::Number(bound) = said else { return };
        let is_implied = match keyword {
            "minimum" => implies(pair, End::Lower, bound, false),
            "exclusiveMinimum" => implies(pair, End::Lower, bound, true),
            "maximum" => implies(pair, End::Upper, bound, false),
            "exclusiveMaximum" => implies(pair, End::Upper, bound, true),
            _ => is_multiple(pair, bound),
        };
        if !is_implied {
            self.breaks(path, format!("`{keyword}` is narrower than before"));
        }
    }

    /// A size that must not be smaller.
    pub(super) fn at_least(&mut self, pair: &Pair<'_, '_>, keyword: &str, said: &Value, path: &str) {
        let Some(size) = said.as_f64() else { return };
        if size > 0.0 && !sizes(pair, keyword).any(|old| old >= size) {
            self.breaks(path, format!("`{keyword}` is larger than before"));
        }
    }

    /// A size that must not be larger.
    pub(super) fn at_most(&mut self, pair: &Pair<'_, '_>, keyword: &str, said: &Value, path: &str) {
        let Some(size) = said.as_f64() else { return };
        if !sizes(pair, keyword).any(|old| old <= size) {
            self.breaks(path, format!("`{keyword}` is smaller than before"));
        }
    }
}

fn sizes(pair: &Pair<'_, '_>, keyword: &str) -> impl Iterator<Item = f64> {
    pair.written.iter().filter_map(move |site| site.get(keyword)?.as_f64())
}

/// Whether a bound of the writing side is at least as narrow.
fn implies(pair: &Pair<'_, '_>, end: End, bound: &Number, is_exclusive: bool) -> bool {
    let (inclusive, exclusive, narrower) = match end {
        End::Lower => ("minimum", "exclusiveMinimum", Ordering::Greater),
        End::Upper => ("maximum", "exclusiveMaximum", Ordering::Less),
    };
    let beside = |keyword: &str, is_strict: bool| {
        pair.written.iter().filter_map(|site| site.get(keyword)).any(|old| {
            let Value::Number(old) = old else { return false };
            match compared(old, bound) {
                Some(Ordering::Equal) => is_strict || !is_exclusive,
                Some(order) => order == narrower,
                None => false,
            }
        })
    };
    beside(inclusive, false) || beside(exclusive, true)
}

/// Whole numbers exactly, all others as far as a double holds them.
fn compared(one: &Number, other: &Number) -> Option<Ordering> {
    match (one.as_i128(), other.as_i128()) {
        (Some(one), Some(other)) => Some(one.cmp(&other)),
        _ => one.as_f64()?.partial_cmp(&other.as_f64()?),
    }
}

fn is_multiple(pair: &Pair<'_, '_>, of: &Number) -> bool {
    let Some(of) = of.as_i128() else { return false };
    let is_whole = !pair.kinds.has_any(Kinds::FRACTION);
    let old = pair.written.iter().filter_map(|site| site.get("multipleOf")?.as_number()?.as_i128());
    of == 1 && is_whole || old.into_iter().any(|old| of != 0 && old % of == 0)
}
