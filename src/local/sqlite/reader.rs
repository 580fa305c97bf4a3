//! Reads a domain's rows from SQLite: one statement a read, rows handed on lot by lot, nothing collected.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant as Moment};

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use tieout_reconcilers::key::Key;
use tieout_reconcilers::window::Window;
use tokio::sync::mpsc::{self, Receiver, Sender};

use super::Sqlite;
use super::lot::Lot;
use super::prepared::Prepared;
use crate::local::database::{EachRow, KEYS_AT_ONCE};
use crate::local::error::LocalError;
use crate::local::read::Read;

/// How many lots SQLite may be ahead of whoever takes them.
const LOTS_AHEAD: usize = 2;
/// How many instructions SQLite runs between two looks at the clock.
const INSTRUCTIONS: i32 = 10_000;

/// Reads the local side of one domain.
#[derive(Debug, Clone)]
pub(in crate::local) struct SqliteReader {
    database: Sqlite,
    rows: Prepared,
    keys: Prepared,
}

impl SqliteReader {
    pub(super) const fn new(database: Sqlite, rows: Prepared, keys: Prepared) -> Self {
        Self { database, rows, keys }
    }

    pub(in crate::local) async fn rows(
        &self,
        window: Option<Window>,
        each_row: &mut EachRow<'_>,
    ) -> Result<Read, LocalError> {
        let question = Question { sql: self.rows.sql_for(0), values: self.rows.bounds(window) };
        let mut read = Read::default();
        self.read(&self.rows, question, &mut read, each_row).await.map(|_| read)
    }

    pub(in crate::local) async fn by_keys(
        &self,
        keys: &[Key],
        each_row: &mut EachRow<'_>,
    ) -> Result<Read, LocalError> {
        let mut read = Read::default();
        for chunk in keys.chunks(KEYS_AT_ONCE) {
            let values = self.keys.key_values(chunk);
            let question = Question { sql: self.keys.sql_for(chunk.len()), values };
            if self.read(&self.keys, question, &mut read, each_row).await?.is_break() {
                break;
            }
        }
        Ok(read)
    }

    async fn read(
        &self,
        prepared: &Prepared,
        question: Question,
        read: &mut Read,
        each_row: &mut EachRow<'_>,
    ) -> Result<ControlFlow<()>, LocalError> {
        let (sender, receiver) = mpsc::channel(LOTS_AHEAD);
        let limit = self.database.limits.statement;
        let asking =
            self.database.connections.with(move |connection| question.ask(connection, limit, &sender));
        let (asked, taken) = futures::join!(asking, take(receiver, prepared, read, each_row));
        match (asked, taken) {
            // Whoever had enough interrupts the statement.
            (Ok(()), taken) | (_, taken @ ControlFlow::Break(())) => Ok(taken),
            (Err(failure), _) => Err(self.database.statement_fault(&failure, &prepared.place)),
        }
    }
}

/// A statement with its values.
struct Question {
    sql: Arc<str>,
    values: Vec<Value>,
}

impl Question {
    /// Sends the rows until nobody takes them any more, on a thread that may wait.
    fn ask(self, connection: &Connection, limit: Duration, lots: &Sender<Lot>) -> rusqlite::Result<()> {
        let (deadline, taker) = (Moment::now() + limit, lots.downgrade());
        // It interrupts what takes too long, and what nobody waits for.
        let is_over =
            move || Moment::now() >= deadline || taker.upgrade().is_none_or(|lots| lots.is_closed());
        connection.progress_handler(INSTRUCTIONS, Some(is_over))?;
        let sent = self.send(connection, lots);
        connection.progress_handler(0, None::<fn() -> bool>)?;
        sent
    }

    fn send(self, connection: &Connection, lots: &Sender<Lot>) -> rusqlite::Result<()> {
        let mut statement = connection.prepare(&self.sql)?;
        let width = statement.column_count();
        let mut rows = statement.query(params_from_iter(self.values))?;
        let mut lot = Lot::of_width(width);
        while let Some(row) = rows.next()? {
            lot.push(row)?;
            if lot.is_full() {
                let full = std::mem::replace(&mut lot, Lot::of_width(width));
                if lots.blocking_send(full).is_err() {
                    return Ok(());
                }
            }
        }
        if !lot.is_empty() {
            // Whoever had enough is gone by now.
            let _ = lots.blocking_send(lot);
        }
        Ok(())
    }
}

async fn take(
    mut lots: Receiver<Lot>,
    prepared: &Prepared,
    read: &mut Read,
    each_row: &mut EachRow<'_>,
) -> ControlFlow<()> {
    let mut scratch = String::new();
    while let Some(lot) = lots.recv().await {
        for number in 0..lot.len() {
            let row = prepared.columns.row(|index| lot.cell(number, index), &mut scratch, read);
            if row.is_some_and(|row| each_row(row).is_break()) {
                return ControlFlow::Break(());
            }
        }
    }
    ControlFlow::Continue(())
}
