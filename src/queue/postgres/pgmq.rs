//! A queue of pgmq, in its own schema. Messages are whole events; pgmq knows no event by its id, so what is sent again is there twice.

use std::fmt;
use std::str::FromStr;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::json;
use sqlx::postgres::PgConnection;

use super::{Target, Unfit};
use crate::store::Outgoing;

/// pgmq takes no longer names.
const MAX_LEN: usize = 47;

/// Finds the function, with headers (which pgmq has since 1.5) or without, and the queue's table; and may the login write to it?
const LOOK: &str = "SELECT to_regprocedure('pgmq.send_batch(text,jsonb[],jsonb[])') IS NOT NULL,
    to_regprocedure('pgmq.send_batch(text,jsonb[],integer)') IS NOT NULL,
    queue IS NOT NULL,
    coalesce(has_table_privilege(queue, 'INSERT') AND has_table_privilege(queue, 'SELECT'), false)
    FROM to_regclass(format('pgmq.%I', 'q_' || lower($1))) AS queue";

/// `x-pgmq-group` is what the grouped reads of pgmq keep in order.
const WITH_HEADERS: &str =
    "SELECT count(*) FROM pgmq.send_batch($1, $2::text[]::jsonb[], $3::text[]::jsonb[])";
const WITHOUT_HEADERS: &str = "SELECT count(*) FROM pgmq.send_batch($1, $2::text[]::jsonb[])";

/// The name of a queue of pgmq: letters, digits and `_`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PgmqName(String);

/// Why a text does not name a queue of pgmq.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a queue of pgmq: use at most {MAX_LEN} letters, digits and `_`")]
pub struct NotAPgmqName(String);

impl FromStr for PgmqName {
    type Err = NotAPgmqName;

    fn from_str(text: &str) -> Result<Self, NotAPgmqName> {
        let is_name = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if is_name && (1..=MAX_LEN).contains(&text.len()) {
            return Ok(Self(text.to_owned()));
        }
        Err(NotAPgmqName(text.to_owned()))
    }
}

impl fmt::Display for PgmqName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The statement that makes a queue.
pub(in crate::queue) fn ddl(queue: &PgmqName) -> String {
    format!("SELECT pgmq.create('{queue}');\n")
}

/// A queue, and whether messages can have headers, once that is known.
pub(in crate::queue) struct Pgmq {
    queue: PgmqName,
    has_headers: Option<bool>,
}

impl Pgmq {
    pub(in crate::queue) const fn new(queue: PgmqName) -> Self {
        Self { queue, has_headers: None }
    }

    /// The queue's table without its prefix.
    pub(super) fn table(&self) -> String {
        self.queue.0.to_lowercase()
    }

    async fn look(&self, connection: &mut PgConnection) -> Result<bool, Unfit> {
        let looked = sqlx::query_as(LOOK).persistent(false).bind(&self.queue.0).fetch_one(connection).await;
        let (with_headers, without_headers, is_there, is_granted): (bool, bool, bool, bool) = looked?;
        let lacks = |what: &str| Err(Unfit::Lacks(format!("{what}; {}", self.way_out())));
        match (with_headers || without_headers, is_there, is_granted) {
            (false, _, _) => lacks("there is no pgmq in this database"),
            (_, false, _) => lacks(&format!("pgmq has no queue `{}`", self.queue)),
            (_, _, false) => Err(Unfit::Lacks(format!(
                "the login may not write to it: `GRANT INSERT, SELECT ON pgmq.q_{} TO ...`",
                self.table()
            ))),
            _ => Ok(with_headers),
        }
    }

    async fn send(&mut self, connection: &mut PgConnection, batch: &[Outgoing]) -> Result<(), Unfit> {
        let has_headers = match self.has_headers {
            Some(has_headers) if !batch.is_empty() => has_headers,
            _ => *self.has_headers.insert(self.look(connection).await?),
        };
        if batch.is_empty() {
            return Ok(());
        }
        let messages: Vec<&str> = batch.iter().map(|event| event.payload.as_str()).collect();
        let sending = sqlx::query(if has_headers { WITH_HEADERS } else { WITHOUT_HEADERS })
            .persistent(false)
            .bind(&self.queue.0)
            .bind(messages);
        let sending = if has_headers {
            sending.bind(batch.iter().map(headers).collect::<Vec<String>>())
        } else {
            sending
        };
        sending.execute(connection).await?;
        Ok(())
    }
}

/// Events of one key are one group.
fn headers(event: &Outgoing) -> String {
    let group = format!("{} {}", event.source, event.subject);
    json!({ "content-type": "application/cloudevents+json", "x-pgmq-group": group }).to_string()
}

impl Target for Pgmq {
    fn put<'a>(
        &'a mut self,
        connection: &'a mut PgConnection,
        batch: &'a [Outgoing],
    ) -> BoxFuture<'a, Result<(), Unfit>> {
        self.send(connection, batch).boxed()
    }

    fn system(&self) -> &'static str {
        "pgmq"
    }

    fn way_out(&self) -> String {
        format!(
            "install pgmq there (`CREATE EXTENSION pgmq`, or its SQL), and make the queue: `{}`",
            ddl(&self.queue).trim_end()
        )
    }
}
