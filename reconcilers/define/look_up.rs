//! Reads the answers of look-ups by key: what they prove about each key that was asked for.
//!
//! "Gone" is said by the provider in its own words or not at all: an HTML page with status 404 proves nothing, and what an
//! answer does not name is gone only if the answer was whole.

use std::collections::{BTreeMap, HashSet};

use serde_json::value::RawValue;

use super::absence::Nulls;
use super::confirm::{ConfirmDefinition, Many, Way};
use super::feed::FeedDefinition;
use super::graphql;
use super::rows::{Looked, LookedUp, RowReader};
use super::rules::Rules;
use crate::key::Key;
use crate::page::{Answer, Confirm, Confirmed, PageFault, Response, Seen};
use crate::path::Path;
use crate::projection::{At, Rows};

/// Said of every key where not all of an answer could be read.
const UNREADABLE: &str = "an item of the answer cannot be read";

/// The status of an answer some of whose parts may have failed.
const MULTI_STATUS: u16 = 207;

/// Reads the answers of look-ups.
#[derive(Debug)]
pub(super) struct LookUps {
    one: RowReader,
    many: Option<RowReader>,
    search: Option<RowReader>,
}

impl LookUps {
    pub(super) fn new(pages: &RowReader, confirm: &ConfirmDefinition, signals: &[Option<Path>]) -> Self {
        let at = At::required(confirm.unwrap.clone().unwrap_or(Path::root()));
        let reader =
            |(rows, unwrap): &(Rows, Option<Path>)| pages.of_look_ups(rows.clone(), unwrap.clone(), signals);
        Self {
            one: pages.of_look_ups(Rows::One(at), None, signals),
            many: confirm.many.as_ref().map(|many| reader(&many.rows)),
            search: confirm.search.as_ref().map(|search| reader(&search.rows)),
        }
    }

    /// What the answer of a look-up says about each key that was asked for.
    pub(super) fn read(
        &self,
        feed: &FeedDefinition,
        confirm: &Confirm,
        response: &Response<'_>,
    ) -> Result<Vec<Confirmed>, PageFault> {
        let nothing_known = || PageFault::NeitherItemNorGone(response.status);
        let way = feed.confirm.way(&confirm.keys).ok_or_else(nothing_known)?;
        let about_one = matches!(way, Way::One(_) | Way::Search(_));
        if about_one && says_gone(&feed.confirm, response) {
            let gone = |key: &Key| Confirmed { key: key.clone(), seen: Seen::Gone };
            return Ok(confirm.keys.iter().map(gone).collect());
        }
        if !(200..300).contains(&response.status) {
            return Err(nothing_known());
        }
        let reports_errors = way.request().is_graphql && !about_one && graphql::errors(response).is_some();
        let failed = if reports_errors { failed_places(way, response) } else { Some(HashSet::new()) };
        let Some(failed) = failed else {
            let seen = || Seen::Unreadable("the answer reports errors".to_owned());
            let unknown = |key: &Key| Confirmed { key: key.clone(), seen: seen() };
            return Ok(confirm.keys.iter().map(unknown).collect());
        };
        let (reader, strangers) = match (way, confirm.keys.as_slice()) {
            (Way::One(_), [key]) => {
                let seen = self.read_one(feed, key, response)?;
                return Ok(vec![Confirmed { key: key.clone(), seen }]);
            }
            (Way::One(_), _) => return Err(nothing_known()),
            (Way::Many(_), _) => (&self.many, Strangers::Fault),
            (Way::Search(_), _) => (&self.search, Strangers::Expected),
        };
        let mut answer = reader.as_ref().ok_or_else(nothing_known)?.look_up(response.body)?;
        for place in &failed {
            // What stands there may be a part of the item, and a null there means nothing.
            if let Some(row) = answer.rows.get_mut(*place) {
                *row = Looked::Fault("an error of the answer is about it".to_owned());
            }
        }
        let gone = if reports_errors { HashSet::new() } else { feed.confirm.gone.listed(response) };
        listed(feed, confirm, answer, (strangers, &gone), response)
    }

