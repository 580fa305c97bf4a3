//! Whole runs of one domain against a provider with moods: what it refuses, loses, deletes and fans out.

mod carrying_on;
mod changes;
mod counts;
mod double;
mod fanning;
mod ledger;
mod money;
mod moods;
mod panics;
mod parts;
mod proofs;
mod repairs;
mod sharing;
mod timeless;
mod traffic;
mod young;
mod world;
