//! tieout proves every night that a system and the third parties it depends on agree, and repairs what does not.
//!
//! The modules in reading order; this file holds no logic.

pub mod config;

pub mod finding;
