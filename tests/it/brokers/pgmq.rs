//! A queue of pgmq, made from pgmq's own SQL. It knows no event by its id, so what was committed and not confirmed is there twice, under
//! the same id.

use super::LOST;
use super::database::{BATCH, Death, dies, is_cut_off_while_it_confirms, is_cut_off_while_it_is_told};
use super::server::Kind;

#[tokio::test]
async fn a_server_with_pgmq_dies_in_the_middle_of_a_statement_and_has_everything_in_the_end() {
    assert_eq!(
        dies(Kind::Pgmq, Death::InStatement).await,
        LOST,
        "what was not committed is gone with the server"
    );
}

#[tokio::test]
async fn a_server_with_pgmq_dies_before_a_batch_is_committed_and_has_everything_in_the_end() {
    assert_eq!(
        dies(Kind::Pgmq, Death::BeforeCommit).await,
        LOST,
        "what was not committed is gone with the server"
    );
}

#[tokio::test]
async fn pgmq_is_cut_off_while_it_is_told_events() {
    assert_eq!(is_cut_off_while_it_is_told(Kind::Pgmq).await, LOST, "what was not committed does not count");
}

#[tokio::test]
async fn pgmq_is_cut_off_while_it_confirms_a_batch_and_has_that_twice() {
    assert_eq!(is_cut_off_while_it_confirms(Kind::Pgmq).await, LOST + BATCH);
}
