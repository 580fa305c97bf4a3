//! What an answer says about a job: that it goes on, or how it ended.

use crate::define::checked::{Fault, FromText};
use crate::define::reader::Reader;
use crate::page::{PageFault, Response};
use crate::path::Path;

/// The status of an answer that is promised and not there yet.
const ACCEPTED: u16 = 202;

/// Where an answer names the state of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::define) enum StateAt {
    /// It is the HTTP status of the answer.
    Status,
    /// In the answer.
    Answer(Reader),
}

impl FromText for StateAt {
    const WHAT: &'static str = "place in an answer";

    fn from_text(text: &str) -> Result<Self, Fault> {
        match text {
            "http_status" => Ok(Self::Status),
            // A member of the answer here, and the usual one.
            "status" => Path::from_text(text).map(|path| Self::Answer(Reader::Body(path))),
            _ => Reader::from_text(text).map(Self::Answer),
        }
    }
}

/// What the states of a job mean. Whatever is not named goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::define) struct States {
    /// Where the state is; without it only the status of an answer counts.
    pub(in crate::define) at: Option<StateAt>,
    /// The export is there.
    pub(in crate::define) ok: Vec<String>,
    /// The job is finished and there is nothing to export.
    pub(in crate::define) empty: Vec<String>,
    /// The job has failed.
    pub(in crate::define) bad: Vec<String>,
}

/// What an answer says about a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::define) enum Verdict {
    /// The provider works on it, in this state.
    GoesOn(Option<String>),
    /// The export is there.
    Finished,
    /// There is nothing to export.
    Empty,
    /// It failed, in this state.
    Failed(String),
}

impl States {
    /// What an answer says. A state that is named outranks a status 202, which says "not yet" by itself.
    pub(in crate::define) fn verdict(&self, response: &Response<'_>) -> Result<Verdict, PageFault> {
        let is_promise = response.status == ACCEPTED;
        let Some(at) = &self.at else {
            return Ok(if is_promise { Verdict::GoesOn(None) } else { Verdict::Finished });
        };
        let state = match at {
            StateAt::Status => Some(response.status.to_string()),
            StateAt::Answer(reader) => reader.of_answer(response),
        };
        match (state, at) {
            (Some(state), _) if self.ok.contains(&state) => Ok(Verdict::Finished),
            (Some(state), _) if self.empty.contains(&state) => Ok(Verdict::Empty),
            (Some(state), _) if self.bad.contains(&state) => Ok(Verdict::Failed(state)),
            (Some(state), _) => Ok(Verdict::GoesOn(Some(state))),
            (None, StateAt::Answer(reader)) if !is_promise => Err(PageFault::NothingAt(reader.label())),
            (None, _) => Ok(Verdict::GoesOn(None)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(at: &str, ok: &str, code: u16, body: &str) -> Result<Verdict, PageFault> {
        let states = States {
            at: Some(StateAt::from_text(at).unwrap()),
            ok: vec![ok.to_owned()],
            ..States::default()
        };
        states.verdict(&Response { status: code, headers: &[], body: body.as_bytes() })
    }

    #[test]
    fn a_status_is_a_member_unless_it_is_that_of_http() {
        assert_eq!(verdict("status", "done", 200, r#"{"status":"done"}"#), Ok(Verdict::Finished));
        assert_eq!(
            verdict("status", "200", 200, r#"{"status":"queued"}"#),
            Ok(Verdict::GoesOn(Some("queued".to_owned())))
        );
        assert!(verdict("status", "200", 200, "{}").is_err());
        assert_eq!(verdict("http_status", "200", 200, ""), Ok(Verdict::Finished));
        assert_eq!(verdict("http_status", "200", 204, ""), Ok(Verdict::GoesOn(Some("204".to_owned()))));
    }
}
