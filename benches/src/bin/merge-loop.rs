//! The yardstick for the whole job: what a careful programmer writes who wants both sides compared and nothing else. It
//! fetches one page after the other, five fields borrowed from each, and merges them with the local rows, which stream in
//! the same order. It looks nothing up again, stores nothing, sends nothing, and trusts both orders.

use std::io::{self, Write as _};
use std::pin::Pin;

use clap::Parser;
use futures::{Stream, TryStreamExt as _};
use serde::Deserialize;
use sqlx::postgres::PgRow;
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

/// Compares the whole list of a provider with a table.
#[derive(Parser)]
struct Args {
    /// The provider's origin, for example `http://127.0.0.1:8420`.
    #[arg(long)]
    base: String,
    /// The address of the local database.
    #[arg(long, env = "TIEOUT_BENCH_LOCAL", hide_env_values = true)]
    local: String,
    /// The table with the local rows.
    #[arg(long)]
    table: String,
}

#[derive(Deserialize)]
struct Page<'p> {
    #[serde(borrow)]
    data: Vec<Charge<'p>>,
    has_more: bool,
}

#[derive(Deserialize)]
struct Charge<'p> {
    id: &'p str,
    created: i64,
    amount: i64,
    currency: &'p str,
    status: &'p str,
}

/// What was found.
#[derive(Default)]
struct Found {
    items: u64,
    missing: u64,
    mismatched: u64,
    orphaned: u64,
}

type Rows<'c> = Pin<Box<dyn Stream<Item = sqlx::Result<PgRow>> + 'c>>;

/// The local rows beside the items, newest first on both sides.
struct Merge<'c> {
    rows: Rows<'c>,
    /// The first row that is older than `second`.
    next: Option<(i64, PgRow)>,
    second: i64,
    /// The rows of that second which met no item yet: a handful, looked through faster than hashed.
    waiting: Vec<PgRow>,
    found: Found,
}

impl<'c> Merge<'c> {
    async fn with(mut rows: Rows<'c>) -> sqlx::Result<Self> {
        let next = dated(rows.try_next().await?)?;
        Ok(Self { rows, next, second: i64::MAX, waiting: Vec::new(), found: Found::default() })
    }

    async fn meet(&mut self, charge: &Charge<'_>) -> sqlx::Result<()> {
        self.found.items += 1;
        if charge.created != self.second {
            self.go_on(charge.created).await?;
        }
        let is_it = |row: &PgRow| row.try_get::<&str, _>(0).is_ok_and(|id| id == charge.id);
        match self.waiting.iter().position(is_it) {
            None => self.found.missing += 1,
            Some(at) => self.found.mismatched += u64::from(!agrees(charge, &self.waiting.swap_remove(at))?),
        }
        Ok(())
    }

    /// Takes the rows of another second in hand; what met no item before it is orphaned.
    async fn go_on(&mut self, second: i64) -> sqlx::Result<()> {
        self.found.orphaned += self.waiting.drain(..).len() as u64;
        self.second = second;
        while let Some((at, row)) = self.next.take_if(|(at, _)| *at >= second) {
            if at == second {
                self.waiting.push(row);
            } else {
                self.found.orphaned += 1;
            }
            self.next = dated(self.rows.try_next().await?)?;
        }
        Ok(())
    }

    async fn end(mut self) -> sqlx::Result<Found> {
        self.go_on(i64::MIN).await?;
        Ok(self.found)
    }
}

fn dated(row: Option<PgRow>) -> sqlx::Result<Option<(i64, PgRow)>> {
    row.map(|row| Ok((row.try_get::<DateTime<Utc>, _>(4)?.timestamp(), row))).transpose()
}

fn agrees(charge: &Charge<'_>, row: &PgRow) -> sqlx::Result<bool> {
    let status = match charge.status {
        "succeeded" => "PAID",
        "failed" => "FAILED",
        _ => "PENDING",
    };
    Ok(row.try_get::<i64, _>(1)? == charge.amount
        && row.try_get::<&str, _>(2)?.eq_ignore_ascii_case(charge.currency)
        && row.try_get::<&str, _>(3)? == status)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let Args { base, local, table } = Args::parse();
    let mut connection = PgConnection::connect(&local).await?;
    let sql = format!(
        "SELECT id, amount_minor, currency, status, created_at FROM {table} ORDER BY created_at DESC"
    );
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch(&mut connection);
    let found = merge(&base, Merge::with(rows).await?).await?;
    let mut out = io::stdout().lock();
    writeln!(out, "items: {}", found.items)?;
    writeln!(out, "missing: {}", found.missing)?;
    writeln!(out, "mismatched: {}", found.mismatched)?;
    writeln!(out, "orphaned: {}", found.orphaned)?;
    Ok(())
}

async fn merge(base: &str, mut merge: Merge<'_>) -> anyhow::Result<Found> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let first = format!("{base}/v1/charges?limit=100");
    let mut url = first.clone();
    loop {
        let body = client.get(&url).send().await?.error_for_status()?.bytes().await?;
        let page: Page<'_> = serde_json::from_slice(&body)?;
        for charge in &page.data {
            merge.meet(charge).await?;
        }
        match page.data.last() {
            Some(last) if page.has_more => url = format!("{first}&starting_after={}", last.id),
            _ => return Ok(merge.end().await?),
        }
    }
}
