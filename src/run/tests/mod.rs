//! Whole runs of one domain against a provider with moods: what it refuses, loses, deletes and fans out.

mod changes;
mod counts;
mod double;
mod fanning;
mod ledger;
mod money;
mod moods;
mod parts;
mod proofs;
mod timeless;
mod young;
mod world;
