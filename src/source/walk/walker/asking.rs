//! One request of a walk: whether it may be sent, with what patience, and how it is called when it fails.

use tieout_reconcilers::export::Stage;
use tieout_reconcilers::page::PageRequest;

use super::Walker;
use crate::source::error::SourceError;
use crate::source::fetch::Answered;
use crate::source::guard::Endless;
use crate::source::reason::{Reason, Site, What};

impl Walker {
    /// Asks the provider, where the guard finds that this leads on.
    pub(super) async fn fetch(&mut self, request: &PageRequest) -> Result<Answered, Reason> {
        self.client.ready(&request.each).await.map_err(|error| Reason::of(self.site(request), error))?;
        let from = self.page.as_ref();
        let to = self.client.resolve(request, from).map_err(|error| Reason::of(self.site(request), error))?;
        // Asking about a job again and again is how it goes, and has an end of its own.
        if request.asks_for_rows() {
            self.guard.before(to.url(), request).map_err(|endless| self.endless(request, endless))?;
        }
        let going_on = self.answered.filter(|_| request.position.page > 0);
        let client = match going_on.zip(self.reconciler.feed().cursor_ttl) {
            Some((since, ttl)) => &self.client.going_on(since, ttl),
            None => &self.client,
        };
        client
            .fetch_page(self.reconciler.as_ref(), request, from)
            .await
            .map_err(|error| Reason::of(self.site(request), of_file(request, error)))
    }

    pub(super) fn endless(&self, request: &PageRequest, endless: Endless) -> Reason {
        Reason::Endless { at: Box::new(self.site(request)), endless }
    }

    /// Where the walk is, for messages.
    pub(super) fn site(&self, request: &PageRequest) -> Site {
        Site {
            domain: self.reconciler.domain().clone(),
            provider: self.client.provider().clone(),
            what: if request.asks_for_rows() { What::Page(self.number) } else { What::Job },
            request: self.client.describe(request, self.page.as_ref()),
        }
    }
}

/// What went wrong with a request, where it is one for a file: a file has no smaller pages.
fn of_file(request: &PageRequest, error: SourceError) -> SourceError {
    match (request.stage(), error) {
        (Some(Stage::File(_)), SourceError::BodyTooLarge { cap }) => SourceError::FileTooLarge { cap },
        (_, error) => error,
    }
}
