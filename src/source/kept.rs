//! Pages that are kept between runs, so that a provider may answer "unchanged" in the place of a page: the seam to whatever
//! keeps them.

use std::fmt;
use std::time::Duration;

use futures::future::BoxFuture;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::Name;

/// How long a kept page may stand for what the provider has: then it is sent again, whatever its validator says.
const LONGEST: Duration = Duration::from_hours(7 * 24);

/// Which page is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageName {
    /// The provider.
    pub provider: Name,
    /// A digest of everything that decides what the provider answers, apart from the credential.
    pub request: String,
}

/// A page as it came.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptPage {
    /// What the provider called this state of it: an `ETag` or a `Last-Modified`.
    pub validator: String,
    /// A digest of the credential that it was asked with.
    pub owner: String,
    /// When it came.
    pub read_at: Instant,
    /// Header names in lower case with their values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl KeptPage {
    /// Whether it may stand for what the provider has, if that says so.
    pub(super) fn serves(&self, owner: &str, now: Instant) -> bool {
        self.owner == owner && self.read_at <= now && now < self.read_at + LONGEST
    }
}

/// A page holds other people's data, so nothing of it is printed.
impl fmt::Debug for KeptPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptPage").field("read_at", &self.read_at).finish_non_exhaustive()
    }
}

/// Why a page cannot be kept or read. It holds nothing of the page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ShelfFault(pub String);

/// Keeps pages between runs.
pub trait Shelf: Send + Sync + fmt::Debug {
    /// What is kept of a page.
    fn take<'s>(&'s self, name: &'s PageName) -> BoxFuture<'s, Result<Option<KeptPage>, ShelfFault>>;

    /// Keeps a page in the place of the one before.
    fn put<'s>(&'s self, name: &'s PageName, page: &'s KeptPage) -> BoxFuture<'s, Result<(), ShelfFault>>;
}
