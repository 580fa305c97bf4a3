//! A feed as it is written.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::define::body::TreeFile;
use crate::define::checked::{Checked, Ordered, Placed};
use crate::define::confirm_file::ConfirmFile;
use crate::define::count::CountFile;
use crate::define::currencies_file::Places;
use crate::define::each_file::EachFile;
use crate::define::events_file::EventsFile;
use crate::define::gone_file::GoneIfFile;
use crate::define::id_file::IdFile;
use crate::define::job::file::JobFile;
use crate::define::lang::Lang;
use crate::define::nested_file::NestedFile;
use crate::define::next_file::NextFile;
use crate::define::request_file::Encode;
use crate::define::request_line::RequestLine;
use crate::define::rows_file::{FormatWord, RowsFile};
use crate::define::scopes_file::ScopesFile;
use crate::define::template::Template;
use crate::define::webhooks_file::WebhooksFile;
use crate::define::window_file::{OrderWord, OverlapFile, WindowFile};
use crate::format::{Children, Unpack};
use crate::path::Path;
use crate::projection::At;
use crate::reconciler::Validator;

/// One list of the provider: how it is asked for, paged, filtered, identified and looked up.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::define) struct FeedFile {
    /// What is asked for: `GET /path` or `POST /path`, below the base; `{placeholders}` stand for what changes.
    pub(super) request: Option<Checked<RequestLine>>,
    /// An export that is prepared before it is read.
    pub(super) job: Option<Placed<JobFile>>,
    /// Parameters of the query. One whose placeholders are all unset is left out.
    #[serde(default)]
    pub(in crate::define) query: Ordered<Checked<Template>>,
    /// Headers of the request. One whose placeholders are all unset is left out.
    #[serde(default)]
    pub(in crate::define) headers: Ordered<Checked<Template>>,
    /// The body, as a tree; a text that is nothing but a placeholder keeps its type.
    pub(in crate::define) body: Option<TreeFile>,
    /// How the body is written.
    #[schemars(extend("default" = "json"))]
    pub(in crate::define) encode: Option<Checked<Encode>>,
    /// A GraphQL query that is posted in the place of a body.
    pub(in crate::define) graphql: Option<Checked<String>>,
    /// The variables of the GraphQL query.
    pub(in crate::define) vars: Option<TreeFile>,
    /// The query language that values stand between quotes of, so that none can end them.
    pub(super) lang: Option<Checked<Lang>>,
    /// For whom the list is read, one by one: `{shop: [north, south]}`, a list of mappings, or `{feed: repos, field: full_name}`.
    pub(super) each: Option<EachFile>,
    /// Where the rows of a page are.
    pub(super) rows: Option<Placed<RowsFile>>,
    /// What of an element is the row.
    pub(in crate::define) unwrap: Option<Checked<Path>>,
    /// A list inside each row whose elements are the rows.
    pub(super) explode: Option<Checked<At>>,
    /// The member that rows get which are single values.
    pub(super) scalar: Option<Checked<String>>,
    /// How a page is written.
    #[schemars(extend("default" = "json"))]
    pub(super) format: Option<Checked<FormatWord>>,
    /// How a page is packed.
    pub(super) unpack: Option<Checked<Unpack>>,
    /// What becomes of lines that name another one by `__parentId`.
    pub(super) children: Option<Checked<Children>>,
    /// Lists inside rows that may be cut off.
    #[serde(default)]
    pub(super) nested: Vec<NestedFile>,
    /// Which rows name items that are deleted: `always`, or what their members hold.
    pub(super) gone_if: Option<Placed<GoneIfFile>>,
    /// The path of the key in a row, or the paths of its parts.
    pub(super) id: IdFile,
    /// The path of a change marker that only grows.
    pub(super) version: Option<Checked<Path>>,
    /// The order of the rows that the API guarantees.
    #[schemars(extend("default" = "none"))]
    pub(super) order: Option<Checked<OrderWord>>,
    /// Whether items ever change.
    #[schemars(extend("default" = true))]
    pub(super) mutable: Option<bool>,
    /// How the next page is reached.
    pub(super) next: Option<Placed<NextFile>>,
    /// The member by which the API filters, and how.
    pub(super) window: Placed<WindowFile>,
    /// How far back verified ranges are read again, and how often.
    pub(super) overlap_scan: Option<OverlapFile>,
    /// How an item is looked up by its key.
    pub(super) confirm: Option<Placed<ConfirmFile>>,
    /// How many items a range has, asked for before it is walked.
    pub(super) count: Option<Placed<CountFile>>,
    /// By what the provider can tell that a page is unchanged.
    pub(super) conditional: Option<Checked<Validator>>,
    /// Where the provider lists its own events about these items.
    pub(super) events: Option<EventsFile>,
    /// How the provider tells which webhooks it sends, for `tieout doctor`.
    pub(super) webhooks: Option<WebhooksFile>,
    /// How the provider tells what a credential may do, for `tieout doctor`.
    pub(super) scopes: Option<Placed<ScopesFile>>,
    /// How many decimals the minor units of a currency have here, where ISO 4217 has another number.
    #[serde(default)]
    pub(super) currencies: Ordered<Checked<Places>>,
    /// Whether it is about no item: then nothing is looked up.
    #[serde(skip)]
    pub(super) is_list: bool,
}
