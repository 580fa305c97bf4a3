//! What takes events in a PostgreSQL server of a test's own: our table, or a queue of pgmq. Both are made by what `tieout migrate queue`
//! prints; pgmq itself is made from its own SQL, since it is no extension that servers have.

use sqlx::AssertSqlSafe;

use super::broker::Broker;
use super::link::{Break, Link, Side};
use super::server::Kind;
use super::{all_came, is_cut_off_by, world};
use crate::cluster::Cluster;
use crate::process::{Process, until};
use crate::world::World;

const PGMQ: &str = include_str!("../../fixtures/pgmq/pgmq.sql");

/// What passes before it strikes: more than one batch of the relay, and less than two.
const BYTES: usize = 450_000;
/// How many events a batch of the relay has.
pub(super) const BATCH: usize = 500;
/// What makes a batch count. The server answers it alone.
const COMMIT: &str = "COMMIT";

/// The database at a port.
pub(super) fn url(port: u16) -> String {
    format!("postgres://postgres@127.0.0.1:{port}/shop")
}

/// Makes the table that a queue of `tieout.yaml` names.
pub(super) async fn make_table(database: &Cluster, queue: &str) {
    database.sql("shop", &statements(queue).await).await;
}

/// Installs pgmq, and makes the queue of it that a queue of `tieout.yaml` names.
pub(super) async fn make_pgmq(database: &Cluster, queue: &str) {
    database.sql("shop", PGMQ).await;
    database.sql("shop", &statements(queue).await).await;
}

/// Every event in a table, oldest first.
pub(super) async fn rows(database: &Cluster, table: &str) -> Vec<String> {
    all(database, &format!("SELECT event::text FROM {table} ORDER BY seq")).await
}

/// Every event in a queue of pgmq, oldest first.
pub(super) async fn messages(database: &Cluster, queue: &str) -> Vec<String> {
    all(database, &format!("SELECT message::text FROM pgmq.q_{queue} ORDER BY msg_id")).await
}

async fn all(database: &Cluster, query: &str) -> Vec<String> {
    let mut connection = database.connect("shop").await;
    sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_all(&mut connection).await.unwrap()
}

async fn statements(queue: &str) -> String {
    let world = World::agreeing(0).await;
    world.edit("tieout.yaml", "queues: {", &format!("queues: {{pg: {{{queue}}}, "));
    let printed = world.tieout(&["migrate", "queue", "pg"]);
    assert_eq!(printed.code, 0, "{printed:?}");
    printed.stdout
}

/// The server dies in the middle of the second batch: of a statement, or of a transaction that has everything and is not committed.
#[derive(Clone, Copy)]
pub(super) enum Death {
    InStatement,
    BeforeCommit,
}

/// Dies, and starts again while the run already asks for it; says how many events are there in the end. What was committed before stays.
pub(super) async fn dies(kind: Kind, death: Death) -> usize {
    let mut broker = Broker::own(kind).await;
    let link = match death {
        Death::InStatement => Link::before(broker.port(), Break::Holds, BYTES),
        Death::BeforeCommit => Link::before_word(broker.port(), Break::Holds, BYTES, COMMIT),
    };
    let world = world(&broker, &link).await;
    let run = Process::start(&world, &["run", "--format", "json"]);
    until("the server is to die", || link.has_struck());
    let before = broker.received().await;
    assert_eq!(before.len(), BATCH, "it does not die in the second batch");
    broker.kill().await;
    link.mend();
    broker.start_again().await;
    let (outcome, _) = run.end();
    all_came(&world, broker, &outcome, before).await
}

/// The connection is lost in the middle of a statement.
pub(super) async fn is_cut_off_while_it_is_told(kind: Kind) -> usize {
    let broker = Broker::own(kind).await;
    let link = Link::before(broker.port(), Break::Loses(Side::Requests), BYTES);
    is_cut_off_by(link, broker).await
}

/// The connection is lost once a batch is committed, before the server could say so.
pub(super) async fn is_cut_off_while_it_confirms(kind: Kind) -> usize {
    let broker = Broker::own(kind).await;
    let link = Link::before_word(broker.port(), Break::Loses(Side::Answers), BYTES, COMMIT);
    is_cut_off_by(link, broker).await
}
