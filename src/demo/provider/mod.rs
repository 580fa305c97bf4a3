//! The simulated provider: a FAKE third party, served over real HTTP on loopback.
//!
//! It imitates what payment APIs have in common, good manners and bad: keyset, `Link` and opaque-cursor paging, bearer
//! keys, a rate limit, a little latency, and a few requests that go wrong. It knows nothing of shops or damage, imitates
//! no vendor faithfully, and must never be reachable from another host.
//!
//! | route | order | paging |
//! |---|---|---|
//! | `GET /v1/charges?limit&starting_after&created[gte]&created[lt]` | newest first | `has_more`, last id |
//! | `GET /v1/refunds?limit&page&since&until` | oldest first | `Link: <...>; rel="next"` |
//! | `GET /v1/customers?limit&cursor&updated_from&updated_to` | updated ascending | `next_cursor` |
//! | `GET /v1/customers?ids=a,b` | updated ascending | none, at most 50 |
//! | `GET /v1/{charges,refunds,customers}/{id}` | | |

mod charges;
mod customers;
mod gate;
mod ledger;
mod manners;
mod refunds;
mod refusal;
mod server;
mod stand_in;

pub use gate::Traffic;
pub use manners::{Fault, Manners, Trouble};
pub use server::{Provider, ProviderError};
pub use stand_in::{StandInError, stand_in};

#[cfg(test)]
mod tests;
