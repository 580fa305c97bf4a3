//! The shop's database, and the naive webhook handler that fills it.

use std::path::Path;

use chrono::{DateTime, SecondsFormat};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use super::entry::Entry;
use crate::demo::damage::Delivery;

/// The running shop.
#[derive(Debug, Clone)]
pub struct Shop {
    pub(super) books: SqlitePool,
}

/// What can go wrong in the shop. None of it is worth a retry: the demo stops.
#[derive(Debug, thiserror::Error)]
pub enum ShopError {
    /// The shop's own database failed.
    #[error("failed to keep the shop's books")]
    Books(#[source] sqlx::Error),
    /// The queue table could not be read or marked.
    #[error("failed to read the shop's queue")]
    Queue(#[source] sqlx::Error),
    /// An item or event is not the JSON that it should be.
    #[error("failed to read what the shop was told")]
    Garbled(#[source] serde_json::Error),
    /// An event type or a status for which the shop has no handler.
    #[error("the shop has no use for `{0}`")]
    Unhandled(String),
}

impl Shop {
    /// Opens a new shop with empty books in `file`, which must not hold books yet.
    pub async fn open_new(file: &Path) -> Result<Self, ShopError> {
        let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
        // One connection: the shop does one thing at a time.
        let pool = SqlitePoolOptions::new().max_connections(1);
        let books = pool.connect_with(options).await.map_err(ShopError::Books)?;
        sqlx::raw_sql(include_str!("schema.sql")).execute(&books).await.map_err(ShopError::Books)?;
        Ok(Self { books })
    }

    /// Takes webhooks in, in the order given. What comes last overwrites what was there, be it older or newer.
    pub async fn take_webhooks(&self, deliveries: &[Delivery]) -> Result<(), ShopError> {
        let mut tx = self.books.begin().await.map_err(ShopError::Books)?;
        for delivery in deliveries {
            let (entry, now) =
                (Entry::read(delivery.domain, &delivery.data)?, utc_text(delivery.delivered_at));
            entry.write(&mut tx, &now).await?;
            let log = sqlx::query("INSERT INTO webhooks (object, received_at, handled_at) VALUES (?, ?, ?)");
            log.bind(entry.object())
                .bind(&now)
                .bind(&now)
                .execute(&mut *tx)
                .await
                .map_err(ShopError::Books)?;
        }
        tx.commit().await.map_err(ShopError::Books)
    }

    /// Closes the books.
    pub async fn close(self) {
        self.books.close().await;
    }
}

/// Epoch seconds as the shop writes instants: `2026-11-21T00:00:00Z`.
pub(super) fn utc_text(epoch_s: i64) -> String {
    DateTime::from_timestamp(epoch_s, 0).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Secs, true)
}
