//! `tieout migrate`: which version the schema of the state store has, and bringing it up to date; and the statements that make
//! what belongs to others, which are printed and never run here.

use std::fmt::Write as _;

use clap::Subcommand;
use serde::Serialize;

use super::desk::Desk;
use super::failure::Failure;
use super::help;
use super::wire;
use crate::config::Config;
use crate::inbox::{self, InboxDatabase};
use crate::queue::{self, TableName};
use crate::report::{exit, json};
use crate::store::{SCHEMA_VERSION, Store, Upgrade, Version};

/// Schemas.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum MigrateCommand {
    /// Bring the schema of the state store up to date
    #[command(after_help = help::MIGRATE_RUN.short(), after_long_help = help::MIGRATE_RUN.long())]
    Run,
    /// Show which version the schema has and what is missing; change nothing
    #[command(after_help = help::MIGRATE_INFO.short(), after_long_help = help::MIGRATE_INFO.long())]
    Info,
    /// Print the statements that make the table of a queue and what its consumers call, or bring both up to date
    #[command(after_help = help::MIGRATE_QUEUE.short(), after_long_help = help::MIGRATE_QUEUE.long())]
    Queue {
        /// The queue, as `queues:` names it
        #[arg(value_name = "QUEUE")]
        queue: String,
    },
    /// Print the statements that make an inbox, by which a consumer knows what it has seen
    #[command(after_help = help::MIGRATE_INBOX.short(), after_long_help = help::MIGRATE_INBOX.long())]
    Inbox {
        /// The database that it is for
        #[arg(
            long = "for",
            value_name = "DATABASE",
            default_value = "postgres",
            env = "TIEOUT_INBOX_FOR",
            hide_env_values = true
        )]
        database: InboxDatabase,
        /// The table, with its schema where it has one
        #[arg(
            long,
            value_name = "TABLE",
            default_value = "tieout_inbox",
            env = "TIEOUT_INBOX_TABLE",
            hide_env_values = true
        )]
        table: TableName,
    },
}

/// Statements for somebody else's database.
#[derive(Serialize)]
struct Statements<'s> {
    schema: &'static str,
    sql: &'s str,
}

/// What `migrate` tells.
#[derive(Serialize)]
struct Told<'v> {
    schema: &'static str,
    state: &'v str,
    found: Option<i64>,
    known: i64,
    pending: Vec<Pending>,
}

#[derive(Serialize)]
struct Pending {
    version: i64,
    name: &'static str,
}

/// Carries `migrate` out.
pub(super) async fn migrate(desk: &Desk, command: &MigrateCommand) -> Result<u8, Failure> {
    match command {
        MigrateCommand::Run | MigrateCommand::Info => state(desk, command).await,
        MigrateCommand::Queue { queue } => print(desk, &of_queue(desk, queue)?),
        MigrateCommand::Inbox { database: InboxDatabase::Sqlite, table } if table.has_schema() => {
            Err(Failure::usage("table", format!("`{table}` names a schema, and SQLite has none")))
        }
        MigrateCommand::Inbox { database: InboxDatabase::Mysql, table } if table.has_schema() => {
            let message =
                format!("`{table}` names a database: leave it out, and run the statements in that one");
            Err(Failure::usage("table", message))
        }
        MigrateCommand::Inbox { database, table } => print(desk, &inbox::ddl(*database, table)),
    }
}

fn of_queue(desk: &Desk, name: &str) -> Result<String, Failure> {
    let config = wire::load(desk)?.config;
    let settings = config.resolve_queue(name).map_err(|error| wire::wrong_reference(&error))?;
    let no_table =
        || Failure::usage("queue", format!("the queue `{name}` is no table: nothing has to be made"));
    queue::ddl(&settings).ok_or_else(no_table)
}

fn print(desk: &Desk, sql: &str) -> Result<u8, Failure> {
    let document = Statements { schema: "tieout.statements/v1", sql };
    desk.output.show(
        |_| sql.to_owned(),
        || serde_json::to_string_pretty(&document).map(|text| text + "\n"),
        || json::lines("statements", [&document]),
    )?;
    Ok(exit::DONE)
}

async fn state(desk: &Desk, command: &MigrateCommand) -> Result<u8, Failure> {
    let config = wire::load(desk)?.config;
    let before = version(&config).await?;
    if *command == MigrateCommand::Run {
        let store = Store::open_with(&wire::store_settings(&config)?, Upgrade::OnStart).await;
        store.map_err(|error| wire::store_failure(&error))?.close().await;
    }
    let after = Version { found: Some(SCHEMA_VERSION), ..before.clone() };
    let now = if *command == MigrateCommand::Run { &after } else { &before };
    desk.output.show(
        |_| match command {
            MigrateCommand::Run => ran(&before),
            _ => info(&before),
        },
        || serde_json::to_string_pretty(&told(now)).map(|text| text + "\n"),
        || json::lines("migrations", [told(now)]),
    )?;
    Ok(exit::DONE)
}

async fn version(config: &Config) -> Result<Version, Failure> {
    let settings = wire::store_settings(config)?;
    Store::version(&settings).await.map_err(|error| wire::store_failure(&error))
}

fn told(version: &Version) -> Told<'_> {
    let pending = version.pending().into_iter().map(|(version, name)| Pending { version, name }).collect();
    Told {
        schema: "tieout.migrations/v1",
        state: &version.place,
        found: version.found,
        known: SCHEMA_VERSION,
        pending,
    }
}

fn info(version: &Version) -> String {
    let found = match version.found {
        None => "no schema yet".to_owned(),
        Some(found) => format!("schema version {found}"),
    };
    let mut text = format!("{}: {found}; this program knows {SCHEMA_VERSION}\n", version.place);
    let pending = version.pending();
    if version.found.is_some_and(|found| found > SCHEMA_VERSION) {
        text.push_str(
            "a newer tieout has upgraded it: use that one, or restore the copy that was made before\n",
        );
    } else if pending.is_empty() {
        text.push_str("nothing is missing\n");
    } else {
        text.push_str("missing, and brought by `tieout migrate run`:\n");
    }
    for (version, name) in pending {
        let _ = writeln!(text, "  {version:>3}  {name}");
    }
    text
}

fn ran(before: &Version) -> String {
    match before.pending().as_slice() {
        [] => format!("{}: schema version {SCHEMA_VERSION}, nothing was missing\n", before.place),
        missing => {
            let names: Vec<String> =
                missing.iter().map(|(version, name)| format!("{version} {name}")).collect();
            format!("{}: schema version {SCHEMA_VERSION} now, by {}\n", before.place, names.join(", "))
        }
    }
}
