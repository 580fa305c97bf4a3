//! The benchmark of delivery. The publish side: what a queue does with batches of the relay's size, beside a bare client of the same crate
//! with the same events. The whole relay: claim, send and mark, from an outbox in PostgreSQL into a table in PostgreSQL. Prints one line a
//! figure; exits 1 when a target is missed.

use std::process::ExitCode;
use std::time::{Duration, Instant as Moment};

use anyhow::{Context as _, ensure};
use clap::Parser;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tieout::finding::Identity;
use tieout::going::Going;
use tieout::queue::{self, Outcome, QueueSettings, Queues, TableName};
use tieout::relay;
use tieout::store::{Outgoing, Store, StoreSettings};
use tieout_bench::bare::{Bare, Postgres};
use tieout_bench::figures::{Figure, Target};
use tieout_bench::measure::postmaster::Postmaster;
use tieout_bench::measure::{as_f64, median, micros_each, peak, ratio};
use tieout_bench::stage::brokers::Brokers;
use tieout_bench::stage::database::Database;
use tieout_bench::stage::place::Place;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::{DomainName, Each};
use uuid::Uuid;

/// Events of one batch, as the relay claims them.
const BATCH: usize = 500;
/// Rows of one statement of the bare client of PostgreSQL.
const BARE_ROWS: usize = 1_000;
/// Statements of one turn beside the whole relay.
const BARE_BATCHES: usize = 50;
/// The table of tieout's queue, and the same for the bare client.
const TABLES: [&str; 2] = ["events", "bare_events"];
const INSERT: &str = "INSERT INTO bare_events (event_id, source, type, subject, event)
    SELECT event_id, source, type, subject, event::json
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
        AS batch (event_id, source, type, subject, event)
    ON CONFLICT (event_id) DO NOTHING";

/// Measures the delivery of events.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    brokers: Brokers,
    /// Events that are published in one turn; with 0, the whole relay alone is measured.
    #[arg(long, default_value_t = 20_000)]
    published: usize,
    /// Turns; each figure of the publish side is a median over them.
    #[arg(long, default_value_t = 5)]
    turns: usize,
    /// Events that the whole relay delivers; first a tenth of them, then all.
    #[arg(long, default_value_t = 1_000_000)]
    backlog: u32,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    args.place.host(async |database| measure(&args, database).await).await
}

async fn measure(args: &Args, database: &Database) -> anyhow::Result<Vec<Figure>> {
    let mut bare = PgConnection::connect(database.url().as_str()).await?;
    let table: TableName = TABLES[0].parse()?;
    let settings = QueueSettings::Postgres { url: database.url().to_string().into(), table };
    for name in TABLES {
        let table = name.parse()?;
        let same = QueueSettings::Postgres { url: String::new().into(), table };
        bare.execute(AssertSqlSafe(queue::ddl(&same).context("a table")?)).await?;
    }
    let mut figures = Vec::new();
    let name = database.name().replace('-', "_");
    let mut client = Postgres { connection: bare, insert: INSERT };
    if args.published == 0 {
        return whole_relay(args, database, &settings, &mut client).await;
    }
    figures.extend(publish_side("postgres", args, &settings, &mut client, BARE_ROWS).await?);
    figures.extend(whole_relay(args, database, &settings, &mut client).await?);
    let (redis, mut client) = args.brokers.redis(&name).await?;
    figures.extend(publish_side("redis", args, &redis, &mut client, BATCH).await?);
    client.end().await?;
    let (nats, mut client) = args.brokers.nats(&name).await?;
    figures.extend(publish_side("nats", args, &nats, &mut client, BATCH).await?);
    client.end().await?;
    let (rabbitmq, mut client, _connection) = args.brokers.rabbitmq(&name).await?;
    figures.extend(publish_side("rabbitmq", args, &rabbitmq, &mut client, BATCH).await?);
    client.end().await?;
    let (kafka, mut client, admin) = args.brokers.kafka(&name).await?;
    figures.extend(publish_side("kafka", args, &kafka, &mut client, BATCH).await?);
    client.end(&admin).await?;
    Ok(figures)
}

