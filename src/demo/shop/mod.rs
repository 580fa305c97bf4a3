//! The little shop: an application that keeps books of what webhooks tell it, in SQLite.
//!
//! It stands for the user's own system. Its webhook handler is naive on purpose (the last delivery wins), which is how
//! lost and reordered webhooks spoil its books; its queue consumer is a good one, with an inbox. It never talks to the
//! provider and knows nothing of `tieout` but the shape of the queue table.

mod books;
mod consumer;
mod entry;

pub use books::{Shop, ShopError};
pub use consumer::Consumed;
