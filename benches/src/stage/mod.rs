//! What stands around the program that is measured: the database, the running mock, the definitions.

pub mod database;
pub mod definitions;
pub mod mock;
