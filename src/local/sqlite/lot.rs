//! Rows on their way from the thread that reads them: a lot at a time in two buffers, since each row by itself would cost
//! more on the way than its reading.

use std::borrow::Cow;
use std::ops::Range;

use rusqlite::Row;
use rusqlite::types::ValueRef;
use tieout_reconcilers::scalar::Scalar;

use crate::local::columns::{Cell, Value};

/// How many rows a lot has at most.
const ROWS: usize = 256;
/// A lot with so many bytes of text is sent, however few rows it has.
const BYTES: usize = 64 * 1024;

/// Some rows of a result.
#[derive(Debug)]
pub(super) struct Lot {
    text: String,
    slots: Vec<Slot>,
    width: usize,
}

/// One value, by its storage class.
#[derive(Debug)]
enum Slot {
    Null,
    Integer(i64),
    Real(f64),
    /// Where it lies in the text of the lot.
    Text(Range<usize>),
    NotUtf8,
    Blob,
}

impl Lot {
    pub(super) fn of_width(width: usize) -> Self {
        Self { text: String::new(), slots: Vec::with_capacity(ROWS * width), width }
    }

    /// Copies a row.
    pub(super) fn push(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
        for index in 0..self.width {
            let slot = match row.get_ref(index)? {
                ValueRef::Null => Slot::Null,
                ValueRef::Integer(whole) => Slot::Integer(whole),
                ValueRef::Real(float) => Slot::Real(float),
                ValueRef::Blob(_) => Slot::Blob,
                ValueRef::Text(bytes) => std::str::from_utf8(bytes).map_or(Slot::NotUtf8, |text| {
                    let start = self.text.len();
                    self.text.push_str(text);
                    Slot::Text(start..self.text.len())
                }),
            };
            self.slots.push(slot);
        }
        Ok(())
    }

    pub(super) const fn is_full(&self) -> bool {
        self.slots.len() >= ROWS * self.width || self.text.len() >= BYTES
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len() / self.width.max(1)
    }

    /// The value in a column of a row.
    pub(super) fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        let slot = self.slots.get(row * self.width + column).filter(|_| column < self.width);
        Ok(Value::Is(match slot.ok_or("is not in the result")? {
            Slot::Null => Scalar::Null,
            Slot::Integer(whole) => Scalar::Int(*whole),
            // The shortest text that means the same float.
            Slot::Real(float) => Scalar::Number(format!("{float:?}").into()),
            Slot::Text(place) => {
                Scalar::Text(Cow::Borrowed(self.text.get(place.clone()).unwrap_or_default()))
            }
            Slot::NotUtf8 => return Err("holds text that is not UTF-8"),
            Slot::Blob => return Err("holds a blob, which cannot be compared"),
        }))
    }
}
