//! The `confirm` block of a feed, as it is written and as it is meant.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_saphyr::Spanned;

use super::absence::GoneFile;
use super::body::TreeFile;
use super::checked::{Checked, Fault, FromText, Ordered};
use super::confirm::{ConfirmDefinition, Many, Search};
use super::document::Problems;
use super::placeholder::{Placeholder, Slot};
use super::problem::Spot;
use super::request::RequestTemplate;
use super::request_file::{Encode, Ground, RequestFile};
use super::request_line::RequestLine;
use super::rows_file::{RowsDefinition, RowsFile};
use super::slots::Slots;
use super::template::Template;
use super::value::Length;
use super::words;
use crate::path::Path;

/// How many keys one look-up asks about where a definition does not say.
const DEFAULT_MAX: usize = 100;

/// What a look-up of one item is made of.
const ONE_WORDS: [&str; 7] = ["request", "query", "headers", "body", "encode", "graphql", "vars"];

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfirmFile {
    one: Option<Spanned<OneFile>>,
    many: Option<Spanned<ManyFile>>,
    search: Option<Spanned<LookUpFile>>,
    unwrap: Option<Checked<Path>>,
    gone: Option<Spanned<GoneFile>>,
    after: Option<Checked<Length>>,
    #[serde(default)]
    hydrate: bool,
}

/// The words of a look-up.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct LookUpFile {
    request: Option<Checked<RequestLine>>,
    #[serde(default)]
    query: Ordered<Checked<Template>>,
    #[serde(default)]
    headers: Ordered<Checked<Template>>,
    body: Option<TreeFile>,
    encode: Option<Checked<Encode>>,
    graphql: Option<Checked<String>>,
    vars: Option<TreeFile>,
    rows: Option<Spanned<RowsFile>>,
    within: Option<Checked<Within>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ManyFile {
    request: Option<Checked<RequestLine>>,
    #[serde(default)]
    query: Ordered<Checked<Template>>,
    #[serde(default)]
    headers: Ordered<Checked<Template>>,
    body: Option<TreeFile>,
    encode: Option<Checked<Encode>>,
    graphql: Option<Checked<String>>,
    vars: Option<TreeFile>,
    ids_as: Option<TreeFile>,
    max: Option<Spanned<usize>>,
    rows: Spanned<RowsFile>,
}

/// A look-up of one item: a request on one line, or its words.
#[derive(Debug, Clone)]
enum OneFile {
    Line(Result<RequestLine, Fault>),
    Words(Box<LookUpFile>),
}

impl<'de> Deserialize<'de> for OneFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneVisitor)
    }
}

struct OneVisitor;

impl<'de> Visitor<'de> for OneVisitor {
    type Value = OneFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a request such as `GET /orders/{id}`, or a mapping with `request` or `graphql`")
    }

    fn visit_str<E>(self, line: &str) -> Result<OneFile, E> {
        Ok(OneFile::Line(RequestLine::from_text(line)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OneFile, A::Error> {
        LookUpFile::deserialize(MapAccessDeserializer::new(map)).map(|words| OneFile::Words(Box::new(words)))
    }
}

/// Where a search looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {}

impl FromText for Within {
    fn from_text(text: &str) -> Result<Self, Fault> {
        match text {
            "window" => Err(Fault::new(words::later("within"))
                .with_help("a finding is looked up by its key alone; leave `within` out if the provider can search all of time")),
            other => Err(words::refuse("word", other, &["window"])),
        }
    }
}

/// What look-ups have from their feed.
pub(super) struct FeedGround<'g> {
    /// The provider's headers that differ between the members of a fan-out.
    pub(super) headers: &'g [(String, Template)],
    /// The feed's own request, as it is written.
    pub(super) request: &'g RequestFile,
    /// The placeholders of the feed's own request.
    pub(super) slots: &'g Slots,
    /// Where the rows of the feed are.
    pub(super) rows: &'g RowsDefinition,
    /// Whether that request begins a job.
    pub(super) is_export: bool,
}

impl FeedGround<'_> {
    fn line(&self) -> Option<&RequestLine> {
        self.request.line.as_ref()?.outcome.as_ref().ok()
    }

    /// What a look-up can use that knows `own`.
    fn own(&self, own: Slot) -> Slots {
        let why = "a look-up knows `{id}` in `one` and `search`, and `{ids}` in `many`".to_owned();
        Slots { always: vec![own], sometimes: Vec::new(), why, ..self.slots.clone() }
    }

    fn compile(
        &self,
        file: RequestFile,
        slots: &Slots,
        spot: Spot,
        problems: &mut Problems<'_>,
    ) -> Option<RequestTemplate> {
        let ground = Ground { slots, headers: self.headers, line: self.line(), spot };
        file.compile(&ground, problems)
    }
}

