//! What a read saw: how many rows, and which of them hold values that cannot be used.

use std::fmt;

use tieout_reconcilers::fingerprint::Fingerprint;
use tieout_reconcilers::key::Key;

use super::columns::Column;

/// How many faults are kept; all are counted.
const KEPT: usize = 100;

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
    /// The key of its row, where that can be used.
    pub key: Option<Key>,
    /// What stands for the row, as far as the domain reads it; a value that cannot be read counts as what is wrong with it.
    pub fingerprint: Option<Fingerprint>,
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

    /// How many faults were found so far.
    #[must_use]
    pub const fn n_faults(&self) -> u64 {
        self.bad_keys + self.unreadable
    }

    /// Says of which row the faults are that were kept beyond the first `known`.
    pub(super) fn are_of(&mut self, known: usize, key: Option<&Key>, fingerprint: Fingerprint) {
        for fault in self.faults.iter_mut().skip(known) {
            fault.key = key.cloned();
            fault.fingerprint = Some(fingerprint);
        }
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
            let (column, type_name) = (name.clone(), type_name.clone());
            self.faults.push(RowFault { column, type_name, reason, key: None, fingerprint: None });
        }
    }
}
