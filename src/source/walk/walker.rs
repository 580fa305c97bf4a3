//! The task of a walk: it asks for one page after the other and sends them to whoever holds the [`Walk`].

mod asking;
mod ending;
mod reading;

use std::sync::Arc;
use std::time::Duration;

use tieout_reconcilers::export::Later;
use tieout_reconcilers::page::{Next, PageRequest, Unseen};
use tieout_reconcilers::reconciler::Reconciler;
use tieout_reconcilers::window::Slice;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;
use url::Url;

use super::waypoint::Stands;
use super::{Coverage, Walk, Walked, WalkedPage};
use crate::source::guard::{Guard, Trail};
use crate::source::http::Client;
use crate::source::patience::Patience;
use crate::source::reason::Reason;

/// A walk as its task has it.
pub(super) struct Walker {
    client: Client,
    reconciler: Arc<dyn Reconciler>,
    slice: Slice,
    guard: Guard,
    /// How many pages it has asked for.
    number: u64,
    /// How many rows they had.
    rows: u64,
    /// The newest count that the provider gave.
    total: Option<u64>,
    /// What should be on some page and was on none so far; nothing before the first page.
    unseen: Option<Vec<Unseen>>,
    /// Where the last page came from.
    page: Option<Url>,
    /// When the last page was complete.
    answered: Option<tokio::time::Instant>,
    /// Why the pages so far are not all there is, in the provider's own words.
    gaps: Vec<Reason>,
    /// What the next run of a change feed goes on from.
    token: Option<String>,
    /// How long it has waited for an export.
    patience: Patience,
}

impl Walker {
    /// A walker that has not asked for anything yet.
    pub(super) fn new(client: Client, reconciler: Arc<dyn Reconciler>, slice: Slice, guard: Guard) -> Self {
        Self {
            client,
            reconciler,
            slice,
            guard,
            number: 0,
            rows: 0,
            total: None,
            unseen: None,
            page: None,
            answered: None,
            gaps: Vec::new(),
            token: None,
            patience: Patience::default(),
        }
    }

    /// Starts to walk, and hands out a walk that waits for its pages.
    pub(super) fn start(self, request: PageRequest, trail: Trail) -> Walk {
        let (out, pages) = mpsc::channel(self.client.room().ahead());
        let task = AbortOnDropHandle::new(tokio::spawn(self.walk(request, out).in_current_span()));
        Walk { pages, task, trail, stands: None }
    }

    /// Starts to walk on from where a walk stood so long ago.
    pub(super) fn go_on(self, from: Stands, age: Duration, trail: Trail) -> Walk {
        let Stands { next, number, rows, total, unseen, page, step: _ } = from;
        let answered = tokio::time::Instant::now().checked_sub(age);
        Self { number, rows, total, unseen, page, answered, ..self }.start(next, trail)
    }

    /// Walks to the end.
    async fn walk(mut self, request: PageRequest, out: mpsc::Sender<WalkedPage>) -> Walked {
        let coverage = self.coverage(request, out).await;
        Walked { coverage, token: self.token }
    }

    /// Page after page, until the provider marks the end or something is in the way.
    async fn coverage(&mut self, first: PageRequest, out: mpsc::Sender<WalkedPage>) -> Coverage {
        let mut request = first;
        loop {
            let (page, next) = match self.read(&request).await {
                Ok(Some(read)) => read,
                Ok(None) => return self.end(&request),
                Err(reason) => return self.partial(reason),
            };
            if let Some(page) = page
                && out.send(page).await.is_err()
            {
                return Coverage::Partial(vec![Reason::Abandoned]);
            }
            if let Some(capped) = self.capped(&request) {
                return self.partial(capped);
            }
            request = match next {
                Next::Page(following) => following,
                Next::End => return self.end(&request),
                Next::Later(later) => match self.wait(&request, &later, &out).await {
                    Ok(()) => later.request,
                    Err(reason) => return self.partial(reason),
                },
            };
        }
    }

    /// Waits for an export, as long as somebody wants it.
    async fn wait(
        &mut self,
        request: &PageRequest,
        later: &Later,
        out: &mpsc::Sender<WalkedPage>,
    ) -> Result<(), Reason> {
        let at = self.site(request);
        tokio::select! {
            waited = self.patience.pause(&self.client, later) => waited.map_err(|error| Reason::of(at, error)),
            () = out.closed() => Err(Reason::Abandoned),
        }
    }
}
