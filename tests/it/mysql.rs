//! A database of its own for each test, on the MariaDB that `tests/run` names. A test that needs it fails without it.

use sqlx::{AssertSqlSafe, MySqlPool, Row};

pub(crate) struct MySql {
    admin: MySqlPool,
    pool: MySqlPool,
    name: String,
    url: url::Url,
}

impl MySql {
    pub(crate) async fn create() -> Self {
        let server =
            std::env::var("TIEOUT_TEST_MYSQL").unwrap_or_else(|_| "mysql://root@127.0.0.1:3306".to_owned());
        let name = format!("tieout_it_{}", uuid::Uuid::now_v7().simple());
        let admin = MySqlPool::connect(&server).await.expect("a MariaDB server; tests/run starts one");
        sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&admin).await.unwrap();
        let mut url = url::Url::parse(&server).unwrap();
        url.set_path(&name);
        let pool = MySqlPool::connect(url.as_str()).await.unwrap();
        Self { admin, pool, name, url }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn url(&self) -> &str {
        self.url.as_str()
    }

    /// The address for another login.
    pub(crate) fn url_of(&self, user: &str, password: &str) -> String {
        let mut url = self.url.clone();
        url.set_username(user).unwrap();
        url.set_password(Some(password)).unwrap();
        url.to_string()
    }

    /// Runs statements, one after the other.
    pub(crate) async fn sql(&self, statements: &str) {
        sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(&self.pool).await.unwrap();
    }

    pub(crate) async fn count(&self, query: &str) -> i64 {
        sqlx::query(AssertSqlSafe(query.to_owned())).fetch_one(&self.pool).await.unwrap().get(0)
    }

    pub(crate) async fn drop(self) {
        self.pool.close().await;
        sqlx::query(AssertSqlSafe(format!("DROP DATABASE {}", self.name)))
            .execute(&self.admin)
            .await
            .unwrap();
        self.admin.close().await;
    }
}
