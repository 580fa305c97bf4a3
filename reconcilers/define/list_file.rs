//! A list of a provider file that is about no item: the endpoints of its webhooks, the scopes of the credentials. It is read whole by
//! whoever looks after the installation, so it needs neither a window nor look-ups.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::body::TreeFile;
use super::checked::{Checked, Ordered};
use super::document::Problems;
use super::feed::{FeedDefinition, FeedFile};
use super::id_file::IdFile;
use super::limits::Limits;
use super::next_file::NextFile;
use super::problem::Spot;
use super::request_file::Encode;
use super::request_line::RequestLine;
use super::rows_file::RowsFile;
use super::template::Template;
use crate::path::Path;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListFile {
    request: Checked<RequestLine>,
    #[serde(default)]
    query: Ordered<Checked<Template>>,
    #[serde(default)]
    headers: Ordered<Checked<Template>>,
    body: Option<TreeFile>,
    encode: Option<Checked<Encode>>,
    graphql: Option<Checked<String>>,
    vars: Option<TreeFile>,
    rows: Spanned<RowsFile>,
    unwrap: Option<Checked<Path>>,
    id: IdFile,
    next: Spanned<NextFile>,
}

impl ListFile {
    /// Reads it as a feed without a clock. `headers` are the provider's that differ between the members of a fan-out.
    pub(super) fn compile(
        self,
        headers: &[(String, Template)],
        limits: &Limits,
        spot: Spot,
        problems: &mut Problems<'_>,
    ) -> Option<FeedDefinition> {
        let mut feed = FeedFile::of_list(self.request, self.rows, self.id, self.next)?;
        feed.query = self.query;
        feed.headers = self.headers;
        feed.body = self.body;
        feed.encode = self.encode;
        feed.graphql = self.graphql;
        feed.vars = self.vars;
        feed.unwrap = self.unwrap;
        FeedDefinition::compile(feed, headers, limits, spot, problems)
    }
}
