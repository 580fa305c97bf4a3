//! A table in PostgreSQL, which has each event once whatever happens to the server or on the way to it.

use super::LOST;
use super::database::{Death, dies, is_cut_off_while_it_confirms, is_cut_off_while_it_is_told};
use super::server::Kind;

#[tokio::test]
async fn postgres_dies_in_the_middle_of_a_statement_and_has_every_event_once_in_the_end() {
    assert_eq!(dies(Kind::Postgres, Death::InStatement).await, LOST);
}

#[tokio::test]
async fn postgres_dies_before_a_batch_is_committed_and_has_every_event_once_in_the_end() {
    assert_eq!(dies(Kind::Postgres, Death::BeforeCommit).await, LOST);
}

#[tokio::test]
async fn postgres_is_cut_off_while_it_is_told_events_and_has_each_once() {
    assert_eq!(is_cut_off_while_it_is_told(Kind::Postgres).await, LOST);
}

#[tokio::test]
async fn postgres_is_cut_off_while_it_confirms_events_and_has_each_once() {
    assert_eq!(
        is_cut_off_while_it_confirms(Kind::Postgres).await,
        LOST,
        "the table leaves out what comes twice"
    );
}
