//! A request about a job, as it is written: on one line, or with its words.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Links;
use super::ask::{Ask, AskLine, no_line};
use crate::define::body::TreeFile;
use crate::define::checked::{Checked, Entry, Fault, FromText, Ordered};
use crate::define::document::Problems;
use crate::define::line_or_words::{LineOrWords, Words};
use crate::define::problem::Spot;
use crate::define::reader::Reader;
use crate::define::request_file::{Encode, Ground, RequestFile};
use crate::define::slots::Slots;
use crate::define::template::Template;
use crate::define::words;

/// The words of every request about a job.
const WORDS: [&str; 7] = ["request", "query", "headers", "body", "encode", "graphql", "vars"];

/// A request on one line, or its words.
pub(in crate::define) type AskFile = LineOrWords<AskWords>;

/// A request about a job, with its words.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::define) struct AskWords {
    /// What is asked for: `GET /jobs/{job.id}`, or `GET {job.NAME}` for a link that an answer gave.
    request: Option<Checked<AskLine>>,
    /// Parameters of the query. One whose placeholders are all unset is left out.
    #[serde(default)]
    query: Ordered<Checked<Template>>,
    /// Headers of the request. One whose placeholders are all unset is left out.
    #[serde(default)]
    headers: Ordered<Checked<Template>>,
    /// The body, as a tree; a text that is nothing but a placeholder keeps its type.
    body: Option<TreeFile>,
    /// How the body is written.
    #[schemars(extend("default" = "json"))]
    encode: Option<Checked<Encode>>,
    /// A GraphQL query that is posted in the place of a body.
    graphql: Option<Checked<String>>,
    /// The variables of the GraphQL query.
    vars: Option<TreeFile>,
    /// Values of the answer that later requests use as `{job.NAME}`.
    #[serde(default)]
    gives: Ordered<Checked<Reader>>,
    /// Of `files`: where the answer holds the links.
    urls: Option<Checked<Links>>,
}

impl Words for AskWords {
    type Line = AskLine;
    const EXPECTED: &'static str = "a request such as `GET /jobs/{job.id}`, or a mapping with `request`";
}

impl FromText for Links {
    const WHAT: &'static str = "place in an answer";

    fn from_text(text: &str) -> Result<Self, Fault> {
        Reader::from_text(text).map(|at| Self { at, may_be_absent: text.ends_with('?') })
    }
}

/// A request about a job, taken apart.
pub(super) struct Asked {
    pub(super) file: RequestFile,
    /// The value that is the link to ask.
    pub(super) link: Option<Box<str>>,
    pub(super) gives: Vec<Entry<Checked<Reader>>>,
    pub(super) urls: Option<Checked<Links>>,
    pub(super) spot: Spot,
}

impl AskFile {
    /// Takes the words apart. `allowed` is the word that it may have besides those of a request.
    pub(super) fn taken_apart(self, spot: Spot, allowed: &str, problems: &mut Problems<'_>) -> Asked {
        let words = match self {
            Self::Line(outcome) => {
                AskWords { request: Some(Checked { spot, outcome }), ..AskWords::default() }
            }
            Self::Words(words) => *words,
        };
        let stray_gives = words.gives.0.first().map(|entry| entry.spot);
        let strays = [("gives", stray_gives), ("urls", words.urls.as_ref().map(|urls| urls.spot))];
        for (word, stray) in strays {
            if let Some(stray) = stray.filter(|_| word != allowed) {
                let known: Vec<&str> = WORDS.into_iter().chain([allowed]).collect();
                problems.add(stray, words::refuse("key", word, &known));
            }
        }
        if words.request.is_none() {
            problems.add(spot, Fault::new("this names no `request`").with_help("say `request: GET /path`"));
        }
        let mut link = None;
        let asked = words.request.map(|asked| {
            let outcome = asked.outcome.map(|asked| match asked {
                AskLine::Path(path) => path,
                AskLine::Link(name) => {
                    link = Some(name);
                    no_line()
                }
            });
            Checked { spot: asked.spot, outcome }
        });
        if link.is_some() && !words.query.0.is_empty() {
            let fault = Fault::new("a link that an answer gave is asked as it is");
            problems.add(spot, fault.with_help("leave `query` out"));
        }
        let file = RequestFile {
            line: asked,
            query: words.query,
            headers: words.headers,
            body: words.body,
            encode: words.encode,
            graphql: words.graphql,
            vars: words.vars,
            ids_as: None,
        };
        Asked { file, link, gives: words.gives.0, urls: words.urls, spot }
    }
}

impl Asked {
    /// The request, which can use `slots`.
    pub(super) fn compile(
        self,
        slots: &Slots,
        headers: &[(String, Template)],
        problems: &mut Problems<'_>,
    ) -> Option<Ask> {
        if let Some(name) = &self.link {
            let place = crate::define::placeholder::Slot::Job(name.clone());
            if !slots.always.contains(&place) {
                let fault = Fault::new(format!("`{place}` is never set in this request"));
                problems.add(self.spot, fault.with_help(slots.why.clone()).at(place.to_string()));
            }
        }
        let ground = Ground { slots, headers, line: None, spot: self.spot };
        Some(Ask { request: self.file.compile(&ground, problems)?, link: self.link })
    }
}
