//! How many items a run may look up. What is over stays suspected: the budget delays a verdict and never makes one.

use std::sync::atomic::{AtomicU64, Ordering};

/// The look-ups that a run may still make.
#[derive(Debug)]
pub struct LookUpBudget {
    limit: u64,
    spent: AtomicU64,
    refused: AtomicU64,
}

impl LookUpBudget {
    /// A budget of so many items.
    #[must_use]
    pub const fn new(limit: u64) -> Self {
        Self { limit, spent: AtomicU64::new(0), refused: AtomicU64::new(0) }
    }

    /// How many items it was made for.
    #[must_use]
    pub const fn limit(&self) -> u64 {
        self.limit
    }

    /// How many items were not looked up because it was spent.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// How many of `wanted` items may be looked up; they count as looked up from now on.
    #[must_use]
    pub fn take(&self, wanted: usize) -> usize {
        let wanted = wanted as u64;
        let spend = |spent: u64| Some(spent + wanted.min(self.limit - spent.min(self.limit)));
        // The closure always answers, so there is nothing but the value before.
        let (Ok(before) | Err(before)) = self.spent.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend);
        let granted = wanted.min(self.limit - before.min(self.limit));
        self.refused.fetch_add(wanted - granted, Ordering::Relaxed);
        usize::try_from(granted).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_granted_and_refused_is_what_was_wanted_and_never_over_the_limit(
            limit in 0_u64..100,
            wanted in proptest::collection::vec(0_usize..40, 0..10),
        ) {
            let budget = LookUpBudget::new(limit);
            let granted: usize = wanted.iter().map(|wanted| budget.take(*wanted)).sum();
            let all: usize = wanted.iter().sum();
            prop_assert_eq!(granted as u64, limit.min(all as u64));
            prop_assert_eq!(budget.refused(), (all - granted) as u64);
        }
    }
}
