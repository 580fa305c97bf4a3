//! How the machine looks into values.

use jaq_core::box_iter::BoxIter;
use jaq_core::path::Opt;
use jaq_core::val::Range;
use jaq_core::{Error, Exn, ValR, ValT, ValX};
use rust_decimal::prelude::ToPrimitive;

use super::operators::held;
use super::value::Val;
use crate::number::decimal;

/// Said where an expression would change a value; none gets as far.
const READ_ONLY: &str = "an expression changes nothing";

impl ValT for Val {
    fn from_num(text: &str) -> ValR<Self> {
        decimal(text).map(Self::Number).ok_or_else(|| Error::str("the number has more digits than a decimal"))
    }

    fn from_map<I: IntoIterator<Item = (Self, Self)>>(members: I) -> ValR<Self> {
        let mut named = Vec::new();
        for (name, value) in members {
            match name {
                Self::Text(name) => named.push((name, value)),
                other => return Err(Error::typ(other, "name of a member")),
            }
        }
        held(Self::object(named))
    }

    fn key_values(self) -> BoxIter<'static, ValR<(Self, Self), Self>> {
        match self {
            Self::List(list) => {
                let places = (0..list.inner.len()).map(Self::from);
                let values: Vec<Self> = list.inner.clone();
                Box::new(places.zip(values).map(Ok))
            }
            Self::Object(object) => {
                let members: Vec<_> = object
                    .inner
                    .iter()
                    .map(|(name, value)| (Self::Text(name.clone()), value.clone()))
                    .collect();
                Box::new(members.into_iter().map(Ok))
            }
            other => Box::new(std::iter::once(Err(Error::typ(other, "list or object")))),
        }
    }

    fn values(self) -> Box<dyn Iterator<Item = ValR<Self>>> {
        match self {
            Self::List(list) => {
                Box::new((0..list.inner.len()).map(move |place| Ok(list.inner[place].clone())))
            }
            other => Box::new(other.key_values().map(|member| member.map(|(_, value)| value))),
        }
    }

    fn index(self, at: &Self) -> ValR<Self> {
        match (&self, at) {
            (Self::Null, _) => Ok(Self::Null),
            (Self::Object(object), Self::Text(name)) => {
                Ok(object.inner.get(name).cloned().unwrap_or(Self::Null))
            }
            (Self::List(list), Self::Number(_)) => {
                let place = whole(at)?;
                let place = if place < 0 { place + length(list.inner.len()) } else { place };
                let found = usize::try_from(place).ok().and_then(|place| list.inner.get(place));
                Ok(found.cloned().unwrap_or(Self::Null))
            }
            _ => Err(Error::index(self, at.clone())),
        }
    }

    fn range(self, range: Range<&Self>) -> ValR<Self> {
        let bounds = |len: usize| -> ValR<(usize, usize), Self> {
            Ok((bound(range.start, len, 0)?, bound(range.end, len, len)?))
        };
        match &self {
            Self::Null => Ok(Self::Null),
            Self::List(list) => {
                let (from, to) = bounds(list.inner.len())?;
                held(Self::list(list.inner.get(from..to).unwrap_or_default().iter().cloned()))
            }
            Self::Text(text) => {
                let (from, to) = bounds(text.chars().count())?;
                let part: String = text.chars().skip(from).take(to.saturating_sub(from)).collect();
                Ok(Self::from(part))
            }
            _ => Err(Error::typ(self, "list or text")),
        }
    }

    fn map_values<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        _: Opt,
        _: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        Err(Exn::from(Error::str(READ_ONLY)))
    }

    fn map_index<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        _: &Self,
        _: Opt,
        _: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        Err(Exn::from(Error::str(READ_ONLY)))
    }

    fn map_range<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        _: Range<&Self>,
        _: Opt,
        _: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        Err(Exn::from(Error::str(READ_ONLY)))
    }

    fn as_bool(&self) -> bool {
        !matches!(self, Self::Null | Self::Bool(false))
    }

    fn into_string(self) -> Self {
        match self {
            Self::Text(_) | Self::Refused => self,
            other => Self::from(other.to_string()),
        }
    }
}

/// A place in a list.
fn whole(value: &Val) -> ValR<i64, Val> {
    let number = if let Val::Number(number) = value { Some(*number) } else { None };
    let whole = number.filter(|number| number.fract().is_zero()).and_then(|number| number.to_i64());
    whole.ok_or_else(|| Error::typ(value.clone(), "whole number"))
}

fn length(len: usize) -> i64 {
    i64::try_from(len).unwrap_or(i64::MAX)
}

/// One end of a part: `missing` where it is left out, and counted from the end where it is negative.
fn bound(at: Option<&Val>, len: usize, missing: usize) -> ValR<usize, Val> {
    match at {
        None | Some(Val::Null) => Ok(missing),
        Some(value) => {
            let at = whole(value)?;
            let at = if at < 0 { at.saturating_add(length(len)).max(0) } else { at };
            Ok(usize::try_from(at).map_or(len, |at| at.min(len)))
        }
    }
}

impl jaq_std::ValT for Val {
    fn into_seq<S: FromIterator<Self>>(self) -> Result<S, Self> {
        match self {
            Self::List(list) => Ok(list.inner.iter().cloned().collect()),
            other => Err(other),
        }
    }

    fn is_int(&self) -> bool {
        matches!(self, Self::Number(number) if number.fract().is_zero())
    }

    fn as_isize(&self) -> Option<isize> {
        if let Self::Number(number) = self { number.to_isize().filter(|_| self.is_int()) } else { None }
    }

    /// No filter here calculates with floating-point numbers.
    fn as_f64(&self) -> Option<f64> {
        None
    }

    fn is_utf8_str(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        if let Self::Text(text) = self { Some(text.as_bytes()) } else { None }
    }

    fn as_sub_str(&self, part: &[u8]) -> Self {
        Self::from_utf8_bytes(part.to_vec())
    }

    fn from_utf8_bytes(bytes: impl AsRef<[u8]> + Send + 'static) -> Self {
        Self::text(&String::from_utf8_lossy(bytes.as_ref()))
    }
}