/// Events a second of a queue over those of the bare client, which take turns.
async fn publish_side(
    broker: &str,
    args: &Args,
    settings: &QueueSettings,
    bare: &mut impl Bare,
    at_once: usize,
) -> anyhow::Result<Vec<Figure>> {
    let mut queue = queue::open(settings);
    queue.ready().await?;
    let mut turns = Vec::new();
    // The first turn of each finds everything cold.
    for turn in 0..=args.turns {
        let events = events(args.published)?;
        let began = Moment::now();
        for batch in events.chunks(BATCH) {
            let delivery = queue.send(batch).await;
            ensure!(delivery.fault.is_none(), "{broker}: {:?}", delivery.fault);
            ensure!(delivery.outcomes.iter().all(|one| *one == Outcome::Acknowledged), "{broker}: not all");
        }
        let ours = began.elapsed();
        let events = self::events(args.published)?;
        let began = Moment::now();
        for batch in events.chunks(at_once) {
            bare.publish(batch).await?;
        }
        if turn > 0 {
            turns.push((ours, began.elapsed()));
        }
    }
    let each = as_f64(args.published as u64);
    Ok(vec![
        Figure::new(
            format!("publish_ratio_to_bare_{broker}"),
            median(turns.iter().map(|(ours, bare)| ratio(*bare, *ours))),
            2,
            Target::AtLeast(0.8),
        ),
        Figure::new(
            format!("{broker}_events_per_second"),
            median(turns.iter().map(|(ours, _)| each / ours.as_secs_f64())),
            0,
            Target::None,
        ),
    ])
}

/// Events of about 600 bytes, as a run makes them.
fn events(count: usize) -> anyhow::Result<Vec<Outgoing>> {
    let domain: DomainName = "bench.charges".parse().map_err(|error| anyhow::anyhow!("{error}"))?;
    let event = |number: usize| {
        let event_id = Uuid::now_v7();
        let key = Key::checked(&format!("ch_{number:024x}")).context("a key")?;
        let subject = key.to_string();
        Ok(Outgoing {
            seq: 0,
            event_id,
            id: Identity { domain: domain.clone(), each: Each::default(), key },
            source: "tieout/bench".to_owned(),
            event_type: "com.example.charge.created".to_owned(),
            payload: format!(
                r#"{{"specversion": "1.0", "id": "{event_id}", "subject": "{subject}", "data": "{}"}}"#,
                "x".repeat(480)
            ),
            subject,
            attempts: 0,
        })
    };
    (0..count).map(event).collect()
}

/// How a backlog was delivered.
struct Drain {
    events: u64,
    wall: Duration,
    /// The largest resident set meanwhile, in MiB.
    rss: f64,
    client_cpu: Duration,
    /// Of the state store and the queue, which are one server.
    postgres_cpu: Duration,
    statements: i64,
}

/// A backlog, delivered by the relay as a run does it; and before and behind it what the bare client does with as many events of the same size.
async fn whole_relay(
    args: &Args,
    database: &Database,
    settings: &QueueSettings,
    bare: &mut Postgres,
) -> anyhow::Result<Vec<Figure>> {
    let store = Store::open(&StoreSettings::Postgres { url: database.url().to_string().into() }).await?;
    store.close().await;
    let mut bare_rates = vec![bare_rate(bare).await?];
    let mut drains = Vec::new();
    for count in [args.backlog / 10, args.backlog] {
        plant(&mut bare.connection, count).await?;
        drains.push(drain(count, database, settings, bare).await?);
        bare_rates.push(bare_rate(bare).await?);
    }
    let [small, large] = &drains[..] else { anyhow::bail!("two backlogs") };
    let rate = |drain: &Drain| as_f64(drain.events) / drain.wall.as_secs_f64();
    let batches = as_f64(large.events / BATCH as u64);
    #[expect(clippy::cast_precision_loss, reason = "statements are few")]
    let statements = large.statements as f64 / batches;
    Ok(vec![
        Figure::new("relay_events_per_second", rate(large), 0, Target::AtLeast(20_000.0)),
        Figure::new("relay_events_per_second_of_a_tenth", rate(small), 0, Target::None),
        Figure::new("relay_ratio_to_bare_postgres", rate(large) / median(bare_rates), 2, Target::None),
        Figure::new("relay_statements_per_batch", statements, 2, Target::AtMost(3.1)),
        Figure::new(
            "relay_client_cpu_us_per_event",
            micros_each(large.client_cpu, large.events),
            1,
            Target::None,
        ),
        Figure::new(
            "relay_postgres_cpu_us_per_event",
            micros_each(large.postgres_cpu, large.events),
            1,
            Target::None,
        ),
        Figure::new("relay_peak_rss_ratio_to_a_tenth", large.rss / small.rss, 2, Target::AtMost(1.05)),
        Figure::new("relay_peak_rss_mib", large.rss, 1, Target::None),
    ])
}

