//! What a feed is asked with: a request for pages or a job, look-ups, and a count.

use super::parts::Parts;
use super::requests::Requests;
use super::slots::FeedSlots;
use super::walk::ComesIn;
use crate::define::checked::{Fault, Placed};
use crate::define::confirm::ConfirmDefinition;
use crate::define::confirm_file::{ConfirmFile, FeedGround};
use crate::define::count::{CountDefinition, CountFile};
use crate::define::document::Problems;
use crate::define::job::file::{JobFile, JobGround, JobRest};
use crate::define::lang::Lang;
use crate::define::problem::Spot;
use crate::define::request_file::{Ground, RequestFile};
use crate::define::template::Template;

/// The words for what a feed is asked with.
pub(super) struct AskingWords {
    /// Those of its own request.
    pub(super) own: RequestFile,
    pub(super) job: Option<Placed<JobFile>>,
    pub(super) confirm: Option<Placed<ConfirmFile>>,
    /// Whether the feed is about no item: then nothing is looked up.
    pub(super) is_list: bool,
    pub(super) count: Option<Placed<CountFile>>,
}

/// The same, once it is known which request comes first.
pub(super) struct Asking {
    /// What a walk begins with.
    first: RequestFile,
    /// The feed's own request, which comes after the job, and the rest of the job.
    job: Option<(RequestFile, JobRest)>,
    confirm: Option<Placed<ConfirmFile>>,
    is_list: bool,
    count: Option<Placed<CountFile>>,
}

/// What the requests of a feed have from its surroundings.
pub(super) struct Surroundings<'s> {
    /// The provider's headers that differ between the members of a fan-out.
    pub(super) headers: &'s [(String, Template)],
    /// The language of longer texts.
    pub(super) lang: Option<Lang>,
    /// Where the feed stands.
    pub(super) spot: Spot,
}

impl AskingWords {
    /// What the feed comes in. Of an export that nothing asks for this is said, and then no way to its pages is missed.
    pub(super) fn comes_in(&self, feed: Spot, problems: &mut Problems<'_>) -> ComesIn {
        match &self.job {
            None => ComesIn::Pages,
            Some(job) if job.value.names_files() => ComesIn::Files,
            Some(_) if self.own.line.is_some() => ComesIn::Pages,
            Some(_) => {
                let help = "say `files: PATH` in `job`, or `request: GET /path/{job.id}` for its pages";
                let fault = Fault::new("nothing says where the finished export is");
                problems.add(feed, fault.with_help(help));
                ComesIn::Files
            }
        }
    }

    /// Finds the request that a walk begins with; beside a job, the feed's own request comes after it.
    pub(super) fn begin(self, feed: Spot, problems: &mut Problems<'_>) -> Asking {
        let Self { own, job, confirm, is_list, count } = self;
        if confirm.is_none() && !is_list {
            problems.add(feed, no_confirm());
        }
        if let Some(job) = job {
            let (first, rest) = job.value.parted(job.spot, problems);
            return Asking { first, job: Some((own, rest)), confirm, is_list, count };
        }
        if own.line.is_none() {
            problems.add(feed, Fault::new("the key `request` is missing in this block"));
        }
        Asking { first: own, job: None, confirm, is_list, count }
    }
}

fn no_confirm() -> Fault {
    let help = "say `confirm: {one: \"GET /path/{id}\", gone: 404}`; every suspect is looked up by its key";
    Fault::new("the feed has no `confirm`").with_help(help)
}

impl Asking {
    /// Whether a job prepares the feed before it is read.
    pub(super) const fn is_export(&self) -> bool {
        self.job.is_some()
    }

    fn slots(&self, parts: &Parts, lang: Option<Lang>) -> FeedSlots {
        if self.is_export() { FeedSlots::of_export(parts, lang) } else { FeedSlots::of_list(parts, lang) }
    }

    /// Puts the requests together.
    pub(super) fn compile(
        self,
        parts: &Parts,
        Surroundings { headers, lang, spot }: Surroundings<'_>,
        problems: &mut Problems<'_>,
    ) -> Option<Requests> {
        let is_export = self.is_export();
        let FeedSlots { page: slots, first } = self.slots(parts, lang);
        let count = self.count.and_then(|count| CountDefinition::compile(count, &slots, headers, problems));
        let known = problems.problems.len();
        let request =
            self.first.clone().compile(&Ground { slots: &first, headers, line: None, spot }, problems);
        let ground = FeedGround {
            headers,
            request: &self.first,
            slots: &slots,
            rows: &parts.rows,
            window: &parts.window.feed,
            is_export,
        };
        let confirm = look_up(self.confirm, self.is_list, &ground, problems);
        let job = self
            .job
            .map(|(own, rest)| rest.compile(JobGround { headers, slots: &slots, own, spot }, problems));
        let (request, confirm) = (request?, confirm?);
        let job = if let Some(job) = job { Some(job?) } else { None };
        let requests = Requests { request, job, confirm, count };
        // A placeholder that was refused is not also missing.
        if problems.problems.len() == known {
            requests.must_send(parts, problems);
        }
        Some(requests)
    }
}

/// How items are looked up. Of a list nothing is.
fn look_up(
    confirm: Option<Placed<ConfirmFile>>,
    is_list: bool,
    ground: &FeedGround<'_>,
    problems: &mut Problems<'_>,
) -> Option<ConfirmDefinition> {
    match confirm {
        Some(confirm) => confirm.value.compile(confirm.spot, ground, problems),
        None => is_list.then(ConfirmDefinition::default),
    }
}
