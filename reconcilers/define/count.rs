//! How a provider is asked how many rows a range has. The answer is a hint where to split, and evidence of nothing.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::body::TreeFile;
use super::checked::{Checked, Fault, Ordered};
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

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CountFile {
    request: Checked<RequestLine>,
    #[serde(default)]
    query: Ordered<Checked<Template>>,
    #[serde(default)]
    headers: Ordered<Checked<Template>>,
    body: Option<TreeFile>,
    encode: Option<Checked<Encode>>,
    graphql: Option<Checked<String>>,
    vars: Option<TreeFile>,
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
        count: Spanned<CountFile>,
        feed: &Slots,
        headers: &[(String, Template)],
        problems: &mut Problems<'_>,
    ) -> Option<Self> {
        let (spot, file) = (Spot::from(count.referenced), count.value);
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
