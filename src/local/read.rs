//! What a read saw: how many rows, and which of them hold values that cannot be used.

use std::fmt;

use super::columns::Column;

/// How many faults are kept; all are counted.
const KEPT: usize = 20;

/// The outcome of a read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Read {
    /// Rows handed out.
    pub rows: u64,
    /// Rows that were not handed out, because their key cannot identify anything.
    pub bad_keys: u64,
    /// Values that could not be read. Their rows were handed out; see [`super::Reader::rows`].
    pub unreadable: u64,
    /// The first of the faults.
    pub faults: Vec<RowFault>,
}

/// A value that cannot be used. It names the column, never the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFault {
    /// The column.
    pub column: Box<str>,
    /// Its type in the database; empty where each value has one of its own.
    pub type_name: Box<str>,
    /// What is wrong with the value.
    pub reason: &'static str,
}

impl fmt::Display for RowFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column `{}`", self.column)?;
        if !self.type_name.is_empty() {
            write!(f, " of the type {}", self.type_name)?;
        }
        write!(f, " {}", self.reason)
    }
}

impl Read {
    /// Counts a row without a usable key.
    pub(super) fn bad_key(&mut self, column: &Column, reason: &'static str) {
        self.bad_keys += 1;
        self.keep(column, reason);
    }

    /// Counts a value that cannot be read.
    pub(super) fn unreadable(&mut self, column: &Column, reason: &'static str) {
        self.unreadable += 1;
        self.keep(column, reason);
    }

    /// Adds what another part of the same read saw.
    pub fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.bad_keys += other.bad_keys;
        self.unreadable += other.unreadable;
        let room = KEPT.saturating_sub(self.faults.len());
        self.faults.extend(other.faults.into_iter().take(room));
    }

    fn keep(&mut self, column: &Column, reason: &'static str) {
        if self.faults.len() < KEPT {
            let Column { name, type_name, .. } = column;
            self.faults.push(RowFault { column: name.clone(), type_name: type_name.clone(), reason });
        }
    }
}
