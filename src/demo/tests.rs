//! The demo's own proof: the shop's books, compared line by line with what the provider has, differ by exactly the
//! truth, and repair events put them right.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, Row, SqliteConnection};
use tempfile::TempDir;

use super::damage::undamaged;
use super::*;

type Line = Vec<String>;
type Books = BTreeMap<(Domain, String), Line>;

fn now() -> DateTime<Utc> {
    "2026-11-21T09:30:00Z".parse().unwrap()
}

/// A population, a shop that suffered the damage, and a queue without events.
struct World {
    home: TempDir,
    population: Population,
    damage: Damage,
    shop: Shop,
}

impl World {
    async fn damaged(seed: u64) -> Self {
        let home = TempDir::new().unwrap();
        let population = Population::seeded(seed, now());
        let damage = Damage::inflict(&population, seed, now());
        let shop = Shop::open_new(&home.path().join("shop.db")).await.unwrap();
        shop.take_webhooks(&damage.deliveries).await.unwrap();
        Self { home, population, damage, shop }
    }

    async fn books(&self) -> Books {
        let mut books = Books::new();
        let mut db = open(&self.home.path().join("shop.db")).await;
        for (domain, select) in [
            (
                Domain::Charges,
                "SELECT id, CAST(amount_minor AS TEXT), currency, status, created_at FROM charges",
            ),
            (
                Domain::Refunds,
                "SELECT id, CAST(amount_minor AS TEXT), currency, status, created_at FROM refunds",
            ),
            (Domain::Customers, "SELECT id, email, name, updated_at FROM customers"),
        ] {
            for row in sqlx::query(select).fetch_all(&mut db).await.unwrap() {
                let mut line: Line = (0..row.len()).map(|column| row.get::<String, _>(column)).collect();
                let key = line.remove(0);
                books.insert((domain, key), line);
            }
        }
        books
    }

    /// The queue as `tieout` leaves it: one event per item that is missing or mismatched.
    async fn queue_repairs(&self) -> PathBuf {
        let file = self.home.path().join("queue.db");
        let mut queue = open(&file).await;
        sqlx::raw_sql(
            "CREATE TABLE tieout_events (seq INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL UNIQUE, \
             source TEXT NOT NULL, type TEXT NOT NULL, subject TEXT NOT NULL, event TEXT NOT NULL, \
             enqueued_at TEXT NOT NULL, consumed_at TEXT)",
        )
        .execute(&mut queue)
        .await
        .unwrap();
        for planted in self.damage.truth.planted.iter().filter(|planted| planted.kind != Kind::Orphaned) {
            let (noun, data) = self.upstream_json(planted);
            let verb = if planted.kind == Kind::Missing { "created" } else { "updated" };
            let event_type = format!("com.example.shop.{noun}.{verb}");
            let event = json!({"specversion": "1.0", "id": planted.key, "type": event_type, "data": data});
            sqlx::query(
                "INSERT INTO tieout_events (event_id, source, type, subject, event, enqueued_at) \
                 VALUES (?, ?, ?, ?, ?, '2026-11-21T09:30:00Z')",
            )
            .bind(format!("event-{}", planted.key))
            .bind(format!("/tieout/{}", planted.domain.name()))
            .bind(event_type)
            .bind(&planted.key)
            .bind(event.to_string())
            .execute(&mut queue)
            .await
            .unwrap();
        }
        file
    }

    fn upstream_json(&self, planted: &Planted) -> (&'static str, Value) {
        let key = &planted.key;
        match planted.domain {
            Domain::Charges => {
                let charge = self.population.charges.iter().find(|it| it.id == *key).unwrap();
                ("charge", charge.json(charge.status))
            }
            Domain::Refunds => {
                let refund = self.population.refunds.iter().find(|it| it.id == *key).unwrap();
                ("refund", refund.json(refund.status))
            }
            Domain::Customers => {
                ("customer", self.population.customers.iter().find(|it| it.id == *key).unwrap().json())
            }
        }
    }
}

async fn open(file: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    SqliteConnection::connect_with(&options).await.unwrap()
}

/// What the books would say if they were right.
fn right_books(population: &Population) -> Books {
    let utc =
        |epoch_s| DateTime::from_timestamp(epoch_s, 0).unwrap().to_rfc3339_opts(SecondsFormat::Secs, true);
    let payment = |amount: i64, currency: &str, status: &str, created| {
        let status = match status {
            "succeeded" => "PAID",
            "failed" => "FAILED",
            _ => "PENDING",
        };
        vec![amount.to_string(), currency.to_owned(), status.to_owned(), utc(created)]
    };
    let mut books = Books::new();
    for it in &population.charges {
        let line = payment(it.amount_minor, it.currency.code(), it.status.word(), it.created);
        books.insert((Domain::Charges, it.id.clone()), line);
    }
    for it in &population.refunds {
        let line = payment(it.amount_minor, it.currency.code(), it.status.word(), it.created);
        books.insert((Domain::Refunds, it.id.clone()), line);
    }
    for it in &population.customers {
        books.insert(
            (Domain::Customers, it.id.clone()),
            vec![it.email.clone(), it.name.clone(), utc(it.updated)],
        );
    }
    books
}

