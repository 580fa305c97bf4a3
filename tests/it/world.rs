//! A world for one test: an API, a local database, a queue, a folder with definitions, and the real binary.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Row, SqlitePool};
use tempfile::TempDir;

use crate::api::{Api, Shelf};

/// The secret that must never appear anywhere.
pub(crate) const CANARY: &str = "sk_canary_5f1c0de";

/// A charge created some hours ago.
pub(crate) fn charge(id: &str, hours_ago: i64, amount: i64) -> Value {
    let created = chrono::Utc::now().timestamp() - hours_ago * 3600;
    json!({
        "id": id, "object": "charge", "created": created, "amount": amount, "currency": "usd", "status": "succeeded",
        "billing_details": { "address": { "country": "NL" }, "email": null },
        "metadata": { "order": format!("order-{id}") },
    })
}

pub(crate) struct World {
    pub(crate) api: Api,
    pub(crate) app: SqlitePool,
    dir: TempDir,
}

/// What a run of the binary left behind.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    /// The result document of `--format json`.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The first domain of the result document.
    pub(crate) fn domain(&self) -> Value {
        self.json()["domains"][0].clone()
    }

    /// `kind key` of every finding in the result document.
    pub(crate) fn findings(&self) -> BTreeSet<String> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let domain = self.domain();
        domain["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| format!("{} {}", text(&f["kind"]), text(&f["key"])))
            .collect()
    }
}

const TABLE: &str = "CREATE TABLE charges (id TEXT PRIMARY KEY, amount_minor INTEGER, currency TEXT, status TEXT, \
     created_at TEXT NOT NULL, updated_at TEXT NOT NULL)";

