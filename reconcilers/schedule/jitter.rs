//! How long after a due time its run starts. Nothing here is a matter of chance: everybody who asks finds the same.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::Schedule;
use crate::instant::Instant;
use crate::name::DomainName;

impl Schedule {
    /// When the run of a due time starts: at the time itself, or up to [`Self::jitter`] later. The delay comes from a digest of
    /// the domain and the time, so that any two processes agree on it and each day has another.
    #[must_use]
    pub fn start_of(&self, domain: &DomainName, due: Instant) -> Instant {
        due + self.delay(domain, due)
    }

    fn delay(&self, domain: &DomainName, due: Instant) -> Duration {
        let most = u64::try_from(self.jitter().as_millis()).unwrap_or(u64::MAX);
        let seed = Sha256::new().chain_update(domain.as_str()).chain_update(due.micros().to_be_bytes());
        let number = seed.finalize().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte));
        Duration::from_millis(number.checked_rem(most).unwrap_or_default())
    }
}
