//! A provider with moods, a local table and a state store, and runs of one domain between them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::RangeBounds;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, SqlitePool};
use tempfile::TempDir;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::reconciler::Reconciler;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::double::Double;
use crate::clock::{Clock, Clocks};
use crate::local::Database;
use crate::progress::{Progress, Watcher};
use crate::queue::{self, QueueSettings};
use crate::report::{DomainReport, RunReport};
use crate::run::{Bookmarks, Call, Found, IfLocked, Job, Mode, Options, Scope, Shard, Terms, run};
use crate::source::{Client, ProviderSettings};
use crate::store::Store;

/// An item as the provider has it.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub id: String,
    /// Seconds after the start of the world.
    pub at: i64,
    pub amount: i64,
    pub account: &'static str,
}

pub(super) fn item(id: &str, at: i64) -> Item {
    Item { id: id.to_owned(), at, amount: 1, account: "" }
}

/// An answer to a look-up that nobody can read.
pub(super) const GARBLED: &str = "?";

/// What the provider holds and how it behaves.
#[derive(Default)]
pub(super) struct Shelf {
    pub items: Vec<Item>,
    /// Statuses that list requests get instead of an answer, one by one; `None` answers.
    pub moods: VecDeque<Option<u16>>,
    /// The status of every list request about an account, and of every look-up of an id.
    pub refuses: BTreeMap<&'static str, u16>,
    /// The most rows of a range that it hands out at all.
    pub cap: Option<usize>,
    /// How many rows a page has, where it is not two.
    pub page: Option<usize>,
    /// What every page adds to its rows.
    pub extra: Value,
    /// What it says of the true number of items in a range when it is asked to count them; 404 where it says nothing.
    pub counts: Option<fn(u64) -> Value>,
    /// What its `Date` header says, where that is not the time.
    pub date: Option<String>,
    /// Query strings of list requests, in order.
    pub lists: Vec<String>,
    /// Query strings of list requests that got a page.
    pub shown: Vec<String>,
    /// Items that a look-up finds and no list shows.
    pub unlisted: Vec<Item>,
    /// Whether a list request shows everything, whatever range it names.
    pub is_whole: bool,
    /// How often it was asked to count.
    pub n_counts: usize,
    /// The ids that were looked up, in order.
    pub look_ups: Vec<String>,
    /// The look-ups, by their place from 0, that answer "gone" whatever there is.
    pub blind: std::ops::Range<usize>,
    /// The ids whose look-ups are answered with what nobody can read.
    pub garbled: BTreeSet<&'static str>,
    /// What happens while an id is looked up, before the answer is sent.
    pub meanwhile: Option<Meanwhile>,
    /// Whether the newest items come first.
    pub is_newest_first: bool,
    /// How long a list request takes.
    pub pace: Duration,
    /// The list request, by its number from 1, at which a run is cut off.
    pub cuts_at: Option<(usize, CancellationToken)>,
}

/// How a run is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// It does nothing more from that moment on.
    Killed,
    /// It is asked to stop.
    Stopped,
}

/// Something that happens while an id is looked up.
pub(super) type Meanwhile = Box<dyn Fn(&str) + Send>;

/// When the world began, in Unix seconds.
fn start() -> i64 {
    1_750_000_000
}

pub(super) fn at(second: i64) -> Instant {
    Instant::from_micros((start() + second) * 1_000_000)
}

struct Moody(Arc<Mutex<Shelf>>);

impl Respond for Moody {
    fn respond(&self, asked: &Request) -> ResponseTemplate {
        let mut world = self.0.lock().unwrap();
        let reply = answer(&mut world, &asked.url);
        match &world.date {
            Some(date) => reply.insert_header("date", date.as_str()),
            None => reply,
        }
    }
}

