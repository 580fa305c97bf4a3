//! A list of the provider that is about no item, as the feed that it is read as.

use super::file::FeedFile;
use crate::define::checked::{Checked, Ordered, Placed};
use crate::define::id_file::IdFile;
use crate::define::next_file::NextFile;
use crate::define::request_line::RequestLine;
use crate::define::rows_file::RowsFile;

impl FeedFile {
    /// A list that is about no item, and is read whole.
    pub(in crate::define) fn of_list(
        request: Checked<RequestLine>,
        rows: Placed<RowsFile>,
        id: IdFile,
        next: Placed<NextFile>,
    ) -> Option<Self> {
        Some(Self {
            request: Some(request),
            job: None,
            query: Ordered::default(),
            headers: Ordered::default(),
            body: None,
            encode: None,
            graphql: None,
            vars: None,
            lang: None,
            each: None,
            rows: Some(rows),
            unwrap: None,
            explode: None,
            scalar: None,
            format: None,
            unpack: None,
            children: None,
            nested: Vec::new(),
            gone_if: None,
            id,
            version: None,
            order: None,
            mutable: None,
            next: Some(next),
            // A test reads one.
            window: serde_saphyr::from_str("clock: none").ok()?,
            overlap_scan: None,
            confirm: None,
            count: None,
            conditional: None,
            events: None,
            webhooks: None,
            scopes: None,
            currencies: Ordered::default(),
            is_list: true,
        })
    }
}
