//! PostgreSQL for a small share of the worlds, where a server answers: each has a database of its own, copied from one that is
//! made once.

use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use tieout::store::Store;
use url::Url;

/// The server, with a database that every other one is a copy of.
pub(crate) struct Server {
    admin: Url,
    template: String,
    n_databases: AtomicU64,
}

/// A database of a world.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    pub(crate) name: String,
    pub(crate) url: Url,
}

impl Server {
    /// The server that tests may use, if there is one.
    pub(crate) async fn find() -> Option<Self> {
        let admin: Url = std::env::var("TIEOUT_TEST_POSTGRES").ok()?.parse().expect("a URL");
        let template = format!("tieout_nights_{}", std::process::id());
        let server = Self { admin, template, n_databases: AtomicU64::new(0) };
        server.sql(&format!("CREATE DATABASE {}", server.template)).await;
        let url = server.url_of(&server.template);
        let mut connection = connect(&url).await;
        for table in [
            "CREATE TABLE items (account text, id text, amount_minor bigint, currency text, status text,
             clock_at timestamptz, changed_at timestamptz, version bigint, PRIMARY KEY (account, id))",
            "CREATE TABLE webhooks (account text, id text, event_id text, received_at timestamptz, state text)",
        ] {
            sqlx::query(table).execute(&mut connection).await.unwrap();
        }
        connection.close().await.unwrap();
        Store::open(&url.as_str().parse().unwrap()).await.unwrap().close().await;
        Some(server)
    }

    pub(crate) async fn create(&self) -> Database {
        let name = format!("{}_{}", self.template, self.n_databases.fetch_add(1, Ordering::SeqCst));
        self.sql(&format!("CREATE DATABASE {name} TEMPLATE {}", self.template)).await;
        Database { url: self.url_of(&name), name }
    }

    pub(crate) async fn drop(&self, database: &Database) {
        self.sql(&format!("DROP DATABASE {} WITH (FORCE)", database.name)).await;
    }

    /// Leaves nothing behind.
    pub(crate) async fn clear(&self) {
        self.sql(&format!("DROP DATABASE {} WITH (FORCE)", self.template)).await;
    }

    fn url_of(&self, database: &str) -> Url {
        let mut url = self.admin.clone();
        url.set_path(database);
        url
    }

    async fn sql(&self, sql: &str) {
        let mut connection = connect(&self.admin).await;
        sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

pub(crate) async fn connect(url: &Url) -> PgConnection {
    url.as_str().parse::<PgConnectOptions>().unwrap().connect().await.unwrap()
}
