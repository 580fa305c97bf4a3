//! The classes of dead letters that are not a queue's word.

/// What the event carries breaks its schema: nobody sends it before the one or the other is mended.
pub const SCHEMA: &str = "schema";
