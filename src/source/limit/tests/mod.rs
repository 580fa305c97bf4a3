//! A budget as a whole, against a simulated provider and a simulated clock; and the gate in front of it.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "the numbers of a simulation are small and positive"
)]

mod gates;
mod pacing;
mod rates;
mod shared;
mod simulation;
mod stocks;
mod troubles;
