//! One file a rule: what it brings a value to, and which values it cannot read. When two normal forms agree is said by
//! [`tolerance`] for its own numbers and by [`same`](super::same) for all others.
//!
//! A rule is a normal form wherever it can be: both sides are brought into it, and then equality decides. That is why
//! most rules are reflexive, symmetric and transitive without saying so. The one comparison that is no normal form is
//! `tolerance`.

pub(super) mod blank;
pub(super) mod exact;
pub(super) mod fold;
pub(super) mod money;
pub(super) mod time;
pub(super) mod tolerance;
pub(super) mod unordered;
pub(super) mod words;

pub use blank::{Blank, Nothing};
pub use fold::Fold;
pub use money::MoneyRule;
pub use time::TimeRule;
pub use tolerance::{BadTolerance, Tolerance};
pub use unordered::Unordered;
pub use words::Words;

use crate::scalar::Canon;

/// How the values of a field are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// As they are. Numbers compare by value, and a numeric text equals its number.
    Exact,
    /// Text without regard to how it is written, or upstream's words for local ones.
    Words(Words),
    /// Instants, cut off to a precision that both sides can hold.
    Time(TimeRule),
    /// Amounts in minor units of a currency.
    Money(MoneyRule),
    /// Numbers that may be a little apart.
    Near(Tolerance),
    /// Lists in any order.
    Unordered(Unordered),
    /// Shown, and never compared.
    Ignored,
}

impl Rule {
    /// Text without regard to case.
    #[must_use]
    pub fn fold_case() -> Self {
        Self::Words(Words::folded(Fold { case: true, ..Fold::default() }))
    }

    /// Whether two normal forms agree.
    pub(super) fn agrees(&self, upstream: &Canon<'_>, local: &Canon<'_>) -> bool {
        match self {
            Self::Ignored => true,
            Self::Near(tolerance) => tolerance.holds(upstream, local),
            _ => super::same::same(upstream, local),
        }
    }
}
