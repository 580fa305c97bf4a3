//! Why a walk or a look-up is not complete: what happened, where, and what to do about it.
//!
//! A reason names provider, domain, page and request. It never holds a query string, a body or a credential.

use std::fmt;

use tieout_reconcilers::name::{DomainName, Name};
use tieout_reconcilers::outline::Outline;
use tieout_reconcilers::page::PageFault;

use super::error::{NextStep, SourceError};
use super::guard::Endless;

/// Where something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The domain.
    pub domain: DomainName,
    /// The provider.
    pub provider: Name,
    /// What was asked for.
    pub what: What,
    /// The request without its query.
    pub request: String,
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A page of a walk, from 1.
    Page(u64),
    /// The job that comes before the pages of an export.
    Job,
    /// Items by their keys.
    Keys,
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, ", self.domain)?;
        match self.what {
            What::Page(page) => write!(f, "page {page}")?,
            What::Job => f.write_str("the export job")?,
            What::Keys => f.write_str("look-up by key")?,
        }
        write!(f, " of {} ({})", self.provider, self.request)
    }
}

/// Why a walk or a look-up is not complete.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The credentials are refused: nothing else of this provider will work either.
    #[error("{at}: {error}; check the secret and its scopes")]
    Rejected {
        /// Where.
        at: Box<Site>,
        /// What was refused.
        error: SourceError,
    },
    /// There was no answer, or one that could not be taken.
    #[error("{at}: {error}")]
    Unread {
        /// Where.
        at: Box<Site>,
        /// What went wrong.
        error: SourceError,
    },
    /// The answer is not what the definition says a page is.
    #[error("{at}: {fault}{seen}; {outline}; compare the feed's definition with what the provider sends")]
    NotAPage {
        /// Where.
        at: Box<Site>,
        /// What is wrong with it.
        fault: PageFault,
        /// What the answer says it is.
        seen: ContentType,
        /// What the answer is like, without any value of it.
        outline: Box<Outline>,
    },
    /// The walk would not come to an end.
    #[error("{at}: {endless}; check the feed's paging rules")]
    Endless {
        /// Where.
        at: Box<Site>,
        /// How that was noticed.
        endless: Endless,
    },
    /// The provider's own count is another.
    #[error("{at}: the provider counts {said} items and the walk saw {seen}; the range will be read again")]
    TotalMismatch {
        /// Where.
        at: Box<Site>,
        /// What the provider says.
        said: u64,
        /// What was seen.
        seen: u64,
    },
    /// The definition rests on something that no page shows.
    #[error(
        "{at}: no page of the list says anything at `{place}`, which the definition rests on; correct the path, or write \
         `{place}?` if the provider may leave it out"
    )]
    Unseen {
        /// Where the walk ended.
        at: Box<Site>,
        /// Where the definition looks.
        place: String,
    },
    /// A key was asked for and no answer says anything about it.
    #[error("{at}: no answer says anything about the key; check the feed's `confirm` rules")]
    Unanswered {
        /// Where.
        at: Box<Site>,
    },
    /// The provider finds an item only around its time, and neither side says when that is.
    #[error("{at}: the provider finds an item only around its time, and nobody knows the time of this one")]
    NoClock {
        /// Where.
        at: Box<Site>,
    },
    /// The provider says itself that a page is not all there is.
    #[error("{at}: {why}; what it left out will be read again")]
    Gap {
        /// Where.
        at: Box<Site>,
        /// What it says.
        why: String,
    },
    /// The range holds at least as many rows as the provider hands out for one query.
    #[error("{at}: the range holds at least the {rows} rows that one query can show")]
    Capped {
        /// Where.
        at: Box<Site>,
        /// The provider's cap.
        rows: u64,
    },
    /// Nobody wanted the rest.
    #[error("the walk was given up before its end")]
    Abandoned,
}

impl Reason {
    /// What a failed request means for the walk or look-up it belongs to.
    #[must_use]
    pub fn of(at: Site, error: SourceError) -> Self {
        let at = Box::new(at);
        match error.next_step() {
            NextStep::FixCredentials => Self::Rejected { at, error },
            _ => Self::Unread { at, error },
        }
    }

    /// What the caller does next.
    #[must_use]
    pub fn next_step(&self) -> NextStep {
        match self {
            Self::Rejected { error, .. } | Self::Unread { error, .. } => error.next_step(),
            Self::Capped { .. } => NextStep::Halve,
            _ => NextStep::EndWalk,
        }
    }

    /// Whether a walk that was carried on may owe this to the way that it took, so that one from the start may do better.
    /// `has_come` is whether a page came at all.
    #[must_use]
    pub fn is_about_the_way(&self, has_come: bool) -> bool {
        match self {
            Self::Rejected { .. } | Self::Gap { .. } | Self::Capped { .. } => false,
            Self::Unread { error, .. } => match error {
                SourceError::OutOfTime | SourceError::Throttled { .. } | SourceError::NotSoon { .. } => false,
                // Some providers answer an old cursor as if they were out of order.
                SourceError::GaveUp { .. } => !has_come,
                error => {
                    matches!(error.next_step(), NextStep::EndWalk | NextStep::ReadAgain | NextStep::Resync)
                }
            },
            _ => true,
        }
    }

    /// The page that could not be read, where that is it.
    #[must_use]
    pub fn bad_page(&self) -> Option<BadPage<'_>> {
        let (at, why, sha256) = match self {
            Self::NotAPage { at, fault, outline, .. } => {
                (at, format!("{fault}; shaped {}", outline.shape), Some(outline.sha256.as_str()))
            }
            Self::Unread {
                at,
                error: error @ (SourceError::BodyTooLarge { .. } | SourceError::FileTooLarge { .. }),
            } => (at, error.to_string(), None),
            _ => return None,
        };
        let number = match at.what {
            What::Page(number) => Some(number),
            What::Job => None,
            What::Keys => return None,
        };
        Some(BadPage { number, why, sha256 })
    }

    /// Whether the credentials were refused.
    #[must_use]
    pub fn is_rejected(&self) -> bool {
        matches!(self, Self::Rejected { .. })
    }
}

/// A page that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadPage<'r> {
    /// Its place in the walk, from 1; nothing where it is the answer about a job.
    pub number: Option<u64>,
    /// What is wrong with it: never a value of it.
    pub why: String,
    /// The SHA-256 of its body; nothing where it is larger than what is read of one.
    pub sha256: Option<&'r str>,
}

/// The content type of an answer that is not a page, as part of a message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContentType(pub Option<String>);

impl fmt::Display for ContentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_deref() {
            None => Ok(()),
            Some(html) if html.starts_with("text/html") => {
                write!(f, "; it is {html}, which looks like a login or error page")
            }
            Some(other) => write!(f, "; it is {other}"),
        }
    }
}
