//! Whether the inbox of a consumer is there, and as this version makes it. Nobody tells tieout where inboxes are, so it is looked for
//! under the name that `tieout migrate inbox` gives it.

use std::collections::{BTreeMap, BTreeSet};

use crate::inbox::{self, InboxDatabase};
use crate::local::database::Database;
use crate::local::error::LocalError;
use crate::local::mysql::MySql;
use crate::local::postgres::Postgres;
use crate::local::server::Server as _;
use crate::local::sqlite::Sqlite;
use crate::queue::{TableName, functions};

/// The columns of an inbox.
const COLUMNS: [&str; 8] = [
    "tieout_inbox.consumer",
    "tieout_inbox.source",
    "tieout_inbox.event_id",
    "tieout_inbox.seen_at",
    "tieout_inbox_versions.consumer",
    "tieout_inbox_versions.source",
    "tieout_inbox_versions.subject",
    "tieout_inbox_versions.version",
];

const IN_SQLITE: &str = "SELECT group_concat(made.name || '.' || its.name) FROM sqlite_master AS made, pragma_table_info(made.name) AS its \
     WHERE made.name IN ('tieout_inbox', 'tieout_inbox_versions')";

const IN_POSTGRES: &str = "SELECT string_agg(relname::text || '.' || attname::text, ',') FROM pg_catalog.pg_attribute AS its \
     JOIN pg_catalog.pg_class AS made ON made.oid = attrelid AND attnum > 0 AND NOT attisdropped \
     WHERE attrelid IN (to_regclass('tieout_inbox'), to_regclass('tieout_inbox_versions'))";

const IN_MYSQL: &str = "SELECT CAST(GROUP_CONCAT(table_name, '.', column_name) AS CHAR) FROM information_schema.columns \
     WHERE table_schema = DATABASE() AND table_name IN ('tieout_inbox', 'tieout_inbox_versions')";

/// The functions beside the table, and the schema of both.
const FUNCTIONS: &str = "SELECT nspname::text, proname::text, prosrc FROM pg_catalog.pg_proc AS made \
     JOIN pg_catalog.pg_namespace AS its ON its.oid = pronamespace \
     WHERE pronamespace = (SELECT relnamespace FROM pg_catalog.pg_class WHERE oid = to_regclass('tieout_inbox')) \
     AND proname IN ('tieout_inbox_seen', 'tieout_inbox_purge')";

impl Database {
    /// What of the inbox is not as this version makes it, in words, each with what to do; nothing where there is none that this login
    /// may see.
    pub async fn inbox(&self) -> Result<Option<Vec<String>>, LocalError> {
        let (there, made, database) = match self {
            Self::Sqlite(database) => (database.inbox().await?, None, "sqlite"),
            Self::MySql(database) => (database.inbox().await?, None, "mysql"),
            Self::Held(_) => return Ok(None),
            Self::Postgres(database) => {
                let (there, made) = database.inbox().await?;
                (there, Some(made), "postgres")
            }
        };
        let Some(there) = there else { return Ok(None) };
        let mut unlike = lacking(&there);
        unlike.extend(made.map(|made| other_functions(&made)).unwrap_or_default());
        let cure =
            format!("`tieout migrate inbox --for {database}` prints the statements that bring it up to date");
        Ok(Some(unlike.into_iter().map(|what| format!("{what}; {cure}")).collect()))
    }
}

/// The columns that are not among those that are there.
fn lacking(there: &str) -> Vec<String> {
    let there: BTreeSet<&str> = there.split(',').collect();
    let lacks = COLUMNS.iter().filter(|column| !there.contains(*column));
    let lacks: Vec<String> = lacks.map(|column| format!("`{column}`")).collect();
    if lacks.is_empty() { Vec::new() } else { vec![format!("it has no {}", lacks.join(", "))] }
}

/// A function as it is there: its schema, its name and its body.
type Made = (String, String, String);

/// The functions that are not there, or have another body.
fn other_functions(made: &[Made]) -> Vec<String> {
    let schema = made.first().map_or("public", |(schema, _, _)| schema.as_str());
    let wanted = |table: &str| {
        let table: Option<TableName> = table.parse().ok();
        let statements = table.map(|table| inbox::ddl(InboxDatabase::Postgres, &table));
        functions(&statements.unwrap_or_default()).into_iter().collect::<BTreeMap<_, _>>()
    };
    let (bare, qualified) = (wanted("tieout_inbox"), wanted(&format!("{schema}.tieout_inbox")));
    let told = |(name, body): (&String, &String)| match made.iter().find(|(_, own, _)| own == name) {
        None => Some(format!("there is no function `{name}`")),
        Some((_, _, found)) if found == body || qualified.get(name) == Some(found) => None,
        Some(_) => Some(format!("the function `{name}` is of another version")),
    };
    bare.iter().filter_map(told).collect()
}

impl Sqlite {
    async fn inbox(&self) -> Result<Option<String>, LocalError> {
        self.ask(IN_SQLITE).await
    }
}

impl MySql {
    async fn inbox(&self) -> Result<Option<String>, LocalError> {
        let mut connection = self.acquire().await?;
        let begun = self.begin(&mut connection).await;
        let mut tx = begun.map_err(|error| self.fault(&error))?;
        let there = sqlx::query_scalar(IN_MYSQL).fetch_one(&mut *tx).await;
        let there = there.map_err(|error| self.fault(&error))?;
        tx.commit().await.map_err(|error| self.fault(&error))?;
        Ok(there)
    }
}

impl Postgres {
    async fn inbox(&self) -> Result<(Option<String>, Vec<Made>), LocalError> {
        let mut connection = self.acquire().await?;
        let begun = self.begin(&mut connection).await;
        let mut tx = begun.map_err(|error| self.fault(&error))?;
        let there = sqlx::query_scalar(IN_POSTGRES).persistent(false).fetch_one(&mut *tx).await;
        let there = there.map_err(|error| self.fault(&error))?;
        let made = sqlx::query_as(FUNCTIONS).persistent(false).fetch_all(&mut *tx).await;
        let made = made.map_err(|error| self.fault(&error))?;
        tx.commit().await.map_err(|error| self.fault(&error))?;
        Ok((there, made))
    }
}
