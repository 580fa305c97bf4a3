//! Every database, real ones: PostgreSQL at `TIEOUT_TEST_POSTGRES`, MariaDB at `TIEOUT_TEST_MYSQL`, SQLite files in
//! temporary folders.

use std::ops::ControlFlow;

use tieout_reconcilers::compare::{Field, Fields, Rule};
use tieout_reconcilers::instant::{Instant, TimeFormat};
use tieout_reconcilers::key::Key;
use tieout_reconcilers::reconciler::{Local, Place};
use tieout_reconcilers::row::Row;
use tieout_reconcilers::window::Window;

use super::{Database, LocalError, Read, Reader};

mod counting;
mod mysql;
mod mysql_refusals;
mod pooler;
mod postgres;
mod refusals;
mod sqlite;
mod zones;

#[path = "../../tests/servers/pgbouncer.rs"]
mod pgbouncer;

pub(crate) use pgbouncer::Pooler;

/// A domain's local side: the SQL, then what every test shares.
fn local(rows: &str, keys: &str) -> Local {
    let place = |line| Place { file: "charges.yaml".to_owned(), line, column: 9 };
    Local {
        database: "app".to_owned(),
        rows: rows.to_owned(),
        rows_place: place(5),
        keys: keys.to_owned(),
        keys_place: place(6),
        key: "id".to_owned(),
        clock: Some("created_at".to_owned()),
        changed: None,
        version: None,
        time: TimeFormat::Rfc3339,
        zone: None,
    }
}

/// The usual two statements on a table called `charges`.
fn charges() -> Local {
    local(
        "SELECT * FROM charges WHERE created_at >= :from AND created_at < :to",
        "SELECT * FROM charges WHERE id IN (:keys)",
    )
}

/// Fields that compare columns as they are.
fn columns(names: &[&str]) -> Fields {
    let field = |name: &&str| Field::named(&tieout_reconcilers::path::Path::of_member(name), Rule::Exact);
    Fields::of(names.iter().map(field).collect())
}

fn at(text: &str) -> Instant {
    TimeFormat::Rfc3339.read(text).unwrap()
}

fn window(from: &str, to: &str) -> Window {
    Window::new(at(from), at(to)).unwrap()
}

fn keys(texts: &[&str]) -> Vec<Key> {
    texts.iter().map(|text| Key::checked(text).unwrap()).collect()
}

/// All rows of a range, in the order of their keys.
async fn rows_of(reader: &Reader, window: Window) -> Result<(Vec<Row<'static>>, Read), LocalError> {
    let mut rows = Vec::new();
    let read = reader.rows(window, &mut |row: Row<'_>| keep(&mut rows, row)).await?;
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    Ok((rows, read))
}

/// All rows of some keys, in the order of their keys.
async fn rows_by_keys(reader: &Reader, keys: &[Key]) -> Result<(Vec<Row<'static>>, Read), LocalError> {
    let mut rows = Vec::new();
    let read = reader.by_keys(keys, &mut |row: Row<'_>| keep(&mut rows, row)).await?;
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    Ok((rows, read))
}

fn keep(rows: &mut Vec<Row<'static>>, row: Row<'_>) -> ControlFlow<()> {
    rows.push(row.into_owned());
    ControlFlow::Continue(())
}

fn keys_of<'r>(rows: &'r [Row<'_>]) -> Vec<&'r str> {
    rows.iter().map(|row| row.key.as_ref()).collect()
}

/// The message of a reader that is refused.
async fn refusal(database: &Database, local: &Local, fields: &Fields) -> String {
    database.reader(local, fields).await.map(|_| ()).unwrap_err().to_string()
}
