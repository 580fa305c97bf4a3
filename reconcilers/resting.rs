//! A domain whose items rest for longer than its policy says. It is the same domain in everything else, and never rests for less:
//! what is still on its way would look lost.

use std::sync::Arc;
use std::time::Duration;

use crate::compare::Fields;
use crate::direction::Direction;
use crate::discrepancy::Kind;
use crate::event_feed::EventFeed;
use crate::fan_out::FanOut;
use crate::funnel::Funnel;
use crate::name::{DomainName, Each, Name};
use crate::page::{Answer, Confirm, Confirmed, Page, PageFault, PageRequest, Response, Wanted};
use crate::received::Received;
use crate::reconciler::{Feed, Local, Policy, Reconciler, Remedy};
use crate::schedule::Schedule;
use crate::scopes::Scopes;
use crate::spoken::Spoken;
use crate::webhooks::Webhooks;
use crate::window::Slice;

/// A domain that rests for longer.
#[derive(Debug)]
pub struct Resting {
    domain: Arc<dyn Reconciler>,
    policy: Policy,
}

/// A rest that is shorter than the domain's own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{domain}` has its items rest for {} (`policy: {{settle: ...}}`), and {} is shorter", Spoken(*.own), Spoken(*.asked))]
pub struct TooShort {
    /// The domain.
    pub domain: DomainName,
    /// What its policy says.
    pub own: Duration,
    /// What was asked for.
    pub asked: Duration,
}

impl Resting {
    /// The domain, whose items rest for so long.
    pub fn of(domain: Arc<dyn Reconciler>, settle: Duration) -> Result<Arc<dyn Reconciler>, TooShort> {
        let own = domain.policy().settle;
        if settle < own {
            return Err(TooShort { domain: domain.domain().clone(), own, asked: settle });
        }
        let policy = Policy { settle, ..domain.policy().clone() };
        Ok(Arc::new(Self { domain, policy }))
    }
}

impl Reconciler for Resting {
    fn policy(&self) -> &Policy {
        &self.policy
    }

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

    fn owner(&self) -> Option<&str> {
        self.domain.owner()
    }

    fn tags(&self) -> &[Name] {
        self.domain.tags()
    }

    fn schedule(&self) -> Option<&Schedule> {
        self.domain.schedule()
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
        self.domain.read_page(slice, request, response)
    }

    fn count_request(&self, slice: &Slice) -> Option<PageRequest> {
        self.domain.count_request(slice)
    }

    fn read_count(&self, response: &Response<'_>) -> Option<u64> {
        self.domain.read_count(response)
    }

    fn confirm(&self, each: &Each, items: &[Wanted]) -> Vec<Confirm> {
        self.domain.confirm(each, items)
    }

    fn confirm_answer(&self, confirm: &Confirm, response: &Response<'_>) -> Answer {
        self.domain.confirm_answer(confirm, response)
    }

    fn read_confirm(&self, confirm: &Confirm, response: &Response<'_>) -> Result<Vec<Confirmed>, PageFault> {
        self.domain.read_confirm(confirm, response)
    }

    fn found_on(&self, body: &[u8]) -> Result<Vec<Confirmed>, PageFault> {
        self.domain.found_on(body)
    }

    fn without_rows(&self, body: &[u8]) -> Option<Vec<u8>> {
        self.domain.without_rows(body)
    }

    fn events(&self) -> Option<&EventFeed> {
        self.domain.events()
    }

    fn webhooks(&self) -> Webhooks<'_> {
        self.domain.webhooks()
    }

    fn scopes(&self) -> Option<&Scopes> {
        self.domain.scopes()
    }

    fn received(&self) -> Option<&Received> {
        self.domain.received()
    }

    fn funnel(&self) -> Option<&Funnel> {
        self.domain.funnel()
    }

    fn remedy(&self, kind: Kind) -> Remedy {
        self.domain.remedy(kind)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    /// The names of the methods in a block of source text.
    fn methods(text: &'static str, begins: &str) -> BTreeSet<&'static str> {
        let (_, block) = text.split_once(begins).expect("a block");
        let block = block.split("\n}\n").next().expect("its end");
        let names = block.lines().filter_map(|line| line.strip_prefix("    fn ")?.split('(').next());
        names.collect()
    }

    #[test]
    fn every_question_is_passed_on_also_those_that_have_an_answer_of_their_own() {
        let asked = methods(include_str!("reconciler.rs"), "pub trait Reconciler");
        let answered = methods(include_str!("resting.rs"), "impl Reconciler for Resting {");
        assert!(asked.len() > 15);
        assert_eq!(answered, asked);
    }
}
