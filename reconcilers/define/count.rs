//! How a provider is asked how many rows a range has. The answer is a hint where to split, and evidence of nothing.

use schemars::JsonSchema;
use serde::Deserialize;

use super::body::TreeFile;
use super::checked::{Checked, Fault, Ordered, Placed};
use super::document::Problems;
use super::fill::Fill;
use super::problem::Spot;
use super::reader::Reader;
use super::request::RequestTemplate;
use super::request_file::{Encode, Ground, RequestFile};
use super::request_line::RequestLine;
use super::slots::Slots;
use super::template::{Known, Slot, Template};
use crate::page::{PageRequest, Response};
use crate::path::Path;
use crate::projection::Projection;

/// How many items a range has, asked for before it is walked: a hint, on which no verdict rests.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CountFile {
    /// What is asked for: `GET /path` or `POST /path`, below the base; `{placeholders}` stand for what changes.
    request: Checked<RequestLine>,
    /// Parameters of the query. One whose placeholders are all unset is left out.
    #[serde(default)]
    query: Ordered<Checked<Template>>,
    /// Headers of the request. One whose placeholders are all unset is left out.
    #[serde(default)]
    headers: Ordered<Checked<Template>>,
    /// The body, as a tree; a text that is nothing but a placeholder keeps its type.
    body: Option<TreeFile>,
    /// How the body is written.
    #[schemars(extend("default" = "json"))]
    encode: Option<Checked<Encode>>,
    /// A GraphQL query that is posted in the place of a body.
    graphql: Option<Checked<String>>,
    /// The variables of the GraphQL query.
    vars: Option<TreeFile>,
    /// Where the answer holds the number: a path or a header.
    at: Checked<Reader>,
}

/// How the rows of a range are counted.
#[derive(Debug, Clone)]
pub struct CountDefinition {
    pub(super) request: RequestTemplate,
    at: Reader,
    /// Keeps the member of the body that is named, if one is.
    kept: Option<Projection>,
}

impl CountDefinition {
    /// `feed` are the placeholders of the feed's own request, `headers` the provider's that differ between members.
    pub(super) fn compile(
        count: Placed<CountFile>,
        feed: &Slots,
        headers: &[(String, Template)],
        problems: &mut Problems<'_>,
    ) -> Option<Self> {
        let (spot, file) = (count.spot, count.value);
        let slots = slots(feed);
        let asked = RequestFile {
            line: Some(file.request),
            query: file.query,
            headers: file.headers,
            body: file.body,
            encode: file.encode,
            graphql: file.graphql,
            vars: file.vars,
            ids_as: None,
        };
        let known = problems.problems.len();
        let at = problems.take(file.at);
        let request = asked.compile(&Ground { slots: &slots, headers, line: None, spot }, problems)?;
        if problems.problems.len() == known {
            must_be_about_the_window(&request, &slots, spot, problems);
        }
        let at = at?;
        let kept = at.signal().map(|path: Path| Projection::of_rows(&[Some(path)], &[], 1));
        Some(Self { request, at, kept })
    }

    /// The request that counts what `fill` says.
    pub(super) fn request(&self, fill: &Fill<'_>) -> PageRequest {
        self.request.render(fill)
    }

    /// What an answer says; nothing where it holds no count.
    #[must_use]
    pub fn read(&self, response: &Response<'_>) -> Option<u64> {
        let kept = self.kept.as_ref().and_then(|kept| kept.read_item(response.body).ok());
        let slot = kept.as_ref().and_then(|kept| kept.items.get(0)).and_then(|row| row.slot(0));
        self.at.read(slot, response)?.parse().ok()
    }

    /// Puts what is known in place; the error is a placeholder that must be set and is not.
    pub(super) fn bind<'k>(&self, known: &impl Fn(&Slot) -> Known<'k>) -> Result<Self, Slot> {
        Ok(Self { request: self.request.bind(known)?, ..self.clone() })
    }
}

/// A count knows the window and no page.
fn slots(feed: &Slots) -> Slots {
    let bounds = |slots: &[Slot]| {
        slots.iter().filter(|slot| matches!(slot, Slot::From | Slot::To)).cloned().collect::<Vec<_>>()
    };
    Slots {
        always: bounds(&feed.always),
        sometimes: bounds(&feed.sometimes),
        why: "a count knows `{from}` and `{to}`, where the provider filters".to_owned(),
        ..feed.clone()
    }
}

/// The count of everything would be taken for that of each range.
fn must_be_about_the_window(
    request: &RequestTemplate,
    slots: &Slots,
    spot: Spot,
    problems: &mut Problems<'_>,
) {
    for slot in slots.always.iter().chain(&slots.sometimes).filter(|slot| !request.uses(slot)) {
        let fault = Fault::new(format!("no part of the count uses `{slot}`"));
        problems.add(spot, fault.with_help("send the window as the feed's own request does"));
    }
}
