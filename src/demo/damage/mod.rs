//! What went wrong between the provider and the shop.

mod harm;
mod mishap;

pub use harm::{Damage, Delivery, undamaged};