    /// What the answer of a look-up of one key says.
    fn read_one(&self, feed: &FeedDefinition, key: &Key, response: &Response<'_>) -> Result<Seen, PageFault> {
        let nothing_known = || PageFault::NeitherItemNorGone(response.status);
        let answer = self.one.look_up(response.body)?;
        if self.one.explodes() {
            return Ok(self.among(key, answer));
        }
        match answer.rows.into_iter().next() {
            Some(Looked::Row(Some(found), seen)) if found == *key => Ok(seen),
            Some(Looked::Row(Some(_), _)) => Err(PageFault::WrongItem),
            Some(Looked::Fault(_)) if is_list(response.body) => Err(nothing_known()),
            Some(Looked::Fault(why)) => Ok(Seen::Unreadable(why)),
            Some(Looked::Null) if feed.confirm.gone.nulls == Nulls::Gone && !has_errors(response.body) => {
                Ok(Seen::Gone)
            }
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
}

/// What a response to a look-up means before it is read: what may say "gone" is read.
pub(super) fn answer(
    confirm: &ConfirmDefinition,
    rules: &Rules,
    keys: &[Key],
    response: &Response<'_>,
) -> Answer {
    if confirm.gone.conditions.names_status(response.status) || says_gone(confirm, response) {
        return Answer::Read;
    }
    let answer = rules.answer_about_one(response);
    let way = confirm.way(keys);
    let is_graphql = way.is_some_and(|way| way.request().is_graphql);
    match &answer {
        // Each item that the errors are not about is answered.
        Answer::Read if is_graphql && way.is_some_and(|way| failed_places(way, response).is_some()) => answer,
        _ if is_graphql => graphql::judged(answer, response),
        _ => answer,
    }
}

/// The rows of an answer about several keys that its errors are about, where they are about rows and nothing else.
fn failed_places(way: Way<'_>, response: &Response<'_>) -> Option<HashSet<usize>> {
    match way {
        Way::Many(Many { rows: (Rows::Array(at), _), .. }) => graphql::failed_places(response, &at.path),
        _ => None,
    }
}

/// Whether a response says in the provider's own words that there is no such item.
fn says_gone(confirm: &ConfirmDefinition, response: &Response<'_>) -> bool {
    is_of_objects(response.body) && confirm.gone.conditions.first_match(response, |_| false).is_some()
}

/// Whether an answer may hold rows of other keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strangers {
    /// A provider may search by less than the whole key.
    Expected,
    /// The provider did not look at the keys at all.
    Fault,
}

/// What a list says about each key that was asked for.
fn listed(
    feed: &FeedDefinition,
    confirm: &Confirm,
    answer: LookedUp,
    (strangers, gone): (Strangers, &HashSet<String>),
    response: &Response<'_>,
) -> Result<Vec<Confirmed>, PageFault> {
    let found: Vec<&Key> = answer.rows.iter().filter_map(Looked::key).collect();
    if strangers == Strangers::Fault && found.iter().any(|key| !confirm.keys.contains(key)) {
        return Err(PageFault::WrongItem);
    }
    let twice = repeated(found);
    let absence = Absence::of(feed, confirm, &answer, response);
    let mut rows: Vec<Option<Looked>> = answer.rows.into_iter().map(Some).collect();
    let confirmed = confirm.keys.iter().enumerate().map(|(asked, key)| {
        let place = rows.iter_mut().find(|row| row.as_ref().and_then(Looked::key) == Some(key));
        let seen = match place.and_then(Option::take) {
            _ if twice.contains(key) => Seen::Unreadable("two items of the answer have this key".to_owned()),
            Some(Looked::Row(..)) if gone.contains(key.as_str()) => {
                Seen::Unreadable("the answer shows the item and says that it is gone".to_owned())
            }
            Some(Looked::Row(_, seen)) => seen,
            _ if gone.contains(key.as_str()) => Seen::Gone,
            _ => absence.of_key(asked),
        };
        Confirmed { key: key.clone(), seen }
    });
    Ok(confirmed.collect())
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

/// What it means that an answer does not name a key.
enum Absence {
    /// Nothing: the item may exist all the same.
    Unknown(&'static str),
    /// The item is gone.
    Gone,
    /// It is gone where a null stands in its place.
    Nulls(HashSet<usize>),
}

impl Absence {
    fn of(feed: &FeedDefinition, confirm: &Confirm, answer: &LookedUp, response: &Response<'_>) -> Self {
        let nulls = feed.confirm.gone.nulls;
        if let Some(why) = incomplete(feed, nulls, answer, response) {
            return Self::Unknown(why);
        }
        let places = answer.rows.iter().enumerate().filter(|(_, row)| matches!(row, Looked::Null));
        match nulls {
            Nulls::Unknown => Self::Gone,
            Nulls::Gone if answer.rows.len() == confirm.keys.len() => {
                Self::Nulls(places.map(|(place, _)| place).collect())
            }
            Nulls::Gone => Self::Unknown("the answer has not one place for each key"),
        }
    }

    fn of_key(&self, asked: usize) -> Seen {
        let unknown = |why: &str| Seen::Unreadable(why.to_owned());
        match self {
            Self::Unknown(why) => unknown(why),
            Self::Gone => Seen::Gone,
            Self::Nulls(places) if places.contains(&asked) => Seen::Gone,
            Self::Nulls(_) => unknown("the answer holds another item in the place of this key"),
        }
    }
}

/// Why what is not in an answer may exist all the same.
fn incomplete(
    feed: &FeedDefinition,
    nulls: Nulls,
    answer: &LookedUp,
    response: &Response<'_>,
) -> Option<&'static str> {
    let is_read = |row: &Looked| match row {
        Looked::Null => nulls == Nulls::Gone,
        row => row.key().is_some(),
    };
    if answer.cut > 0 || !answer.rows.iter().all(is_read) {
        return Some(UNREADABLE);
    }
    if response.status == MULTI_STATUS {
        return Some("the answer says that some of the call may have failed");
    }
    if has_errors(response.body) {
        return Some("the answer reports errors");
    }
    let rows = answer.rows.len();
    let said = feed.paging.said(&answer.signals, None, rows, response);
    let follows = said.more == Some(true)
        || (said.more.is_none() && said.way_on.is_some())
        || said.pages.is_some_and(|pages| pages > 1)
        || said.total.is_some_and(|total| total > rows as u64);
    follows.then_some("the answer says that more follows")
}

/// Whether an answer lists errors beside what it found, as GraphQL and batch calls do.
fn has_errors(body: &[u8]) -> bool {
    const LISTS: [&str; 2] = ["errors", "error"];
    let Ok(members) = serde_json::from_slice::<BTreeMap<String, &RawValue>>(body) else { return false };
    let is_nothing = |raw: &RawValue| matches!(raw.get(), "null" | "[]" | "{}" | "false" | "\"\"");
    LISTS.iter().filter_map(|name| members.get(*name)).any(|raw| !is_nothing(raw))
}

/// Whether a body is a JSON object or a list of them, as the errors of some providers are.
fn is_of_objects(body: &[u8]) -> bool {
    let is_object = |raw: &&RawValue| raw.get().starts_with('{');
    match serde_json::from_slice::<&RawValue>(body) {
        Ok(raw) if raw.get().starts_with('[') => serde_json::from_str::<Vec<&RawValue>>(raw.get())
            .is_ok_and(|rows| !rows.is_empty() && rows.iter().all(is_object)),
        raw => raw.is_ok_and(|raw| is_object(&raw)),
    }
}

/// The keys that an answer names more than once.
fn repeated<'k>(keys: impl IntoIterator<Item = &'k Key>) -> HashSet<Key> {
    let mut seen = HashSet::new();
    keys.into_iter().filter(|key| !seen.insert(*key)).cloned().collect()
}
