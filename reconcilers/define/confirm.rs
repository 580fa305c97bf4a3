//! Look-ups by key: how one item or several are asked for, and what the answers prove.
//!
//! "Gone" is said by the provider in its own words or not at all: an HTML page with status 404 proves nothing.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_saphyr::Spanned;

use super::checked::{Checked, Fault, Ordered};
use super::condition::{ConditionFile, Conditions, Statuses};
use super::document::Problems;
use super::problem::Spot;
use super::request::{Fill, RequestLine, RequestTemplate, Slots};
use super::rows_file::RowsFile;
use super::template::{Slot, Template};
use super::words;
use crate::key::Key;
use crate::page::{Confirm, Response};
use crate::path::Path;
use crate::projection::Rows;

/// How many keys one look-up asks about where a definition does not say.
const DEFAULT_MAX: usize = 100;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfirmFile {
    one: Option<Checked<RequestLine>>,
    unwrap: Option<Checked<Path>>,
    many: Option<ManyFile>,
    gone: Option<Spanned<GoneFile>>,
    #[serde(default)]
    hydrate: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ManyFile {
    request: Checked<RequestLine>,
    #[serde(default)]
    query: Ordered<Checked<Template>>,
    max: Option<Spanned<usize>>,
    rows: Spanned<RowsFile>,
}

/// `404`, `[404, 410]`, `{body: {deleted: true}}` or a list of such.
#[derive(Debug, Clone, Default)]
struct GoneFile(Vec<ConditionFile>, Option<String>);

impl<'de> Deserialize<'de> for GoneFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(GoneVisitor)
    }
}

struct GoneVisitor;