impl World {
    /// An API and a local side that agree on `agreeing` charges, and definitions that compare them.
    pub(crate) async fn agreeing(n: i64) -> Self {
        let dir = TempDir::new().unwrap();
        let api = Api::start().await;
        let options = SqliteConnectOptions::new().filename(dir.path().join("app.db")).create_if_missing(true);
        let app = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
        sqlx::query(TABLE).execute(&app).await.unwrap();
        let world = Self { api, app, dir };
        world.write("provider.yaml", include_str!("world/provider.yaml"));
        world.write("charges.yaml", include_str!("world/charges.yaml"));
        world.write(
            "tieout.yaml",
            &include_str!("world/tieout.yaml").replace("BASE", &world.api.server.uri()),
        );
        world.write("key", CANARY);
        for at in 0..n {
            let charge = charge(&format!("ch_{at:03}"), 2 + at, 1_000 + at);
            world.both(&charge).await;
        }
        world
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.dir.path().join(name), text).unwrap();
    }

    /// Changes a text in a definition; the text must be there.
    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) {
        let path = self.dir.path().join(name);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{name} does not contain {from:?}");
        std::fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    /// A charge that only the provider has.
    pub(crate) fn upstream(&self, charge: &Value) {
        self.api.change(|shelf| shelf.charges.push(charge.clone()));
    }

    /// A charge that only the local side has.
    pub(crate) async fn local(&self, charge: &Value) {
        let stamp = |second: i64| {
            chrono::DateTime::from_timestamp(second, 0)
                .unwrap()
                .to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
        };
        let status = match charge["status"].as_str() {
            Some("succeeded") => "PAID",
            Some("failed") => "FAILED",
            other => panic!("no local word for {other:?}"),
        };
        sqlx::query("INSERT OR REPLACE INTO charges (id, amount_minor, currency, status, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)")
            .bind(charge["id"].as_str())
            .bind(charge["amount"].as_i64())
            .bind(charge["currency"].as_str().map(str::to_uppercase))
            .bind(status)
            .bind(stamp(charge["created"].as_i64().unwrap()))
            .execute(&self.app)
            .await
            .unwrap();
    }

    /// A charge on both sides.
    pub(crate) async fn both(&self, charge: &Value) {
        self.upstream(charge);
        self.local(charge).await;
    }

    pub(crate) fn change_upstream(&self, id: &str, change: impl FnOnce(&mut Value)) {
        self.api.change(|shelf: &mut Shelf| {
            change(shelf.charges.iter_mut().find(|charge| charge["id"] == id).expect("a known charge"));
        });
    }

    pub(crate) async fn sql(&self, statement: &str) {
        sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&self.app).await.unwrap();
    }

    /// The first value of what a question to the state store finds, as text; empty where it finds nothing, or no state yet.
    pub(crate) async fn asked_of_state(&self, question: &str) -> String {
        let path = self.dir.path().join("state.db");
        if !path.exists() {
            return String::new();
        }
        let state = SqlitePool::connect_with(SqliteConnectOptions::new().filename(path)).await.unwrap();
        let row = sqlx::query(AssertSqlSafe(question.to_owned())).fetch_optional(&state).await;
        state.close().await;
        // The tables may not be there yet.
        let text = |row: sqlx::sqlite::SqliteRow| row.get::<Option<String>, _>(0).unwrap_or_default();
        row.ok().flatten().map(text).unwrap_or_default()
    }

    /// Makes every lease lapse, as some seconds without a sign of life does.
    pub(crate) async fn forget_lease(&self) {
        self.state("UPDATE leases SET expires_at = '2000-01-01T00:00:00+00:00'").await;
    }

    /// Changes the state behind tieout's back.
    pub(crate) async fn state(&self, statement: &str) {
        let options = SqliteConnectOptions::new().filename(self.dir.path().join("state.db"));
        let state = SqlitePool::connect_with(options).await.unwrap();
        sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&state).await.unwrap();
        state.close().await;
    }

    /// Makes the last night so many days ago, as far as following the provider's events goes.
    pub(crate) async fn followed_until(&self, days_ago: i64) {
        let at = chrono::Utc::now() - chrono::TimeDelta::days(days_ago);
        let stamp =
            |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        let (from, to) = (stamp(at - chrono::TimeDelta::seconds(1)), stamp(at));
        self.state(&format!("UPDATE coverage SET from_at = '{from}', to_at = '{to}' WHERE clock = 'events'"))
            .await;
    }

    /// The state and the episode of a finding.
    pub(crate) fn stands(&self, key: &str) -> (String, u64) {
        let shown = self.tieout(&["findings", "show", &format!("shop.charges/{key}"), "--format", "json"]);
        let finding = shown.json()["findings"][0].clone();
        (finding["state"].as_str().unwrap().to_owned(), finding["episode"].as_u64().unwrap())
    }

    /// Applies everything in the queue as a consumer would: the newest state wins, an event counts once.
    pub(crate) async fn consume(&self) -> usize {
        let events = self.events().await;
        for event in &events {
            self.local(&event["data"]).await;
        }
        events.len()
    }

    /// The CloudEvents in the queue, oldest first.
    pub(crate) async fn events(&self) -> Vec<Value> {
        let path = self.dir.path().join("queue.db");
        if !path.exists() {
            return Vec::new();
        }
        let queue = SqlitePool::connect_with(SqliteConnectOptions::new().filename(path)).await.unwrap();
        let rows =
            sqlx::query("SELECT event FROM tieout_events ORDER BY seq").fetch_all(&queue).await.unwrap();
        queue.close().await;
        rows.iter().map(|row| serde_json::from_str(row.get("event")).unwrap()).collect()
    }

    /// Does to the queue what its owner may do; the file is made where it is not there.
    pub(crate) async fn queue(&self, statement: &str) {
        let path = self.dir.path().join("queue.db");
        let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
        let queue = SqlitePool::connect_with(options).await.unwrap();
        sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&queue).await.unwrap();
        queue.close().await;
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    }

    /// Runs the binary in the world's folder.
    pub(crate) fn tieout(&self, args: &[&str]) -> Outcome {
        self.tieout_with(args, &[])
    }

    /// The same with variables of its environment.
    pub(crate) fn tieout_with(&self, args: &[&str], variables: &[(&str, &str)]) -> Outcome {
        let variables = variables.iter().copied();
        let Output { status, stdout, stderr } = self.command(args).envs(variables).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let outcome =
            Outcome { code: status.code().unwrap_or(-1), stdout: text(stdout), stderr: text(stderr) };
        assert!(
            !outcome.stdout.contains(CANARY) && !outcome.stderr.contains(CANARY),
            "a secret leaked: {outcome:?}"
        );
        outcome
    }

    /// The command that [`Self::tieout`] runs, for tests that need the process.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tieout"));
        command.args(args).current_dir(self.dir.path()).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).env_remove("RUST_BACKTRACE");
        command
    }

    /// Gives the world a state store that holds what statements make.
    pub(crate) async fn put_state(&self, statements: &str) {
        let path = self.dir.path().join("state.db");
        let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
        let state = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(&state).await.unwrap();
        state.close().await;
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&path, private).unwrap();
    }

    /// Writes a schema of the registry, by its path there.
    pub(crate) fn schema(&self, file: &str, text: &str) {
        let path = self.dir.path().join("schemas").join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// `tieout run --format json`.
    pub(crate) fn run(&self) -> Outcome {
        self.tieout(&["run", "--format", "json"])
    }

    /// The keys that `tieout findings list` has for some filters.
    pub(crate) fn keys_of(&self, filters: &[&str]) -> BTreeSet<String> {
        let listed = self.tieout(&[&["findings", "list", "--format", "json"], filters].concat()).json();
        let findings = listed["findings"].as_array().unwrap().iter();
        findings.map(|finding| finding["key"].as_str().unwrap().to_owned()).collect()
    }

    /// `tieout plan --format json`.
    pub(crate) fn plan(&self) -> Outcome {
        self.tieout(&["plan", "--format", "json"])
    }
}

/// A set of texts, for comparing with [`Outcome::findings`].
pub(crate) fn set<const N: usize>(texts: [&str; N]) -> BTreeSet<String> {
    texts.into_iter().map(str::to_owned).collect()
}
