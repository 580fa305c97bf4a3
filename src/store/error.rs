//! Why the state store did not do what it was asked, sorted by what the caller does next. It never holds a password.

use std::time::Duration;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::DomainName;
use uuid::Uuid;

use super::grant;
use crate::sql_fault::{self, SqlFault};

/// Why the state store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing can be recorded now: the database is not there or restarting.
    #[error("the state store ({place}) cannot be reached")]
    Unreachable {
        /// Where it should be, without credentials.
        place: String,
        /// What the driver saw.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There is no room left for what is written.
    #[error(
        "the state store ({place}) has no room left; what is in it stays, and the next run goes on once there is some"
    )]
    Full {
        /// Where it is, without credentials.
        place: String,
    },
    /// It takes no writes.
    #[error(
        "the state store ({place}) takes no writes: it is a standby, or `default_transaction_read_only` is on; name the server and the \
         role that write"
    )]
    ReadOnly {
        /// Where it is, without credentials.
        place: String,
    },
    /// A right is missing.
    #[error("the state store ({place}) refuses: {missing}")]
    NotGranted {
        /// Where it is, without credentials.
        place: String,
        /// What the database answered, and what to grant.
        missing: String,
    },
    /// The login is refused.
    #[error("the state store ({place}) refuses")]
    Refused {
        /// Where it is, without credentials.
        place: String,
        /// What the database answered.
        #[source]
        cause: sqlx::Error,
    },
    /// State cannot be kept in this place.
    #[error("the state store cannot be kept at {place}: {why}")]
    Unsuitable {
        /// Where it was to be.
        place: String,
        /// Why not.
        why: String,
    },
    /// The schema was written by a newer program.
    #[error(
        "the state store ({place}) has schema version {found}, and this program knows {known}: use a newer tieout, or restore the \
         copy of the state that was made before it was upgraded"
    )]
    Newer {
        /// Where it is.
        place: String,
        /// The version found.
        found: i64,
        /// The newest version known.
        known: i64,
    },
    /// The schema was written by an older program, and is not to be changed without being asked for.
    #[error("the state store ({place}) {}, and this program needs {known}: `tieout migrate run` brings it there", version(*.found))]
    Older {
        /// Where it is.
        place: String,
        /// The version found; nothing where there is none yet.
        found: Option<i64>,
        /// The version needed.
        known: i64,
    },
    /// Another holder took the domain over; nothing was written.
    #[error("the lease on `{domain}` was lost: nothing was written")]
    LeaseLost {
        /// The domain.
        domain: DomainName,
    },
    /// The domain is being worked on by somebody else.
    #[error("`{domain}` is held by {holder} since {since}")]
    Held {
        /// The domain.
        domain: DomainName,
        /// Who holds it.
        holder: String,
        /// Since when, by the store's clock.
        since: Instant,
        /// How long that is.
        age: Duration,
    },
    /// A run of the same job had the domain last, and let go of it.
    #[error("run {run_id} of the same job had `{domain}` last")]
    HadByJob {
        /// The domain.
        domain: DomainName,
        /// The run.
        run_id: Uuid,
    },
    /// A person paused the domain.
    #[error(
        "`{domain}` is paused by {who} since {since}{}: `tieout state resume {domain}` ends that",
        why(reason)
    )]
    Paused {
        /// The domain.
        domain: DomainName,
        /// Who paused it.
        who: String,
        /// Since when, by the store's clock.
        since: Instant,
        /// Why.
        reason: String,
    },
    /// Another transaction was in the way; the same call may succeed now.
    #[error("another transaction on the state store ({place}) was in the way")]
    Conflict {
        /// Where it is.
        place: String,
        /// What the database answered.
        #[source]
        cause: sqlx::Error,
    },
    /// No run has this name.
    #[error("there is no run `{0}`")]
    NoSuchRun(String),
    /// More than one run has this name.
    #[error("more than one run begins with `{0}`")]
    AmbiguousRun(String),
    /// No replay has this name.
    #[error("there is no replay `{0}`: `tieout replay list` shows those that there are")]
    NoSuchReplay(String),
    /// More than one replay has this name.
    #[error("more than one replay begins with `{0}`: give more of its id, which `tieout replay list` shows")]
    AmbiguousReplay(String),
    /// The state store holds what this program cannot read.
    #[error("the state store ({place}) holds what cannot be read: {what}")]
    Corrupt {
        /// Where it is.
        place: String,
        /// Which value.
        what: String,
    },
    /// None of these.
    #[error("the state store ({place}) failed")]
    Other {
        /// Where it is.
        place: String,
        /// What the driver saw.
        #[source]
        cause: sqlx::Error,
    },
}

/// What became of a transaction that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    /// It was rolled back because another one was in the way, and may succeed now.
    ToNothing,
    /// The connection broke off: it may have been done.
    NobodyKnows,
    /// Trying again changes nothing.
    ToAnEnd,
}

fn why(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(" ({reason})") }
}

fn version(found: Option<i64>) -> String {
    found.map_or_else(|| "is empty".to_owned(), |found| format!("has schema version {found}"))
}

impl StoreError {
    pub(super) const fn came(&self) -> Came {
        match self {
            Self::Conflict { .. } => Came::ToNothing,
            Self::Unreachable { .. } => Came::NobodyKnows,
            _ => Came::ToAnEnd,
        }
    }

    /// What happened, with every cause below it.
    #[must_use]
    pub fn with_causes(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(inner) = cause {
            let said =
                inner.downcast_ref::<sqlx::Error>().map_or_else(|| inner.to_string(), sql_fault::words);
            text = format!("{text}: {said}");
            // What the driver says has its causes in it already.
            cause = inner.source().filter(|_| !inner.is::<sqlx::Error>());
        }
        text
    }

    /// Sorts an error of the driver that came from `place`.
    pub(super) fn from_sql(cause: sqlx::Error, place: &str) -> Self {
        let place = place.to_owned();
        match sql_fault::sort(&cause) {
            SqlFault::Unreachable => Self::Unreachable { place, cause: Box::new(cause) },
            SqlFault::Full => Self::Full { place },
            SqlFault::ReadOnly => Self::ReadOnly { place },
            SqlFault::Refused => match grant::missing(&cause) {
                Some(missing) => Self::NotGranted { place, missing },
                None => Self::Refused { place, cause },
            },
            SqlFault::Conflict => Self::Conflict { place, cause },
            SqlFault::Corrupt => Self::Corrupt { place, what: cause.to_string() },
            _ => Self::Other { place, cause },
        }
    }
}