fn answer(shelf: &mut Shelf, url: &url::Url) -> ResponseTemplate {
    let asked =
        |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let account = asked("account").unwrap_or_default();
    let row = |item: &Item| json!({ "id": item.id, "at": start() + item.at, "amount": item.amount });
    if let Some(id) = url.path().strip_prefix("/items/") {
        shelf.look_ups.push(id.to_owned());
        if let Some(meanwhile) = &shelf.meanwhile {
            meanwhile(id);
        }
        if shelf.blind.contains(&(shelf.look_ups.len() - 1)) {
            return ResponseTemplate::new(404);
        }
        if shelf.garbled.contains(id) {
            return ResponseTemplate::new(200).set_body_string(GARBLED);
        }
        if let Some(status) = shelf.refuses.get(id) {
            return ResponseTemplate::new(*status);
        }
        let mut known = shelf.items.iter().chain(&shelf.unlisted);
        let found = known.find(|item| item.id == id && item.account == account);
        return found
            .map_or(ResponseTemplate::new(404), |item| ResponseTemplate::new(200).set_body_json(row(item)));
    }
    if url.path() == "/count" {
        return counted(shelf, &asked);
    }
    shelf.lists.push(url.query().unwrap_or_default().to_owned());
    if let Some((number, cut)) = &shelf.cuts_at
        && shelf.lists.len() == *number
    {
        cut.cancel();
    }
    let refused = shelf.refuses.get(account.as_str()).copied();
    if let Some(status) = shelf.moods.pop_front().flatten().or(refused) {
        return ResponseTemplate::new(status);
    }
    shelf.shown.push(url.query().unwrap_or_default().to_owned());
    let second = |name: &str| asked(name).map(|text| text.parse::<i64>().unwrap() - start());
    let range = second("from").unwrap()..second("to").unwrap_or(i64::MAX);
    let is_whole = shelf.is_whole || shelf.extra.get("token").is_some();
    let theirs = shelf.items.iter().filter(|item| item.account == account);
    let mut rows: Vec<&Item> = theirs.filter(|item| is_whole || range.contains(&item.at)).collect();
    if shelf.cap.is_some_and(|cap| rows.len() > cap) {
        return ResponseTemplate::new(413);
    }
    rows.sort_by_key(|item| (item.at, item.id.clone()));
    if shelf.is_newest_first {
        rows.reverse();
    }
    let from = asked("cursor").map_or(0, |cursor| cursor.parse::<usize>().unwrap());
    let to = from + shelf.page.unwrap_or(2);
    let page: Vec<Value> = rows.iter().take(to).skip(from).map(|item| row(item)).collect();
    let mut body = json!({ "data": page });
    if to < rows.len() {
        body["next"] = json!(to.to_string());
    }
    if let Some(extra) = shelf.extra.as_object() {
        body.as_object_mut().unwrap().extend(extra.clone());
    }
    ResponseTemplate::new(200).set_body_json(body).set_delay(shelf.pace)
}

fn counted(shelf: &mut Shelf, asked: &dyn Fn(&str) -> Option<String>) -> ResponseTemplate {
    shelf.n_counts += 1;
    let Some(says) = shelf.counts else { return ResponseTemplate::new(404) };
    let second = |name: &str| asked(name).unwrap().parse::<i64>().unwrap() - start();
    let range = second("from")..second("to");
    let n = shelf.items.iter().filter(|item| range.contains(&item.at)).count();
    ResponseTemplate::new(200).set_body_json(says(n as u64))
}

struct Nobody;

impl Watcher for Nobody {
    fn saw(&self, _: Progress<'_>) {}
}

pub(super) struct World {
    shelf: Arc<Mutex<Shelf>>,
    server: MockServer,
    app: SqlitePool,
    dir: TempDir,
    pub(super) store: Store,
}

impl World {
    pub(super) async fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let options = SqliteConnectOptions::new().filename(dir.path().join("app.db")).create_if_missing(true);
        let app = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
        let table = "CREATE TABLE items (id TEXT, amount INTEGER, at INTEGER, account TEXT)";
        sqlx::query(table).execute(&app).await.unwrap();
        let shelf = Arc::new(Mutex::new(Shelf::default()));
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(Moody(Arc::clone(&shelf))).mount(&server).await;
        let state = format!("sqlite:{}", dir.path().join("state.db").display());
        let store = Store::open(&state.parse().unwrap()).await.unwrap();
        Self { shelf, server, app, dir, store }
    }

