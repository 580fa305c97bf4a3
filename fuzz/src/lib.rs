//! What must hold whatever bytes come: one module for each kind of text that somebody else wrote and tieout reads.
//!
//! A law is broken by a panic. The fuzzer looks for inputs that break one (`tests/fuzz`), and a test holds every input of
//! the corpus, and every shipped file, to all of them.

pub mod definition;
pub mod link;
pub mod page;
pub mod retry_after;
pub mod time_format;

#[cfg(test)]
mod tests;
