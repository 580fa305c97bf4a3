//! What a run tells those who watch it. The run never knows whether that is a terminal, a log or nobody.

use crate::going::WaitsFor;
use crate::report::DomainReport;

/// Something that happened in a run.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'a> {
    /// A domain begins.
    DomainStarted {
        /// The domain.
        domain: &'a str,
    },
    /// A page was compared.
    Page {
        /// The domain.
        domain: &'a str,
        /// Pages so far.
        pages: u64,
        /// Items so far.
        items: u64,
    },
    /// Requests to the provider wait.
    Waiting {
        /// The domain.
        domain: &'a str,
        /// Seconds to wait.
        seconds: u64,
        /// For what.
        what: WaitsFor,
    },
    /// The run waits until suspects have rested for as long as the domain's settle time.
    Resting {
        /// The domain.
        domain: &'a str,
        /// Seconds to wait.
        seconds: u64,
    },
    /// The run waits until what it sent for a domain is repaired.
    Confirming {
        /// The domain.
        domain: &'a str,
        /// How many findings are not repaired yet.
        unrepaired: u64,
        /// Seconds for which it looks again at most.
        seconds: u64,
    },
    /// A domain ended.
    DomainFinished {
        /// Its report.
        report: &'a DomainReport,
    },
}

/// Somebody who watches a run.
pub trait Watcher: Send + Sync {
    /// Takes note; must return at once.
    fn saw(&self, progress: Progress<'_>);
}
