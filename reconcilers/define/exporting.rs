//! The way through an export: the job is begun, asked about until it is finished, and then its pages or files are read.
//!
//! Pure steps: an answer leads to the next request, which carries what is known of the job. A job that is running already
//! is waited for and never taken over: nothing in such an answer proves that it exports the same range.

use std::sync::Arc;

use super::definition::Definition;
use super::fill::Fill;
use super::job::ask::Ask;
use super::job::state::Verdict;
use super::job::{JobDefinition, Outcome, values_of};
use crate::export::{Export, Later, Stage, Wait};
use crate::page::{Next, PageFault, PageRequest, Position, Response, Target};
use crate::window::Slice;

impl Definition {
    /// The job that a request asks about, with how far it is; none where its answer has rows.
    pub(super) fn job_of<'r>(&'r self, request: &'r PageRequest) -> Option<(&'r JobDefinition, &'r Export)> {
        let export = request.position.export.as_deref().filter(|_| !request.asks_for_rows())?;
        Some((self.feed.job.as_ref()?, export))
    }

    /// What follows an answer about a job.
    pub(super) fn job_step(
        &self,
        slice: &Slice,
        request: &PageRequest,
        response: &Response<'_>,
        (job, export): (&JobDefinition, &Export),
    ) -> Result<Next, PageFault> {
        match export.stage {
            Stage::Create if job.is_running(response) => Ok(later(job, request.clone(), Wait::Turn)),
            Stage::Create => match &job.poll {
                Some(poll) => self.begun(slice, request, response, job, &poll.ask),
                None => self.told(slice, request, response, job, export),
            },
            Stage::Poll => self.told(slice, request, response, job, export),
            Stage::List | Stage::File(_) | Stage::Page => self.named(slice, response, job, export),
        }
    }

    /// The job is begun, or promised for later where the answer gives nothing to ask about.
    fn begun(
        &self,
        slice: &Slice,
        request: &PageRequest,
        response: &Response<'_>,
        job: &JobDefinition,
        poll: &Ask,
    ) -> Result<Next, PageFault> {
        match values_of(&job.created, response) {
            Ok(values) => {
                let export = Export { stage: Stage::Poll, values, ..Export::new() };
                let (each, fill) = (self.member(&slice.each), at(export));
                let asked = poll.render(&Fill { each: each.as_ref(), ..self.feed.paging.fill(&fill) });
                let asked = PageRequest { each: slice.each.clone(), position: fill, ..asked };
                Ok(later(job, asked, Wait::Job(None)))
            }
            Err(_) if response.status == 202 => Ok(later(job, request.clone(), Wait::Job(None))),
            Err(fault) => Err(fault),
        }
    }

    /// What the answer says about the state of the job.
    fn told(
        &self,
        slice: &Slice,
        request: &PageRequest,
        response: &Response<'_>,
        job: &JobDefinition,
        export: &Export,
    ) -> Result<Next, PageFault> {
        match job.states.verdict(response)? {
            Verdict::GoesOn(state) => Ok(later(job, request.clone(), Wait::Job(state))),
            Verdict::Empty => Ok(Next::End),
            // Whoever asked what the answer means knows already; it is no end of a list.
            Verdict::Failed(state) => Err(PageFault::NothingAt(format!("export: it ended as `{state}`"))),
            Verdict::Finished => {
                let gives = job.poll.as_ref().map_or(&job.created, |poll| &poll.gives);
                let mut export = export.clone();
                export.values.extend(values_of(gives, response)?);
                export.total = match &job.total {
                    Some(total) => {
                        let text = total.of_answer(response).and_then(|text| text.parse().ok());
                        Some(text.ok_or_else(|| PageFault::NothingAt(total.label()))?)
                    }
                    None => None,
                };
                self.finished(slice, response, job, export)
            }
        }
    }

    fn finished(
        &self,
        slice: &Slice,
        response: &Response<'_>,
        job: &JobDefinition,
        export: Export,
    ) -> Result<Next, PageFault> {
        match &job.result {
            Outcome::Pages(_) => {
                let start = at(Export { stage: Stage::Page, ..export });
                Ok(Next::Page(self.first_request_at(slice, start)))
            }
            Outcome::Files { list: Some(list), .. } => {
                let (each, position) =
                    (self.member(&slice.each), at(Export { stage: Stage::List, ..export }));
                let asked = list.render(&Fill { each: each.as_ref(), ..self.feed.paging.fill(&position) });
                Ok(Next::Page(PageRequest { each: slice.each.clone(), position, ..asked }))
            }
            Outcome::Files { list: None, .. } => self.named(slice, response, job, &export),
        }
    }

    /// The first of the files that an answer names; an export without any is read.
    fn named(
        &self,
        slice: &Slice,
        response: &Response<'_>,
        job: &JobDefinition,
        export: &Export,
    ) -> Result<Next, PageFault> {
        let Outcome::Files { links, .. } = &job.result else { return Ok(Next::End) };
        let files: Arc<[String]> = links.read(response)?.into();
        if files.is_empty() && export.total.is_some_and(|total| total > 0) {
            return Err(PageFault::NothingAt(links.at.label()));
        }
        Ok(self.file(slice, job, &at(Export { files, ..export.clone() }), 0))
    }

    /// The file after the one that was read.
    pub(super) fn next_file(&self, slice: &Slice, request: &PageRequest, rows: u64) -> Option<Next> {
        let (job, Stage::File(place)) = (self.feed.job.as_ref()?, request.stage()?) else { return None };
        let position = super::paging::Paging::after(&request.position, rows, None);
        Some(self.file(slice, job, &position, place + 1))
    }

    fn file(&self, slice: &Slice, job: &JobDefinition, position: &Position, place: usize) -> Next {
        let export = position.export.as_deref();
        let (Some(export), Outcome::Files { get, .. }) = (export, &job.result) else { return Next::End };
        let Some(link) = export.files.get(place) else { return Next::End };
        let each = self.member(&slice.each);
        let asked = get.render(&Fill { each: each.as_ref(), ..self.feed.paging.fill(position) });
        let export = Export { stage: Stage::File(place), ..export.clone() };
        let position = Position { export: Some(Box::new(export)), ..position.clone() };
        let target = Target::Link(link.clone());
        Next::Page(PageRequest { each: slice.each.clone(), position, target, ..asked })
    }
}

/// The beginning of a walk's pages, at a stage of the export.
fn at(export: Export) -> Position {
    Position { export: Some(Box::new(export)), ..Position::default() }
}

fn later(job: &JobDefinition, request: PageRequest, wait: Wait) -> Next {
    Next::Later(Box::new(Later { request, after: job.every, within: job.timeout, wait }))
}
