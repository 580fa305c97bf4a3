//! The `job` block of a feed, as it is written and as it is meant.

use schemars::JsonSchema;
use serde::Deserialize;

use super::ask::{Ask, Gives, no_line};
use super::ask_file::{AskFile, Asked};
use super::files_file::FilesFile;
use super::pace::{EVERY, TIMEOUT, pace};
use super::state::StateAt;
use super::states_file::{WordsFile, states};
use super::{JobDefinition, Outcome, Poll};
use crate::define::checked::{Checked, Entry, Fault, Placed};
use crate::define::condition::{ConditionFile, Conditions};
use crate::define::document::Problems;
use crate::define::placeholder::Slot;
use crate::define::problem::Spot;
use crate::define::reader::Reader;
use crate::define::request::RequestTemplate;
use crate::define::request_file::{Ground, RequestFile};
use crate::define::schema;
use crate::define::slots::Slots;
use crate::define::template::Template;
use crate::define::value::Length;

/// Where the values of answers come from, for messages.
const GIVES: &str = "`{job.NAME}` is set by `job: {create: {gives: {NAME: path}}}`, and after the last question by the \
                     `gives` of `poll` too";

/// An export that is prepared before it is read.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::define) struct JobFile {
    /// The request that begins the job: on one line, or with its words.
    create: Placed<AskFile>,
    /// What an answer to `create` looks like while another job runs.
    running: Option<Placed<ConditionFile>>,
    /// The question how far the job is; without it `create` is sent again.
    poll: Option<Placed<AskFile>>,
    /// Where the answer names the state: a path, `header:NAME`, or `http_status`. Without it, any answer but 202 means that the export is there.
    state: Option<Checked<StateAt>>,
    /// The states in which the export is there.
    #[serde(default)]
    ok: WordsFile,
    /// The states in which the job ended because there was nothing.
    #[serde(default)]
    empty: WordsFile,
    /// The states in which the job failed.
    #[serde(default)]
    bad: WordsFile,
    /// Where the answer says why it failed.
    message: Option<Checked<Reader>>,
    /// Where the last answer says how many rows the export has.
    total: Option<Checked<Reader>>,
    /// The pause between two questions.
    #[schemars(extend("default" = schema::length(EVERY)))]
    every: Option<Checked<Length>>,
    /// How long a job may take.
    #[schemars(extend("default" = schema::length(TIMEOUT)))]
    timeout: Option<Checked<Length>>,
    /// Where the files of the export are; without it the feed's own `request` reads pages.
    files: Option<Placed<FilesFile>>,
}

/// What a job has from its feed.
pub(in crate::define) struct JobGround<'g> {
    /// The provider's headers that differ between the members of a fan-out.
    pub(in crate::define) headers: &'g [(String, Template)],
    /// The placeholders of a page request of the feed.
    pub(in crate::define) slots: &'g Slots,
    /// The feed's own request, as it is written.
    pub(in crate::define) own: RequestFile,
    /// Where the feed stands.
    pub(in crate::define) spot: Spot,
}

/// A job without the request that begins it.
pub(in crate::define) struct JobRest {
    file: JobFile,
    spot: Spot,
    gives: Vec<Entry<Checked<Reader>>>,
}

impl JobFile {
    /// Whether the export is in files, so that there are no pages to turn.
    pub(in crate::define) const fn names_files(&self) -> bool {
        self.files.is_some()
    }

    /// The request that begins the job, and the rest.
    pub(in crate::define) fn parted(self, spot: Spot, problems: &mut Problems<'_>) -> (RequestFile, JobRest) {
        let create = self.create.clone();
        let begin = create.value.taken_apart(create.spot, "gives", problems);
        if begin.link.is_some() {
            let fault = Fault::new("nothing has given a link before the job is begun");
            problems.add(begin.spot, fault.with_help("say `create: {request: POST /path}`"));
        }
        (begin.file, JobRest { file: self, spot, gives: begin.gives })
    }
}

impl JobRest {
    pub(in crate::define) fn compile(
        self,
        ground: JobGround<'_>,
        problems: &mut Problems<'_>,
    ) -> Option<JobDefinition> {
        let Self { file, spot, gives: mut written } = self;
        let known = problems.problems.len();
        let (every, timeout) = pace(file.every, file.timeout, spot, problems);
        let message = file.message.as_ref().map(|message| message.spot);
        let states = states(file.state, [file.ok, file.empty, file.bad], message, problems);
        let running = file.running.map(|condition| {
            let mut running = Conditions::default();
            running.add(condition.value, condition.spot, problems);
            running
        });
        let created = gives(&written, &[], problems);
        let poll = file.poll.map(|poll| {
            let mut asked = poll.value.taken_apart(poll.spot, "gives", problems);
            let given = std::mem::take(&mut asked.gives);
            let own = gives(&given, &written, problems);
            written.extend(given);
            Some(Poll { ask: asked_about(asked, &created, &ground, problems)?, gives: own })
        });
        let all: Gives =
            poll.iter().flatten().flat_map(|poll| &poll.gives).chain(&created).cloned().collect();
        let headers = ground.headers;
        let result = match file.files {
            None => pages(&all, ground, problems).map(|pages| Outcome::Pages(Box::new(pages))),
            Some(files) => {
                let (spot, files) = (files.spot, files.value);
                let slots = knowing(&all, ground.slots);
                let get = files_only(ground, &slots, problems);
                files.compile(spot, &slots, headers, problems).zip(get).map(|((list, links), get)| {
                    Outcome::Files { list: list.map(Box::new), links, get: Box::new(get) }
                })
            }
        };
        let job = JobDefinition {
            created,
            running,
            poll: if let Some(poll) = poll { Some(poll?) } else { None },
            states: states?,
            message: problems.take_option(file.message),
            total: problems.take_option(file.total),
            every,
            timeout,
            result: result?,
        };
        if problems.problems.len() == known {
            must_be_used(&written, &job, problems);
        }
        Some(job)
    }
}

