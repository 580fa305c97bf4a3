//! Real input: localstripe, a stateful fake of Stripe that others wrote, and a PostgreSQL table that missed some of it.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::postgres::Postgres;
use crate::world::World;

/// A running localstripe, stopped when it goes out of scope.
struct LocalStripe {
    process: Child,
    base: String,
    http: reqwest::Client,
}

impl Drop for LocalStripe {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl LocalStripe {
    async fn start() -> Self {
        let python = std::env::var("TIEOUT_TEST_LOCALSTRIPE_PYTHON").expect(
            "TIEOUT_TEST_LOCALSTRIPE_PYTHON names a Python that has localstripe; tests/run installs one",
        );
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let script = format!(
            "from aiohttp import web; from localstripe.server import app; web.run_app(app, host='127.0.0.1', port={port}, print=None)"
        );
        let mut command = Command::new(python);
        command.args(["-c", &script]).stdout(Stdio::null()).stderr(Stdio::null());
        let server = Self {
            process: command.spawn().unwrap(),
            base: format!("http://127.0.0.1:{port}/v1"),
            http: reqwest::Client::new(),
        };
        let deadline = Instant::now() + Duration::from_secs(30);
        while server
            .http
            .get(format!("{}/charges", server.base))
            .bearer_auth("sk_test_x")
            .send()
            .await
            .is_err()
        {
            assert!(Instant::now() < deadline, "localstripe did not answer");
            tokio::task::yield_now().await;
        }
        server
    }