impl ConfirmFile {
    pub(super) fn compile(
        self,
        spot: Spot,
        feed: &FeedGround<'_>,
        problems: &mut Problems<'_>,
    ) -> Option<ConfirmDefinition> {
        if self.one.is_none() && self.many.is_none() && self.search.is_none() {
            let help =
                "say `one: \"GET /path/{id}\"`, `many` or `search`; every suspect is looked up by its key";
            problems.add(spot, Fault::new("`confirm` needs `one`, `many` or `search`").with_help(help));
        }
        if let (Some(unwrap), None) = (&self.unwrap, &self.one) {
            let fault =
                Fault::new("`unwrap` says where the item is in the answer of `one`, which is not there");
            problems.add(unwrap.spot, fault);
        }
        let unwrap = problems.take_option(self.unwrap);
        let had = [self.one.is_some(), self.many.is_some(), self.search.is_some()];
        let one = self.one.and_then(|one| one.value.compile(one.referenced.into(), feed, problems));
        let many = self.many.and_then(|many| many.value.compile(many.referenced.into(), feed, problems));
        let search =
            self.search.and_then(|search| search.value.search(search.referenced.into(), feed, problems));
        let gone = self.gone.map(|gone| gone.value.compile(gone.referenced.into(), problems));
        let after = problems.take_option(self.after).map(|after| after.0).unwrap_or_default();
        let has = [one.is_some(), many.is_some(), search.is_some()];
        (had == has).then(|| ConfirmDefinition {
            one,
            many,
            search,
            unwrap,
            hydrate: self.hydrate,
            gone: gone.unwrap_or_default(),
            after,
        })
    }
}

impl OneFile {
    fn compile(
        self,
        spot: Spot,
        feed: &FeedGround<'_>,
        problems: &mut Problems<'_>,
    ) -> Option<RequestTemplate> {
        let words = match self {
            Self::Line(outcome) => {
                LookUpFile { request: Some(Checked { spot, outcome }), ..LookUpFile::default() }
            }
            Self::Words(words) => *words,
        };
        if let Some(within) = &words.within {
            problems.add(within.spot, words::refuse("key", "within", &ONE_WORDS));
        }
        if let Some(rows) = &words.rows {
            let fault = words::refuse("key", "rows", &ONE_WORDS);
            let help = "say where the item is beside `one`: `unwrap: data.order`";
            problems.add(rows.referenced.into(), fault.with_help(help));
        }
        if words.request.is_none() && words.graphql.is_none() {
            problems.add(spot, Fault::new("`one` names no `request`"));
            return None;
        }
        let (file, ..) = words.parts();
        let request = feed.compile(file, &feed.own(Slot::Id), spot, problems)?;
        asks_for_one(&request, "the look-up of one item", spot, problems);
        Some(request)
    }
}

fn asks_for_one(request: &RequestTemplate, what: &str, spot: Spot, problems: &mut Problems<'_>) {
    let uses = |place: &&Placeholder| matches!(place.slot, Slot::Id | Slot::IdPart(_));
    if !request.places().iter().any(uses) {
        problems.add(spot, Fault::new(format!("{what} does not use `{{id}}`")));
    }
}

impl LookUpFile {
    fn parts(self) -> (RequestFile, Option<Spanned<RowsFile>>, Option<Checked<Within>>) {
        let file = RequestFile {
            line: self.request,
            query: self.query,
            headers: self.headers,
            body: self.body,
            encode: self.encode,
            graphql: self.graphql,
            vars: self.vars,
            ids_as: None,
        };
        (file, self.rows, self.within)
    }

    /// A search: a request of its own, or the feed's with some words changed.
    fn search(self, spot: Spot, feed: &FeedGround<'_>, problems: &mut Problems<'_>) -> Option<Search> {
        let (mut file, rows, within) = self.parts();
        problems.take_option(within);
        let mut slots = feed.own(Slot::Id);
        if file.line.is_none() && feed.is_export {
            let fault = Fault::new("an export is not searched for one item");
            problems
                .add(spot, fault.with_help("name the `request` of a list that can be filtered by the key"));
            return None;
        }
        if file.line.is_none() {
            file = feed.request.clone().changed(file);
            // Neither a window nor a cursor narrows the search.
            let narrowing = [Slot::From, Slot::To, Slot::Cursor, Slot::Rekey, Slot::Token];
            let (sometimes, always): (Vec<_>, Vec<_>) =
                feed.slots.always.iter().cloned().partition(|slot| narrowing.contains(slot));
            slots.always.extend(always);
            slots.sometimes.extend(sometimes.into_iter().chain(feed.slots.sometimes.iter().cloned()));
        }
        let rows = match rows {
            Some(rows) => rows.value.compile(rows.referenced.into(), problems)?,
            None => (feed.rows.shape.rows.clone(), feed.rows.shape.unwrap.clone()),
        };
        let request = feed.compile(file, &slots, spot, problems)?;
        asks_for_one(&request, "the search", spot, problems);
        Some(Search { request, rows })
    }
}

impl ManyFile {
    fn compile(self, spot: Spot, feed: &FeedGround<'_>, problems: &mut Problems<'_>) -> Option<Many> {
        let max = self.max.map_or(DEFAULT_MAX, |max| {
            if max.value == 0 {
                problems.add(max.referenced.into(), Fault::new("`max` must be at least 1"));
            }
            max.value.max(1)
        });
        let rows = self.rows.value.compile(self.rows.referenced.into(), problems);
        let file = RequestFile {
            line: self.request,
            query: self.query,
            headers: self.headers,
            body: self.body,
            encode: self.encode,
            graphql: self.graphql,
            vars: self.vars,
            ids_as: self.ids_as,
        };
        if file.line.is_none() && file.graphql.is_none() {
            problems.add(spot, Fault::new("`many` names no `request`"));
            return None;
        }
        let request = feed.compile(file, &feed.own(Slot::Ids), spot, problems)?;
        if !request.uses(&Slot::Ids) {
            let fault = Fault::new("the look-up of several items does not use `{ids}`");
            problems.add(spot, fault.with_help("write `{ids}` for a list or `{ids:csv}` in a text"));
        }
        Some(Many { request, max, rows: rows? })
    }
}
