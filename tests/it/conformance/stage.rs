//! The servers of one API on loopback: they answer what the script says, and nothing else.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::Utc;
use tieout_reconcilers::instant::{Instant, TimeFormat};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::script::Line;
use super::traffic::Exchange;

/// One server per host of the API.
pub(super) struct Stage {
    servers: BTreeMap<String, MockServer>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    folder: PathBuf,
    names: BTreeMap<String, String>,
    open: Vec<Line>,
    in_order: bool,
    seen: Vec<Exchange>,
    faults: Vec<String>,
}

/// What happened since the lines were set.
#[derive(Debug, Default)]
pub(super) struct Played {
    pub seen: Vec<Exchange>,
    pub faults: Vec<String>,
}

impl Stage {
    /// A stage for every host that `texts` name in an address.
    pub(super) async fn build(folder: &Path, hosts: impl IntoIterator<Item = String>) -> Self {
        let state = Arc::new(Mutex::new(State { folder: folder.to_owned(), ..State::default() }));
        let mut servers = BTreeMap::new();
        for host in hosts {
            let server = MockServer::start().await;
            state.lock().unwrap().names.insert(host.clone(), server.uri());
            let (name, at) = (host.clone(), Arc::clone(&state));
            let answer = move |request: &Request| at.lock().unwrap().answer(&name, request);
            Mock::given(any()).respond_with(answer).mount(&server).await;
            servers.insert(host, server);
        }
        Self { servers, state }
    }

    /// A text with the addresses of the real hosts replaced by those of this stage.
    pub(super) fn localised(&self, text: &str) -> String {
        let names = self.servers.iter().map(|(host, server)| (host.clone(), server.uri())).collect();
        localised(text, &names)
    }

    /// Sets what is answered from now on.
    pub(super) fn set(&self, lines: &[Line], in_order: bool) {
        let mut state = self.state.lock().unwrap();
        state.open = lines.iter().flat_map(|line| std::iter::repeat_n(line.clone(), line.times)).collect();
        state.in_order = in_order;
    }

    /// Takes what happened; what was expected and did not happen is a fault.
    pub(super) fn take(&self) -> Played {
        let mut state = self.state.lock().unwrap();
        let mut faults = std::mem::take(&mut state.faults);
        faults.extend(state.open.drain(..).map(|line| format!("never asked: {}", line.ask)));
        Played { seen: std::mem::take(&mut state.seen), faults }
    }
}

/// The hosts in the addresses of a text.
pub(super) fn hosts_in(text: &str) -> Vec<String> {
    let rest = text.split("https://").skip(1);
    rest.map(|rest| rest.split(['/', '"', '\'', ' ', ',', '\n']).next().unwrap_or_default().to_owned())
        .collect()
}

fn localised(text: &str, names: &BTreeMap<String, String>) -> String {
    names.iter().fold(text.to_owned(), |text, (host, uri)| text.replace(&format!("https://{host}"), uri))
}

impl State {
    fn answer(&mut self, host: &str, request: &Request) -> ResponseTemplate {
        let mut exchange = Exchange::of(host, request);
        let fits = |line: &Line| differences(line, &exchange);
        let place = if self.in_order {
            self.open.first().map(|line| (0, fits(line)))
        } else {
            self.open
                .iter()
                .enumerate()
                .map(|(at, line)| (at, fits(line)))
                .min_by_key(|(_, wrong)| wrong.len())
        };
        let template = match place {
            Some((at, wrong)) if wrong.is_empty() => {
                let line = self.open.remove(at);
                self.say(&line, &mut exchange)
            }
            Some((at, wrong)) => {
                self.faults.push(format!("`{}` was expected: {}", self.open[at].ask, wrong.join("; ")));
                ResponseTemplate::new(418)
            }
            None => {
                self.faults.push(format!("nothing more was expected: {} {}", exchange.method, request.url));
                ResponseTemplate::new(418)
            }
        };
        self.seen.push(exchange);
        template
    }

    fn say(&self, line: &Line, exchange: &mut Exchange) -> ResponseTemplate {
        let body = match &line.say {
            Some(text) if text.starts_with(['{', '[', '<']) || text.is_empty() => text.clone(),
            Some(file) => {
                let path = self.folder.join("fixtures").join(file);
                let text = std::fs::read_to_string(&path);
                text.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
            }
            None => String::new(),
        };
        exchange.answer = timed(&localised(&body, &self.names));
        exchange.status = line.status;
        exchange.takes_ms = line.takes_ms;
        let mut template = ResponseTemplate::new(line.status);
        for (name, value) in &line.with {
            let value = timed(&localised(value, &self.names));
            exchange.answered.insert(name.to_lowercase(), value.clone());
            template = template.insert_header(name.as_str(), value.as_str());
        }
        if !exchange.answer.is_empty() {
            let kind = exchange.answered.get("content-type").map_or("application/json", String::as_str);
            template = template.set_body_raw(exchange.answer.clone(), kind);
        }
        template.set_delay(Duration::from_millis(line.takes_ms))
    }
}

/// Fills in instants that lie some time from now.
fn timed(value: &str) -> String {
    let mut filled = value.to_owned();
    for (mark, format) in [("{now+", TimeFormat::Epoch), ("{at+", TimeFormat::Rfc3339)] {
        while let Some((before, rest)) = filled.split_once(mark) {
            let (seconds, after) = rest.split_once('}').expect("a closing brace");
            // Whole seconds are rounded up, so that the instant is never nearer than it says.
            let at = Utc::now().timestamp() + 1 + seconds.parse::<i64>().expect("seconds");
            filled = format!("{before}{}{after}", format.write(Instant::from_micros(at * 1_000_000)));
        }
    }
    filled
}

/// What about a request is not as the API wants it.
fn differences(line: &Line, seen: &Exchange) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut differ = |what: &str, expected: &dyn std::fmt::Debug, got: &dyn std::fmt::Debug| {
        let (expected, got) = (format!("{expected:?}"), format!("{got:?}"));
        if expected != got {
            wrong.push(format!("{what} is {got} and not {expected}"));
        }
    };
    let (method, path, query) = line.asked();
    let mut sent = seen.query.clone();
    sent.sort();
    differ("the method", &method, &seen.method.as_str());
    differ("the path", &path, &seen.path.as_str());
    differ("the query", &query, &sent);
    if let Some(host) = &line.host {
        differ("the host", host, &seen.host);
    }
    for (name, value) in &line.headers {
        let got = seen.headers.get(&name.to_lowercase()).map_or("!", String::as_str);
        differ(name, &value.as_str(), &got);
    }
    match (&line.json, &line.form) {
        (Some(json), _) => differ("the body", &Some(json.clone()), &seen.sent()),
        (None, Some(form)) => {
            let mut sent = seen.form();
            for (name, value) in &mut sent {
                if form.get(name).is_some_and(|expected| expected == "*") {
                    "*".clone_into(value);
                }
            }
            differ("the form", form, &sent);
        }
        (None, None) => differ("the body", &"", &seen.body.as_str()),
    }
    wrong
}