impl<'de> Visitor<'de> for GoneVisitor {
    type Value = GoneFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a status such as `404`, a condition such as `{body: {deleted: true}}`, or a list of them",
        )
    }

    fn visit_u64<E: serde::de::Error>(self, status: u64) -> Result<GoneFile, E> {
        let status = u16::try_from(status).ok().filter(|status| (100..600).contains(status));
        let status = status.ok_or_else(|| E::custom("this is not an HTTP status"))?;
        Ok(GoneFile(vec![ConditionFile { status: Statuses(vec![status]), ..ConditionFile::default() }], None))
    }

    fn visit_i64<E: serde::de::Error>(self, status: i64) -> Result<GoneFile, E> {
        self.visit_u64(u64::try_from(status).unwrap_or_default())
    }

    fn visit_str<E>(self, word: &str) -> Result<GoneFile, E> {
        Ok(GoneFile(Vec::new(), Some(word.to_owned())))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<GoneFile, A::Error> {
        ConditionFile::deserialize(MapAccessDeserializer::new(map)).map(|one| GoneFile(vec![one], None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<GoneFile, A::Error> {
        let mut all = GoneFile::default();
        while let Some(GoneFile(conditions, word)) = seq.next_element()? {
            all.0.extend(conditions);
            all.1 = all.1.or(word);
        }
        Ok(all)
    }
}

/// How a feed's items are looked up.
#[derive(Debug, Clone)]
pub struct ConfirmDefinition {
    one: Option<RequestTemplate>,
    /// Several keys in one request.
    pub(super) many: Option<Many>,
    /// Where in the answer of a look-up of one key the item is.
    pub(super) unwrap: Option<Path>,
    /// Whether the rows of the list are only a part of their items.
    pub(super) hydrate: bool,
    gone: Conditions,
}

/// A look-up of several keys.
#[derive(Debug, Clone)]
pub struct Many {
    request: RequestTemplate,
    max: usize,
    /// Where the rows of the answer are, and what of an element is the row.
    pub(super) rows: (Rows, Option<Path>),
}

impl ConfirmDefinition {
    pub(super) fn compile(file: ConfirmFile, spot: Spot, problems: &mut Problems<'_>) -> Option<Self> {
        if file.one.is_none() && file.many.is_none() {
            let help = "say `one: \"GET /path/{id}\"` or `many`; every suspect is looked up by its key";
            problems.add(spot, Fault::new("`confirm` needs `one` or `many`").with_help(help));
        }
        let one_spot = file.one.as_ref().map(|one| one.spot).unwrap_or_default();
        let slots = slots(vec![Slot::Id]);
        let headers = Ordered::default;
        let one = file.one.and_then(|line| {
            RequestTemplate::compile(Some(line), Ordered::default(), headers(), &slots, problems)
        });
        if one.as_ref().is_some_and(|one| !one.uses(&Slot::Id)) {
            problems.add(one_spot, Fault::new("the look-up of one item does not use `{id}`"));
        }
        let mut gone = Conditions::default();
        if let Some(file) = file.gone {
            let spot = Spot::from(file.referenced);
            if let Some(word) = &file.value.1 {
                problems.add(spot, words::refuse("word", word, &["404", "410"]));
            }
            for condition in file.value.0 {
                gone.add(condition, spot, problems);
            }
        }
        let many = file.many.and_then(|many| Many::compile(many, problems));
        let unwrap = problems.take_option(file.unwrap);
        (one.is_some() || many.is_some()).then_some(Self { one, many, unwrap, hydrate: file.hydrate, gone })
    }

    /// Whether items are asked for one by one.
    pub(super) const fn asks_for_one(&self) -> bool {
        self.one.is_some()
    }

    /// The requests that ask about all of `keys`.
    pub(super) fn requests(&self, keys: &[Key]) -> Vec<Confirm> {
        let mut requests = Vec::new();
        let (together, apart): (Vec<&Key>, Vec<&Key>) =
            keys.iter().partition(|key| self.many.as_ref().is_some_and(|many| many.can_hold(key)));
        if let Some(many) = &self.many {
            requests.extend(together.chunks(many.max).filter_map(|chunk| self.request(chunk)));
        }
        requests.extend(apart.into_iter().filter_map(|key| self.request(&[key])));
        requests
    }

    fn request(&self, keys: &[&Key]) -> Option<Confirm> {
        let keys: Vec<Key> = keys.iter().map(|key| (*key).clone()).collect();
        let template = self.asks_one(&keys).or_else(|| self.many.as_ref().map(|many| &many.request))?;
        let request = template.render(&Fill { keys: &keys, ..Fill::default() });
        Some(Confirm { request, keys })
    }

    /// The template of a look-up of one item, where that is how these keys are asked for.
    pub(super) fn asks_one(&self, keys: &[Key]) -> Option<&RequestTemplate> {
        self.one.as_ref().filter(|_| keys.len() == 1)
    }

    /// Whether a response says in the provider's own words that there is no such item.
    #[must_use]
    pub fn says_gone(&self, response: &Response<'_>) -> bool {
        is_object(response.body) && self.gone.first_match(response, |_| false).is_some()
    }

    /// Whether a response has a status that the definition names as "gone", whatever its body.
    #[must_use]
    pub fn may_say_gone(&self, response: &Response<'_>) -> bool {
        self.gone.names_status(response.status) || self.says_gone(response)
    }

    pub(super) fn bind(&self, vars: &BTreeMap<String, String>) -> Result<Self, Slot> {
        let one = self.one.as_ref().map(|one| one.bind(vars)).transpose()?;
        let many =
            self.many.as_ref().map(|many| Ok(Many { request: many.request.bind(vars)?, ..many.clone() }));
        Ok(Self { one, many: many.transpose()?, ..self.clone() })
    }
}

impl Many {
    fn compile(file: ManyFile, problems: &mut Problems<'_>) -> Option<Self> {
        let spot = file.request.spot;
        let slots = slots(vec![Slot::Ids, Slot::IdsCsv]);
        let max = file.max.map_or(DEFAULT_MAX, |max| {
            if max.value == 0 {
                problems.add(max.referenced.into(), Fault::new("`max` must be at least 1"));
            }
            max.value.max(1)
        });
        let headers = Ordered::default();
        let request = RequestTemplate::compile(Some(file.request), file.query, headers, &slots, problems);
        if request.as_ref().is_some_and(|many| !many.uses(&Slot::Ids) && !many.uses(&Slot::IdsCsv)) {
            problems
                .add(spot, Fault::new("the look-up of several items uses neither `{ids}` nor `{ids:csv}`"));
        }
        let rows = file.rows.value.compile(file.rows.referenced.into(), problems)?;
        Some(Self { request: request?, max, rows })
    }

    /// A key with a comma would read as two in a list with commas.
    pub(super) fn can_hold(&self, key: &Key) -> bool {
        !(self.request.uses(&Slot::IdsCsv) && key.as_str().contains(','))
    }
}

fn slots(always: Vec<Slot>) -> Slots {
    let why = "a look-up knows `{id}` in `one`, and `{ids}` and `{ids:csv}` in `many`";
    Slots { always, sometimes: Vec::new(), why: why.to_owned() }
}

/// Whether a body is one JSON object, checked without building it.
fn is_object(body: &[u8]) -> bool {
    serde_json::from_slice::<&RawValue>(body).is_ok_and(|raw| raw.get().starts_with('{'))
}

/// The keys that an answer names more than once.
pub(super) fn repeated<'k>(keys: impl IntoIterator<Item = &'k Key>) -> HashSet<&'k Key> {
    let mut seen = HashSet::new();
    keys.into_iter().filter(|key| !seen.insert(*key)).collect()
}