    async fn create(&self, what: &str, form: &[(&str, &str)]) -> Value {
        let sent = self
            .http
            .post(format!("{}/{what}", self.base))
            .bearer_auth("sk_test_x")
            .form(form)
            .send()
            .await
            .unwrap();
        let status = sent.status();
        let body: Value = sent.json().await.unwrap();
        assert!(status.is_success(), "{what}: {body}");
        body
    }
}

/// What was made at localstripe.
struct Made {
    customers: Vec<Value>,
    charges: Vec<Value>,
    refunds: Vec<Value>,
}

async fn make(stripe: &LocalStripe) -> Made {
    let card = [
        ("source[object]", "card"),
        ("source[number]", "4242424242424242"),
        ("source[exp_month]", "12"),
        ("source[exp_year]", "2040"),
        ("source[cvc]", "123"),
    ];
    let mut made = Made { customers: Vec::new(), charges: Vec::new(), refunds: Vec::new() };
    for n in 0..40 {
        let email = format!("customer{n}@example.com");
        made.customers
            .push(stripe.create("customers", &[&[("email", email.as_str())], &card[..]].concat()).await);
    }
    for n in 0..260_usize {
        let customer = made.customers[n % 40]["id"].as_str().unwrap();
        let (amount, currency) = ((100 + n).to_string(), ["usd", "eur", "jpy"][n % 3]);
        let form = [("amount", amount.as_str()), ("currency", currency), ("customer", customer)];
        made.charges.push(stripe.create("charges", &form).await);
    }
    for n in 0..120 {
        let charge = made.charges[n]["id"].as_str().unwrap();
        made.refunds.push(stripe.create("refunds", &[("charge", charge), ("amount", "7")]).await);
    }
    made
}

/// The rows that the application would have written for an object.
async fn apply(postgres: &Postgres, table: &str, item: &Value) {
    let text = |field: &str| item[field].as_str().unwrap_or_default().to_owned();
    let id = text("id");
    let values = match table {
        "customers" => format!("'{id}', '{}'", text("email")),
        _ => {
            format!("'{id}', {}, '{}', '{}'", item["amount"], text("currency").to_uppercase(), text("status"))
        }
    };
    postgres.sql(&format!("DELETE FROM {table} WHERE id = '{id}'")).await;
    postgres.sql(&format!("INSERT INTO {table} VALUES ({values}, to_timestamp({}))", item["created"])).await;
}

const TABLES: [(&str, &str); 3] = [
    ("customers", "id text PRIMARY KEY, email text, created_at timestamptz"),
    ("charges", "id text PRIMARY KEY, amount bigint, currency text, status text, created_at timestamptz"),
    ("refunds", "id text PRIMARY KEY, amount bigint, currency text, status text, created_at timestamptz"),
];

fn domain(table: &str) -> String {
    let (columns, compare) = match table {
        "customers" => ("id, email, created_at", "  email: {}\n"),
        _ => (
            "id, amount, currency, status, created_at",
            "  amount: {}\n  currency: {fold: case}\n  status: {}\n",
        ),
    };
    format!(
        "domain: stripe.{table}\nfeed: localstripe/{table}\nlocal:\n  database: app\n  \
         rows: SELECT {columns} FROM {table} WHERE created_at >= :from AND created_at < :to\n  \
         keys: SELECT {columns} FROM {table} WHERE id IN (:keys)\n  key: id\n  clock: created_at\ncompare:\n{compare}\
         policy: {{settle: 0s, max_ratio: 100%}}\nemit:\n  queue: shop\n  missing: {{type: com.example.{table}.created}}\n  \
         mismatched: {{type: com.example.{table}.updated}}\n"
    )
}

/// Every finding of a run over all three domains, as `domain kind key`.
fn findings(report: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for domain in report["domains"].as_array().unwrap() {
        for finding in domain["findings"].as_array().unwrap() {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            found.insert(format!(
                "{} {} {}",
                text(&domain["domain"]),
                text(&finding["kind"]),
                text(&finding["key"])
            ));
        }
    }
    found
}

#[tokio::test]
async fn what_an_application_missed_of_localstripe_is_found_sent_and_repaired() {
    let (stripe, postgres) = (LocalStripe::start().await, Postgres::create().await);
    let made = make(&stripe).await;
    let world = World::agreeing(0).await;
    for (table, columns) in TABLES {
        postgres.sql(&format!("CREATE TABLE {table} ({columns})")).await;
        world.write(&format!("{table}.yaml"), &domain(table));
    }
    world.write("provider.yaml", include_str!("../fixtures/localstripe/localstripe.provider.yaml"));
    let settings = json!({
        "state": { "url": "sqlite:state.db" },
        "databases": { "app": { "url": postgres.url() } },
        "queues": { "shop": { "sqlite": { "path": "queue.db", "table": "tieout_events" } } },
        "providers": { "localstripe": { "base": stripe.base, "allow_private": true, "secrets": { "api_key": "file:key" } } },
        "reconcilers": ["."],
    });
    world.write("tieout.yaml", &settings.to_string());

    let expected = damage(&postgres, &made).await;
    // Everything was created in this second; nothing younger than the run may be judged.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let first = world.tieout(&["run", "--format", "json", "--limit", "0"]);
    assert_eq!(first.code, 0, "{first:?}");
    assert_eq!(findings(&first.json()), expected);
    let events = world.events().await;
    let sent: BTreeSet<String> =
        events.iter().map(|event| event["subject"].as_str().unwrap().to_owned()).collect();
    let to_send: BTreeSet<String> = expected
        .iter()
        .filter(|line| !line.contains(" orphaned "))
        .map(|line| line.rsplit(' ').next().unwrap().to_owned())
        .collect();
    assert_eq!((sent, events.len()), (to_send.clone(), to_send.len()));

    let second = world.tieout(&["run", "--format", "json"]);
    assert_eq!(
        (second.code, world.events().await.len()),
        (0, events.len()),
        "a second run emitted: {second:?}"
    );

    for event in &events {
        let table = format!("{}s", event["data"]["object"].as_str().unwrap());
        apply(&postgres, &table, &event["data"]).await;
    }
    let third = world.tieout(&["run", "--format", "json"]).json();
    let repaired: u64 = third["domains"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| d["follow_up"]["repaired"].as_u64().unwrap())
        .sum();
    assert_eq!(repaired, events.len() as u64, "{third}");
    postgres.drop().await;
}

/// Applies most of what was made, loses, alters and invents some, and says which.
async fn damage(postgres: &Postgres, made: &Made) -> BTreeSet<String> {
    let mut expected = BTreeSet::new();
    for (table, items) in
        [("customers", &made.customers), ("charges", &made.charges), ("refunds", &made.refunds)]
    {
        for (n, item) in items.iter().enumerate() {
            let id = item["id"].as_str().unwrap();
            if n % 23 == 7 {
                expected.insert(format!("stripe.{table} missing {id}"));
                continue;
            }
            apply(postgres, table, item).await;
            if n % 31 == 3 {
                let column = if table == "customers" { "email" } else { "status" };
                postgres.sql(&format!("UPDATE {table} SET {column} = 'stale' WHERE id = '{id}'")).await;
                expected.insert(format!("stripe.{table} mismatched {id}"));
            }
        }
        let mut invented = items[0].clone();
        invented["id"] = json!(format!("{}_invented", items[0]["id"].as_str().unwrap()));
        apply(postgres, table, &invented).await;
        expected.insert(format!("stripe.{table} orphaned {}", invented["id"].as_str().unwrap()));
    }
    expected
}
