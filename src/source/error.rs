//! What can go wrong with a request, sorted by what the caller does next.
//!
//! Messages are fragments without a place: a [`Reason`](super::reason::Reason) says where it happened. They never hold a
//! query string, a body or a credential.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use tieout_reconcilers::spoken::Spoken;

use super::address::AddressRefused;
use super::trust::{ADVICE, refusal};

/// Why a request brought nothing that could be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    // Asking again may help.
    /// The connection failed or broke, before or while the answer came.
    #[error("{doing} failed: {cause}")]
    Transport {
        /// What was being done.
        doing: &'static str,
        /// What the network said.
        cause: String,
    },
    /// The whole answer did not come in time.
    #[error("there was no complete answer within {0:?}")]
    TimedOut(Duration),
    /// The answer trickled.
    #[error("the answer came slower than {bytes_per_second} bytes per second")]
    TooSlow {
        /// The slowest that is waited for.
        bytes_per_second: u64,
    },
    /// The provider says that it cannot answer now.
    #[error("the provider cannot answer now (status {status}): {why}")]
    Unavailable {
        /// HTTP status.
        status: u16,
        /// What the definition makes of it.
        why: String,
        /// The pause that the provider asked for.
        retry_after: Option<Duration>,
    },
    /// The provider says that it answers nobody for now.
    #[error("the provider is out of service for now (status {status}): {why}")]
    OutOfService {
        /// HTTP status.
        status: u16,
        /// What the definition makes of it.
        why: String,
        /// The pause that the provider asked for.
        retry_after: Option<Duration>,
    },
    /// The provider wants fewer requests.
    #[error("the provider asks for fewer requests (status {status}): {why}")]
    SlowDown {
        /// HTTP status.
        status: u16,
        /// What the definition makes of it.
        why: String,
        /// The pause that the provider asked for.
        pause: Option<Duration>,
    },

    // Asking again now is useless; what was read so far stays valid.
    /// Everything that could be retried was.
    #[error("gave up after {attempts} attempts: {last}")]
    GaveUp {
        /// How many, the first included.
        attempts: u32,
        /// What the last one met.
        last: Box<SourceError>,
    },
    /// The provider asked for a longer pause than a run waits.
    #[error("the provider asks for a pause of {asked:?}, longer than the {most:?} that a run waits")]
    Throttled {
        /// What it asked for.
        asked: Duration,
        /// What is waited at most.
        most: Duration,
    },
    /// What is declared, or failures before, leave a longer pause than a run waits.
    #[error(
        "by `limits`, or after failures, the next request is due in {wait:?}, and a run waits {most:?} at most (`max_wait`)"
    )]
    NotSoon {
        /// How long it would have to wait.
        wait: Duration,
        /// What is waited at most.
        most: Duration,
    },
    /// Nobody says when a request may be sent within a limit that other processes share.
    #[error("the state store did not say when the next request may be sent: {0}")]
    NoBudget(String),
    /// The run's own time is over.
    #[error("the run's time is over")]
    OutOfTime,
    /// The work that it was for is to end.
    #[error("the run is to end, so nothing more is asked")]
    Stopped,
    /// The provider says that it will not answer this.
    #[error("the provider refuses the request (status {status}): {why}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// What the definition makes of it.
        why: String,
    },
    /// The way through the pages is lost: the slice has to be read again from its own start.
    #[error("the provider does not know the way through these pages any more (status {status}): {why}")]
    Lost {
        /// HTTP status.
        status: u16,
        /// What the definition makes of it.
        why: String,
    },
    /// The way to the next page is too old to be taken: the slice has to be read again from its own start.
    #[error("the way to the next page was not taken within the {} that the provider keeps it (`ttl`)", Spoken(*.0))]
    Outlived(Duration),
    /// The saved token of a change feed is not good any more: the whole feed has to be read.
    #[error("the provider does not know the saved token any more (status {status}): {why}")]
    TokenExpired {
        /// HTTP status.
        status: u16,
        /// What the definition makes of it.
        why: String,
    },
    /// The range holds more than the provider hands out: its halves have to be read.
    #[error("the provider hands out no range as large as this one (status {status}): {why}")]
    TooMuch {
        /// HTTP status.
        status: u16,
        /// What the definition makes of it.
        why: String,
    },
    /// This account has no such feed.
    #[error("the feed is left out (status {status}): {why}")]
    LeftOut {
        /// HTTP status.
        status: u16,
        /// What the definition makes of it.
        why: String,
    },
    /// The body is over the cap.
    #[error(
        "the body is larger than {cap} bytes; ask for smaller pages or raise `page_bytes` in the provider's `caps`"
    )]
    BodyTooLarge {
        /// The cap, in decompressed bytes.
        cap: usize,
    },
    /// A file of an export is over the cap: the halves of its range have smaller ones.
    #[error(
        "a file of the export is larger than {cap} bytes; raise `page_bytes` in the provider's `caps`, or ask for a shorter `span`"
    )]
    FileTooLarge {
        /// The cap, in decompressed bytes.
        cap: usize,
    },
    /// The provider gave its job up.
    #[error("the export failed: {why}")]
    JobFailed {
        /// What it says.
        why: String,
    },
    /// The provider did not finish its job in time.
    #[error(
        "the export is not finished after {waited:?}{}; raise the job's `timeout`, or ask for a shorter `span`",
        last_state(state.as_deref())
    )]
    JobTooLong {
        /// How long the job was waited for.
        waited: Duration,
        /// The last state that the provider named.
        state: Option<String>,
    },
    /// The provider works on another job, and did not finish that in time.
    #[error(
        "another export was still running after {waited:?}; raise the job's `timeout`, or run at another time"
    )]
    NoTurn {
        /// How long the turn was waited for.
        waited: Duration,
    },
    /// The headers are over the cap.
    #[error("the headers are larger than {cap} bytes")]
    HeadersTooLarge {
        /// The cap, in bytes.
        cap: usize,
    },
    /// Something leads away from the configured origin; nothing was sent there.
    #[error("{lead} leads from {origin} to {other}, and requests stay on the configured origin")]
    LeftOrigin {
        /// What leads there.
        lead: Lead,
        /// The configured origin.
        origin: String,
        /// The other one.
        other: String,
    },
    /// Something leads nowhere.
    #[error("{lead} cannot be followed: {why}")]
    BadLink {
        /// What leads there.
        lead: Lead,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Redirects lead to redirects.
    #[error("more than {0} redirects in a row")]
    TooManyRedirects(u32),

    // A person has to change the credentials.
    /// The credentials or their scope are refused.
    #[error("the credentials are rejected (status {status}): {why}")]
    Rejected {
        /// HTTP status.
        status: u16,
        /// What the definition makes of it.
        why: String,
    },

    // A person has to change the configuration.
    /// The certificate of the other side is not trusted.
    #[error("connecting failed: {cause}; {ADVICE}")]
    Untrusted {
        /// What is wrong with it.
        cause: String,
    },
    /// The host's address may not be connected to.
    #[error("{0}")]
    AddressRefused(String),
    /// The settings make no client or request.
    #[error("{0}")]
    Settings(String),
}

