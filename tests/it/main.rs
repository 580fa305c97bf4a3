//! Behaviours of the real binary, by name. Each test builds a world, changes one thing, runs tieout and looks at everything.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod api;
mod postgres;
mod world;

mod bad_definitions;
mod bad_pages;
mod commands;
mod conformance;
mod credentials;
mod demo;
mod docs;
mod feeds;
mod finds;
mod follows;
mod holds;
mod localstripe;
mod members;
mod originals;
mod slices;
mod stores;
mod stripe;
