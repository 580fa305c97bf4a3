//! What an expression runs on: its filters, and a budget that every step is paid from.

use std::cell::Cell;

use jaq_core::data::HasLut;
use jaq_core::native::{Fun, bome, run, v};
use jaq_core::{Cv, DataT, Error, Lut, ValR, ValXs};

use super::operators::held;
use super::value::Val;

/// How many steps one evaluation may take; a large value takes more of them.
pub(super) const BUDGET: u64 = 250_000;
/// The filter that pays for a step. No text can name it.
pub(super) const STEP: &str = "!step";
/// The same for a value that is compared with another one.
pub(super) const ORDERED: &str = "!ordered";
/// How much of a value one step carries.
const STEP_WEIGHT: usize = 16;

/// The kind of machine.
pub(super) struct Machine;

impl DataT for Machine {
    type V<'a> = Val;
    type Data<'a> = Budget<'a>;
}

/// What is left for one evaluation.
#[derive(Clone)]
pub(super) struct Budget<'a> {
    lut: &'a Lut<Machine>,
    left: &'a Cell<u64>,
}

impl<'a> Budget<'a> {
    pub(super) const fn new(lut: &'a Lut<Machine>, left: &'a Cell<u64>) -> Self {
        Self { lut, left }
    }

    /// Hands a value on, paid for by its size.
    fn spend(&self, value: Val) -> ValR<Val> {
        let cost = 1 + value.weight() / STEP_WEIGHT;
        let left = self.left.get().saturating_sub(cost as u64);
        self.left.set(left);
        if left == 0 { Err(Error::str("the expression takes too long")) } else { held(value) }
    }
}

impl<'a> HasLut<'a, Machine> for Budget<'a> {
    fn lut(&self) -> &'a Lut<Machine> {
        self.lut
    }
}

/// The filters that no text can name.
pub(super) fn meters() -> [Fun<Machine>; 2] {
    [run::<Machine>((STEP, v(0), step)), run::<Machine>((ORDERED, v(0), ordered))]
}

fn step((context, value): Cv<'_, Machine>) -> ValXs<'_, Val> {
    bome(context.data().spend(value))
}

/// Digits that no decimal holds have no order.
fn ordered((context, value): Cv<'_, Machine>) -> ValXs<'_, Val> {
    bome(match value {
        Val::LongNumber(_) => Err(Error::str("the number has more digits than a decimal")),
        value => context.data().spend(value),
    })
}
