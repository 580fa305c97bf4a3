//! A list of a provider file that is about no item: the endpoints of its webhooks, the scopes of the credentials. It is read whole by
//! whoever looks after the installation, so it needs neither a window nor look-ups.

use schemars::JsonSchema;
use serde::Deserialize;

use super::body::TreeFile;
use super::checked::{Checked, Ordered, Placed};
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

/// A list that is about no item, such as the endpoints of webhooks or the scopes of the credentials.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListFile {
    /// What is asked for: `GET /path` or `POST /path`, below the base.
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
    /// Where the rows of a page are.
    rows: Placed<RowsFile>,
    /// What of an element is the row.
    unwrap: Option<Checked<Path>>,
    /// The path of the key in a row, or the paths of its parts.
    id: IdFile,
    /// How the next page is reached.
    next: Placed<NextFile>,
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
