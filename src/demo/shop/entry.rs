//! One line of the shop's books, read from the provider's JSON and written over whatever was there.
//!
//! Webhooks and queue events end here alike. Never asks whether what is there is newer.

use serde::Deserialize;
use serde_json::Value;
use sqlx::SqliteConnection;

use super::books::{ShopError, utc_text};
use crate::demo::truth::Domain;

/// What the shop keeps of an item.
#[derive(Debug)]
pub(super) enum Entry {
    Charge(Charge),
    Refund(Refund),
    Customer(Customer),
}

#[derive(Debug, Deserialize)]
pub(super) struct Charge {
    id: String,
    amount: i64,
    currency: String,
    status: String,
    created: i64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Refund {
    id: String,
    charge: String,
    amount: i64,
    currency: String,
    status: String,
    created: i64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Customer {
    id: String,
    email: String,
    name: String,
    created: String,
    updated: String,
}

impl Entry {
    /// Reads the provider's JSON of an item of `domain`.
    pub(super) fn read(domain: Domain, data: &Value) -> Result<Self, ShopError> {
        match domain {
            Domain::Charges => Charge::deserialize(data).map(Self::Charge),
            Domain::Refunds => Refund::deserialize(data).map(Self::Refund),
            Domain::Customers => Customer::deserialize(data).map(Self::Customer),
        }
        .map_err(ShopError::Garbled)
    }

    /// What the shop calls it.
    pub(super) fn object(&self) -> &'static str {
        match self {
            Self::Charge(_) => "charge",
            Self::Refund(_) => "refund",
            Self::Customer(_) => "customer",
        }
    }

    /// Inserts the line or overwrites the one with the same id. `now` is when the shop writes it.
    pub(super) async fn write(&self, books: &mut SqliteConnection, now: &str) -> Result<(), ShopError> {
        let statement = match self {
            Self::Charge(charge) => sqlx::query(
                "INSERT INTO charges (id, amount_minor, currency, status, created_at, updated_at) \
                 VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET amount_minor = excluded.amount_minor, \
                 currency = excluded.currency, status = excluded.status, updated_at = excluded.updated_at",
            )
            .bind(&charge.id)
            .bind(charge.amount)
            .bind(&charge.currency)
            .bind(own_word(&charge.status)?)
            .bind(utc_text(charge.created))
            .bind(now),
            Self::Refund(refund) => sqlx::query(
                "INSERT INTO refunds (id, charge_id, amount_minor, currency, status, created_at, updated_at) \
                 VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET amount_minor = excluded.amount_minor, \
                 currency = excluded.currency, status = excluded.status, updated_at = excluded.updated_at",
            )
            .bind(&refund.id)
            .bind(&refund.charge)
            .bind(refund.amount)
            .bind(&refund.currency)
            .bind(own_word(&refund.status)?)
            .bind(utc_text(refund.created))
            .bind(now),
            Self::Customer(customer) => sqlx::query(
                "INSERT INTO customers (id, email, name, created_at, updated_at) \
                 VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET email = excluded.email, \
                 name = excluded.name, updated_at = excluded.updated_at",
            )
            .bind(&customer.id)
            .bind(&customer.email)
            .bind(&customer.name)
            .bind(&customer.created)
            .bind(&customer.updated),
        };
        statement.execute(books).await.map_err(ShopError::Books)?;
        Ok(())
    }
}

/// The shop's word for a provider's status.
fn own_word(status: &str) -> Result<&'static str, ShopError> {
    match status {
        "succeeded" => Ok("PAID"),
        "failed" => Ok("FAILED"),
        "pending" => Ok("PENDING"),
        other => Err(ShopError::Unhandled(other.to_owned())),
    }
}