/// Compares two sets of books line by line; only currencies and addresses may differ in letter case.
fn differences(right: &Books, kept: &Books) -> BTreeSet<Planted> {
    let folded = |domain: Domain, line: &Line| {
        let mut line = line.clone();
        let column = usize::from(domain != Domain::Customers);
        line[column] = line[column].to_lowercase();
        line
    };
    let keys: BTreeSet<_> = right.keys().chain(kept.keys()).collect();
    keys.into_iter()
        .filter_map(|key| {
            let (domain, id) = key;
            let kind = match (right.get(key), kept.get(key)) {
                (Some(_), None) => Kind::Missing,
                (None, _) => Kind::Orphaned,
                (Some(right), Some(kept)) if folded(*domain, right) != folded(*domain, kept) => {
                    Kind::Mismatched
                }
                _ => return None,
            };
            Some(Planted { domain: *domain, key: id.clone(), kind })
        })
        .collect()
}

#[tokio::test]
async fn the_damaged_books_differ_from_the_provider_by_exactly_the_truth() {
    for seed in [0, 7, u64::MAX] {
        let world = World::damaged(seed).await;
        let found = differences(&right_books(&world.population), &world.books().await);
        let verdict = world.damage.truth.judge(&found);
        assert!(verdict.is_exact(), "seed {seed}: {verdict:#?}");
    }
}

#[tokio::test]
async fn some_damage_is_harmless_and_still_there_to_be_seen() {
    let world = World::damaged(7).await;
    let books = world.books().await;
    let shouted =
        books.values().filter(|line| line.iter().any(|word| word == "USD" || word.contains("@EXAMPLE.COM")));
    assert!(shouted.count() > 0);
    assert!(world.damage.deliveries.len() > books.len());
}

#[tokio::test]
async fn repair_events_applied_once_leave_only_the_orphans() {
    let world = World::damaged(7).await;
    let queue = world.queue_repairs().await;
    let consumed = world.shop.consume(&queue, now()).await.unwrap();
    let orphaned: BTreeSet<_> =
        world.damage.truth.planted.iter().filter(|planted| planted.kind == Kind::Orphaned).cloned().collect();
    assert_eq!(
        consumed,
        Consumed { applied: world.damage.truth.planted.len() - orphaned.len(), repeated: 0 }
    );
    assert_eq!(differences(&right_books(&world.population), &world.books().await), orphaned);
}

#[tokio::test]
async fn repair_events_delivered_twice_end_in_the_same_books() {
    let world = World::damaged(7).await;
    let queue = world.queue_repairs().await;
    let first = world.shop.consume(&queue, now()).await.unwrap();
    let after_once = world.books().await;

    let nothing_waits = world.shop.consume(&queue, now()).await.unwrap();
    assert_eq!(nothing_waits, Consumed::default());
    let unmark = sqlx::query("UPDATE tieout_events SET consumed_at = NULL");
    unmark.execute(&mut open(&queue).await).await.unwrap();
    let second = world.shop.consume(&queue, now() + TimeDelta::minutes(1)).await.unwrap();
    assert_eq!(second, Consumed { applied: 0, repeated: first.applied });
    assert_eq!(world.books().await, after_once);
}

#[tokio::test]
async fn an_event_of_an_unknown_type_stops_the_consumer_with_its_name() {
    let world = World::damaged(7).await;
    let queue = world.queue_repairs().await;
    let rename = sqlx::query("UPDATE tieout_events SET type = 'com.example.shop.parcel.created'");
    rename.execute(&mut open(&queue).await).await.unwrap();
    let error = world.shop.consume(&queue, now()).await.unwrap_err();
    assert_eq!(error.to_string(), "the shop has no use for `com.example.shop.parcel.created`");
}

#[tokio::test]
async fn late_webhooks_of_newcomers_make_the_books_right_about_them() {
    let world = World::damaged(7).await;
    let arriving = world.population.arriving(7, now(), |_| false);
    let right = right_books(&arriving);
    let of_newcomers =
        |books: Books| -> Books { books.into_iter().filter(|(key, _)| right.contains_key(key)).collect() };

    let before = differences(&right, &of_newcomers(world.books().await));
    assert_eq!(before.len(), right.len(), "nothing in flight may be known yet");
    world.shop.take_webhooks(&undamaged(&arriving)).await.unwrap();
    assert_eq!(differences(&right, &of_newcomers(world.books().await)), BTreeSet::new());
}

#[tokio::test]
async fn a_set_scene_has_its_files_its_provider_and_its_books_in_place() {
    let home = TempDir::new().unwrap();
    let dir = home.path().join("tieout-demo");
    let mut scene = Scene::set(&dir, 7, now(), Manners::flawless()).await.unwrap();
    let config = std::fs::read_to_string(scene.files.config()).unwrap();
    assert!(config.contains(scene.provider.base_url()));
    assert_eq!(scene.truth, Damage::inflict(&Population::seeded(7, now()), 7, now()).truth);

    scene.newcomers_arrive(now());
    scene.late_webhooks_arrive().await.unwrap();
    let known = "SELECT COUNT(*) FROM charges WHERE created_at = '2026-11-21T09:30:00Z'";
    let row = sqlx::query(known).fetch_one(&mut open(&scene.files.shop_db()).await).await.unwrap();
    assert_eq!(row.get::<i64, _>(0), 3);
    scene.strike().await;
    assert!(Scene::set(&dir, 7, now(), Manners::flawless()).await.is_ok(), "a demo can be shown again");
}
