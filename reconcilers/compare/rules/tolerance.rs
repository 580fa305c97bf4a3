//! Numbers that may be a little apart.
//!
//! This is a comparison and no normal form: 1.00 is near 1.01 and 1.01 near 1.02, and yet 1.00 and 1.02 may be too far
//! apart. So nothing is rounded to make two numbers equal, and the digest of upstream holds its number as it is: a number
//! that moved is another state, even where both states are near the local one.

use rust_decimal::Decimal;

use crate::arithmetic::{difference, product};
use crate::number::decimal;
use crate::scalar::{Canon, Scalar, Unreadable};

/// How far apart two numbers may be: by an amount, or by a share of the larger of the two, whichever lets more pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tolerance {
    absolute: Decimal,
    relative: Decimal,
}

/// A tolerance that says nothing, or lets everything pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadTolerance {
    /// It is negative, or nothing.
    #[error("a tolerance is more than nothing")]
    Nothing,
    /// No two numbers of one sign are further apart than the larger of them.
    #[error("a tolerance of a hundred percent lets everything pass")]
    Everything,
}

impl Tolerance {
    /// An amount, a share (0.01 is one percent), or both.
    pub fn new(absolute: Option<Decimal>, relative: Option<Decimal>) -> Result<Self, BadTolerance> {
        let both = [absolute, relative];
        if both == [None, None] || both.iter().flatten().any(|given| *given <= Decimal::ZERO) {
            return Err(BadTolerance::Nothing);
        }
        if relative.is_some_and(|share| share >= Decimal::ONE) {
            return Err(BadTolerance::Everything);
        }
        Ok(Self { absolute: absolute.unwrap_or_default(), relative: relative.unwrap_or_default() })
    }

    /// The number that a value stands for.
    pub(in crate::compare) fn normal<'a>(value: &Scalar<'_>) -> Result<Canon<'a>, Unreadable> {
        let number = match value {
            Scalar::Absent | Scalar::Null => return Ok(Canon::Null),
            Scalar::Int(whole) => return Ok(Canon::Int(*whole)),
            Scalar::Number(text) | Scalar::Text(text) => decimal(text),
            _ => None,
        };
        number.map(Canon::number).ok_or_else(|| value.unreadable("a number of at most 28 digits"))
    }

    /// Whether two numbers are near each other. Nothing is near `null` but `null`.
    pub(in crate::compare) fn holds(&self, upstream: &Canon<'_>, local: &Canon<'_>) -> bool {
        let (Some(a), Some(b)) = (number(upstream), number(local)) else { return upstream == local };
        if a == b {
            return true;
        }
        // What is too long to be subtracted is further apart than any tolerance that could be written.
        let Some(apart) = difference(a, b).map(|apart| apart.abs()) else { return false };
        let larger = a.abs().max(b.abs());
        let share = product(self.relative, larger).or_else(|| self.relative.checked_mul(larger));
        apart <= self.absolute || share.is_some_and(|share| apart <= share)
    }
}

fn number(canon: &Canon<'_>) -> Option<Decimal> {
    match canon {
        Canon::Int(whole) => Some(Decimal::from(*whole)),
        Canon::Decimal(number) => Some(*number),
        _ => None,
    }
}
