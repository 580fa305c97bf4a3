//! Which scopes the credentials of a provider need for a feed, and where the provider says which they have.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::compare::FIELDS;
use crate::define::selector::Selector;
use crate::items::ItemView;
use crate::reconciler::Reconciler;
use crate::webhooks::texts;

/// The scopes that a feed needs.
#[derive(Debug, Clone)]
pub struct Scopes {
    /// Where the provider says which there are.
    pub told: Told,
    /// One of each of these.
    pub need: Vec<Need>,
}

/// Scopes of which one is enough.
pub type Need = Vec<String>;

/// Where a provider says which scopes credentials have.
#[derive(Debug, Clone)]
pub enum Told {
    /// In a header of every answer, perhaps beside another one with those of which any would be enough. Names are in lower case.
    Header {
        /// What they have.
        name: String,
        /// What the request accepts.
        accepted: Option<String>,
    },
    /// In a list, whose rows hold scopes from [`FIELDS`] on.
    List {
        /// Reads it.
        feed: Arc<dyn Reconciler>,
        /// Where a row has them.
        at: Selector,
    },
}

impl Scopes {
    /// What of the need is not there; `accepted` is what the provider itself names, any of which is enough.
    #[must_use]
    pub fn lacking(&self, has: &BTreeSet<String>, accepted: Option<&str>) -> Vec<Need> {
        let accepted = accepted.map(|text| parted(text).collect::<Need>()).filter(|any| !any.is_empty());
        let is_lacking = |need: &&Need| !need.iter().any(|one| has.contains(one));
        self.need.iter().chain(&accepted).filter(is_lacking).cloned().collect()
    }
}

impl Told {
    /// The scopes that a row of the list holds; nothing where it holds none that can be read.
    #[must_use]
    pub fn in_row(&self, row: ItemView<'_>) -> Option<BTreeSet<String>> {
        let Self::List { at, .. } = self else { return None };
        let said = texts(at, row.slot(FIELDS))?;
        Some(said.iter().flat_map(|text| parted(text)).collect())
    }
}

/// Scopes as OAuth and headers write them: apart by spaces or commas.
pub fn parted(text: &str) -> impl Iterator<Item = String> {
    let words = text.split([' ', ',']).map(str::trim);
    words.filter(|word| !word.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_each_need_is_enough_and_what_the_provider_accepts_counts_as_one_more() {
        let told = Told::Header { name: "x-oauth-scopes".into(), accepted: None };
        let need =
            vec![vec!["read_orders".to_owned(), "write_orders".to_owned()], vec!["read_all".to_owned()]];
        let scopes = Scopes { told, need };
        let lacking = |has: &str, accepted| scopes.lacking(&parted(has).collect(), accepted);
        assert!(lacking("write_orders, read_all", None).is_empty());
        assert_eq!(lacking("write_orders", None), [["read_all"]]);
        assert_eq!(lacking("read_orders read_all", Some("repo, public_repo")), [["repo", "public_repo"]]);
        assert!(lacking("read_orders read_all", Some("")).is_empty(), "nothing is asked for");
    }
}
