//! Brings the schema up to date, in one transaction, with one winner. It never runs an older schema backwards.

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{Executor as _, PgConnection, SqlSafeStr as _};

use super::again::Twice;
use super::database::Store;
use super::error::StoreError;
use super::sql::{Inner, Tx};

/// Version, description and the texts for SQLite and PostgreSQL.
type Entry = (i64, &'static str, &'static str, &'static str);

/// Every migration: version, description and the texts for SQLite and PostgreSQL. A published one is never edited.
const MIGRATIONS: [Entry; 22] = [
    (
        1,
        "first",
        include_str!("migrations/sqlite/0001_first.sql"),
        include_str!("migrations/postgres/0001_first.sql"),
    ),
    (
        2,
        "tokens",
        include_str!("migrations/sqlite/0002_tokens.sql"),
        include_str!("migrations/postgres/0002_tokens.sql"),
    ),
    (
        3,
        "saved tokens",
        include_str!("migrations/sqlite/0003_saved_tokens.sql"),
        include_str!("migrations/postgres/0003_saved_tokens.sql"),
    ),
    (
        4,
        "kept pages",
        include_str!("migrations/sqlite/0004_kept_pages.sql"),
        include_str!("migrations/postgres/0004_kept_pages.sql"),
    ),
    (
        5,
        "lives",
        include_str!("migrations/sqlite/0005_lives.sql"),
        include_str!("migrations/postgres/0005_lives.sql"),
    ),
    (
        6,
        "causes",
        include_str!("migrations/sqlite/0006_causes.sql"),
        include_str!("migrations/postgres/0006_causes.sql"),
    ),
    (
        7,
        "by hand",
        include_str!("migrations/sqlite/0007_by_hand.sql"),
        include_str!("migrations/postgres/0007_by_hand.sql"),
    ),
    (
        8,
        "bookmarks",
        include_str!("migrations/sqlite/0008_bookmarks.sql"),
        include_str!("migrations/postgres/0008_bookmarks.sql"),
    ),
    (
        9,
        "leases",
        include_str!("migrations/sqlite/0009_leases.sql"),
        include_str!("migrations/postgres/0009_leases.sql"),
    ),
    (
        10,
        "slice leases",
        include_str!("migrations/sqlite/0010_slice_leases.sql"),
        include_str!("migrations/postgres/0010_slice_leases.sql"),
    ),
    (
        11,
        "claims of tokens",
        include_str!("migrations/sqlite/0011_claims_of_tokens.sql"),
        include_str!("migrations/postgres/0011_claims_of_tokens.sql"),
    ),
    (
        12,
        "order of events",
        include_str!("migrations/sqlite/0012_order_of_events.sql"),
        include_str!("migrations/postgres/0012_order_of_events.sql"),
    ),
    (
        13,
        "dead letters",
        include_str!("migrations/sqlite/0013_dead_letters.sql"),
        include_str!("migrations/postgres/0013_dead_letters.sql"),
    ),
    (
        14,
        "marking",
        include_str!("migrations/sqlite/0014_marking.sql"),
        include_str!("migrations/postgres/0014_marking.sql"),
    ),
    (
        15,
        "decided events",
        include_str!("migrations/sqlite/0015_decided_events.sql"),
        include_str!("migrations/postgres/0015_decided_events.sql"),
    ),
    (
        16,
        "schedules",
        include_str!("migrations/sqlite/0016_schedules.sql"),
        include_str!("migrations/postgres/0016_schedules.sql"),
    ),
    (
        17,
        "quarantine",
        include_str!("migrations/sqlite/0017_quarantine.sql"),
        include_str!("migrations/postgres/0017_quarantine.sql"),
    ),
    (
        18,
        "notices",
        include_str!("migrations/sqlite/0018_notices.sql"),
        include_str!("migrations/postgres/0018_notices.sql"),
    ),
    (
        19,
        "metrics",
        include_str!("migrations/sqlite/0019_metrics.sql"),
        include_str!("migrations/postgres/0019_metrics.sql"),
    ),
    (
        20,
        "shards",
        include_str!("migrations/sqlite/0020_shards.sql"),
        include_str!("migrations/postgres/0020_shards.sql"),
    ),
    (
        21,
        "pending events",
        include_str!("migrations/sqlite/0021_pending.sql"),
        include_str!("migrations/postgres/0021_pending.sql"),
    ),
    (
        22,
        "replays",
        include_str!("migrations/sqlite/0022_replays.sql"),
        include_str!("migrations/postgres/0022_replays.sql"),
    ),
];

/// The schema version that this program writes.
pub const SCHEMA_VERSION: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

/// Lets one process at a time migrate; held by a transaction, so that it works behind a transaction pooler.
const LOCK: &str = "SELECT pg_advisory_xact_lock(8388065864110434671)";

/// When the schema is brought up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Upgrade {
    /// By whatever opens the state store.
    #[default]
    OnStart,
    /// Only by `tieout migrate run`.
    ByHand,
}

