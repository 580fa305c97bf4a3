//! What requests show to the provider: keys that stay, tokens that are fetched and renewed, signatures over each request.
//!
//! In reading order: what one request wears ([`pass`]), where passes come from ([`credential`]) and how one token is
//! shared by all who need it ([`session`]); the requests for tokens (`endpoint`, `answer`, `oauth`, `jwt`,
//! `login`); tokens that are good once and therefore kept ([`vault`], `rotating`); signatures (`sign`, `sigv4`,
//! `oauth1`, `hmac`).

pub mod credential;
pub mod pass;
pub mod session;

mod answer;
mod endpoint;
mod jwt;
mod login;
mod oauth;

mod rotating;
pub mod vault;

mod hmac;
mod oauth1;
mod sign;
mod sigv4;

pub use credential::Credential;
pub use pass::Pass;
pub(crate) use sign::hex;
pub use vault::{Claim, Kept, Vault, VaultFault};
