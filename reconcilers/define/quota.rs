//! Where a provider can be asked how much is left, without that costing anything of it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::checked::{Checked, Fault};
use super::document::Problems;
use super::limits::{Gauge, ResetFormat};
use super::limits_file::{left, reset};
use super::problem::Spot;
use super::reader::Reader;
use super::request_line::RequestLine;
use super::template::Template;
use crate::page::{Method, PageRequest, Target};

/// A request that tells how much is left, and where its answer does.
#[derive(Debug, Clone)]
pub struct Quota {
    /// The request; it holds no placeholder.
    pub request: PageRequest,
    /// Where the answer says how much is left.
    pub gauge: Gauge,
}

/// A request whose answer says how much is left, and which costs nothing of it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct QuotaFile {
    /// The request, such as `GET /rate_limit`.
    request: Checked<RequestLine>,
    /// Where the answer says how many requests are left.
    left: Option<Checked<Reader>>,
    /// A fraction such as `32/40`, in the place of `left`.
    used: Option<Checked<Reader>>,
    /// Where the answer says when all is there again.
    reset: Option<Checked<Reader>>,
    /// How `reset` is written; what it looks like where this is left out.
    #[serde(rename = "as")]
    format: Option<Checked<ResetFormat>>,
}

impl QuotaFile {
    pub(super) fn compile(self, spot: Spot, problems: &mut Problems<'_>) -> Option<Quota> {
        if self.left.is_none() && self.used.is_none() {
            let help = "name the member of the answer, such as `left: resources.core.remaining`";
            problems.add(
                spot,
                Fault::new("nothing says where the quota's answer shows what is left").with_help(help),
            );
        }
        let left = left(self.left, self.used, None, problems);
        let reset = reset(self.reset, self.format, true, problems);
        let request_spot = self.request.spot;
        let request = problems.take(self.request).and_then(|line| request(&line, request_spot, problems));
        Some(Quota { request: request?, gauge: Gauge::new(left, reset) })
    }
}

/// A request that is the same in every run and for everybody.
fn request(line: &RequestLine, spot: Spot, problems: &mut Problems<'_>) -> Option<PageRequest> {
    if line.method != Method::Get {
        let fault = Fault::new("a quota is asked for by `GET`").at("POST");
        problems.add(spot, fault.with_help("say `request: GET /path`"));
        return None;
    }
    let texts = std::iter::once(&line.path).chain(line.query.iter().map(|(_, value)| value));
    if let Some(slot) = texts.flat_map(Template::slots).next() {
        let fault = Fault::new(format!("`{slot}` cannot stand here")).at(slot.to_string());
        problems.add(spot, fault.with_help("the request for a quota is always the same one"));
        return None;
    }
    let text = |template: &Template| template.render(|_| None).unwrap_or_default();
    let query = line.query.iter().map(|(name, value)| (name.clone(), text(value))).collect();
    Some(PageRequest::get(Target::Path { path: text(&line.path), query }))
}
