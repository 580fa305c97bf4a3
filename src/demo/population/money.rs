//! The currencies and payment states that charges and refunds share.

use fastrand::Rng;

/// The currency of a charge or refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Currency {
    /// US dollar, two decimals.
    Usd,
    /// Euro, two decimals.
    Eur,
    /// Japanese yen, no decimals: one minor unit is one yen.
    Jpy,
}

/// Where a charge or refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The money moved.
    Succeeded,
    /// The money will not move.
    Failed,
    /// Not decided yet.
    Pending,
}

impl Currency {
    /// The provider's spelling: three lowercase letters.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Usd => "usd",
            Self::Eur => "eur",
            Self::Jpy => "jpy",
        }
    }

    /// Mostly dollars, some euros, a few yen.
    pub(super) fn draw(rng: &mut Rng) -> Self {
        match rng.u8(0..10) {
            0..=5 => Self::Usd,
            6..=8 => Self::Eur,
            _ => Self::Jpy,
        }
    }

    /// An everyday price in minor units: 3.00 to 400.00, or whole hundreds of yen.
    pub(super) fn price(self, rng: &mut Rng) -> i64 {
        match self {
            Self::Usd | Self::Eur => rng.i64(300..=40_000),
            Self::Jpy => rng.i64(3..=400) * 100,
        }
    }
}

impl Status {
    /// The provider's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Pending => "pending",
        }
    }

    /// Nine in ten succeed.
    pub(super) fn draw(rng: &mut Rng) -> Self {
        match rng.u8(0..100) {
            0..=89 => Self::Succeeded,
            90..=95 => Self::Failed,
            _ => Self::Pending,
        }
    }
}

/// When a payment created at `created` left `pending`, if it was ever there: decided ones start there three times in
/// ten. Never later than `latest`; all in epoch seconds.
pub(super) fn decided_at(rng: &mut Rng, status: Status, created: i64, latest: i64) -> Option<i64> {
    let waited = rng.u8(0..10) < 3;
    let decided = (created + rng.i64(20..=600)).min(latest);
    (waited && status != Status::Pending && decided >= created + 20).then_some(decided)
}
