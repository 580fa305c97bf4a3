//! The diff beside an oracle that loops over everything, and examples of what it doubts.

mod carried_on;
mod doubts;
mod edges;
mod gone;
mod keyed;
mod laws;
mod oracle;
mod world;
