//! Reads the local side of one domain, whatever its database is.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use tieout_reconcilers::key::Key;
use tieout_reconcilers::row::Row;
use tieout_reconcilers::window::Window;
use tieout_reconcilers::zone::Zone;

use super::database::EachRow;
use super::error::LocalError;
use super::held::HeldReader;
use super::mysql::MySql;
use super::postgres::Postgres;
use super::read::Read;
use super::server_reader::ServerReader;
use super::sqlite::SqliteReader;

/// Reads the local side of one domain. It is cheap to clone and is shared by the domain's slices.
#[derive(Debug, Clone)]
pub struct Reader {
    pub(super) kind: Kind,
    /// The zone of times that are stored without one.
    pub(super) zone: Option<Zone>,
}

#[derive(Debug, Clone)]
pub(super) enum Kind {
    Sqlite(Arc<SqliteReader>),
    Postgres(Arc<ServerReader<Postgres>>),
    MySql(Arc<ServerReader<MySql>>),
    Held(Arc<HeldReader>),
}

impl Reader {
    /// Hands out the rows of a range in one short read, none of them kept.
    ///
    /// A row whose key cannot identify anything is counted and left out. A value that cannot be read is counted and
    /// stands in its row as something that no compare rule accepts; an unreadable instant stands as none.
    pub async fn rows(&self, window: Window, each_row: &mut EachRow<'_>) -> Result<Read, LocalError> {
        let readings = self.zone.map(|zone| zone.readings(window.from(), window.to()));
        if readings.is_none_or(|readings| readings.is_exact) {
            return self.rows_of(Some(window), each_row).await;
        }
        // Near a change of clocks the database is asked for more than the window, and each row belongs to one window only.
        let is_wanted = |row: &Row<'_>| row.clock.is_none_or(|at| window.contains(at));
        let mut passed = Passed::default();
        let mut only = |row: Row<'_>| passed.on(row, &is_wanted, each_row);
        let read = self.rows_of(Some(window), &mut only).await?;
        Ok(passed.counted(read))
    }

    /// Hands out the rows of some keys, a thousand at a time. A key that the column's type cannot hold is absent.
    ///
    /// Keys are the same where their texts are, byte by byte. A database may think otherwise, of case, accents or blanks:
    /// what it returns beside the keys that were asked for is no match and left out.
    pub async fn by_keys(&self, keys: &[Key], each_row: &mut EachRow<'_>) -> Result<Read, LocalError> {
        let asked: HashSet<&str> = keys.iter().map(Key::as_str).collect();
        let is_wanted = |row: &Row<'_>| asked.contains(row.key.as_ref());
        let mut passed = Passed::default();
        let mut only = |row: Row<'_>| passed.on(row, &is_wanted, each_row);
        let read = match &self.kind {
            Kind::Sqlite(reader) => reader.by_keys(keys, &mut only).await,
            Kind::Postgres(reader) => reader.by_keys(keys, &mut only).await,
            Kind::MySql(reader) => reader.by_keys(keys, &mut only).await,
            Kind::Held(reader) => Ok(reader.by_keys(keys, &mut only)),
        }?;
        Ok(passed.counted(read))
    }

    /// Hands out all rows of a domain whose feed has no clock, in one read, none of them kept.
    pub async fn whole(&self, each_row: &mut EachRow<'_>) -> Result<Read, LocalError> {
        self.rows_of(None, each_row).await
    }

    pub(super) async fn rows_of(
        &self,
        window: Option<Window>,
        each_row: &mut EachRow<'_>,
    ) -> Result<Read, LocalError> {
        match &self.kind {
            Kind::Sqlite(reader) => reader.rows(window, each_row).await,
            Kind::Postgres(reader) => reader.rows(window, each_row).await,
            Kind::MySql(reader) => reader.rows(window, each_row).await,
            Kind::Held(reader) => Ok(reader.rows(window, each_row)),
        }
    }
}

/// Looks rows up by key and reads no range.
#[derive(Debug, Clone)]
pub struct KeyReader(pub(super) Reader);

impl KeyReader {
    /// Hands out the rows of some keys, as [`Reader::by_keys`] does; there may be several of one key.
    pub async fn by_keys(&self, keys: &[Key], each_row: &mut EachRow<'_>) -> Result<Read, LocalError> {
        self.0.by_keys(keys, each_row).await
    }
}

/// How many of the rows that a database returned were passed on.
#[derive(Debug, Default)]
struct Passed(u64);

impl Passed {
    fn on(
        &mut self,
        row: Row<'_>,
        is_wanted: &impl Fn(&Row<'_>) -> bool,
        each_row: &mut EachRow<'_>,
    ) -> ControlFlow<()> {
        if !is_wanted(&row) {
            return ControlFlow::Continue(());
        }
        self.0 += 1;
        each_row(row)
    }

    fn counted(&self, read: Read) -> Read {
        Read { rows: self.0, ..read }
    }
}
