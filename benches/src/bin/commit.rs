//! The benchmark of storing what differs: the one transaction of a slice with a thousand findings and their events, beside a bare
//! insert of the very same rows into tables that are made alike. Prints one line a figure; exits 1 when a target is missed.

use std::process::ExitCode;
use std::time::{Duration, Instant as Moment};

use anyhow::{Context as _, ensure};
use clap::Parser;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};
use tieout::event::{Drift, Event, Start};
use tieout::finding::{Finding, Identity, State};
use tieout::store::{Commit, Covered, Lease, RunMode, RunRow, SliceDone, Store, StoreSettings};
use tieout_bench::figures::{Figure, Target};
use tieout_bench::measure::{median, ratio};
use tieout_bench::stage::database::Database;
use tieout_bench::stage::place::Place;
use tieout_reconcilers::discrepancy::{Digest, Kind};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::{DomainName, Each};
use tieout_reconcilers::window::{Purpose, Slice, Window};
use uuid::Uuid;

/// The tables to which a commit adds most of its rows.
const TABLES: [&str; 3] = ["findings", "finding_history", "outbox"];

/// Measures the commit of a slice in which much differs.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    place: Place,
    /// Findings of a slice, each with an event.
    #[arg(long, default_value_t = 1_000)]
    findings: u32,
    /// Slices; each figure is a median over them.
    #[arg(long, default_value_t = 30)]
    repeats: u32,
}

/// The rows of a table, column by column, as text.
struct Rows {
    table: &'static str,
    columns: Vec<(String, String)>,
    values: Vec<Vec<Option<String>>>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    args.place.host(async |database| measure(&args, database).await).await
}

async fn measure(args: &Args, database: &Database) -> anyhow::Result<Vec<Figure>> {
    let url = database.url();
    // Opened first, so that the store's remedy for Nagle's algorithm is good for it as well.
    let mut bare = PgConnection::connect(url.as_str()).await?;
    let store = Store::open(&StoreSettings::Postgres { url: url.to_string().into() }).await?;
    let lease = begin(&store).await?;
    bare.execute("CREATE SCHEMA bare").await?;
    for table in TABLES {
        let sql = format!("CREATE TABLE bare.{table} (LIKE tieout.{table} INCLUDING ALL)");
        bare.execute(AssertSqlSafe(sql)).await?;
    }
    let mut turns: Vec<(Duration, Duration)> = Vec::new();
    for number in 0..=args.repeats {
        let commit = slice(&lease, number, args.findings)?;
        let began = Moment::now();
        store.commit(&lease, commit).await?;
        let committed = began.elapsed();
        let inserted = insert(&mut bare, number, args.findings).await?;
        // The first of each finds everything cold.
        if number > 0 {
            turns.push((committed, inserted));
        }
    }
    bare.close().await?;
    store.close().await;
    let millis = |time: Duration| time.as_secs_f64() * 1_000.0;
    Ok(vec![
        Figure::new("commit_ms", median(turns.iter().map(|turn| millis(turn.0))), 1, Target::Below(50.0)),
        Figure::new(
            "commit_ratio_to_bare_insert",
            median(turns.iter().map(|(committed, inserted)| ratio(*committed, *inserted))),
            2,
            Target::AtMost(2.0),
        ),
        Figure::new("bare_insert_ms", median(turns.iter().map(|turn| millis(turn.1))), 1, Target::None),
    ])
}

async fn begin(store: &Store) -> anyhow::Result<Lease> {
    let run = RunRow {
        run_id: Uuid::now_v7(),
        started_at: store.now().await?,
        mode: RunMode::Run,
        trigger: "benchmark".to_owned(),
        args_json: "[]".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        resumes: None,
    };
    store.begin_run(&run).await?;
    Ok(store.acquire(&domain()?, &Each::default(), run.run_id, "benchmark").await?)
}

fn domain() -> anyhow::Result<DomainName> {
    "bench.charges".parse().map_err(|error| anyhow::anyhow!("{error}"))
}

