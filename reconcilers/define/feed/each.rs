//! Which values of a fan-out a feed asks with.

use std::collections::BTreeSet;

use super::FeedDefinition;
use crate::define::checked::Fault;
use crate::define::document::Problems;
use crate::define::job::JobDefinition;
use crate::define::problem::Spot;
use crate::define::request::RequestTemplate;
use crate::define::words;

impl FeedDefinition {
    /// A value of `each` that no request uses would read the same list for every member.
    pub(super) fn check_each(&self, spot: Spot, problems: &mut Problems<'_>) {
        let Some(each) = &self.each else { return };
        let (own, used) = (each.names(), self.each_names());
        if let Some(unknown) = used.iter().find(|name| !own.contains(*name)) {
            let fault = Fault::new(format!("`each` gives no value for `{{each.{unknown}}}`"));
            problems.add(spot, fault.with_help(words::advice(unknown, &own)));
        }
        if !own.iter().any(|name| self.request.each_names().contains(name)) {
            let fault = Fault::new("the request is the same for every member of `each`");
            let help = format!("use `{{each.{}}}` in the request", own.first().unwrap_or(&"NAME"));
            problems.warn(spot, fault.with_help(help));
        }
    }

    /// The names of the values of a fan-out that its requests use.
    #[must_use]
    pub fn each_names(&self) -> BTreeSet<&str> {
        let job = self.job.iter().flat_map(JobDefinition::requests);
        let others = self.others().chain(job).flat_map(RequestTemplate::each_names);
        self.request.each_names().into_iter().chain(others).collect()
    }
}
