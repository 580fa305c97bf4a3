//! Whether the table and what its consumers call are those that this version makes. It only reads.

use std::collections::BTreeMap;

use sqlx::postgres::PgConnection;

use super::table::ddl;
use crate::queue::TableName;

/// The columns of the table. Those behind `consumed_at` came later, for consumers.
const COLUMNS: [&str; 15] = [
    "seq",
    "event_id",
    "source",
    "type",
    "subject",
    "event",
    "enqueued_at",
    "consumed_at",
    "attempts",
    "visible_at",
    "claim",
    "claimed_by",
    "last_error",
    "dead_at",
    "dead_reason",
];

const TABLE: &str = "SELECT attname::text FROM pg_catalog.pg_attribute \
     WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped";

const FUNCTIONS: &str = "SELECT proname::text, prosrc FROM pg_catalog.pg_proc \
     WHERE pronamespace = (SELECT relnamespace FROM pg_catalog.pg_class WHERE oid = to_regclass($1)) \
     AND proname = ANY ($2)";

const TRIGGERS: &str = "SELECT count(*) FROM pg_catalog.pg_trigger \
     WHERE tgrelid = to_regclass($1) AND tgname = $2 AND tgenabled <> 'D'";

/// What is not as this version makes it, in words; nothing where all is. A table that is not there lacks everything.
pub(super) async fn unlike(
    connection: &mut PgConnection,
    table: &TableName,
) -> Result<Vec<String>, sqlx::Error> {
    let place = table.quoted();
    let there: Vec<String> =
        sqlx::query_scalar(TABLE).persistent(false).bind(&place).fetch_all(&mut *connection).await?;
    let mut unlike = Vec::new();
    say(&mut unlike, "it has no column", COLUMNS.iter().filter(|name| !there.iter().any(|one| one == *name)));
    let wanted = functions(&ddl(table));
    let names: Vec<&str> = wanted.iter().map(|(name, _)| name.as_str()).collect();
    let made: Vec<(String, String)> = sqlx::query_as(FUNCTIONS)
        .persistent(false)
        .bind(&place)
        .bind(&names)
        .fetch_all(&mut *connection)
        .await?;
    let made: BTreeMap<String, String> = made.into_iter().collect();
    say(&mut unlike, "there is no function", names.iter().filter(|name| !made.contains_key(**name)));
    let is_other = |(name, body): &&(String, String)| made.get(name).is_some_and(|found| found != body);
    say(
        &mut unlike,
        "of another version is the function",
        wanted.iter().filter(is_other).map(|(name, _)| name),
    );
    let trigger = format!("{}_notify", table.bare());
    let triggers: i64 = sqlx::query_scalar(TRIGGERS)
        .persistent(false)
        .bind(&place)
        .bind(&trigger)
        .fetch_one(&mut *connection)
        .await?;
    say(&mut unlike, "nobody is woken without the trigger", (triggers == 0).then_some(&trigger).into_iter());
    Ok(unlike)
}

fn say<T: AsRef<str>>(unlike: &mut Vec<String>, what: &str, names: impl Iterator<Item = T>) {
    let quoted: Vec<String> = names.map(|name| format!("`{}`", name.as_ref())).collect();
    if !quoted.is_empty() {
        unlike.push(format!("{what} {}", quoted.join(", ")));
    }
}

/// The functions that statements make, by name, with their bodies as the server keeps them.
pub(crate) fn functions(statements: &str) -> Vec<(String, String)> {
    let parts: Vec<&str> = statements.split("$$").collect();
    let bodies = parts.chunks_exact(2);
    let named = bodies.filter_map(|pair| {
        let (_, head) = pair[0].rsplit_once("FUNCTION ")?;
        let (name, _) = head.split_once('(')?;
        let name = name.rsplit('"').find(|part| !part.is_empty())?;
        Some((name.to_owned(), pair[1].to_owned()))
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_functions_of_the_statements_are_known_by_name_and_body() {
        let made = functions(&ddl(&"app.events".parse().unwrap()));
        let names: Vec<&str> = made.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "events_notify",
                "events_claim",
                "events_ack",
                "events_fail",
                "events_extend",
                "events_dead",
                "events_requeue",
                "events_purge"
            ]
        );
        assert!(made[2].1.contains("\"app\".\"events\""), "{}", made[2].1);
    }
}