    /// The same world with its state in another store.
    pub(super) fn with_store(self, store: Store) -> Self {
        Self { store, ..self }
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut Shelf)) {
        change(&mut self.shelf.lock().unwrap());
    }

    /// The list requests so far.
    pub(super) fn lists(&self) -> Vec<String> {
        self.shelf.lock().unwrap().lists.clone()
    }

    /// The ids that were looked up since somebody asked last.
    pub(super) fn take_look_ups(&self) -> Vec<String> {
        std::mem::take(&mut self.shelf.lock().unwrap().look_ups)
    }

    /// Changes the local side from outside a runtime, as a webhook does while a look-up is under way.
    pub(super) fn write_meanwhile(&self, id: &'static str, sql: &'static str) {
        self.write_at_look_up(id, 1.., sql);
    }

    /// The same at some look-ups of an id alone, by their number from 1.
    pub(super) fn write_at_look_up(
        &self,
        id: &'static str,
        which: impl RangeBounds<usize> + Send + 'static,
        sql: &'static str,
    ) {
        let options = SqliteConnectOptions::new().filename(self.dir.path().join("app.db"));
        let n_asked = AtomicUsize::new(0);
        let write = move |asked: &str| {
            if asked != id || !which.contains(&(n_asked.fetch_add(1, Ordering::Relaxed) + 1)) {
                return;
            }
            let options = options.clone();
            let work = async move {
                let pool = SqlitePool::connect_with(options).await.unwrap();
                sqlx::query(sql).execute(&pool).await.unwrap();
                pool.close().await;
            };
            let thread = std::thread::spawn(|| {
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work);
            });
            thread.join().unwrap();
        };
        self.change(|shelf| shelf.meanwhile = Some(Box::new(write)));
    }

    /// How often the provider was asked to count.
    pub(super) fn n_counts(&self) -> usize {
        self.shelf.lock().unwrap().n_counts
    }

    pub(super) fn upstream(&self, items: &[Item]) {
        self.change(|shelf| shelf.items.extend_from_slice(items));
    }

    pub(super) async fn local(&self, items: &[Item]) {
        for Item { id, at, amount, account } in items {
            let at = start() + at;
            let sql = format!("INSERT INTO items VALUES ('{id}', {amount}, {at}, '{account}')");
            sqlx::query(AssertSqlSafe(sql)).execute(&self.app).await.unwrap();
        }
    }

    /// Takes a row away.
    pub(super) async fn unlocal(&self, id: &str) {
        sqlx::query("DELETE FROM items WHERE id = $1").bind(id).execute(&self.app).await.unwrap();
    }

    pub(super) async fn both(&self, items: &[Item]) {
        self.upstream(items);
        self.local(items).await;
    }

    /// Moves the first sighting of every finding far back, as if nights had passed.
    pub(super) async fn first_seen_long_ago(&self) {
        let options = SqliteConnectOptions::new().filename(self.dir.path().join("state.db"));
        let state = SqlitePool::connect_with(options).await.unwrap();
        let long_ago = "UPDATE findings SET first_seen = '2000-01-01T00:00:00.000000Z'";
        sqlx::query(long_ago).execute(&state).await.unwrap();
        state.close().await;
    }

    /// A night about a hundred seconds.
    pub(super) async fn run(&self, domain: Double) -> DomainReport {
        self.run_until(domain, 100).await
    }

    pub(super) async fn run_until(&self, domain: Double, second: i64) -> DomainReport {
        self.run_between(domain, 0, second).await
    }

    pub(super) async fn run_between(&self, domain: Double, from: i64, to: i64) -> DomainReport {
        let window = tieout_reconcilers::window::Window::new(at(from), at(to)).unwrap();
        let is_whole = domain.feed.changes || domain.feed.open || domain.feed.timeless;
        let scope = if is_whole { Scope::Coverage } else { Scope::Range(window) };
        self.run_by(domain, scope, Clocks::default()).await
    }

    /// What a night reads by itself, at a second after the start of the world.
    pub(super) async fn night(&self, domain: Double, second: i64) -> DomainReport {
        let clock = Clock::still(at(second));
        let clocks = Clocks { process: clock.clone(), local: clock };
        self.run_by(domain, Scope::Coverage, clocks).await
    }

    /// A run that reads everything, at a second after the start of the world.
    pub(super) async fn full(&self, domain: Double, second: i64) -> DomainReport {
        let clock = Clock::still(at(second));
        let clocks = Clocks { process: clock.clone(), local: clock };
        self.run_by(domain, Scope::Full, clocks).await
    }

    /// A night that delivers into a file, and then looks for so long whether what it sent is repaired.
    pub(super) async fn confirming(&self, domain: Double, second: i64, time: Duration) -> RunReport {
        let clock = Clock::still(at(second));
        let clocks = Clocks { process: clock.clone(), local: clock };
        let job = self.job(vec![domain], Scope::Coverage, clocks).await;
        let terms = Terms { confirm: Some(time), ..Terms::default() };
        let job =
            Job { options: Options { drain: Duration::from_mins(1), terms, ..job.options.clone() }, ..job };
        let file = QueueSettings::Ndjson { path: self.dir.path().join("events.ndjson") };
        let mut queues = BTreeMap::from([("shop".to_owned(), queue::open(&file))]);
        run(&job, &mut queues).await.unwrap()
    }

    /// The events in that file.
    pub(super) fn sent(&self) -> usize {
        let text = std::fs::read_to_string(self.dir.path().join("events.ndjson")).unwrap_or_default();
        text.lines().count()
    }

    /// A run about one key.
    pub(super) async fn look_at(&self, domain: Double, key: &str) -> DomainReport {
        let scope = Scope::Keys(vec![Key::checked(key).unwrap()]);
        self.run_by(domain, scope, Clocks::default()).await
    }

    /// What a night reads that is cut off at a list request; nothing where it could not even say so.
    pub(super) async fn night_cut_at(
        &self,
        domain: Double,
        second: i64,
        (number, how): (usize, Cut),
    ) -> Option<DomainReport> {
        let clock = Clock::still(at(second));
        let clocks = Clocks { process: clock.clone(), local: clock };
        let cut = CancellationToken::new();
        let begun = self.lists().len();
        self.change(|shelf| shelf.cuts_at = Some((begun + number, cut.clone())));
        let job = self.job(vec![domain], Scope::Coverage, clocks).await;
        let mut queues = BTreeMap::new();
        let outcome = match how {
            Cut::Stopped => {
                let job = Job { cancel: cut, ..job };
                Some(run(&job, &mut queues).await.unwrap().domains.remove(0))
            }
            Cut::Killed => tokio::select! {
                report = run(&job, &mut queues) => Some(report.unwrap().domains.remove(0)),
                () = cut.cancelled() => None,
            },
        };
        self.change(|shelf| shelf.cuts_at = None);
        outcome
    }

    /// A run that shares its work with others, one slice at a time, at a second after the start of the world.
    pub(super) async fn sharing(&self, domain: Double, second: i64) -> Job {
        let clock = Clock::still(at(second));
        let clocks = Clocks { process: clock.clone(), local: clock };
        let job = self.job(vec![domain], Scope::Coverage, clocks).await;
        let options = Options { if_locked: IfLocked::Join, concurrency: 1, ..job.options.clone() };
        Job { options, ..job }
    }

    /// Changes the state behind tieout's back.
    pub(super) async fn state(&self, statement: &str) {
        let options = SqliteConnectOptions::new().filename(self.dir.path().join("state.db"));
        let state = SqlitePool::connect_with(options).await.unwrap();
        sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&state).await.unwrap();
        state.close().await;
    }

    /// How many slices are read by others.
    pub(super) async fn slices_claimed(&self) -> i64 {
        let options = SqliteConnectOptions::new().filename(self.dir.path().join("state.db"));
        let state = SqlitePool::connect_with(options).await.unwrap();
        let sql = "SELECT COUNT(*) FROM slice_leases WHERE claim IS NOT NULL";
        let n = sqlx::query_scalar(sql).fetch_one(&state).await.unwrap();
        state.close().await;
        n
    }

    /// Makes the lease of whoever died lapse.
    pub(super) async fn lapse(&self) {
        self.state("UPDATE leases SET expires_at = '2000-01-01T00:00:00.000000Z'").await;
    }

    async fn run_by(&self, domain: Double, scope: Scope, clocks: Clocks) -> DomainReport {
        Box::pin(self.run_all(vec![domain], scope, clocks)).await.domains.remove(0)
    }

    /// A run of several domains, about a hundred seconds.
    pub(super) async fn run_together(&self, domains: Vec<Double>) -> RunReport {
        let window = tieout_reconcilers::window::Window::new(at(0), at(100)).unwrap();
        Box::pin(self.run_all(domains, Scope::Range(window), Clocks::default())).await
    }

    async fn run_all(&self, domains: Vec<Double>, scope: Scope, clocks: Clocks) -> RunReport {
        let job = self.job(domains, scope, clocks).await;
        run(&job, &mut BTreeMap::new()).await.unwrap()
    }

    async fn job(&self, domains: Vec<Double>, scope: Scope, clocks: Clocks) -> Job {
        let mut settings =
            ProviderSettings::new("shop".parse().unwrap(), self.server.uri().parse::<url::Url>().unwrap());
        settings.allow_private = true;
        let url = format!("sqlite:{}", self.dir.path().join("app.db").display());
        let database = Database::connect("app", &url.into()).await.unwrap();
        Job {
            run_id: Uuid::now_v7(),
            call: Call::default(),
            store: self.store.clone(),
            domains: domains.into_iter().map(|domain| Arc::new(domain) as Arc<dyn Reconciler>).collect(),
            lacking: BTreeMap::new(),
            clients: [("shop".to_owned(), Ok(Client::new(&settings).unwrap()))].into(),
            databases: [("app".to_owned(), Ok(database))].into(),
            watcher: Arc::new(Nobody),
            cancel: CancellationToken::new(),
            signal_exit: Arc::new(|| None),
            pseudonyms: None,
            schemas: Arc::default(),
            clocks,
            options: Options {
                mode: Mode::Run,
                scope,
                max_emits: None,
                found: Found::Repaired,
                if_locked: IfLocked::Fail,
                shard: Shard::default(),
                drain: Duration::ZERO,
                deadline: None,
                watchdog: Duration::from_mins(15),
                resumes: None,
                list: 1_000,
                concurrency: 4,
                bookmarks: Bookmarks::EveryPage,
                terms: Terms::default(),
                differences_exit: false,
                keep: crate::store::Keep::default(),
            },
        }
    }
}

/// `kind key` of every finding, with the member where there is one.
pub(super) fn findings(report: &DomainReport) -> BTreeSet<String> {
    let told = report.findings.iter().map(|finding| {
        let each = if finding.each.is_empty() { String::new() } else { format!(" [{}]", finding.each) };
        format!("{} {}{each}", finding.kind, finding.key)
    });
    told.collect()
}

pub(super) fn set<const N: usize>(texts: [&str; N]) -> BTreeSet<String> {
    texts.into_iter().map(str::to_owned).collect()
}
