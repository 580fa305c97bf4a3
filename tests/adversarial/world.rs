//! A world for one server: the API, somebody else's server beside it, the local side, a folder, and the real binary.

use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteRow};
use sqlx::{ConnectOptions as _, Connection as _, Row as _, SqliteConnection};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::api::{Api, Item, Paging};
use crate::http::{Asked, Listener, Reply};
use crate::server::Server;

/// The secret that must never appear anywhere but in requests to the API itself.
pub(crate) const CANARY: &str = "sk_canary_5f1c0de";

/// No night takes longer than this; a run that does is hanging.
const LONGEST_NIGHT: Duration = Duration::from_mins(1);

/// What only the provider has, what differs, and what only the local side has: near the first, a middle and the last page.
pub(crate) const LOST: [&str; 3] = ["ch_lost_1", "ch_lost_2", "ch_lost_3"];
pub(crate) const CHANGED: [&str; 3] = ["ch_002", "ch_017", "ch_034"];
pub(crate) const INVENTED: [&str; 2] = ["ch_invented_1", "ch_invented_2"];

/// A charge created some minutes ago.
pub(crate) fn charge(id: &str, minutes_ago: i64, amount: i64) -> Value {
    let created = chrono::Utc::now().timestamp() - minutes_ago * 60;
    json!({
        "id": id, "object": "charge", "created": created, "amount": amount, "currency": "usd",
        "status": "succeeded", "metadata": { "order": format!("order-{id}") },
    })
}

/// The id of a row, as a text.
pub(crate) fn id_of(row: &Value) -> String {
    crate::api::text(&row["id"])
}

/// How a night went.
#[derive(Debug)]
pub(crate) struct Night {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// The first domain of the report.
    pub(crate) domain: Value,
}

pub(crate) struct World {
    pub(crate) api: Arc<Mutex<Api>>,
    pub(crate) listener: Listener,
    pub(crate) elsewhere: Listener,
    pub(crate) local: Vec<Value>,
    /// Whether the API is honest again.
    honest: Arc<Mutex<bool>>,
    server: Arc<Server>,
    dir: TempDir,
}

impl World {
    pub(crate) fn of(server: Arc<Server>) -> Self {
        let elsewhere = Listener::start(|_| Reply::json(200, json!({ "data": [], "has_more": false })));
        let (mut items, mut local) = sides();
        let honest = Arc::new(Mutex::new(server.then.is_some()));
        let api = Arc::new(Mutex::new(Api {
            paging: server.paging,
            origin: String::new(),
            elsewhere: elsewhere.uri(),
            items: std::mem::take(&mut items),
            asks: 0,
            looks: 0,
            known: std::collections::BTreeSet::new(),
            delivered: Vec::new(),
            snapshots: Vec::new(),
        }));
        (server.arrange)(&mut api.lock().unwrap(), &mut local);
        let (held, bent, is_honest) = (Arc::clone(&api), Arc::clone(&server), Arc::clone(&honest));
        let listener = Listener::start(move |asked| {
            let is_honest = *is_honest.lock().unwrap();
            answer(&mut held.lock().unwrap(), asked, &bent, is_honest)
        });
        api.lock().unwrap().origin = listener.uri();
        let world = Self { api, listener, elsewhere, local, honest, server, dir: TempDir::new().unwrap() };
        world.write_files();
        world.write_local();
        world
    }

    fn write_files(&self) {
        let base = self.listener.uri();
        let next = match self.server.paging {
            Paging::Keyset => {
                ("starting_after: \"{cursor}\", ", "{cursor: \"last:id\", more: has_more, size: 10}")
            }
            Paging::Cursor => ("cursor: \"{cursor}\", ", "{cursor: next, size: 10}"),
            Paging::Page => ("page: \"{page}\", ", "{page: 1, size: 10}"),
            Paging::Offset => ("offset: \"{offset}\", ", "{offset: 0, size: 10}"),
            Paging::Link => ("", "{link: next, size: 10}"),
            Paging::Url => ("", "{url: next_url, size: 10}"),
            Paging::Export => ("", "none"),
        };
        let provider = match self.server.paging {
            Paging::Export => include_str!("world/export.yaml"),
            _ => self.server.provider,
        };
        let provider = provider.replace("CURSOR", next.0).replace("NEXT", next.1);
        let config = include_str!("world/tieout.yaml").replace("BASE", &base);
        let mut files = [
            ("provider.yaml", provider),
            ("charges.yaml", include_str!("world/charges.yaml").to_owned()),
            ("tieout.yaml", config),
            ("key", CANARY.to_owned()),
        ];
        for (file, from, to) in &self.server.edits {
            let (_, text) = files.iter_mut().find(|(name, _)| name == file).expect("a file of the world");
            assert!(text.contains(from), "{file} does not contain {from:?}");
            *text = text.replacen(from, &to.replace("BASE", &base), 1);
        }
        for (name, text) in files {
            std::fs::write(self.dir.path().join(name), text).unwrap();
        }
    }

    fn write_local(&self) {
        let rows: Vec<_> = self.local.iter().map(local_row).collect();
        let path = self.dir.path().join("app.db");
        runtime().block_on(async {
            let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
            let mut app = options.journal_mode(SqliteJournalMode::Wal).connect().await.unwrap();
            let mut all = app.begin().await.unwrap();
            sqlx::query(include_str!("world/app.sql")).execute(&mut *all).await.unwrap();
            for row in rows {
                let [id, currency, status, created] = row.texts;
                sqlx::query("INSERT INTO charges VALUES ($1, $2, $3, $4, $5, $5)")
                    .bind(id)
                    .bind(row.amount)
                    .bind(currency)
                    .bind(status)
                    .bind(created)
                    .execute(&mut *all)
                    .await
                    .unwrap();
            }
            all.commit().await.unwrap();
            app.close().await.unwrap();
        });
    }

