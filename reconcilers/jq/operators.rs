//! Arithmetic of values. It is exact or an error: no number is rounded.

use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

use jaq_core::ops::Math;
use jaq_core::{Error, ValR};
use rust_decimal::Decimal;

use super::value::{TOO_LARGE, Val};
use crate::arithmetic::{difference, product, quotient, remainder, sum};

/// The value, unless it is too large.
pub(super) fn held(value: Val) -> ValR<Val> {
    if matches!(value, Val::Refused) { Err(Error::str(TOO_LARGE)) } else { Ok(value) }
}

fn exact(number: Option<Decimal>) -> ValR<Val> {
    number.map(Val::Number).ok_or_else(|| Error::str("the result has more digits than a decimal"))
}

impl Add for Val {
    type Output = ValR<Self>;

    fn add(self, other: Self) -> ValR<Self> {
        match (self, other) {
            (Self::Null, value) | (value, Self::Null) => Ok(value),
            (Self::Number(a), Self::Number(b)) => exact(sum(a, b)),
            (Self::Text(a), Self::Text(b)) => held(Self::from(format!("{a}{b}"))),
            (Self::List(a), Self::List(b)) => held(Self::list(a.inner.iter().chain(&b.inner).cloned())),
            (Self::Object(a), Self::Object(b)) => {
                let members = a.inner.iter().chain(&b.inner);
                held(Self::object(members.map(|(name, value)| (name.clone(), value.clone()))))
            }
            (a, b) => Err(Error::math(a, Math::Add, b)),
        }
    }
}

impl Sub for Val {
    type Output = ValR<Self>;

    fn sub(self, other: Self) -> ValR<Self> {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => exact(difference(a, b)),
            (a, b) => Err(Error::math(a, Math::Sub, b)),
        }
    }
}

impl Mul for Val {
    type Output = ValR<Self>;

    fn mul(self, other: Self) -> ValR<Self> {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => exact(product(a, b)),
            (a, b) => Err(Error::math(a, Math::Mul, b)),
        }
    }
}

impl Div for Val {
    type Output = ValR<Self>;

    /// A text is split at another one.
    fn div(self, other: Self) -> ValR<Self> {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => exact(quotient(a, b)),
            (Self::Text(text), Self::Text(at)) if text.is_empty() || !at.is_empty() => {
                let parts = text.split(&*at).filter(|_| !text.is_empty());
                held(Self::list(parts.map(Self::text)))
            }
            (a, b) => Err(Error::math(a, Math::Div, b)),
        }
    }
}

impl Rem for Val {
    type Output = ValR<Self>;

    fn rem(self, other: Self) -> ValR<Self> {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => exact(remainder(a, b)),
            (a, b) => Err(Error::math(a, Math::Rem, b)),
        }
    }
}

impl Neg for Val {
    type Output = ValR<Self>;

    fn neg(self) -> ValR<Self> {
        match self {
            Self::Number(number) => Ok(Self::Number(-number)),
            value => Err(Error::typ(value, "number")),
        }
    }
}
