//! `job`: an export that the provider prepares first. It is asked to begin, asked how far it is, and then read.
//!
//! Pure rules over single answers; the walk through them is in [`exporting`](super::exporting).

pub(super) mod ask;
mod ask_file;
pub(super) mod file;
mod files_file;
mod pace;
pub(super) mod state;
mod states_file;

use std::time::Duration;

use super::condition::Conditions;
use super::graphql;
use super::placeholder::Slot;
use super::reader::Reader;
use super::request::RequestTemplate;
use super::rules::{Rules, presentable};
use super::template::Known;
use crate::export::{Stage, Values};
use crate::page::{Answer, PageFault, Response};
use crate::reconciler::Jobs;
use ask::{Ask, Gives};
use state::{States, Verdict};

/// How an export is prepared and read. The request that begins it is the feed's own first request.
#[derive(Debug, Clone)]
pub(super) struct JobDefinition {
    /// What the answer to that request gives.
    pub(super) created: Gives,
    /// What an answer to it looks like while the provider works on another job.
    pub(super) running: Option<Conditions>,
    /// How to ask how far the job is; without it the first request is sent again.
    pub(super) poll: Option<Poll>,
    /// What the answers say about the job.
    pub(super) states: States,
    /// Where a failed job says why.
    pub(super) message: Option<Reader>,
    /// Where a finished job says how many rows it has.
    pub(super) total: Option<Reader>,
    /// The pause between two questions.
    pub(super) every: Duration,
    /// How long a job, or the wait for another one, may take.
    pub(super) timeout: Duration,
    /// Where the finished export is.
    pub(super) result: Outcome,
}

/// How to ask how far a job is.
#[derive(Debug, Clone)]
pub(super) struct Poll {
    pub(super) ask: Ask,
    pub(super) gives: Gives,
}

/// Where a finished export is.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    /// In pages that are listed as any feed's are.
    Pages(Box<RequestTemplate>),
    /// In files.
    Files {
        /// What is asked for their links, where the finished job does not name them itself.
        list: Option<Box<Ask>>,
        /// Where their links are.
        links: Links,
        /// What each file is asked for with, on the provider's own origin.
        get: Box<RequestTemplate>,
    },
}

/// Where links to files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Links {
    pub(super) at: Reader,
    /// Whether an export without any is an empty one.
    pub(super) may_be_absent: bool,
}

impl Links {
    /// The links that an answer holds.
    pub(super) fn read(&self, response: &Response<'_>) -> Result<Vec<String>, PageFault> {
        let links = self.at.all_of_answer(response);
        let links = links.filter(|links| self.may_be_absent || !links.is_empty());
        links.ok_or_else(|| PageFault::NothingAt(self.at.label()))
    }
}

impl JobDefinition {
    /// What an answer about the job, or a part of its export, means. `first` is the request that begins the job.
    pub(super) fn answer(
        &self,
        stage: Stage,
        first: &RequestTemplate,
        rules: &Rules,
        response: &Response<'_>,
    ) -> Answer {
        let (answer, asked) = match stage {
            Stage::Create if self.is_running(response) => return Answer::Read,
            Stage::Create => (rules.answer(response), Some(first)),
            Stage::Poll => {
                (rules.answer_about_one(response), self.poll.as_ref().map(|poll| &poll.ask.request))
            }
            Stage::List => (rules.answer_about_one(response), self.list().map(|list| &list.request)),
            Stage::Page => (rules.answer_about_part(response), self.pages()),
            Stage::File(_) => (rules.answer_about_part(response), None),
        };
        let is_graphql = asked.is_some_and(|asked| asked.is_graphql);
        let answer = if is_graphql { graphql::judged(answer, response) } else { answer };
        let tells_state = stage == Stage::Poll || (stage == Stage::Create && self.poll.is_none());
        match self.states.verdict(response) {
            Ok(Verdict::Failed(word))
                if tells_state && matches!(answer, Answer::Read | Answer::Partly(_)) =>
            {
                Answer::JobFailed(self.failure(&word, response))
            }
            _ => answer,
        }
    }

    /// Whether the provider answers that it works on another job.
    pub(super) fn is_running(&self, response: &Response<'_>) -> bool {
        self.running.as_ref().is_some_and(|running| running.first_match(response, |_| false).is_some())
    }

    /// How many jobs the provider works on at a time, as far as the definition says.
    pub(super) const fn jobs(&self) -> Jobs {
        if self.running.is_some() { Jobs::One } else { Jobs::Several }
    }

    /// What asks for the pages of the finished export, where it has any.
    pub(super) fn pages(&self) -> Option<&RequestTemplate> {
        if let Outcome::Pages(pages) = &self.result { Some(pages) } else { None }
    }

    fn failure(&self, state: &str, response: &Response<'_>) -> String {
        let said = self.message.as_ref().and_then(|message| message.of_answer(response));
        let said = said.map(|said| format!(": {said}")).unwrap_or_default();
        presentable(&format!("it ended as `{state}`{said}"))
    }

    /// The requests besides the first.
    pub(super) fn requests(&self) -> impl Iterator<Item = &RequestTemplate> {
        let get = if let Outcome::Files { get, .. } = &self.result { Some(&**get) } else { None };
        self.asks().map(|ask| &ask.request).chain(self.pages()).chain(get)
    }

    /// Paths like those that it asks for.
    pub(super) fn sample_paths(&self) -> impl Iterator<Item = String> {
        let paths = self.asks().filter(|ask| ask.link.is_none()).map(|ask| &ask.request);
        paths.chain(self.pages()).map(RequestTemplate::sample_path)
    }

    /// Whether its requests use a value of an answer.
    pub(super) fn uses(&self, name: &str) -> bool {
        let leads = self.asks().any(|ask| ask.link.as_deref() == Some(name));
        leads || self.requests().any(|request| request.uses(&Slot::Job(name.into())))
    }

    /// What it asks besides the first request and before the export is read.
    fn asks(&self) -> impl Iterator<Item = &Ask> {
        self.poll.iter().map(|poll| &poll.ask).chain(self.list())
    }

    /// What is asked for the links to the files, if anything.
    fn list(&self) -> Option<&Ask> {
        if let Outcome::Files { list, .. } = &self.result { list.as_deref() } else { None }
    }

    /// Puts what is known in place; the error is a placeholder that must be set and is not.
    pub(super) fn bind<'k>(&self, known: &impl Fn(&Slot) -> Known<'k>) -> Result<Self, Slot> {
        let poll =
            self.poll.as_ref().map(|poll| Ok(Poll { ask: poll.ask.bind(known)?, gives: poll.gives.clone() }));
        let result = match &self.result {
            Outcome::Pages(pages) => Outcome::Pages(Box::new(pages.bind(known)?)),
            Outcome::Files { list, links, get } => Outcome::Files {
                list: list.as_ref().map(|list| list.bind(known).map(Box::new)).transpose()?,
                links: links.clone(),
                get: Box::new(get.bind(known)?),
            },
        };
        Ok(Self { poll: poll.transpose()?, result, ..self.clone() })
    }
}

/// The values of an answer; the error is one that is not there.
pub(super) fn values_of(gives: &Gives, response: &Response<'_>) -> Result<Values, PageFault> {
    let value = |(name, reader): &(Box<str>, Reader)| {
        let value = reader.of_answer(response).ok_or_else(|| PageFault::NothingAt(reader.label()))?;
        Ok((name.clone(), value))
    };
    gives.iter().map(value).collect()
}
