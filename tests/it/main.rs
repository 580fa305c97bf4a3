//! Behaviours of the real binary, by name. Each test builds a world, changes one thing, runs tieout and looks at everything.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod api;
mod cluster;
mod mysql;
mod node;
mod both;
#[cfg(feature = "all-queues")]
mod brokers;
mod postgres;
mod process;
mod proxy;
mod world;

#[cfg(feature = "all-queues")]
#[path = "../servers/certificate.rs"]
mod certificate;
#[path = "../servers/pgbouncer.rs"]
mod pgbouncer;

mod again;
mod approvals;
mod asyncapi;
mod authoring;
mod backups;
mod bad_definitions;
mod bad_pages;
mod baseline;
mod caps;
mod causes;
mod changes;
mod commands;
mod conformance;
mod consumers;
mod counts;
mod coverage;
mod credentials;
mod daemon;
mod dead_letters;
mod demo;
mod derived;
mod docs;
mod doctor;
mod events;
mod exports;
mod faults_of_servers;
mod faults_of_statements;
mod feeds;
mod finds;
mod follows;
mod forgotten;
mod formats;
mod funnel;
mod generate;
mod holds;
mod hostile;
mod ignored;
mod leases;
mod left_behind;
mod localstripe;
mod members;
mod metrics;
mod migrations;
mod on_mysql;
mod notices;
mod originals;
mod otlp;
mod outbound;
mod people;
mod plans;
mod own_credentials;
mod privacy;
mod quarantine;
mod quotas;
mod reference;
mod replays;
mod report_files;
mod reports;
mod resume;
mod signatures;
mod schema;
mod schemas;
mod selections;
mod scopes;
mod slices;
mod stops;
mod stores;
mod stripe;
mod terminal;
mod subscriptions;
mod testkit;
mod timeless;
mod transcripts;
mod zones;
mod unchanged;
mod unset;
mod webhooks;
