//! tieout proves every night that a system and the third parties it depends on agree, and repairs what does not.
//!
//! The modules in reading order; this file holds no logic.

#[macro_use]
pub mod seeded;
#[macro_use]
pub mod crash_point;

pub mod cli;
pub mod config;
pub mod run;

pub mod coverage;
pub mod source;
pub mod probe;
pub mod local;
pub mod diff;
pub mod age;
pub mod key_set;
pub mod confirm;
pub mod cause;
pub mod plan;
pub mod finding;
pub mod quarantine;
pub mod privacy;
pub mod event;
pub mod schemas;
pub mod store;
pub mod vault;
pub mod queue;
pub mod relay;
pub mod inbox;
pub mod asyncapi;
pub mod dead_letter;
pub mod funnel;
pub mod report;
pub mod notify;
pub mod metrics;
pub mod progress;
pub mod clock;
pub mod daemon;
pub mod going;
pub mod process;
pub mod telemetry;

pub mod demo;
pub mod testkit;

mod no_delay;
mod plan_file;
mod private_file;
mod report_file;
mod sql_fault;
