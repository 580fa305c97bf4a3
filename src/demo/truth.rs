//! The ground truth: which discrepancies were planted, and how a result differs from them.
//!
//! Knows nothing about how damage is done or how it is found, so both sides can be checked against it.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// One of the demo's three reconciliations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Domain {
    /// Charges: cursor paging on a creation clock, newest first.
    Charges,
    /// Refunds: `Link` paging on a creation clock, oldest first.
    Refunds,
    /// Customers: cursor paging on a mutable clock.
    Customers,
}

/// What is wrong with a planted key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The provider has it, the shop does not.
    Missing,
    /// Both have it and disagree.
    Mismatched,
    /// The shop has it, the provider never heard of it.
    Orphaned,
}

/// One discrepancy that was put there on purpose.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Planted {
    /// The reconciliation that must find it.
    pub domain: Domain,
    /// The provider's id of the item.
    pub key: String,
    /// What must be said about it.
    pub kind: Kind,
}

/// Everything that was planted. A reconciliation is right when it finds exactly this.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Truth {
    /// The planted discrepancies; a key occurs at most once per domain.
    pub planted: BTreeSet<Planted>,
}

/// How a result differs from the truth.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Planted and not found.
    pub overlooked: Vec<Planted>,
    /// Found and never planted.
    pub invented: Vec<Planted>,
}

impl Domain {
    /// All three, in the order in which the demo tells of them.
    pub const ALL: [Self; 3] = [Self::Charges, Self::Refunds, Self::Customers];

    /// The name in the demo's domain file, such as `demo.charges`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Charges => "demo.charges",
            Self::Refunds => "demo.refunds",
            Self::Customers => "demo.customers",
        }
    }
}

impl Kind {
    /// The word used in findings and reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Mismatched => "mismatched",
            Self::Orphaned => "orphaned",
        }
    }
}

impl Truth {
    /// How many of `kind` were planted in `domain`.
    #[must_use]
    pub fn count(&self, domain: Domain, kind: Kind) -> usize {
        self.planted.iter().filter(|planted| planted.domain == domain && planted.kind == kind).count()
    }

    /// Compares what was found with what was planted. A key found under the wrong kind is both overlooked and invented.
    #[must_use]
    pub fn judge(&self, found: &BTreeSet<Planted>) -> Verdict {
        Verdict {
            overlooked: self.planted.difference(found).cloned().collect(),
            invented: found.difference(&self.planted).cloned().collect(),
        }
    }
}

impl Verdict {
    /// Whether exactly the planted discrepancies were found.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.overlooked.is_empty() && self.invented.is_empty()
    }
}

/// A word that names no domain of the demo, or no kind of discrepancy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the demo knows no `{0}`")]
pub struct UnknownWord(String);

impl FromStr for Domain {
    type Err = UnknownWord;

    fn from_str(name: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|domain| domain.name() == name).ok_or_else(|| UnknownWord(name.to_owned()))
    }
}

impl FromStr for Kind {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        [Self::Missing, Self::Mismatched, Self::Orphaned]
            .into_iter()
            .find(|kind| kind.word() == word)
            .ok_or_else(|| UnknownWord(word.to_owned()))
    }
}

impl fmt::Display for Planted {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} {}", self.domain.name(), self.kind.word(), self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planted(key: &str, kind: Kind) -> Planted {
        Planted { domain: Domain::Charges, key: key.to_owned(), kind }
    }

    #[test]
    fn a_key_found_under_the_wrong_kind_is_both_overlooked_and_invented() {
        let truth = Truth {
            planted: BTreeSet::from([planted("ch_1", Kind::Missing), planted("ch_2", Kind::Orphaned)]),
        };
        let found = BTreeSet::from([planted("ch_1", Kind::Mismatched), planted("ch_2", Kind::Orphaned)]);
        let verdict = truth.judge(&found);
        assert_eq!(verdict.overlooked, [planted("ch_1", Kind::Missing)]);
        assert_eq!(verdict.invented, [planted("ch_1", Kind::Mismatched)]);
        assert!(!verdict.is_exact());
        assert!(truth.judge(&truth.planted).is_exact());
    }

    #[test]
    fn every_name_reads_back_as_what_it_names() {
        for domain in Domain::ALL {
            assert_eq!(domain.name().parse(), Ok(domain));
        }
        assert_eq!("orphaned".parse(), Ok(Kind::Orphaned));
        assert_eq!("lost".parse::<Kind>().unwrap_err().to_string(), "the demo knows no `lost`");
    }
}