/// The version of a state store's schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Where the state store is, without credentials.
    pub place: String,
    /// The version found; nothing where there is no schema yet.
    pub found: Option<i64>,
}

impl Version {
    /// The migrations that are missing: number and name.
    #[must_use]
    pub fn pending(&self) -> Vec<(i64, &'static str)> {
        let is_missing = |version: i64| self.found.is_none_or(|found| version > found);
        MIGRATIONS
            .iter()
            .filter(|entry| is_missing(entry.0))
            .map(|(version, name, ..)| (*version, *name))
            .collect()
    }
}

/// Looks first, because looking needs no grant and no lock, and then migrates where something is missing.
pub(super) async fn migrate(store: &Store) -> Result<(), StoreError> {
    if is_current(&mut store.read().await?).await? {
        return Ok(());
    }
    store.again(Twice::IsOnce, || migrate_once(store)).await
}

/// One transaction: killed in it, nothing of it is there; whoever comes second finds it done.
async fn migrate_once(store: &Store) -> Result<(), StoreError> {
    let mut tx = store.write("migrate").await?;
    lock(&mut tx).await?;
    if !is_current(&mut tx).await? {
        refuse_foreign_tables(&mut tx).await?;
        apply(&mut tx).await?;
    }
    tx.commit().await
}

/// Requires that nothing is missing.
pub(super) async fn require_current(store: &Store) -> Result<(), StoreError> {
    let mut tx = store.read().await?;
    match found(&mut tx).await? {
        Some(SCHEMA_VERSION) => Ok(()),
        found => Err(StoreError::Older { place: tx.place().to_owned(), found, known: SCHEMA_VERSION }),
    }
}

/// The version of the schema, newer ones included.
pub(super) async fn version(store: &Store) -> Result<Option<i64>, StoreError> {
    newest(&mut store.read().await?).await
}

/// Whether the schema is the one this program knows; a newer one is an error.
async fn is_current(tx: &mut Tx) -> Result<bool, StoreError> {
    Ok(found(tx).await? == Some(SCHEMA_VERSION))
}

/// The version of the schema; a newer one than this program knows is an error.
async fn found(tx: &mut Tx) -> Result<Option<i64>, StoreError> {
    match newest(tx).await? {
        Some(found) if found > SCHEMA_VERSION => {
            Err(StoreError::Newer { place: tx.place().to_owned(), found, known: SCHEMA_VERSION })
        }
        found => Ok(found),
    }
}

async fn newest(tx: &mut Tx) -> Result<Option<i64>, StoreError> {
    let (table, exists) = (tx.dialect().migrations, tx.dialect().migrations_exist);
    if tx.row(exists, &[]).await?.is_none() {
        return Ok(None);
    }
    let newest = tx.row(format!("SELECT MAX(version) AS version FROM {table}"), &[]).await?;
    Ok(newest.map(|row| row.int_or_null("version")).transpose()?.flatten())
}

async fn lock(tx: &mut Tx) -> Result<(), StoreError> {
    match tx.inner() {
        Inner::Sqlite(_) => Ok(()),
        Inner::Postgres(_) => {
            tx.execute(LOCK, &[]).await?;
            // An index over all that was kept takes as long as it takes.
            tx.execute("SET LOCAL statement_timeout = 0", &[]).await.map(drop)
        }
    }
}

/// A file of another program that somebody named by mistake is left as it is.
async fn refuse_foreign_tables(tx: &mut Tx) -> Result<(), StoreError> {
    let Inner::Sqlite(_) = tx.inner() else { return Ok(()) };
    let ours = tx.row(tx.dialect().migrations_exist, &[]).await?.is_some();
    let table = tx.row("SELECT name FROM sqlite_schema WHERE type = 'table' LIMIT 1", &[]).await?;
    match table {
        Some(table) if !ours => Err(StoreError::Unsuitable {
            place: tx.place().to_owned(),
            why: format!("the file holds tables of another program, such as `{}`", table.text("name")?),
        }),
        _ => Ok(()),
    }
}

async fn apply(tx: &mut Tx) -> Result<(), StoreError> {
    let place = tx.place().to_owned();
    let table = tx.dialect().migrations;
    let done = match tx.inner() {
        Inner::Sqlite(tx) => {
            migrator(&MIGRATIONS, table, |(_, _, sqlite, _)| *sqlite).run_direct(None, &mut **tx, false).await
        }
        Inner::Postgres(tx) => {
            apply_postgres(tx, &migrator(&MIGRATIONS, table, |(_, _, _, postgres)| *postgres)).await
        }
    };
    done.map_err(|error| failed(error, &place))
}

