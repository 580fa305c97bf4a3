//! Walks a slice of a feed, page after page, in a task of its own: the next page is fetched and parsed while the last one
//! is compared.
//!
//! A walk says what it proved: `Complete`, or `Partial` with its reasons. Items that it handed out stay valid either way.
//! After each page it says where it stands, so that it can be carried on from there by another process.

mod coverage;
mod page;
mod unusable;
mod walker;
mod waypoint;

use std::sync::Arc;
use std::time::Duration;

use tieout_reconcilers::reconciler::Reconciler;
use tieout_reconcilers::window::Slice;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use self::walker::Walker;
use self::waypoint::Stands;
use super::guard::{Guard, Trail};
use super::http::Client;
use super::reason::Reason;

pub use self::coverage::{Coverage, Walked};
pub use self::page::WalkedPage;
pub(super) use self::unusable::not_a_page;
pub use self::waypoint::Waypoint;

/// A walk under way. Dropping it cancels its request.
#[derive(Debug)]
pub struct Walk {
    pages: mpsc::Receiver<WalkedPage>,
    task: AbortOnDropHandle<Walked>,
    /// What was seen up to the page that was handed out last.
    trail: Trail,
    /// Where that page leads.
    stands: Option<Stands>,
}

impl Walk {
    /// Starts to read a slice. Must be called inside a tokio runtime.
    #[must_use]
    pub fn start(client: Client, reconciler: Arc<dyn Reconciler>, slice: Slice) -> Self {
        let is_log = reconciler.feed().changes;
        let guard = if is_log { Guard::of_changes(client.caps()) } else { Guard::new(client.caps()) };
        let request = reconciler.first_page(&slice);
        Walker::new(client, reconciler, slice, guard).start(request, Trail::default())
    }

    /// Carries a walk on that stood at a point so long ago. The slice is the one that it was started with. Must be called
    /// inside a tokio runtime.
    #[must_use]
    pub fn carry_on(
        client: Client,
        reconciler: Arc<dyn Reconciler>,
        slice: Slice,
        from: Waypoint,
        age: Duration,
    ) -> Self {
        let Waypoint { stands, trail } = from;
        let guard = Guard::on(trail.clone(), client.caps());
        Walker::new(client, reconciler, slice, guard).go_on(stands, age, trail)
    }

    /// The next page, or nothing after the last one that could be read.
    pub async fn next(&mut self) -> Option<WalkedPage> {
        let page = self.pages.recv().await?;
        Some(self.hand_out(page))
    }

    /// The next page, if it is there already.
    pub fn next_at_hand(&mut self) -> Option<WalkedPage> {
        let page = self.pages.try_recv().ok()?;
        Some(self.hand_out(page))
    }

    /// Asks for nothing more. Pages at hand can still be taken, and the walk proves nothing.
    pub fn give_up(&self) {
        self.task.abort();
    }

    /// Where the walk can be carried on behind the page that was handed out last. Nothing where that was the last one, or
    /// where a walk that is carried on could not prove anything.
    #[must_use]
    pub fn waypoint(&self) -> Option<Waypoint> {
        Some(Waypoint { stands: self.stands.clone()?, trail: self.trail.clone() })
    }

    fn hand_out(&mut self, mut page: WalkedPage) -> WalkedPage {
        self.stands = page.stands.take();
        if let Some(step) = self.stands.as_ref().and_then(|stands| stands.step) {
            self.trail.follow(step);
        }
        page
    }

    /// What the walk proved. Ask after the last page: a walk that is asked earlier is given up.
    pub async fn coverage(self) -> Coverage {
        self.end().await.coverage
    }

    /// What the walk proved and where the next one goes on. Ask after the last page.
    pub async fn end(self) -> Walked {
        let Self { pages, task, .. } = self;
        drop(pages);
        // A mistake in the walk is not the provider's doing: it goes on to whoever asked for the walk.
        task.await.unwrap_or_else(|error| match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Walked { coverage: Coverage::Partial(vec![Reason::Abandoned]), token: None },
        })
    }
}