async fn drain(
    count: u32,
    database: &Database,
    settings: &QueueSettings,
    bare: &mut Postgres,
) -> anyhow::Result<Drain> {
    let store = Store::open(&StoreSettings::Postgres { url: database.url().to_string().into() }).await?;
    let mut queues: Queues = [("events".to_owned(), queue::open(settings))].into();
    let postmaster = Postmaster::of(&mut bare.connection).await?;
    let statements = committed(&mut bare.connection).await?;
    let (client_cpu, postgres_cpu) = (own_cpu()?, postmaster.at_work(database.name())?);
    let began = Moment::now();
    let going = Going::default();
    let (done, rss) =
        peak::during(relay::drain(&store, &mut queues, Duration::from_hours(24), &going)).await?;
    let (done, wall) = (done?, began.elapsed());
    ensure!((done.n_sent(), done.left) == (u64::from(count), 0), "not everything was sent: {done:?}");
    let client_cpu = own_cpu()?.saturating_sub(client_cpu);
    let postgres_cpu = postmaster.at_work(database.name())?.saturating_sub(postgres_cpu);
    store.close().await;
    drop(queues);
    let statements = committed(&mut bare.connection).await? - statements;
    Ok(Drain { events: u64::from(count), wall, rss, client_cpu, postgres_cpu, statements })
}

/// Events a second of the bare client. They are made a batch at a time: what this process once held would count as the relay's memory.
async fn bare_rate(bare: &mut Postgres) -> anyhow::Result<f64> {
    let mut spent = Duration::ZERO;
    for _ in 0..BARE_BATCHES {
        let batch = events(BARE_ROWS)?;
        let began = Moment::now();
        bare.publish(&batch).await?;
        spent += began.elapsed();
    }
    Ok(as_f64((BARE_BATCHES * BARE_ROWS) as u64) / spent.as_secs_f64())
}

/// The CPU time of this process so far.
fn own_cpu() -> anyhow::Result<Duration> {
    let stat = procfs::process::Process::myself()?.stat()?;
    Ok(Duration::from_millis((stat.utime + stat.stime) * 1_000 / procfs::ticks_per_second()))
}

/// How many transactions have been committed in the database, once every session has said so: here, each statement is one.
async fn committed(connection: &mut PgConnection) -> anyhow::Result<i64> {
    // A session says what it did once a second at most.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let sql = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()";
    Ok(sqlx::query_scalar(sql).fetch_one(connection).await?)
}

/// Puts pending events into the outbox, each with its open finding, as commits and a release leave them.
async fn plant(connection: &mut PgConnection, count: u32) -> anyhow::Result<()> {
    let run = Uuid::now_v7();
    let statements = [
        "TRUNCATE tieout.outbox, tieout.outbox_pending, tieout.findings, tieout.finding_history, public.events".to_owned(),
        format!(
            "INSERT INTO tieout.findings (domain, each_, key, kind, state, episode, reemissions, digest, fields, first_seen, last_seen,
                 event_id, run_id)
             SELECT 'bench.charges', '', 'ch_' || lpad(to_hex(n), 24, '0'), 'missing', 'open', 1, 0, 'd', '[]', now(), now(),
                 md5(n::text)::uuid::text, '{run}'
             FROM generate_series(1, {count}) AS n"
        ),
        format!(
            "INSERT INTO tieout.outbox (event_id, domain, each_, key, kind, episode, queue, source, type, subject, payload,
                 state, run_id, staged_at, last_due_at)
             SELECT md5(n::text)::uuid::text, 'bench.charges', '', 'ch_' || lpad(to_hex(n), 24, '0'), 'missing', 1, 'events',
                 'tieout/bench', 'com.example.charge.created', 'ch_' || lpad(to_hex(n), 24, '0'),
                 format('{{\"specversion\": \"1.0\", \"id\": \"%s\", \"data\": \"%s\"}}', md5(n::text)::uuid, repeat('x', 480)),
                 'pending', '{run}', now(), now()
             FROM generate_series(1, {count}) AS n"
        ),
        "INSERT INTO tieout.outbox_pending (queue, seq, domain, each_, key, due_at)
         SELECT queue, seq, domain, each_, key, last_due_at FROM tieout.outbox ORDER BY seq"
            .to_owned(),
        "VACUUM ANALYZE tieout.outbox, tieout.outbox_pending, tieout.findings".to_owned(),
        "CHECKPOINT".to_owned(),
    ];
    for statement in statements {
        connection.execute(AssertSqlSafe(statement)).await?;
    }
    Ok(())
}
