//! Reads the answers of look-ups by key: what they prove about each key that was asked for.

use super::confirm::{ConfirmDefinition, repeated};
use super::feed::FeedDefinition;
use super::rows::{Looked, LookedUp, RowReader};
use crate::key::Key;
use crate::page::{Confirm, Confirmed, PageFault, Response, Seen};
use crate::path::Path;
use crate::projection::{At, Rows};

/// Said of every key where not all of an answer could be read.
const UNREADABLE: &str = "an item of the answer cannot be read";

/// Reads the answers of look-ups.
#[derive(Debug)]
pub(super) struct LookUps {
    one: RowReader,
    many: Option<RowReader>,
}

impl LookUps {
    pub(super) fn new(pages: &RowReader, confirm: &ConfirmDefinition, signals: &[Option<Path>]) -> Self {
        let at = At::required(confirm.unwrap.clone().unwrap_or(Path::root()));
        let many = confirm.many.as_ref().map(|many| {
            let (rows, unwrap) = many.rows.clone();
            pages.of_look_ups(rows, unwrap, signals)
        });
        Self { one: pages.of_look_ups(Rows::One(at), None, signals), many }
    }

    /// What the answer of a look-up of one key says.
    pub(super) fn read_one(&self, key: &Key, response: &Response<'_>) -> Result<Seen, PageFault> {
        let nothing_known = || PageFault::NeitherItemNorGone(response.status);
        if !(200..300).contains(&response.status) {
            return Err(nothing_known());
        }
        let answer = self.one.look_up(response.body)?;
        if self.one.explodes() {
            return Ok(self.among(key, answer));
        }
        match answer.rows.into_iter().next() {
            Some(Looked::Row(Some(found), seen)) if found == *key => Ok(seen),
            Some(Looked::Row(Some(_), _)) => Err(PageFault::WrongItem),
            Some(Looked::Fault(_)) if is_list(response.body) => Err(nothing_known()),
            Some(Looked::Fault(why)) => Ok(Seen::Unreadable(why)),
            Some(Looked::Row(None, _) | Looked::Null) | None => Err(nothing_known()),
        }
    }

    /// A row among those that were taken out of the item which was looked up.
    fn among(&self, key: &Key, answer: LookedUp) -> Seen {
        let is_whole =
            answer.cut == 0 && answer.rows.iter().all(|row| matches!(row, Looked::Row(Some(_), _)));
        let is_its = answer.outer.iter().any(|outer| self.one.lies_in(key, outer));
        let mut found = answer.rows.into_iter().filter_map(|row| match row {
            Looked::Row(Some(known), seen) if known == *key => Some(seen),
            _ => None,
        });
        match (found.next(), found.next()) {
            (Some(seen), None) => seen,
            (Some(_), Some(_)) => Seen::Unreadable("two items of the answer have this key".to_owned()),
            (None, _) if is_whole && is_its => Seen::Gone,
            (None, _) => {
                Seen::Unreadable("the answer does not show the whole list that it lies in".to_owned())
            }
        }
    }

    /// What the answer of a look-up of several keys says about each.
    pub(super) fn read_many(
        &self,
        feed: &FeedDefinition,
        confirm: &Confirm,
        response: &Response<'_>,
    ) -> Result<Vec<Confirmed>, PageFault> {
        let nothing_known = || PageFault::NeitherItemNorGone(response.status);
        let many = self.many.as_ref().filter(|_| (200..300).contains(&response.status));
        let answer = many.ok_or_else(nothing_known)?.look_up(response.body)?;
        let found: Vec<&Key> = answer.rows.iter().filter_map(Looked::key).collect();
        if found.iter().any(|key| !confirm.keys.contains(key)) {
            return Err(PageFault::WrongItem);
        }
        let twice: Vec<Key> = repeated(found).into_iter().cloned().collect();
        let incomplete = incomplete(feed, &answer, response);
        let mut rows = answer.rows;
        let confirmed = confirm.keys.iter().map(|key| {
            let place = rows.iter().position(|row| row.key() == Some(key));
            let seen = match place.map(|place| rows.swap_remove(place)) {
                _ if twice.contains(key) => {
                    Seen::Unreadable("two items of the answer have this key".to_owned())
                }
                Some(Looked::Row(_, seen)) => seen,
                _ => absent(feed, key, incomplete),
            };
            Confirmed { key: key.clone(), seen }
        });
        Ok(confirmed.collect())
    }
}

impl Looked {
    fn key(&self) -> Option<&Key> {
        if let Self::Row(key, _) = self { key.as_ref() } else { None }
    }
}

/// A list is no answer to a question about one item.
fn is_list(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'[')
}

/// Why what is not in an answer may exist all the same.
fn incomplete(feed: &FeedDefinition, answer: &LookedUp, response: &Response<'_>) -> Option<&'static str> {
    if answer.cut > 0 || answer.rows.iter().any(|row| row.key().is_none()) {
        return Some(UNREADABLE);
    }
    let said = feed.paging.seen(&answer.signals, None, answer.rows.len(), response);
    (said.more == Some(true)).then_some("the answer says that more follows")
}

/// A key that a whole answer does not name is gone.
fn absent(feed: &FeedDefinition, key: &Key, incomplete: Option<&'static str>) -> Seen {
    let could_be_asked = feed.confirm.many.as_ref().is_none_or(|many| many.can_hold(key));
    match incomplete {
        None if could_be_asked => Seen::Gone,
        None => Seen::Unreadable("the key holds a comma and cannot be asked for in a list".to_owned()),
        Some(why) => Seen::Unreadable(why.to_owned()),
    }
}
