//! What the benchmarks share: the population of charges, the mock provider that serves it, the database
//! that holds most of it, and the instruments. Never part of the shipped program.

#[cfg(feature = "brokers")]
pub mod bare;
pub mod catalogue;
pub mod charges;
pub mod contestants;
pub mod figures;
pub mod limited;
pub mod measure;
pub mod outcome;
pub mod provider;
pub mod stage;
