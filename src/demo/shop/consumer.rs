//! The shop's side of the queue: applies repair events once, however often they come.
//!
//! An event's effect and its id in the inbox are committed together; the queue row is marked afterwards. A crash
//! between the two brings the event back, and the inbox makes that harmless.

use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, Row, SqliteConnection};

use super::books::{Shop, ShopError, utc_text};
use super::entry::Entry;
use crate::demo::truth::Domain;

/// What came of consuming the queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Consumed {
    /// Events that changed the books.
    pub applied: usize,
    /// Events that had been applied before and were only marked.
    pub repeated: usize,
}

/// The part of an event's `CloudEvents` JSON that the shop reads.
#[derive(Deserialize)]
struct CloudEvent {
    data: Value,
}

impl Shop {
    /// Applies every event of the table `tieout_events` in `queue_db` that is not marked as consumed, in order.
    pub async fn consume(&self, queue_db: &Path, now: DateTime<Utc>) -> Result<Consumed, ShopError> {
        let now = utc_text(now.timestamp());
        let options = SqliteConnectOptions::new().filename(queue_db);
        let mut queue = SqliteConnection::connect_with(&options).await.map_err(ShopError::Queue)?;
        let waiting = sqlx::query(
            "SELECT seq, event_id, type, event FROM tieout_events WHERE consumed_at IS NULL ORDER BY seq",
        );
        let rows = waiting.fetch_all(&mut queue).await.map_err(ShopError::Queue)?;

        let mut consumed = Consumed::default();
        for row in rows {
            let entry = read_event(row.get("type"), row.get("event"))?;
            if self.apply_once(row.get("event_id"), &entry, &now).await? {
                consumed.applied += 1;
            } else {
                consumed.repeated += 1;
            }
            let mark = sqlx::query("UPDATE tieout_events SET consumed_at = ? WHERE seq = ?");
            let mark = mark.bind(&now).bind(row.get::<i64, _>("seq"));
            mark.execute(&mut queue).await.map_err(ShopError::Queue)?;
        }
        queue.close().await.map_err(ShopError::Queue)?;
        Ok(consumed)
    }

    /// Whether the event was new, and has now been applied.
    async fn apply_once(&self, event_id: &str, entry: &Entry, now: &str) -> Result<bool, ShopError> {
        let mut tx = self.books.begin().await.map_err(ShopError::Books)?;
        let receipt =
            sqlx::query("INSERT INTO inbox (event_id, applied_at) VALUES (?, ?) ON CONFLICT DO NOTHING");
        let receipt = receipt.bind(event_id).bind(now).execute(&mut *tx).await.map_err(ShopError::Books)?;
        let new = receipt.rows_affected() == 1;
        if new {
            entry.write(&mut tx, now).await?;
        }
        tx.commit().await.map_err(ShopError::Books)?;
        Ok(new)
    }
}

fn read_event(kind: &str, event: &str) -> Result<Entry, ShopError> {
    let domain = match kind {
        "com.example.shop.charge.created" | "com.example.shop.charge.updated" => Domain::Charges,
        "com.example.shop.refund.created" | "com.example.shop.refund.updated" => Domain::Refunds,
        "com.example.shop.customer.created" | "com.example.shop.customer.updated" => Domain::Customers,
        other => return Err(ShopError::Unhandled(other.to_owned())),
    };
    let event: CloudEvent = serde_json::from_str(event).map_err(ShopError::Garbled)?;
    Entry::read(domain, &event.data)
}
