//! What the state store promises, on both databases. PostgreSQL has to be there: a test that cannot reach it fails.

mod by_hand;
mod commits;
mod coverage;
mod findings;
mod leases;
mod outbox;
mod people;
mod places;
mod runs;
mod world;

pub(crate) use world::{World, event_id, id, on_both_stores, with_postgres};
