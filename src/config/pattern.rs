//! How domains are chosen, on the command line and in `tieout.yaml`: by name, by glob, or by tag (`tag:money`).

use globset::{GlobBuilder, GlobMatcher};
use tieout_reconcilers::define::checked::{Fault, FromText};
use tieout_reconcilers::name::{DomainName, Name};
use tieout_reconcilers::reconciler::Reconciler;

/// What stands before a tag.
pub const TAG: &str = "tag:";

/// A domain as it can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice<'a> {
    /// What it is called.
    pub name: &'a DomainName,
    /// What several domains are chosen by at once.
    pub tags: &'a [Name],
}

impl<'a> Choice<'a> {
    /// A domain that is defined.
    #[must_use]
    pub fn of(domain: &'a dyn Reconciler) -> Self {
        Self { name: domain.domain(), tags: domain.tags() }
    }
}

/// What one word stands for.
#[derive(Debug, Clone)]
pub enum Pattern {
    /// A name or a glob of names.
    Glob(GlobMatcher),
    /// A tag.
    Tag(String),
}

impl Pattern {
    /// Reads a word.
    pub fn read(word: &str) -> Result<Self, globset::Error> {
        match word.strip_prefix(TAG) {
            Some(tag) => Ok(Self::Tag(tag.to_owned())),
            None => Ok(Self::Glob(GlobBuilder::new(word).build()?.compile_matcher())),
        }
    }

    /// Whether a domain is meant.
    #[must_use]
    pub fn fits(&self, one: &Choice<'_>) -> bool {
        match self {
            Self::Glob(glob) => glob.is_match(one.name.as_str()),
            Self::Tag(tag) => one.tags.iter().any(|own| own.as_str() == *tag),
        }
    }
}

impl FromText for Pattern {
    const WHAT: &'static str = "name, glob or tag";
    const EXAMPLES: &'static [&'static str] = &["stripe.*", "tag:money"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        Self::read(text).map_err(|error| Fault::new(format!("not a pattern: {}", error.kind())))
    }
}
