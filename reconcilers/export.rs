//! Where a walk of an export stands: a job that the provider works on comes before the pages.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::page::PageRequest;

/// What the answers about a job gave, by the names of the definition.
pub type Values = BTreeMap<Box<str>, String>;

/// Where a walk of an export stands.
#[derive(Clone, PartialEq, Eq)]
pub struct Export {
    /// What is asked for.
    pub stage: Stage,
    /// What the answers so far gave.
    pub values: Values,
    /// How many rows the export has, where the provider says so.
    pub total: Option<u64>,
    /// Links to the files of the finished export.
    pub files: Arc<[String]>,
}

/// What a request of an export asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// That the provider begins with the job.
    Create,
    /// How far the job is.
    Poll,
    /// Which files the finished job has left.
    List,
    /// A file, by its place among the files.
    File(usize),
    /// A page of a finished export that is listed as any feed is.
    Page,
}

impl Export {
    /// The beginning: there is no job yet.
    #[must_use]
    pub fn new() -> Self {
        Self { stage: Stage::Create, values: Values::new(), total: None, files: Arc::default() }
    }
}

impl Default for Export {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Export {
    /// Values and links may be as good as a credential.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Export")
            .field("stage", &self.stage)
            .field("values", &self.values.keys().collect::<Vec<_>>())
            .field("total", &self.total)
            .field("files", &self.files.len())
            .finish()
    }
}

/// A request that makes sense after a pause: there is nothing to read yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Later {
    /// What is asked then.
    pub request: PageRequest,
    /// How long after the answer, at least.
    pub after: Duration,
    /// How long all such pauses for one reason may last together.
    pub within: Duration,
    /// What is waited for.
    pub wait: Wait,
}

/// What is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wait {
    /// Another job, which the provider works on and which is not ours.
    Turn,
    /// The walk's own job, in this state.
    Job(Option<String>),
}
