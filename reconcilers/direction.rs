//! Which side of a domain is the truth and which is the copy that has to follow it.
//!
//! Nearly everything that is judged is judged by these roles; only what is read, and how it is called, is a matter of sides.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::compare::{Side, Versions};
use crate::discrepancy::Kind;

/// Which side is the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Upstream is the truth and the local side follows it.
    #[default]
    Inbound,
    /// The local side is the truth, and upstream is a copy that is read back.
    Outbound,
}

/// Two values of one kind, by the roles of the sides they belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roles<T> {
    /// Of the side that decides.
    pub truth: T,
    /// Of the side that follows.
    pub copy: T,
}

impl Direction {
    /// The side that decides.
    #[must_use]
    pub const fn truth(self) -> Side {
        match self {
            Self::Inbound => Side::Upstream,
            Self::Outbound => Side::Local,
        }
    }

    /// Gives the values of the two sides their roles.
    #[must_use]
    pub fn roles<T>(self, upstream: T, local: T) -> Roles<T> {
        match self {
            Self::Inbound => Roles { truth: upstream, copy: local },
            Self::Outbound => Roles { truth: local, copy: upstream },
        }
    }

    /// Puts values of the roles back on the sides: upstream first.
    #[must_use]
    pub fn sides<T>(self, roles: Roles<T>) -> (T, T) {
        match self {
            Self::Inbound => (roles.truth, roles.copy),
            Self::Outbound => (roles.copy, roles.truth),
        }
    }

    /// What an item is that one side alone has: the copy lacks it, or the truth never had it.
    #[must_use]
    pub fn kind_of_only(self, side: Side) -> Kind {
        if side == self.truth() { Kind::Missing } else { Kind::Orphaned }
    }

    /// Whether the copy is newer than the truth as it was read. That is no drift: nothing is ever corrected backwards.
    #[must_use]
    pub fn is_copy_ahead(self, versions: Versions) -> bool {
        match self {
            Self::Inbound => versions == Versions::LocalAhead,
            Self::Outbound => versions == Versions::UpstreamAhead,
        }
    }

    /// Whether it is the usual one, which reports do not mention.
    #[must_use]
    pub const fn is_inbound(&self) -> bool {
        matches!(self, Self::Inbound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_truth_alone_has_is_missing_and_what_the_copy_alone_has_is_orphaned() {
        for direction in [Direction::Inbound, Direction::Outbound] {
            let Roles { truth, copy } = direction.roles(Side::Upstream, Side::Local);
            assert_eq!(truth, direction.truth());
            assert_eq!(direction.kind_of_only(truth), Kind::Missing);
            assert_eq!(direction.kind_of_only(copy), Kind::Orphaned);
        }
    }

    #[test]
    fn only_a_newer_copy_is_left_alone() {
        use Versions::{Equal, LocalAhead, Unknown, UpstreamAhead};
        for versions in [Unknown, Equal, LocalAhead, UpstreamAhead] {
            assert_eq!(Direction::Inbound.is_copy_ahead(versions), versions == LocalAhead);
            assert_eq!(Direction::Outbound.is_copy_ahead(versions), versions == UpstreamAhead);
        }
    }
}
