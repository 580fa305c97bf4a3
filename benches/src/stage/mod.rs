//! What stands around the program that is measured: the database, the running mock, the definitions.

#[cfg(feature = "brokers")]
pub mod brokers;
pub mod database;
pub mod definitions;
pub mod file;
pub mod mock;
pub mod place;
pub mod rows;
pub mod site;
