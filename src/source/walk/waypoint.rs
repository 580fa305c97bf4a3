//! Where a walk stands, so that another process can carry it on.

use serde::{Deserialize, Serialize};
use tieout_reconcilers::page::{PageRequest, Unseen};
use url::Url;

use crate::source::guard::{Step, Trail};

/// Where a walk stands after a page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Stands {
    /// What is asked for next.
    pub(super) next: PageRequest,
    pub(super) number: u64,
    pub(super) rows: u64,
    pub(super) total: Option<u64>,
    pub(super) unseen: Option<Vec<Unseen>>,
    pub(super) page: Option<Url>,
    /// What the page adds to the trail.
    #[serde(skip)]
    pub(super) step: Option<Step>,
}

/// Where a walk can be carried on. It holds no credential and no value of an item.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Waypoint {
    pub(super) stands: Stands,
    pub(super) trail: Trail,
}
