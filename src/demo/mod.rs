//! The demo: a simulated provider, a little shop that listened to it badly, and the truth about what went wrong.
//!
//! Everything here plays a part outside `tieout`: nothing in this room reconciles, and nothing outside it may lean on
//! it. All of it is drawn from a seed and an instant, so the same two give the same world. The clock is never read
//! here; the one who runs the demo passes `now`.
//!
//! In reading order: a [`Population`] of provider objects, the [`Damage`] done to its webhooks together with the
//! [`Truth`] about it, the [`Provider`] that serves the population over HTTP, the [`Shop`] that keeps books of what it
//! was told, the [`DemoFiles`] that tell `tieout` about both, and the [`Scene`] that holds them together. [`stand_in`] is the provider once more, for a
//! configuration that says `simulated`, and a [`Sample`] what `tieout init` gives it to list.

pub mod damage;
pub mod files;
pub mod population;
pub mod provider;
pub mod sample;
pub mod scene;
pub mod shop;
pub mod truth;

pub use damage::{Damage, Delivery};
pub use files::{DemoFiles, FilesError};
pub use population::Population;
pub use provider::{Manners, Provider, ProviderError, StandInError, Traffic, stand_in};
pub use sample::Sample;
pub use scene::{Scene, SceneError};
pub use shop::{Consumed, Shop, ShopError};
pub use truth::{Domain, Kind, Planted, Truth, Verdict};

#[cfg(test)]
mod tests;
