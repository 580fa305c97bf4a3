//! One file a rule: how it brings a value into its normal form. What makes two normal forms equal stands beside them all,
//! in [`same`](super::same).

pub(super) mod exact;
pub(super) mod fold;
pub(super) mod map;
pub(super) mod money;
pub(super) mod time;
