//! Which entries a command is about: selected by what they share, or named one by one.

use super::args::{Picked, Shared};
use crate::cli::failure::Failure;
use crate::cli::wire;
use crate::config::Loaded;
use crate::quarantine::{Entry, EntryId, State};
use crate::store::{QuarantineFilter, Store};

/// The entries that a command is about.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    /// Oldest first.
    pub(super) entries: Vec<Entry>,
    /// How many more `--limit` leaves out.
    pub(super) beyond_limit: u64,
}

impl Shared {
    /// The entries that are asked for, oldest first.
    pub(super) async fn find(
        &self,
        loaded: &Loaded,
        store: &Store,
        states: &[State],
    ) -> Result<Vec<Entry>, Failure> {
        let domains = match self.domain.as_slice() {
            [] => Vec::new(),
            patterns => {
                wire::selected(loaded, patterns)?.iter().map(|domain| domain.domain().clone()).collect()
            }
        };
        let filter = QuarantineFilter { domains, states: states.to_vec() };
        let mut found = store.quarantined(&filter).await.map_err(|error| wire::store_failure(&error))?;
        found.retain(|entry| {
            (self.kind.is_empty() || self.kind.contains(&entry.seen.kind))
                && (self.class.is_empty() || self.class.contains(&entry.seen.class))
        });
        Ok(found)
    }
}

impl Picked {
    /// The entries that are meant, of those in some states where they are selected by what they share. An unknown id is an error.
    pub(super) async fn choose(
        &self,
        loaded: &Loaded,
        store: &Store,
        states: &[State],
    ) -> Result<Chosen, Failure> {
        let are_shared = self.shared != Shared::default();
        if self.ids.is_empty() && !are_shared && !self.all {
            let message = "say which: entries by their ids, `--domain`, `--kind`, `--class`, or `--all`";
            return Err(Failure::usage("which", message));
        }
        if !self.ids.is_empty() && are_shared {
            let message = "entries are chosen by their ids or by what they share, not by both";
            return Err(Failure::usage("usage", message));
        }
        let mut entries = if self.ids.is_empty() {
            self.shared.find(loaded, store, states).await?
        } else {
            let mut named = Vec::new();
            for id in &self.ids {
                named.push(one(store, id).await?);
            }
            named.dedup_by(|one, other| one.seen.id == other.seen.id);
            named
        };
        let most = self.limit.map_or(entries.len(), |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let beyond_limit = entries.len().saturating_sub(most) as u64;
        entries.truncate(most);
        Ok(Chosen { entries, beyond_limit })
    }
}

/// The one entry whose id begins so.
pub(super) async fn one(store: &Store, begun: &EntryId) -> Result<Entry, Failure> {
    let all = store.quarantined(&QuarantineFilter::default()).await;
    let mut met = all.map_err(|error| wire::store_failure(&error))?;
    met.retain(|entry| entry.seen.id.begins_with(begun));
    match met.len() {
        0 => {
            let message = format!(
                "nothing in quarantine has an id that begins with `{begun}`; `tieout quarantine list` lists the ids"
            );
            Err(Failure::usage("no_such_entry", message))
        }
        1 => Ok(met.remove(0)),
        _ => {
            let ids: Vec<String> = met.iter().map(|entry| entry.seen.id.to_string()).collect();
            let message = format!("several entries begin with `{begun}`: {}", ids.join(", "));
            Err(Failure::usage("several_entries", message))
        }
    }
}