/// What a slice of missing items comes to.
fn slice(lease: &Lease, number: u32, findings: u32) -> anyhow::Result<Commit> {
    let day = |number: u32| Instant::from_micros(i64::from(number) * 86_400_000_000);
    let window = Window::new(day(number), day(number + 1)).context("a day")?;
    let findings: Vec<Finding> =
        (0..findings).map(|at| finding(lease, number, at, window.from())).collect::<anyhow::Result<_>>()?;
    Ok(Commit {
        slice: Some(SliceDone {
            slice: Slice::new(window, Purpose::Coverage),
            counts_json: r#"{"counts": {}, "complete": true}"#.to_owned(),
        }),
        coverage: Some(Covered { clock: "created".to_owned(), window }),
        read: Some((Purpose::Coverage, window)),
        events: findings.iter().map(event).collect(),
        findings,
        ..Commit::default()
    })
}

fn finding(lease: &Lease, number: u32, at: u32, seen: Instant) -> anyhow::Result<Finding> {
    let key = Key::checked(&format!("ch_{number:08x}{at:016x}")).context("a key")?;
    let id = Identity { domain: lease.domain().clone(), each: Each::default(), key };
    let digest = Digest::of(&format!("{number} {at}"));
    let drift = Drift { id: &id, kind: Kind::Missing, episode: 1, digest: digest.as_str() };
    let event_id = Some(drift.event_id());
    Ok(Finding {
        id: id.clone(),
        kind: Kind::Missing,
        state: State::Open,
        episode: 1,
        reemissions: 0,
        digest,
        fields: Vec::new(),
        reason: None,
        cause: None,
        amount: None,
        clock: Some(seen),
        occurred_at: Some(seen),
        first_seen: seen,
        last_seen: seen,
        acknowledged_at: None,
        closed_at: None,
        event_id,
        run_id: lease.run_id(),
        held_by: None,
        ignored: None,
        owner: None,
        interventions: 0,
    })
}

fn event(finding: &Finding) -> Event {
    let key = finding.id.key.as_str();
    let data = "x".repeat(400);
    Event {
        id: finding.event_id.unwrap_or_default(),
        finding: finding.id.clone(),
        kind: finding.kind,
        episode: finding.episode,
        queue: "events".to_owned(),
        source: "tieout/bench".to_owned(),
        event_type: "com.example.charge.created".to_owned(),
        payload: format!(r#"{{"specversion": "1.0", "subject": "{key}", "data": "{data}"}}"#),
        start: Start::Staged,
    }
}

/// Inserts the rows of a slice once more, in one transaction and with one statement a table.
async fn insert(bare: &mut PgConnection, number: u32, findings: u32) -> anyhow::Result<Duration> {
    let mut all = Vec::new();
    for table in TABLES {
        let rows = rows(bare, table, &format!("ch_{number:08x}%")).await?;
        ensure!(
            rows.values.iter().all(|column| column.len() == findings as usize),
            "{table}: rows are missing"
        );
        all.push(rows);
    }
    let began = Moment::now();
    let mut tx = bare.begin().await?;
    for Rows { table, columns, values } in all {
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        let casts: Vec<String> = columns.iter().map(|(name, kind)| format!("{name}::{kind}")).collect();
        let arrays: Vec<String> = (1..=columns.len()).map(|at| format!("${at}::text[]")).collect();
        let sql = format!(
            "INSERT INTO bare.{table} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM unnest({}) AS t ({})",
            names.join(", "),
            casts.join(", "),
            arrays.join(", "),
            names.join(", ")
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for column in values {
            query = query.bind(column);
        }
        query.execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(began.elapsed())
}

/// The rows of a table about some keys.
async fn rows(bare: &mut PgConnection, table: &'static str, keys: &str) -> anyhow::Result<Rows> {
    let sql = "SELECT column_name::text, udt_name::text FROM information_schema.columns
               WHERE table_schema = 'tieout' AND table_name = $1 AND is_generated = 'NEVER' ORDER BY ordinal_position";
    let columns: Vec<(String, String)> = sqlx::query_as(sql).bind(table).fetch_all(&mut *bare).await?;
    let texts: Vec<String> = columns.iter().map(|(name, _)| format!("{name}::text")).collect();
    let sql = format!("SELECT {} FROM tieout.{table} WHERE key LIKE $1", texts.join(", "));
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(keys).fetch_all(&mut *bare).await?;
    let column = |at| rows.iter().map(|row| row.try_get(at)).collect::<Result<Vec<Option<String>>, _>>();
    let values = (0..columns.len()).map(column).collect::<Result<_, _>>()?;
    Ok(Rows { table, columns, values })
}
