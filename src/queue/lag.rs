//! What a broker tells about its consumers: how far they are behind now, and what became of the events of a day.

/// How far the consumers of a queue are behind, as the broker counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    /// Events that no consumer was given yet.
    pub waiting: u64,
    /// Events that a consumer was given and has not acknowledged; nothing where the broker does not tell.
    pub taken: Option<u64>,
}

impl Lag {
    /// Events that are not consumed: at least so many, where the broker does not tell what was taken.
    #[must_use]
    pub fn behind(self) -> u64 {
        self.waiting + self.taken.unwrap_or_default()
    }
}

/// What became of the events that came to a queue in a range of time. What the queue does not keep is not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// All of them.
    pub received: Option<u64>,
    /// Those that were consumed.
    pub consumed: Option<u64>,
    /// Those that no consumer will be given any more.
    pub failed: Option<u64>,
    /// Those that still wait, or that a consumer has.
    pub waiting: Option<u64>,
}