/// What leads to another URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lead {
    /// A link in a page.
    Link,
    /// A redirect.
    Redirect,
    /// A path made from the definition.
    Path,
}

impl fmt::Display for Lead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Link => "a link in the page",
            Self::Redirect => "a redirect",
            Self::Path => "the path",
        })
    }
}

/// What the caller does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextStep {
    /// Ask again, after a pause and within the budget.
    AskAgain,
    /// End the walk as partial.
    EndWalk,
    /// Read the slice again from its own start.
    ReadAgain,
    /// Forget the saved token and read the whole feed.
    Resync,
    /// Read the halves of the slice instead.
    Halve,
    /// Leave the feed out, visibly.
    LeaveOut,
    /// Stop asking this provider until the credentials are changed.
    FixCredentials,
    /// Stop asking this provider until the configuration is changed.
    FixSettings,
}

impl SourceError {
    /// What the caller does next.
    #[must_use]
    pub fn next_step(&self) -> NextStep {
        match self {
            Self::Transport { .. }
            | Self::TimedOut(_)
            | Self::TooSlow { .. }
            | Self::Unavailable { .. }
            | Self::OutOfService { .. }
            | Self::SlowDown { .. } => NextStep::AskAgain,
            Self::GaveUp { .. }
            | Self::Throttled { .. }
            | Self::NotSoon { .. }
            | Self::NoBudget(_)
            | Self::OutOfTime
            | Self::Stopped
            | Self::Refused { .. }
            | Self::BodyTooLarge { .. }
            | Self::JobFailed { .. }
            | Self::JobTooLong { .. }
            | Self::NoTurn { .. }
            | Self::HeadersTooLarge { .. }
            | Self::LeftOrigin { .. }
            | Self::BadLink { .. }
            | Self::TooManyRedirects(_) => NextStep::EndWalk,
            Self::Lost { .. } | Self::Outlived(_) => NextStep::ReadAgain,
            Self::TokenExpired { .. } => NextStep::Resync,
            Self::TooMuch { .. } | Self::FileTooLarge { .. } => NextStep::Halve,
            Self::LeftOut { .. } => NextStep::LeaveOut,
            Self::Rejected { .. } => NextStep::FixCredentials,
            Self::Untrusted { .. } | Self::AddressRefused(_) | Self::Settings(_) => NextStep::FixSettings,
        }
    }

    pub(super) fn settings(what: &str) -> Self {
        Self::Settings(what.to_owned())
    }

    /// What the network reported, reduced to its innermost cause: outer layers repeat the URL.
    pub(crate) fn transport(doing: &'static str, error: reqwest::Error) -> Self {
        let error = error.without_url();
        if let Some(cause) = refusal(&error) {
            return Self::Untrusted { cause: clip(&cause) };
        }
        let mut innermost: &dyn Error = &error;
        loop {
            if let Some(refused) = innermost.downcast_ref::<AddressRefused>() {
                return refused.clone().into();
            }
            let Some(source) = innermost.source() else { break };
            innermost = source;
        }
        Self::Transport { doing, cause: clip(&innermost.to_string()) }
    }
}

fn last_state(state: Option<&str>) -> String {
    state.map(|state| format!(" (its state is `{}`)", clip(state))).unwrap_or_default()
}

/// A text from outside, as it may stand in a message: one line of at most 200 characters.
pub(super) fn clip(text: &str) -> String {
    text.chars().take(200).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
