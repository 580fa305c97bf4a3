//! Which right is missing where PostgreSQL refuses one, and what to grant. It only reads the server's words.

use sqlx::Error;

/// The state of a statement whose right is missing.
const NO_RIGHT: &str = "42501";

/// The server's words, and what to grant where they say on what.
pub(super) fn missing(error: &Error) -> Option<String> {
    let error = error.as_database_error().filter(|error| error.code().as_deref() == Some(NO_RIGHT))?;
    let message = error.message();
    Some(match message.strip_prefix("permission denied for ").and_then(grant) {
        Some(grant) => {
            format!(
                "{message}; it needs `{grant} TO` the user that `state.url` names (deploy/grants.sql has all of them)"
            )
        }
        None => message.to_owned(),
    })
}

/// The beginning of the statement that grants what is missing on an object, as in `table findings`.
fn grant(refused: &str) -> Option<String> {
    let (kind, name) = refused.split_once(' ')?;
    Some(match kind {
        "table" => format!("GRANT SELECT, INSERT, UPDATE, DELETE ON tieout.{name}"),
        "sequence" => format!("GRANT USAGE ON SEQUENCE tieout.{name}"),
        "schema" => format!("GRANT USAGE ON SCHEMA {name}"),
        "database" => format!("GRANT CREATE ON DATABASE {name}"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_missing_grant_is_named_by_what_it_is_missing_on() {
        let grants =
            ["table findings", "sequence outbox_seq_seq", "schema tieout", "database shop", "function f"]
                .map(grant);
        insta::assert_debug_snapshot!(grants);
    }
}
