//! Looks at a login of PostgreSQL, at what it may do in this database, and whether our limits hold.

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};

use super::Checkup;
use super::excess::{Excess, Writable, writable};
use crate::local::error::LocalError;
use crate::local::postgres::Postgres;
use crate::local::server::Server as _;

/// Who is logged in, what that role is, and what the server is set to.
const LOGIN: &str = "SELECT current_setting('server_version') AS version, current_user::text AS login, rolsuper, rolcreatedb, \
     rolcreaterole, rolreplication, rolbypassrls, current_setting('server_encoding') AS encoding, \
     current_setting('statement_timeout') AS statement_timeout, current_setting('transaction_read_only') AS read_only, \
     pg_catalog.has_database_privilege(current_database(), 'CREATE') AS may_create_schemas, \
     quote_ident(current_database()) AS database \
     FROM pg_catalog.pg_roles WHERE rolname = current_user";

/// Roles that come with the server and may write everything, or leave the database.
const MIGHTY: &str = "SELECT rolname::text FROM pg_catalog.pg_roles WHERE rolname IN ('pg_write_all_data', \
     'pg_write_server_files', 'pg_execute_server_program') AND pg_catalog.pg_has_role(oid, 'USAGE') ORDER BY 1";

/// Schemas in which the login may make things.
const SCHEMAS: &str = "SELECT quote_ident(nspname) FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' \
     AND nspname <> 'information_schema' AND pg_catalog.has_schema_privilege(oid, 'CREATE') ORDER BY 1";

/// Tables that the login may write, with what it may do, or nothing where it owns them.
const TABLES: &str = "SELECT format('%I.%I', nspname, relname) AS whole, relname::text AS name, \
     CASE WHEN NOT pg_catalog.pg_has_role(relowner, 'USAGE') THEN concat_ws(', ', \
       CASE WHEN pg_catalog.has_any_column_privilege(c.oid, 'INSERT') THEN 'INSERT' END, \
       CASE WHEN pg_catalog.has_any_column_privilege(c.oid, 'UPDATE') THEN 'UPDATE' END, \
       CASE WHEN pg_catalog.has_table_privilege(c.oid, 'DELETE') THEN 'DELETE' END, \
       CASE WHEN pg_catalog.has_table_privilege(c.oid, 'TRUNCATE') THEN 'TRUNCATE' END) END AS rights \
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace \
     WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1";

impl Postgres {
    /// Looks at the login and the settings.
    pub(super) async fn checkup(&self, statements: &[&str]) -> Result<Checkup, LocalError> {
        let mut connection = self.acquire().await?;
        let begun = self.begin(&mut connection).await;
        let mut transaction = begun.map_err(|error| self.fault(&error))?;
        let checkup = look(&mut transaction, statements).await.map_err(|error| self.fault(&error))?;
        transaction.commit().await.map_err(|error| self.fault(&error))?;
        Ok(checkup)
    }
}

async fn look(connection: &mut PgConnection, statements: &[&str]) -> Result<Checkup, sqlx::Error> {
    let row = sqlx::query(LOGIN).persistent(false).fetch_one(&mut *connection).await?;
    let login: String = row.try_get("login")?;
    let version: String = row.try_get("version")?;
    let mut checkup = Checkup {
        server: format!("PostgreSQL {version}"),
        login: Some(login.clone()),
        excess: attributes(&row, &login)?,
        doubts: settings(&row)?,
    };
    // A superuser may do everything, and every question is answered with yes.
    if row.try_get("rolsuper")? {
        return Ok(checkup);
    }
    for mighty in column(connection, MIGHTY).await? {
        let cure = format!("REVOKE {mighty} FROM {login}, or from the role between");
        checkup.excess.push(Excess { may: format!("is a member of `{mighty}`"), cure });
    }
    for schema in column(connection, SCHEMAS).await? {
        checkup.excess.push(Excess {
            may: format!("may make tables and functions in the schema `{schema}`"),
            cure: format!(
                "REVOKE CREATE ON SCHEMA {schema} FROM {login}, or from the role or PUBLIC that has it"
            ),
        });
    }
    let tables = sqlx::query(TABLES).persistent(false).fetch_all(&mut *connection).await?;
    let tables = tables.iter().map(table).collect::<Result<Vec<_>, _>>()?;
    // Nothing may be done to the others.
    let written = tables.into_iter().filter(|table| table.rights.as_deref() != Some("")).collect();
    checkup.excess.extend(writable(written, statements, &login));
    Ok(checkup)
}

async fn column(connection: &mut PgConnection, sql: &'static str) -> Result<Vec<String>, sqlx::Error> {
    let rows = sqlx::query(sql).persistent(false).fetch_all(connection).await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

fn table(row: &PgRow) -> Result<Writable, sqlx::Error> {
    Ok(Writable { table: row.try_get("whole")?, name: row.try_get("name")?, rights: row.try_get("rights")? })
}

/// What the role itself is, whatever was granted to it.
fn attributes(row: &PgRow, login: &str) -> Result<Vec<Excess>, sqlx::Error> {
    let mut excess = Vec::new();
    for (attribute, may, word) in [
        ("rolsuper", "is a superuser and may do everything", "NOSUPERUSER"),
        ("rolcreaterole", "may make roles", "NOCREATEROLE"),
        ("rolcreatedb", "may make databases", "NOCREATEDB"),
        ("rolreplication", "may copy the whole server", "NOREPLICATION"),
        ("rolbypassrls", "is not bound by row security", "NOBYPASSRLS"),
    ] {
        if row.try_get(attribute)? {
            let cure = format!("ALTER ROLE {login} {word}, or read with a login of its own");
            excess.push(Excess { may: may.to_owned(), cure });
        }
    }
    let is_superuser: bool = row.try_get("rolsuper")?;
    if !is_superuser && row.try_get("may_create_schemas")? {
        let database: String = row.try_get("database")?;
        let cure =
            format!("REVOKE CREATE ON DATABASE {database} FROM {login}, or read with a login of its own");
        excess.push(Excess { may: format!("may make schemas in the database `{database}`"), cure });
    }
    Ok(excess)
}

/// Settings that will get in the way. The limits were set in this transaction, so that something between has dropped them
/// where they do not hold.
fn settings(row: &PgRow) -> Result<Vec<String>, sqlx::Error> {
    let mut doubts = Vec::new();
    let setting = |name| row.try_get::<String, _>(name);
    if setting("statement_timeout")? == "0" {
        doubts.push("a statement has no time limit although one was set: a pooler in `statement` mode stands between; use `transaction`".to_owned());
    }
    if setting("read_only")? != "on" {
        doubts.push("transactions are not READ ONLY although they were begun so: a pooler in `statement` mode stands between; use `transaction`".to_owned());
    }
    if setting("encoding")? == "SQL_ASCII" {
        doubts.push("the database has the encoding SQL_ASCII and vouches for no text: what is not UTF-8 is unreadable".to_owned());
    }
    Ok(doubts)
}
