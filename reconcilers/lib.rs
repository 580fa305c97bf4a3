//! What a reconciliation asks and how it judges the answers.
//!
//! This crate describes I/O and never performs it: no async, no clock, no environment, no sockets.
//! Its `Cargo.toml` has no runtime, HTTP client or database driver, so Cargo itself enforces that.
//!
//! Read it in this order: the words ([`name`], [`key`], [`instant`], [`spoken`], [`zone`], [`clock_format`],
//! [`window`], [`schedule`]), what a response becomes
//! ([`fingerprint`], [`path`], [`mod@format`], [`projection`], [`items`], [`outline`], [`page`], [`pace`], [`export`]), how two sides are compared ([`scalar`], [`number`], [`arithmetic`],
//! [`currencies`], [`money`], [`jq`], [`compare`]),
//! what is said about a difference ([`discrepancy`], [`direction`]), the contract ([`schema_id`], [`reconciler`], [`received`], [`funnel`], [`fan_out`]), its making from YAML ([`define`])
//! and the providers that are shipped ([`catalogue`], [`starter`]).

pub mod name;
pub mod key;
pub mod instant;
pub mod spoken;
pub mod zone;
pub mod wall_time;
pub mod clock_format;
pub mod window;
pub mod schedule;

pub mod fingerprint;
pub mod path;
pub mod items;
pub mod format;
pub mod projection;
pub mod outline;
pub mod pace;
pub mod page;
pub mod export;

pub mod scalar;
pub mod number;
pub mod arithmetic;
pub mod currencies;
pub mod money;
pub mod row;
pub mod jq;
pub mod compare;
pub mod discrepancy;
pub mod direction;

pub mod schema_id;
pub mod reconciler;
pub mod received;
pub mod funnel;
pub mod event_feed;
pub mod webhooks;
pub mod scopes;
pub mod fan_out;
pub mod resting;
pub mod define;
pub mod catalogue;
pub mod starter;
