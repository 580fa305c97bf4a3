//! A domain as it is played: it begins where the test says, and what no file answers of its look-ups, the pages do.
//!
//! Everything else is the domain's own. Its SQL is asked of nobody, nor are its received webhooks and its funnel.

use std::sync::Arc;

use tieout_reconcilers::compare::Fields;
use tieout_reconcilers::direction::Direction;
use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::event_feed::EventFeed;
use tieout_reconcilers::fan_out::FanOut;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::{DomainName, Each, Name};
use tieout_reconcilers::page::{
    Answer, Confirm, Confirmed, Page, PageFault, PageRequest, Response, Seen, Target, Wanted,
};
use tieout_reconcilers::reconciler::{Feed, Local, Policy, Reconciler, Remedy};
use tieout_reconcilers::schedule::Schedule;
use tieout_reconcilers::window::{Purpose, Slice, Window};

/// Who plays the provider of a domain, or listens to it.
pub trait Stage: std::fmt::Debug + Send + Sync {
    /// Takes note of a look-up by key.
    fn looks_up(&self, asked: &PageRequest);
    /// Whether a look-up is answered from the pages.
    fn is_from_pages(&self, asked: &PageRequest) -> bool;
    /// The bodies of the pages that a member was shown.
    fn bodies_for(&self, each: &Each) -> Vec<Vec<u8>>;
    /// Whether requests for a path are answered that are no pages.
    fn knows(&self, path: &str) -> bool;
    /// Takes note of a page that a member was shown.
    fn shows(&self, each: &Each, page: &Page);
}

/// A domain with whoever plays its provider.
#[derive(Debug)]
pub struct Staged {
    domain: Arc<dyn Reconciler>,
    policy: Policy,
    stage: Arc<dyn Stage>,
}

impl Staged {
    /// A domain whose first run begins at `start`.
    #[must_use]
    pub fn new(domain: Arc<dyn Reconciler>, start: Instant, stage: Arc<dyn Stage>) -> Self {
        let policy = Policy { start: Some(start), ..domain.policy().clone() };
        Self { domain, policy, stage }
    }

    /// Whether some file answers for a feed.
    fn is_recorded(&self, events: &EventFeed) -> bool {
        let now = self.policy.start.unwrap_or(Instant::from_micros(0));
        let Some(window) = Window::new(now, now + std::time::Duration::from_secs(1)) else { return false };
        let first = events.feed.first_page(&Slice::new(window, Purpose::Coverage));
        matches!(&first.target, Target::Path { path, .. } if self.stage.knows(path))
    }

    /// What the pages say of a key, as the provider would say it.
    fn on_the_pages(&self, each: &Each, key: &Key) -> Result<Seen, PageFault> {
        for body in self.stage.bodies_for(each) {
            let found = self.domain.found_on(&body)?.into_iter().find(|one| one.key == *key);
            if let Some(Confirmed { seen, .. }) = found {
                return Ok(seen);
            }
        }
        Ok(Seen::Gone)
    }
}

impl Reconciler for Staged {
    fn domain(&self) -> &DomainName {
        self.domain.domain()
    }

    fn provider(&self) -> &Name {
        self.domain.provider()
    }

    fn feed(&self) -> &Feed {
        self.domain.feed()
    }

    fn fan_out(&self) -> FanOut {
        self.domain.fan_out()
    }

    fn policy(&self) -> &Policy {
        &self.policy
    }

    fn schedule(&self) -> Option<&Schedule> {
        self.domain.schedule()
    }

    fn owner(&self) -> Option<&str> {
        self.domain.owner()
    }

    fn tags(&self) -> &[Name] {
        self.domain.tags()
    }

    fn fields(&self) -> &Fields {
        self.domain.fields()
    }

    fn direction(&self) -> Direction {
        self.domain.direction()
    }

    fn local(&self) -> &Local {
        self.domain.local()
    }

    fn first_page(&self, slice: &Slice) -> PageRequest {
        self.domain.first_page(slice)
    }

    fn answer(&self, request: &PageRequest, response: &Response<'_>) -> Answer {
        self.domain.answer(request, response)
    }

    fn read_page(
        &self,
        slice: &Slice,
        request: &PageRequest,
        response: &Response<'_>,
    ) -> Result<Page, PageFault> {
        let page = self.domain.read_page(slice, request, response)?;
        self.stage.shows(&slice.each, &page);
        Ok(page)
    }

    /// A count is a hint, so it is only asked for where the fixture has one.
    fn count_request(&self, slice: &Slice) -> Option<PageRequest> {
        let request = self.domain.count_request(slice)?;
        let is_known = matches!(&request.target, Target::Path { path, .. } if self.stage.knows(path));
        is_known.then_some(request)
    }

    fn read_count(&self, response: &Response<'_>) -> Option<u64> {
        self.domain.read_count(response)
    }

    fn confirm(&self, each: &Each, items: &[Wanted]) -> Vec<Confirm> {
        let confirms = self.domain.confirm(each, items);
        for confirm in &confirms {
            self.stage.looks_up(&confirm.request);
        }
        confirms
    }

    fn confirm_answer(&self, confirm: &Confirm, response: &Response<'_>) -> Answer {
        if self.stage.is_from_pages(&confirm.request) {
            return Answer::Read;
        }
        self.domain.confirm_answer(confirm, response)
    }

    fn read_confirm(&self, confirm: &Confirm, response: &Response<'_>) -> Result<Vec<Confirmed>, PageFault> {
        if !self.stage.is_from_pages(&confirm.request) {
            return self.domain.read_confirm(confirm, response);
        }
        let each = &confirm.request.each;
        let confirmed = |key: &Key| Ok(Confirmed { key: key.clone(), seen: self.on_the_pages(each, key)? });
        confirm.keys.iter().map(confirmed).collect()
    }

    fn found_on(&self, body: &[u8]) -> Result<Vec<Confirmed>, PageFault> {
        self.domain.found_on(body)
    }

    fn without_rows(&self, body: &[u8]) -> Option<Vec<u8>> {
        self.domain.without_rows(body)
    }

    fn events(&self) -> Option<&EventFeed> {
        self.domain.events().filter(|events| self.is_recorded(events))
    }

    fn remedy(&self, kind: Kind) -> Remedy {
        self.domain.remedy(kind)
    }
}

#[cfg(test)]
mod tests {
    /// Of these a test knows nothing: tables that it has no rows of, and what only `doctor` asks for.
    const LEFT_OUT: [&str; 4] = ["received", "funnel", "webhooks", "scopes"];

    #[test]
    fn every_other_question_is_passed_on_also_those_that_have_an_answer_of_their_own() {
        let (_, asked) =
            include_str!("../../reconcilers/reconciler.rs").split_once("pub trait Reconciler").unwrap();
        let asked = asked.split("\n}\n").next().unwrap().lines();
        let asked = asked.filter_map(|line| line.strip_prefix("    fn ")?.split('(').next());
        let (_, answered) = include_str!("staged.rs").split_once("impl Reconciler for Staged {").unwrap();
        let lacks = |name: &&str| !LEFT_OUT.contains(name) && !answered.contains(&format!("    fn {name}("));
        assert_eq!(asked.filter(lacks).collect::<Vec<_>>(), Vec::<&str>::new());
    }
}
