//! Reads one page by itself, for those who look at a feed without walking it: what came, and what it means.

use std::sync::{Mutex, PoisonError};

use tieout_reconcilers::page::{Page, PageRequest, Response};
use tieout_reconcilers::reconciler::Reconciler;
use tieout_reconcilers::window::Slice;
use url::Url;

use super::fetch::Answered;
use super::http::{Client, Fetched};
use super::reason::{Reason, Site, What};
use super::walk::not_a_page;

/// One page with the answer that it was read from.
#[derive(Debug)]
pub struct Glance {
    /// The answer.
    pub fetched: Fetched,
    /// What it means; nothing where a rule of the provider says that there is nothing.
    pub page: Option<Page>,
}

/// Asks for one page, with the retries that a walk would make. `from` is where the page before came from.
pub async fn glance(
    client: &Client,
    reconciler: &dyn Reconciler,
    slice: &Slice,
    request: &PageRequest,
    from: Option<&Url>,
) -> Result<Glance, Reason> {
    let at = || Site {
        domain: reconciler.domain().clone(),
        provider: client.provider().clone(),
        what: What::Page(request.position.page + 1),
        request: client.describe(request, from),
    };
    let answered = client.fetch(request, from, |response| reconciler.answer(request, response)).await;
    let (fetched, gap) = match answered.map_err(|error| Reason::of(at(), error))? {
        Answered::Empty(fetched) => return Ok(Glance { fetched, page: None }),
        Answered::Read(fetched) => (fetched, None),
        Answered::Partly(fetched, why) => (fetched, Some(why)),
    };
    let page = reconciler.read_page(slice, request, &fetched.response());
    let mut page = page.map_err(|fault| not_a_page(at(), fault, &fetched))?;
    page.gaps.extend(gap);
    Ok(Glance { fetched, page: Some(page) })
}

/// The headers that a request is answered with, refused or not; nothing where nobody answers. Names are in lower case.
pub async fn headers(
    client: &Client,
    reconciler: &dyn Reconciler,
    request: &PageRequest,
) -> Option<Vec<(String, String)>> {
    let last = Mutex::new(None);
    let noted = |response: &Response<'_>| {
        *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(response.headers.to_vec());
        reconciler.answer(request, response)
    };
    // What the answer means is told by whoever reads the page.
    let _answered = client.fetch(request, None, noted).await;
    last.into_inner().unwrap_or_else(PoisonError::into_inner)
}
