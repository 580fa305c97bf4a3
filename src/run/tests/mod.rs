//! Whole runs of one domain against a provider with moods: what it refuses, loses, deletes and fans out.

mod changes;
mod counts;
mod double;
mod fanning;
mod money;
mod moods;
mod parts;
mod young;
mod world;