    /// Where the definitions are.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.dir.path()
    }

    /// Where the server wants one, a night in which it is honest, and what changes after it.
    pub(crate) fn night_before(&self) -> Result<(), String> {
        let Some(then) = &self.server.then else { return Ok(()) };
        let night = self.night();
        *self.honest.lock().unwrap() = false;
        self.listener.forget();
        then(&mut self.api.lock().unwrap());
        if night.code == 0 { Ok(()) } else { Err(format!("the night before: {night:#?}")) }
    }

    /// Makes the API honest from now on, with everything in its list, and the definition what it should have been.
    pub(crate) fn make_honest(&self) {
        for (file, from, to) in &self.server.cures {
            let path = self.dir.path().join(file);
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(text.contains(from), "{file} does not contain {from:?}");
            std::fs::write(path, text.replacen(from, to, 1)).unwrap();
        }
        *self.honest.lock().unwrap() = true;
        let mut api = self.api.lock().unwrap();
        api.items.iter_mut().for_each(|item| item.listed = true);
    }

    /// `tieout run --format json`, the real binary.
    pub(crate) fn night(&self) -> Night {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tieout"));
        command.args(["run", "--format", "json", "--limit", "0"]).current_dir(self.dir.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.env_remove("RUST_BACKTRACE").spawn().unwrap();
        let [stdout, stderr] =
            [collect(child.stdout.take().expect("a pipe")), collect(child.stderr.take().expect("a pipe"))];
        let began = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if began.elapsed() > LONGEST_NIGHT {
                child.kill().unwrap();
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
        let report: Value = serde_json::from_str(&stdout).unwrap_or_default();
        Night { code: status.code().unwrap_or(-1), domain: report["domains"][0].clone(), stdout, stderr }
    }

    /// The subjects of the CloudEvents in the queue with their data as it is written.
    pub(crate) fn events(&self) -> Vec<(String, String)> {
        let path = self.dir.path().join("queue.db");
        if !path.exists() {
            return Vec::new();
        }
        runtime().block_on(async {
            let mut queue: SqliteConnection =
                SqliteConnectOptions::new().filename(path).connect().await.unwrap();
            let rows = sqlx::query("SELECT event FROM tieout_events ORDER BY seq");
            let rows = rows.fetch_all(&mut queue).await.unwrap();
            let event = |row: &SqliteRow| {
                let Event { subject, data } = serde_json::from_str(row.get("event")).unwrap();
                (subject, data.get().to_owned())
            };
            rows.iter().map(event).collect()
        })
    }

    /// Files that the binary wrote and that hold the secret.
    pub(crate) fn leaks(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.dir.path()).unwrap().map(|entry| entry.unwrap().path());
        let leaky = files.filter(|path| {
            let holds =
                std::fs::read(path).unwrap().windows(CANARY.len()).any(|part| part == CANARY.as_bytes());
            holds && !path.ends_with("key")
        });
        leaky.map(|path| path.display().to_string()).collect()
    }
}

/// What matters of a CloudEvent.
#[derive(serde::Deserialize)]
struct Event {
    subject: String,
    data: Box<serde_json::value::RawValue>,
}

fn collect(mut pipe: impl std::io::Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = String::new();
        pipe.read_to_string(&mut text).unwrap();
        text
    })
}

fn answer(api: &mut Api, asked: &Asked, server: &Server, is_honest: bool) -> Reply {
    let is_look_up = asked.path().trim_end_matches('/').rsplit('/').next() != Some("charges");
    if is_honest && asked.path() == "/token" {
        return crate::api::token("honest");
    }
    match (is_look_up, is_honest) {
        (true, true) => (server.honest.1)(api, asked),
        (false, true) => (server.honest.0)(api, asked),
        (true, false) => {
            api.looks += 1;
            (server.look_up)(api, asked)
        }
        (false, false) => {
            api.asks += 1;
            (server.list)(api, asked)
        }
    }
}

/// Sides that agree on 32 charges and differ in eight ways.
fn sides() -> (Vec<Item>, Vec<Value>) {
    let (mut upstream, mut local) = (Vec::new(), Vec::new());
    for at in 0..35 {
        let mut charge = charge(&format!("ch_{at:03}"), 120 + at * 60, 1_000 + at);
        local.push(charge.clone());
        if CHANGED.contains(&charge["id"].as_str().unwrap()) {
            charge["amount"] = json!(9_000 + at);
        }
        upstream.push(charge);
    }
    for (id, minutes_ago) in LOST.into_iter().zip([150, 1_110, 2_190]) {
        upstream.push(charge(id, minutes_ago, 77));
    }
    for (id, minutes_ago) in INVENTED.into_iter().zip([1_050, 2_250]) {
        local.push(charge(id, minutes_ago, 99));
    }
    let items = upstream.into_iter().map(|value| Item { value, listed: true });
    (items.collect(), local)
}

struct LocalRow {
    amount: Option<i64>,
    /// Id, currency, status and creation time.
    texts: [Option<String>; 4],
}

fn local_row(charge: &Value) -> LocalRow {
    let status = match charge["status"].as_str() {
        Some("succeeded") => Some("PAID"),
        Some("failed") => Some("FAILED"),
        other => other,
    };
    let created = chrono::DateTime::from_timestamp(charge["created"].as_i64().unwrap(), 0).unwrap();
    LocalRow {
        amount: charge["amount"].as_i64(),
        texts: [
            Some(crate::api::text(&charge["id"])),
            charge["currency"].as_str().map(str::to_uppercase),
            status.map(str::to_owned),
            Some(created.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)),
        ],
    }
}

/// For what only async crates can do here.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
    })
}