async fn apply_postgres(connection: &mut PgConnection, migrator: &Migrator) -> Result<(), MigrateError> {
    // Not `IF NOT EXISTS`, which asks for the right to create schemas even where there is nothing to create.
    const CREATE: &str = "DO $$ BEGIN
        IF NOT EXISTS (SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = 'tieout')
        THEN CREATE SCHEMA tieout; END IF;
        END $$";
    connection.execute(CREATE).await?;
    migrator.run_direct(None, connection, false).await?;
    // The migrator names its statements; behind a pooler, somebody else would find them in the way.
    connection.execute("DEALLOCATE ALL").await?;
    Ok(())
}

/// The migrator of one database. Ours is the lock, so its own stays off.
fn migrator(entries: &[Entry], table: &'static str, text: impl Fn(&Entry) -> &'static str) -> Migrator {
    let migration = |entry: &Entry| {
        let (version, description) = (entry.0, entry.1.into());
        Migration::new(version, description, MigrationType::Simple, text(entry).into_sql_str(), false)
    };
    let mut migrator = Migrator::with_migrations(entries.iter().map(migration).collect());
    migrator.set_locking(false).dangerous_set_table_name(table);
    migrator
}

fn failed(error: MigrateError, place: &str) -> StoreError {
    let cause = match error {
        MigrateError::Execute(cause) | MigrateError::ExecuteMigration(cause, _) => cause,
        other => sqlx::Error::Migrate(Box::new(other)),
    };
    StoreError::from_sql(cause, place)
}

#[cfg(test)]
mod tests {
    use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
    use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
    use uuid::Uuid;

    use super::*;
    use crate::store::tests::{event_id, with_postgres};
    use crate::store::{OutboxState, StoreSettings};

    /// The migrations of the last schema in which a pending event was found by its state.
    fn before() -> &'static [Entry] {
        &MIGRATIONS[..20]
    }

    /// An event in each state, as that schema left it; the one that is pending was claimed by a relay that is gone.
    fn events() -> String {
        let long_ago = "'2026-01-01T00:00:00.000000Z'";
        let row = |state: OutboxState| {
            let (word, id, run) = (state.as_str(), event_id(state.as_str()), Uuid::nil());
            let claim = if state == OutboxState::Pending {
                format!("'gone', {long_ago}")
            } else {
                "NULL, NULL".to_owned()
            };
            format!(
                "('{id}', 'shop.charges', '', 'ch_{word}', 'missing', 1, 'billing', 's', 't', 'ch_{word}', '{{}}', '{word}',
                 '{run}', {long_ago}, {long_ago}, {claim})"
            )
        };
        format!(
            "INSERT INTO outbox (event_id, domain, each_, key, kind, episode, queue, source, type, subject, payload, state,
                 run_id, staged_at, due_at, claimed_by, claimed_until) VALUES {}",
            OutboxState::ALL.map(row).join(", ")
        )
    }

    async fn the_relay_gets_what_was_pending_and_nothing_else(settings: &StoreSettings) {
        let store = Store::open(settings).await.unwrap();
        let unsent = store.unsent().await.unwrap();
        let unsent: Vec<_> = unsent.iter().map(|row| (row.state.as_str(), row.count)).collect();
        assert_eq!(unsent, [("dead", 1), ("held", 1), ("pending", 1), ("staged", 1)]);
        let claimed = store.claim("billing", 0, 10, "relay").await.unwrap();
        let claimed: Vec<_> = claimed.iter().map(|event| (event.event_id, event.seq)).collect();
        assert_eq!(claimed.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [event_id("pending")]);
        store.acknowledge(&[claimed[0].1]).await.unwrap();
        assert_eq!(store.next_due("billing").await.unwrap(), None);
    }

    #[tokio::test]
    async fn what_was_pending_in_an_older_postgres_is_the_relays() {
        with_postgres(async |url| {
            let mut older = PgConnection::connect(&url).await.unwrap();
            older.execute("CREATE SCHEMA tieout; SET search_path = tieout, pg_catalog").await.unwrap();
            let made = migrator(before(), "tieout.tieout_migrations", |(_, _, _, postgres)| *postgres);
            made.run_direct(None, &mut older, false).await.unwrap();
            older.execute(AssertSqlSafe(events())).await.unwrap();
            the_relay_gets_what_was_pending_and_nothing_else(&StoreSettings::Postgres { url: url.into() })
                .await;
        })
        .await;
    }

    #[tokio::test]
    async fn what_was_pending_in_an_older_sqlite_is_the_relays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
        let mut older: SqliteConnection = options.connect().await.unwrap();
        let made = migrator(before(), "tieout_migrations", |(_, _, sqlite, _)| *sqlite);
        made.run_direct(None, &mut older, false).await.unwrap();
        older.execute(AssertSqlSafe(events())).await.unwrap();
        older.close().await.unwrap();
        the_relay_gets_what_was_pending_and_nothing_else(&StoreSettings::Sqlite { path }).await;
    }
}
