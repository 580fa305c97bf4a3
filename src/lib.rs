//! tieout proves every night that a system and the third parties it depends on agree, and repairs what does not.
//!
//! The modules in reading order; this file holds no logic.

pub mod finding;

pub mod coverage;
pub mod diff;
pub mod event;
pub mod plan;
pub mod progress;
pub mod report;

pub mod demo;
