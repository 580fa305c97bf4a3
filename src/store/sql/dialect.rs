//! What the two databases say differently. Everything else is said once, for both.

/// What the two databases say differently.
#[derive(Debug)]
pub(in crate::store) struct Dialect {
    /// The database's own clock, not the transaction's start.
    pub(super) clock: &'static str,
    /// The same within a statement, where none is told; `None` where one always is.
    statement_clock: Option<&'static str>,
    /// Locks the rows of a `SELECT`; SQLite's whole file is locked already.
    pub(in crate::store) for_update: &'static str,
    /// Locks the rows of a `SELECT` and passes over those that others have locked.
    pub(in crate::store) skip_locked: &'static str,
    /// The table of applied migrations.
    pub(in crate::store) migrations: &'static str,
    /// Returns a row where that table exists.
    pub(in crate::store) migrations_exist: &'static str,
}

pub(super) const SQLITE: Dialect = Dialect {
    clock: "SELECT strftime('%Y-%m-%dT%H:%M:%f000Z', 'now') AS now",
    statement_clock: None,
    for_update: "",
    skip_locked: "",
    migrations: "tieout_migrations",
    migrations_exist: "SELECT name FROM sqlite_schema WHERE name = 'tieout_migrations'",
};

pub(super) const POSTGRES: Dialect = Dialect {
    clock: "SELECT clock_timestamp() AS now",
    statement_clock: Some("statement_timestamp()"),
    for_update: "FOR UPDATE",
    skip_locked: "FOR UPDATE SKIP LOCKED",
    migrations: "tieout.tieout_migrations",
    // Not `to_regclass`, whose cache may not know yet what another session has just created.
    migrations_exist: "SELECT 1 FROM pg_catalog.pg_tables
        WHERE schemaname = 'tieout' AND tablename = 'tieout_migrations'",
};

impl Dialect {
    /// The time now, as an expression: a parameter, or the database's clock where that is null.
    pub(in crate::store) fn now(&self, param: &str) -> String {
        self.in_seconds(param, 0)
    }

    /// The same for some seconds later, which the parameter has in it already.
    pub(in crate::store) fn in_seconds(&self, param: &str, seconds: u64) -> String {
        match self.statement_clock {
            Some(clock) => format!("COALESCE({param}, {clock} + INTERVAL '{seconds} seconds')"),
            None => param.to_owned(),
        }
    }
}
