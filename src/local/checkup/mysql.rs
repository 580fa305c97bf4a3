//! Looks at a login of the MySQL protocol, at what was granted to it, and whether our limits hold.

use sqlx::{MySqlConnection, Row as _};

use super::Checkup;
use super::shown_grants;
use crate::local::error::LocalError;
use crate::local::mysql::MySql;
use crate::local::server::Server as _;

impl MySql {
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

async fn look(connection: &mut MySqlConnection, statements: &[&str]) -> Result<Checkup, sqlx::Error> {
    let row = sqlx::query("SELECT CAST(VERSION() AS CHAR), CAST(CURRENT_USER() AS CHAR)")
        .fetch_one(&mut *connection)
        .await?;
    let (version, login): (String, String) = (row.try_get(0)?, row.try_get(1)?);
    let grants = sqlx::query("SHOW GRANTS").fetch_all(&mut *connection).await?;
    let grants = grants.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, _>>()?;
    let product = if version.contains("MariaDB") { "MariaDB" } else { "MySQL" };
    Ok(Checkup {
        server: format!("{product} {version}"),
        excess: shown_grants::excess(&grants, statements, &quoted(&login)),
        login: Some(login),
        doubts: doubts(connection).await?,
    })
}

/// `user@host` as SQL writes it.
fn quoted(login: &str) -> String {
    let (user, host) = login.rsplit_once('@').unwrap_or((login, "%"));
    format!("'{user}'@'{host}'")
}

/// Settings that will get in the way. The limit was set in this transaction, so that the server does not know it, or
/// something between has dropped it, where it does not hold.
async fn doubts(connection: &mut MySqlConnection) -> Result<Vec<String>, sqlx::Error> {
    let sql = "SHOW SESSION VARIABLES WHERE Variable_name IN ('max_execution_time', 'max_statement_time')";
    let rows = sqlx::query(sql).fetch_all(connection).await?;
    let values = rows.iter().map(|row| row.try_get(1)).collect::<Result<Vec<String>, _>>()?;
    let has_limit = values.iter().any(|value| value.parse::<f64>().is_ok_and(|limit| limit > 0.0));
    if has_limit {
        return Ok(Vec::new());
    }
    let doubt = "the server ends no statement that takes too long: it is older than MySQL 5.7.8 or MariaDB 10.1, or a pooler \
                 between drops `SET SESSION`";
    Ok(vec![doubt.to_owned()])
}
