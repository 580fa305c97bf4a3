//! How the simulated provider behaves: its pace, its patience, and the requests that go wrong.

use std::num::NonZeroU32;
use std::time::Duration;

/// The behaviour of a simulated provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manners {
    /// Time taken over every answer.
    pub latency: Duration,
    /// Requests that may be made per second, in the long run.
    pub per_second: NonZeroU32,
    /// Requests that may be made at once after a rest.
    pub burst: NonZeroU32,
    /// What goes wrong, each once.
    pub faults: Vec<Fault>,
}

/// One request that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// The path that it strikes, such as `/v1/charges`.
    pub path: &'static str,
    /// Which request to that path, counting from 1 those that passed the key check and the rate limit.
    pub nth: u64,
    /// What happens instead of an answer.
    pub trouble: Trouble,
}

/// A way for a request to go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// 500 with the provider's error body.
    Broken,
    /// 503 that asks to come back later.
    Busy {
        /// The `Retry-After` header, in seconds.
        retry_after_s: u32,
    },
    /// The right answer, cut in the middle: the body ends before its `Content-Length`.
    Truncated,
}

impl Manners {
    /// What a real provider does on an ordinary night: 100 requests a second in bursts of 25, 3 ms each, and one page
    /// of every feed goes wrong in another way.
    #[must_use]
    pub fn ordinary() -> Self {
        let fault = |path, nth, trouble| Fault { path, nth, trouble };
        Self {
            latency: Duration::from_millis(3),
            per_second: at_least_one(100),
            burst: at_least_one(25),
            faults: vec![
                fault("/v1/charges", 3, Trouble::Broken),
                fault("/v1/refunds", 2, Trouble::Truncated),
                fault("/v1/customers", 2, Trouble::Busy { retry_after_s: 1 }),
            ],
        }
    }

    /// A provider without latency, faults or a limit that anybody would notice.
    #[must_use]
    pub fn flawless() -> Self {
        let (per_second, burst) = (at_least_one(1_000_000), at_least_one(1_000_000));
        Self { latency: Duration::ZERO, per_second, burst, faults: Vec::new() }
    }
}

fn at_least_one(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
}
