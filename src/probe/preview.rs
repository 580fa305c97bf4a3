//! One page of a feed as it came and as it is understood: a value, shown elsewhere.

use serde::Serialize;
use tieout_reconcilers::compare::{CLOCK, KEY, VERSION};
use tieout_reconcilers::fan_out::Member;
use tieout_reconcilers::items::ItemView;
use tieout_reconcilers::page::{Next, Page, PageRequest, Target};

use crate::source::{Fetched, Glance};

/// How much of an answer is shown, in characters.
const SHOWN: usize = 4_000;

/// A page, as it came and as it is understood.
#[derive(Debug, Serialize)]
pub struct Preview {
    /// The member that was asked for, where the feed is read for several.
    pub member: Option<String>,
    /// What was asked, without credentials.
    pub request: String,
    /// HTTP status.
    pub status: u16,
    /// The content type that the answer claims.
    pub content_type: Option<String>,
    /// Bytes of the body, unpacked.
    pub bytes: usize,
    /// The beginning of the answer.
    pub raw: String,
    /// Its rows.
    pub rows: Vec<Row>,
    /// Rows that are not what the definition says, by their place from 0.
    pub unreadable: Vec<(usize, String)>,
    /// Why the page is not all that there is, where it says so.
    pub gaps: Vec<String>,
    /// Where the definition looks for something that the page does not hold.
    pub unseen: Vec<String>,
    /// Keys that the page names as deleted.
    pub gone: Vec<String>,
    /// How many rows the provider says there are.
    pub total: Option<u64>,
    /// What would be asked next; nothing at the end.
    pub next: Option<String>,
}

/// A row as a run understands it: JSON texts.
#[derive(Debug, Serialize)]
pub struct Row {
    /// Its key.
    pub key: Option<String>,
    /// The window's clock.
    pub clock: Option<String>,
    /// The provider's change marker.
    pub version: Option<String>,
}

impl Preview {
    /// What is worth showing of a page.
    #[must_use]
    pub fn of(request: &PageRequest, seen: &Glance, member: Option<&Member>) -> Self {
        let empty = Page::default();
        let page = seen.page.as_ref().unwrap_or(&empty);
        Self {
            member: member.map(|member| member.each.as_str().to_owned()),
            request: written(request),
            status: seen.fetched.status,
            content_type: seen.fetched.response().header("content-type").map(str::to_owned),
            bytes: seen.fetched.body.len(),
            raw: raw(&seen.fetched),
            rows: page.items.iter().map(Row::of).collect(),
            unreadable: page.faults.iter().map(|fault| (fault.index, fault.reason.to_string())).collect(),
            gaps: page.gaps.clone(),
            unseen: page.unseen.iter().map(|one| one.place.clone()).collect(),
            gone: page.gone.iter().map(ToString::to_string).collect(),
            total: page.total_rows,
            next: match &page.next {
                Next::Page(request) => Some(written(request)),
                Next::Later(_) | Next::End => None,
            },
        }
    }
}

impl Row {
    fn of(item: ItemView<'_>) -> Self {
        let slot = |slot| item.slot(slot).map(str::to_owned);
        Self { key: slot(KEY), clock: slot(CLOCK), version: slot(VERSION) }
    }
}

/// A request as a person would write it. Credentials are attached where it is sent, so it holds none.
#[must_use]
pub fn written(request: &PageRequest) -> String {
    let method = request.method.as_str();
    let target = match &request.target {
        Target::Link(link) => link.clone(),
        Target::Path { path, query } if query.is_empty() => path.clone(),
        Target::Path { path, query } => {
            let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
            format!("{path}?{}", query.join("&"))
        }
    };
    match &request.body {
        None => format!("{method} {target}"),
        Some(body) => format!("{method} {target}\n{}", body.text),
    }
}

/// The beginning of an answer; JSON is laid out.
fn raw(fetched: &Fetched) -> String {
    let text = String::from_utf8_lossy(&fetched.body);
    let laid_out = serde_json::from_str::<serde_json::Value>(&text);
    let text =
        laid_out.and_then(|value| serde_json::to_string_pretty(&value)).unwrap_or_else(|_| text.into());
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}\n...", &text[..end]),
        None => text,
    }
}
