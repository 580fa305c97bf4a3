//! The filters that an expression may call: those of jaq that end, exact ones of ours in place of those that round, and
//! some made of the others. None of them reads anything but its value.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jaq_core::load::parse::Def;
use jaq_core::native::{Fun, bome, run, unary, v};
use jaq_core::{Cv, Error, ValR, ValXs};
use rust_decimal::{Decimal, RoundingStrategy};

use super::machine::{Machine, meters};
use super::operators::held;
use super::value::Val;
use crate::number::decimal;

/// Those that are made of others.
const DEFINED: &str = include_str!("filters.jq");
/// Those of the machine's own that end and bear no surprise, with how many arguments they take.
const CORE: &[(&str, usize)] = &[("first", 1), ("last", 1), ("limit", 2)];
/// Those that the definitions here are made of, and no expression calls.
const INNER: &[(&str, usize)] = &[("error_empty", 0), ("keys_unsorted", 0), ("key_values", 0)];
/// Those of jaq's library.
const LIBRARY: &[(&str, usize)] = &[
    ("ascii_downcase", 0),
    ("ascii_upcase", 0),
    ("endswith", 1),
    ("group_by", 1),
    ("ltrimstr", 1),
    ("reverse", 0),
    ("rtrimstr", 1),
    ("sort", 0),
    ("sort_by", 1),
    ("startswith", 1),
    ("trim", 0),
];
/// Those that the definitions here are made of.
const INNER_LIBRARY: &[(&str, usize)] = &[("min_by_or_empty", 1), ("max_by_or_empty", 1)];
/// Ours.
const OURS: &[(&str, usize)] =
    &[("ceil", 0), ("floor", 0), ("has", 1), ("length", 0), ("round", 0), ("tonumber", 0), ("type", 0)];

/// What every expression may call, by name and number of arguments.
pub(super) static KNOWN: LazyLock<BTreeSet<(&str, usize)>> = LazyLock::new(|| {
    let defined = definitions().map(|definition| (definition.name, definition.args.len()));
    CORE.iter().chain(LIBRARY).chain(OURS).copied().chain(defined).collect()
});

/// The filters that are made of others.
pub(super) fn definitions<'s>() -> impl Iterator<Item = Def<&'s str>> {
    jaq_core::load::parse(DEFINED, |parser| parser.defs()).unwrap_or_default().into_iter()
}

/// The filters that are functions.
pub(super) fn functions() -> impl Iterator<Item = Fun<Machine>> {
    let among = |lists: [&'static [(&'static str, usize)]; 2]| {
        move |(name, arguments, _): &Fun<Machine>| {
            lists.iter().any(|list| list.contains(&(*name, arguments.len())))
        }
    };
    let core = jaq_core::funs::<Machine>().filter(among([CORE, INNER]));
    let library = jaq_std::base_funs::<Machine>().filter(among([LIBRARY, INNER_LIBRARY]));
    meters().into_iter().chain(ours()).chain(core).chain(library)
}

fn ours() -> [Fun<Machine>; 7] {
    [
        run(("length", v(0), |cv| bome(length(cv.1)))),
        run(("has", v(1), |cv| unary(cv, has))),
        run(("tonumber", v(0), |cv| bome(number(cv.1)))),
        run(("type", v(0), |cv| bome(Ok(Val::text(kind(&cv.1)))))),
        run(("floor", v(0), |cv| whole(cv, RoundingStrategy::ToNegativeInfinity))),
        run(("ceil", v(0), |cv| whole(cv, RoundingStrategy::ToPositiveInfinity))),
        run(("round", v(0), |cv| whole(cv, RoundingStrategy::MidpointAwayFromZero))),
    ]
}

fn length(value: Val) -> ValR<Val> {
    Ok(match value {
        Val::Null => Val::Number(Decimal::ZERO),
        Val::Number(number) => Val::Number(number.abs()),
        Val::Text(text) => Val::from(text.chars().count()),
        Val::List(list) => Val::from(list.inner.len()),
        Val::Object(object) => Val::from(object.inner.len()),
        other => return Err(Error::typ(other, "list, object or text")),
    })
}

fn has(value: Val, name: Val) -> ValR<Val> {
    match (&value, &name) {
        (Val::Object(object), Val::Text(name)) => Ok(Val::Bool(object.inner.contains_key(name))),
        _ => Err(Error::index(value, name)),
    }
}

fn number(value: Val) -> ValR<Val> {
    match &value {
        Val::Number(_) => Ok(value),
        Val::Text(text) => decimal(text).map(Val::Number).ok_or_else(|| Error::typ(value, "number")),
        _ => Err(Error::typ(value, "number")),
    }
}

const fn kind(value: &Val) -> &'static str {
    match value {
        Val::Null | Val::Refused => "null",
        Val::Bool(_) => "boolean",
        Val::Number(_) | Val::LongNumber(_) => "number",
        Val::Text(_) => "string",
        Val::List(_) => "array",
        Val::Object(_) => "object",
    }
}

fn whole(cv: Cv<'_, Machine>, strategy: RoundingStrategy) -> ValXs<'_, Val> {
    bome(match cv.1 {
        Val::Number(number) => held(Val::Number(number.round_dp_with_strategy(0, strategy))),
        other => Err(Error::typ(other, "number")),
    })
}
