//! Where tokens are kept that are good once: the seam to whatever keeps them, encrypted, between runs.

use std::fmt;

use futures::future::BoxFuture;
use secrecy::SecretString;
use tieout_reconcilers::instant::Instant;

/// Tokens as they are kept.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Digest of the configured refresh token that they go back to: another one begins anew.
    pub origin: String,
    /// The refresh token that is good next.
    pub refresh: SecretString,
    /// The newest access token.
    pub access: SecretString,
    /// When the access token ends, where that is known.
    pub until: Option<Instant>,
    /// The base that the token's answer named.
    pub base: Option<String>,
}

/// What came of the wish to be the one who refreshes.
#[derive(Debug)]
pub enum Claim {
    /// It is ours, under this number, for a while.
    Ours(i64, Option<Kept>),
    /// Somebody else is at it.
    Busy,
}

/// Why the tokens cannot be read or kept. It holds no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct VaultFault(pub String);

/// Keeps the tokens of a credential, for one refresher at a time among all processes.
pub trait Vault: Send + Sync + fmt::Debug {
    /// What is kept.
    fn read<'v>(&'v self, credential: &'v str) -> BoxFuture<'v, Result<Option<Kept>, VaultFault>>;

    /// Becomes the one who refreshes, unless somebody else is.
    fn claim<'v>(&'v self, credential: &'v str) -> BoxFuture<'v, Result<Claim, VaultFault>>;

    /// Keeps tokens durably and gives the claim back; refused where somebody else has taken it over.
    fn keep<'v>(
        &'v self,
        credential: &'v str,
        claim: i64,
        kept: &'v Kept,
    ) -> BoxFuture<'v, Result<(), VaultFault>>;

    /// Gives the claim back without new tokens.
    fn release<'v>(&'v self, credential: &'v str, claim: i64) -> BoxFuture<'v, Result<(), VaultFault>>;
}