/// The request for how far the job is: the same for every job, it would ask about none.
fn asked_about(
    asked: Asked,
    created: &Gives,
    ground: &JobGround<'_>,
    problems: &mut Problems<'_>,
) -> Option<Ask> {
    let spot = asked.spot;
    let slots = Slots {
        always: slots_of(created),
        lang: ground.slots.lang,
        why: GIVES.to_owned(),
        ..Slots::default()
    };
    let ask = asked.compile(&slots, ground.headers, problems)?;
    let names_it =
        ask.link.is_some() || created.iter().any(|(name, _)| ask.request.uses(&Slot::Job(name.clone())));
    if !names_it {
        let help =
            "let `create` give the id of the job, such as `gives: {id: data.id}`, and ask for `{job.id}`";
        problems.add(spot, Fault::new("`poll` does not say which job it asks about").with_help(help));
    }
    Some(ask)
}

/// The feed's own request, which asks for the pages of the finished export.
fn pages(all: &Gives, ground: JobGround<'_>, problems: &mut Problems<'_>) -> Option<RequestTemplate> {
    // A feed that says nowhere where its export is was refused before.
    let spot = ground.own.line.as_ref()?.spot;
    let slots = knowing(all, ground.slots);
    let place = Ground { slots: &slots, headers: ground.headers, line: None, spot: ground.spot };
    let known = problems.problems.len();
    let pages = ground.own.compile(&place, problems)?;
    let names_it = slots_of(all).iter().any(|slot| pages.uses(slot));
    if !names_it && problems.problems.len() == known {
        let fault = Fault::new("the request for the pages does not say which job's they are");
        problems.add(
            spot,
            fault.with_help("use a value that an answer gave, such as `GET /jobs/{job.id}/results`"),
        );
    }
    Some(pages)
}

/// What files on the provider's own origin are asked for with: the feed's headers. Its other words ask for nothing here.
fn files_only(ground: JobGround<'_>, slots: &Slots, problems: &mut Problems<'_>) -> Option<RequestTemplate> {
    let JobGround { own, headers, spot, .. } = ground;
    let strays = [
        ("request", own.line.as_ref().map(|line| line.spot)),
        ("query", own.query.0.first().map(|entry| entry.spot)),
        ("body", own.body.as_ref().map(|body| body.spot)),
        ("encode", own.encode.as_ref().map(|encode| encode.spot)),
        ("graphql", own.graphql.as_ref().map(|graphql| graphql.spot)),
        ("vars", own.vars.as_ref().map(|vars| vars.spot)),
    ];
    for (word, stray) in strays {
        if let Some(stray) = stray {
            let fault = Fault::new(format!("`{word}` asks for nothing: the export is in the files of `job`"));
            problems.add(stray, fault.with_help("move it into `create`, or leave `files` out"));
        }
    }
    let line = Some(Checked { spot, outcome: Ok(no_line()) });
    let file = RequestFile { line, headers: own.headers, ..RequestFile::default() };
    file.compile(&Ground { slots, headers, line: None, spot }, problems)
}

/// The values that answers give, none of them twice.
fn gives(
    written: &[Entry<Checked<Reader>>],
    earlier: &[Entry<Checked<Reader>>],
    problems: &mut Problems<'_>,
) -> Gives {
    let mut all = Gives::new();
    for entry in written {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if entry.key.is_empty() || !entry.key.chars().all(is_name) {
            let fault = Fault::new(format!("`{}` cannot be the name of a value", entry.key));
            problems.add(entry.spot, fault.with_help("write letters, digits, `_` and `-`"));
        } else if earlier.iter().any(|known| known.key == entry.key) {
            let fault = Fault::new(format!("`create` gives a value of the name `{}` already", entry.key));
            problems.add(entry.spot, fault.with_help("give this one another name"));
        }
        all.extend(problems.take(entry.value.clone()).map(|reader| (entry.key.as_str().into(), reader)));
    }
    all
}

/// A value that nothing uses was meant for something.
fn must_be_used(written: &[Entry<Checked<Reader>>], job: &JobDefinition, problems: &mut Problems<'_>) {
    for entry in written.iter().filter(|entry| !job.uses(&entry.key)) {
        let fault = Fault::new(format!("nothing uses `{{job.{}}}`", entry.key));
        problems.add(entry.spot, fault.with_help("use it in `poll`, `files` or `request`, or leave it out"));
    }
}

fn slots_of(gives: &Gives) -> Vec<Slot> {
    gives.iter().map(|(name, _)| Slot::Job(name.clone())).collect()
}

/// The placeholders of a page request, with the values of answers.
fn knowing(gives: &Gives, slots: &Slots) -> Slots {
    let mut slots = slots.clone();
    slots.always.extend(slots_of(gives));
    slots.why = format!("{GIVES}; {}", slots.why);
    slots
}
