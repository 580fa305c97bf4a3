//! Behaviours of the real binary, by name. Each test builds a world, changes one thing, runs tieout and looks at everything.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod api;
mod mysql;
mod both;
mod postgres;
mod world;

mod approvals;
mod bad_definitions;
mod bad_pages;
mod baseline;
mod caps;
mod causes;
mod changes;
mod commands;
mod conformance;
mod counts;
mod coverage;
mod credentials;
mod demo;
mod docs;
mod doctor;
mod events;
mod exports;
mod feeds;
mod finds;
mod follows;
mod forgotten;
mod holds;
mod localstripe;
mod members;
mod on_mysql;
mod originals;
mod outbound;
mod people;
mod own_credentials;
mod quotas;
mod slices;
mod stores;
mod stripe;
mod timeless;
mod unchanged;
