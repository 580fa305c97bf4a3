//! What the state store promises, on both databases. PostgreSQL has to be there: a test that cannot reach it fails.

mod bookmarks;
mod by_hand;
mod commits;
mod coverage;
mod dead_letters;
mod decided;
mod findings;
mod jobs;
mod lazily;
mod lease_laws;
mod leases;
mod outbox;
mod people;
mod places;
mod purge;
mod quarantine;
mod replays;
mod runs;
mod schedules;
mod shared_rates;
mod slice_leases;
mod tokens;
mod traffic;
mod world;

pub(crate) use traffic::Statements;
pub(crate) use world::{World, event, event_id, id, on_both_stores, on_every_store, with_postgres};
