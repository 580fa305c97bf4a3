//! A feed without a clock: it has no window, so it is walked whole. Its items meet their rows by key, batch by batch; once all of
//! them were seen, the rows are read once, and those whose keys no item had are told.

use std::collections::HashSet;
use std::io;
use std::ops::ControlFlow;

use tieout_reconcilers::compare::KEY;
use tieout_reconcilers::items::Items;
use tieout_reconcilers::key::{Key, text_of};
use tieout_reconcilers::row::Row;

use super::outcome::Failure;
use crate::diff::{Difference, Doubt, Looks, Suspect};
use crate::key_set::{Compared, KeySet, compare, hash};
use crate::local::{Read, Reader};

/// How many rows may be left that no item met. More of them are no finding: something is wrong with the walk or the query.
const MAX_UNMET: usize = 100_000;

/// The keys of the items that a walk has shown.
#[derive(Debug, Default)]
pub(super) struct Shown(KeySet);

impl Shown {
    /// Takes note of a page.
    pub(super) fn take(&mut self, page: &Items) -> Result<(), Failure> {
        for item in page.iter() {
            if let Some(Ok(key)) = item.slot(KEY).map(text_of) {
                self.0.insert(&key).map_err(|error| no_room(&error))?;
            }
        }
        Ok(())
    }

    /// Adds the rows whose keys the walk did not show. Only a complete walk may ask.
    pub(super) async fn add_unmet(
        self,
        reader: &Reader,
        difference: &mut Difference,
    ) -> Result<Read, Failure> {
        let mut rows = KeySet::default();
        let mut fault = None;
        let mut note = |row: Row<'_>| match rows.insert(&row.key) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                fault = Some(no_room(&error));
                ControlFlow::Break(())
            }
        };
        let read = reader.whole(&mut note).await?;
        if let Some(fault) = fault {
            return Err(fault);
        }
        let compared = compare(self.0, rows, MAX_UNMET).map_err(|error| no_room(&error))?;
        count_once(difference, compared.first);
        let Compared { only_second: unmet, more, .. } = compared;
        if more > 0 {
            difference.doubts.push(Doubt::ManyUnmet);
        } else if !unmet.is_empty() {
            tell(reader, unmet, difference).await?;
        }
        Ok(read)
    }
}

/// Items that pages repeat far apart were compared each time; they count once.
fn count_once(difference: &mut Difference, distinct: u64) {
    let tally = &mut difference.tally;
    let again = tally.upstream.saturating_sub(distinct);
    tally.upstream -= again;
    tally.repeated += again;
    tally.matched = tally.matched.saturating_sub(again);
    tally.local = tally.local.saturating_sub(again);
}

/// Reads the rows once more for the keys of those that no item met: only their hashes were kept.
async fn tell(reader: &Reader, unmet: Vec<u128>, difference: &mut Difference) -> Result<(), Failure> {
    let unmet: HashSet<u128> = unmet.into_iter().collect();
    // What the feed names as deleted is a suspect already.
    let mut known: HashSet<Key> = difference.suspects.iter().map(|suspect| suspect.key.clone()).collect();
    let mut orphans = Vec::new();
    let mut keep = |row: Row<'_>| {
        if unmet.contains(&hash(&row.key))
            && let Ok(key) = Key::checked(&row.key)
            && known.insert(key.clone())
        {
            orphans.push(Suspect {
                key,
                clock: None,
                looks: Looks::LocalOnly,
                upstream: false,
                local: true,
                seen_before: None,
            });
        }
        ControlFlow::Continue(())
    };
    reader.whole(&mut keep).await?;
    difference.tally.local += orphans.len() as u64;
    difference.suspects.extend(orphans);
    Ok(())
}

fn no_room(error: &io::Error) -> Failure {
    let folder = std::env::temp_dir();
    Failure::Unreachable(format!(
        "the keys of a whole feed cannot be kept in {}: {error}; `TMPDIR` names another folder",
        folder.display()
    ))
}
