//! The `scopes` of a feed: which ones the credentials need, and where the provider says which they have.

use schemars::JsonSchema;
use serde::Deserialize;

use super::checked::{Checked, Fault};
use super::document::Problems;
use super::problem::Spot;
use super::selector::Selector;
use super::value::HeaderName;
use crate::name::Name;
use crate::scopes::Need;

/// Which scopes the credentials need, and where the provider says which they have, for `tieout doctor`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ScopesFile {
    /// The header of every answer that has them.
    header: Option<Checked<HeaderName>>,
    /// The header with those of which any is enough.
    accepted: Option<Checked<HeaderName>>,
    /// The list that has them, one of `lists`.
    list: Option<Checked<Name>>,
    /// Where a row of the list has them.
    at: Option<Checked<Selector>>,
    /// Those that the feed needs; `a|b` where either is enough.
    #[serde(default)]
    need: Vec<Checked<String>>,
}

/// Where the provider says which scopes the credentials have, and which ones a feed needs.
#[derive(Debug, Clone)]
pub enum ScopesDefinition {
    /// In a header of every answer.
    Header {
        /// Its name.
        name: String,
        /// The header with those of which any is enough.
        accepted: Option<String>,
        /// One of each of these.
        need: Vec<Need>,
    },
    /// In a list.
    List {
        /// Its name.
        list: Name,
        /// Where a row has them.
        at: Selector,
        /// One of each of these.
        need: Vec<Need>,
        /// Where the list is named.
        spot: Spot,
    },
}

impl ScopesDefinition {
    /// The list that it names, and where.
    pub(super) const fn list(&self) -> Option<(&Name, Spot)> {
        match self {
            Self::Header { .. } => None,
            Self::List { list, spot, .. } => Some((list, *spot)),
        }
    }
}

impl ScopesFile {
    pub(super) fn compile(self, spot: Spot, problems: &mut Problems<'_>) -> Option<ScopesDefinition> {
        let needs_words = self.need.is_empty() && self.accepted.is_none();
        let need = needs(self.need, problems);
        if needs_words {
            let help = "say `need: [read_orders]`; write `a|b` where either is enough";
            problems.add(spot, Fault::new("nothing says which scopes the feed needs").with_help(help));
        }
        match (self.header, self.list, self.at) {
            (Some(header), None, None) => {
                let accepted = problems.take_option(self.accepted).map(|name| name.0);
                Some(ScopesDefinition::Header { name: problems.take(header)?.0, accepted, need })
            }
            (None, Some(list), Some(at)) if self.accepted.is_none() => {
                let (spot, at_spot) = (list.spot, at.spot);
                let (list, at) = (problems.take(list)?, problems.take(at)?);
                if at.root.is_none() {
                    problems
                        .add(at_spot, Fault::new("a row is an object, and its scopes are a member of it"));
                }
                Some(ScopesDefinition::List { list, at, need, spot })
            }
            _ => {
                let fault =
                    Fault::new("scopes are read from a `header`, or from a `list` and its member `at`");
                let help = "write `{header: x-oauth-scopes, need: [repo]}` or `{list: access_scopes, at: handle, need: [read_orders]}`";
                problems.add(spot, fault.with_help(help));
                None
            }
        }
    }
}

fn needs(written: Vec<Checked<String>>, problems: &mut Problems<'_>) -> Vec<Need> {
    let texts = written.into_iter().filter_map(|text| problems.take(text));
    let either = |text: String| text.split('|').map(|one| one.trim().to_owned()).collect::<Need>();
    texts.map(either).collect()
}
