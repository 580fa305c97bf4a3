//! What a script says: which requests an API accepts in which order, what it answers, and what must come out of it.
//!
//! A script is written from the API's documentation, not from the definition that it tests.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// The script of one API.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Script {
    /// The shipped provider that is tested; without it, the `provider.yaml` beside the script.
    #[serde(rename = "shipped")]
    pub _shipped: Option<String>,
    /// What stands in the provider file, and what stands there while the script plays: pages of two rows in the place
    /// of two hundred, and pauses that a test can wait for.
    #[serde(default)]
    pub instead: BTreeMap<String, String>,
    /// The feed that the steps read, unless they name another.
    pub feed: String,
    /// A field of the rows besides key and clock.
    pub field: String,
    #[serde(default)]
    pub secrets: BTreeMap<String, String>,
    #[serde(default)]
    pub vars: BTreeMap<String, String>,
    /// The members that the configuration gives to a fan-out.
    #[serde(default)]
    pub each: Vec<BTreeMap<String, String>>,
    /// Hosts that are met besides those that the provider file names.
    #[serde(default)]
    pub hosts: Vec<String>,
    pub steps: Vec<Step>,
}

/// One thing that is done with the feed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    pub feed: Option<String>,
    /// The slice that is read.
    pub walk: Option<WalkStep>,
    /// The keys that are looked up.
    pub confirm: Option<Vec<String>>,
    /// The member of the fan-out.
    #[serde(default)]
    pub each: String,
    /// What the API is asked, and what it answers.
    pub traffic: Vec<Line>,
    /// The items of a walk: `key`, `key @ clock` or `key @ clock # version`. Of a look-up: the keys that are there.
    #[serde(default)]
    pub items: Vec<String>,
    /// The keys that the walk or look-up says are gone.
    #[serde(default)]
    pub gone: Vec<String>,
    /// How the walk ends: `complete`, or a part of the reason why it is not.
    #[serde(default = "complete")]
    pub ends: String,
    /// The token that the next run goes on from.
    pub saves: Option<String>,
    /// The codes that this step exercises.
    #[serde(default)]
    pub shows: Vec<String>,
}

fn complete() -> String {
    "complete".to_owned()
}

/// The slice of a walk: the day of the fixtures unless it says otherwise.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct WalkStep {
    pub from: String,
    pub to: String,
    /// The saved token that it goes on from.
    pub token: Option<String>,
    /// How many walks of the slice are started at once.
    pub at_once: usize,
}

impl Default for WalkStep {
    fn default() -> Self {
        let at = |day: u8| format!("2025-11-{day}T00:00:00Z");
        Self { from: at(21), to: at(22), token: None, at_once: 1 }
    }
}

/// One request that is expected, and its answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    /// Method, path and query, not encoded: `GET /v1/charges?limit=100`.
    pub ask: String,
    /// Query parameters whose names or values hold `&`, `=` or `?`.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// The host, where there are several.
    pub host: Option<String>,
    /// Headers that must be there with these values; a value `!` forbids the header.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The JSON body.
    pub json: Option<Value>,
    /// The form body; a value `*` stands for any.
    pub form: Option<BTreeMap<String, String>>,
    #[serde(default = "ok")]
    pub status: u16,
    /// Headers of the answer. `{now+3}` stands for the epoch second in three seconds, `{at+3}` for the same in RFC 3339.
    #[serde(default)]
    pub with: BTreeMap<String, String>,
    /// The fixture that is answered, or the answer itself where it begins with `{` or `[`.
    pub say: Option<String>,
    /// How long the answer takes, in milliseconds.
    #[serde(default)]
    pub takes_ms: u64,
    /// How often the request comes.
    #[serde(default = "once")]
    pub times: usize,
}

const fn ok() -> u16 {
    200
}

const fn once() -> usize {
    1
}

impl Line {
    /// Method, path, and the query as sorted pairs.
    pub(super) fn asked(&self) -> (&str, &str, Vec<(String, String)>) {
        let (method, target) = self.ask.split_once(' ').expect("METHOD /path");
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let written = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (name.to_owned(), value.to_owned())
        });
        let mut pairs: Vec<_> =
            written.chain(self.query.iter().map(|(n, v)| (n.clone(), v.clone()))).collect();
        pairs.sort();
        (method, path, pairs)
    }
}
