//! A database of its own for each test, on the server that `tests/run` names. A test that needs it fails without it.

use std::process::Command;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool, Row};

pub(crate) struct Postgres {
    admin: PgPool,
    pool: PgPool,
    name: String,
    url: String,
}

impl Postgres {
    pub(crate) async fn create() -> Self {
        let server = std::env::var("TIEOUT_TEST_POSTGRES")
            .unwrap_or_else(|_| "postgres://root@127.0.0.1:5432/postgres".to_owned());
        let name = format!("tieout_it_{}", uuid::Uuid::now_v7().simple());
        let admin = PgPool::connect(&server).await.expect("a PostgreSQL server; tests/run starts one");
        sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&admin).await.unwrap();
        let mut url = url::Url::parse(&server).unwrap();
        url.set_path(&name);
        let pool = PgPool::connect(url.as_str()).await.unwrap();
        Self { admin, pool, name, url: url.to_string() }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }

    pub(crate) async fn sql(&self, statement: &str) {
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&self.pool).await.unwrap();
    }

    pub(crate) async fn count(&self, query: &str) -> i64 {
        sqlx::query(AssertSqlSafe(query.to_owned())).fetch_one(&self.pool).await.unwrap().get(0)
    }

    /// A new role with the rights that `deploy/grants.sql` gives for something about a table: its name, and its address here.
    pub(crate) fn grant(&self, what: &str, table: &str) -> (String, String) {
        let role = format!("tieout_{what}_{}", &uuid::Uuid::now_v7().simple().to_string()[16..]);
        let grants = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/grants.sql");
        let variables = [format!("what={what}"), format!("table={table}"), format!("role={role}")]
            .map(|variable| ["-v".to_owned(), variable]);
        let psql = Command::new("psql")
            .args(["--no-psqlrc", "-q", "-f", grants, "-d", &self.url])
            .args(variables.concat())
            .output()
            .unwrap();
        assert!(psql.status.success(), "{psql:?}");
        let mut url = url::Url::parse(&self.url).unwrap();
        url.set_username(&role).unwrap();
        (role, url.to_string())
    }

    /// The database goes, and with it a role that had rights in it.
    pub(crate) async fn drop_with_role(self, role: &str) {
        self.sql(&format!("DROP OWNED BY {role}")).await;
        self.sql(&format!("DROP ROLE {role}")).await;
        self.drop().await;
    }

    pub(crate) async fn drop(self) {
        self.pool.close().await;
        let statement = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        sqlx::query(AssertSqlSafe(statement)).execute(&self.admin).await.unwrap();
    }
}
