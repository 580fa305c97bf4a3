//! The provider's API on loopback: two lists by creation, a list of changes, look-ups, and tokens that are good once. It counts
//! what it is asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::canary::{ACCESS, FIRST_TOKEN};
use crate::world::{Domain, World};

/// What the provider was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) pages: u64,
    /// Look-ups of single items, and tokens.
    pub(crate) others: u64,
}

impl Asked {
    fn take(&mut self, path: &str) {
        let is_page = Domain::ALL.iter().any(|domain| {
            path.strip_prefix('/')
                .and_then(|path| path.strip_prefix(domain.feed()))
                .is_some_and(|rest| matches!(rest, "" | "/changes"))
        });
        if is_page { self.pages += 1 } else { self.others += 1 }
    }
}

impl std::ops::AddAssign for Asked {
    fn add_assign(&mut self, other: Self) {
        (self.pages, self.others) = (self.pages + other.pages, self.others + other.others);
    }
}

impl std::ops::Sub for Asked {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self { pages: self.pages - before.pages, others: self.others - before.others }
    }
}

/// What the server answers from.
pub(crate) struct Provider {
    world: Arc<World>,
    /// How long each answer takes.
    delay: Duration,
    pub(crate) stage: usize,
    pub(crate) asked: Asked,
    /// When each request came, but for those about tokens.
    arrivals: Vec<Instant>,
    /// The refresh token that was shown last, and the one that was given last.
    shown: String,
    given: String,
    n_given: u64,
    /// Whether somebody came with what was given last.
    is_used: bool,
}

/// A server that answers until it is dropped.
pub(crate) struct Server {
    pub(crate) base: String,
    pub(crate) provider: Arc<Mutex<Provider>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(crate) async fn start(world: Arc<World>, delay: Duration) -> Self {
        let first = FIRST_TOKEN.to_owned();
        let provider = Provider {
            world,
            delay,
            stage: 0,
            asked: Asked::default(),
            arrivals: Vec::new(),
            shown: first.clone(),
            given: first,
            n_given: 0,
            is_used: false,
        };
        let provider = Arc::new(Mutex::new(provider));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = axum::Router::new().fallback(answer).with_state(Arc::clone(&provider));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { base, provider, task }
    }

    pub(crate) fn set_stage(&self, stage: usize) {
        self.provider.lock().unwrap().stage = stage;
    }

    /// When each request came, but for those about tokens.
    pub(crate) fn arrivals(&self) -> Vec<Instant> {
        self.provider.lock().unwrap().arrivals.clone()
    }

    pub(crate) fn asked(&self) -> Asked {
        self.provider.lock().unwrap().asked
    }
}

async fn answer(State(provider): State<Arc<Mutex<Provider>>>, request: Request) -> Response {
    let came = Instant::now();
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 1 << 16).await.unwrap_or_default();
    let query: HashMap<String, String> =
        url::form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let (status, said, delay) = {
        let mut provider = provider.lock().unwrap();
        provider.asked.take(head.uri.path());
        if head.uri.path() != "/token" {
            provider.arrivals.push(came);
        }
        let (status, said) = match head.uri.path() {
            "/token" => provider.refresh(&body),
            path => match head.headers.get("authorization").and_then(|value| value.to_str().ok()) {
                Some(shown) if provider.knows(shown) => provider.tell(path, &query),
                _ => (401, json!({ "error": { "code": "unauthorized" } })),
            },
        };
        (status, said, provider.delay)
    };
    tokio::time::sleep(delay).await;
    let response = Response::builder().status(status).header("content-type", "application/json");
    response.body(Body::from(said.to_string())).unwrap()
}

impl Provider {
    /// A refresh token is good once, but for one whose answer did not arrive, as the better providers have it: it is good until
    /// somebody comes with what it was exchanged for.
    fn refresh(&mut self, form: &[u8]) -> (u16, Value) {
        let shown = url::form_urlencoded::parse(form).find(|(name, _)| name == "refresh_token");
        let shown = shown.map(|(_, token)| token.into_owned()).unwrap_or_default();
        let is_lost = shown == self.shown && !self.is_used;
        if shown != self.given && !is_lost {
            return (400, json!({ "error": "invalid_grant" }));
        }
        self.n_given += 1;
        self.shown = shown;
        self.given = format!("{FIRST_TOKEN}-{}", self.n_given);
        self.is_used = false;
        let access = format!("{ACCESS}-{}", self.n_given);
        (200, json!({ "access_token": access, "refresh_token": self.given, "expires_in": 4 }))
    }

    /// Whether an access token was given out; the older ones stay good for their time.
    fn knows(&mut self, authorization: &str) -> bool {
        let number =
            authorization.strip_prefix(&format!("Bearer {ACCESS}-")).and_then(|n| n.parse::<u64>().ok());
        self.is_used |= number == Some(self.n_given);
        number.is_some_and(|number| number <= self.n_given)
    }

    fn tell(&self, path: &str, query: &HashMap<String, String>) -> (u16, Value) {
        let mut parts = path.trim_start_matches('/').split('/');
        let feed = parts.next().unwrap_or_default();
        let Some(domain) = Domain::ALL.into_iter().find(|domain| domain.feed() == feed) else {
            return (404, json!({ "error": { "code": "no_such_path" } }));
        };
        match parts.next() {
            None => (200, self.list(domain, query)),
            Some("changes") => (200, self.changes(domain, query)),
            Some(key) => match self.world.thing(domain, key).and_then(|thing| thing.shown(self.stage)) {
                Some(item) => (200, item),
                None => (404, json!({ "error": { "code": "resource_missing" } })),
            },
        }
    }

    /// A page of what was created in a range, oldest first.
    fn list(&self, domain: Domain, query: &HashMap<String, String>) -> Value {
        let (from, to) = (number(query, "from").unwrap_or(0), number(query, "to").unwrap_or(i64::MAX));
        let mut there: Vec<(i64, Value)> = self
            .world
            .of(domain)
            .filter(|thing| (from..to).contains(&thing.created))
            .filter_map(|thing| Some((thing.created, thing.shown(self.stage)?)))
            .collect();
        there.sort_by(|one, other| (one.0, one.1["id"].as_str()).cmp(&(other.0, other.1["id"].as_str())));
        let (rows, next) = page(there.into_iter().map(|(_, item)| item).collect(), query);
        json!({ "data": rows, "next": next })
    }

    /// A page of what changed since a token.
    fn changes(&self, domain: Domain, query: &HashMap<String, String>) -> Value {
        let mut log = Vec::new();
        for stage in 0..=self.stage {
            for thing in self.world.of(domain) {
                let before = stage.checked_sub(1).and_then(|before| thing.upstream[before]);
                match (thing.shown(stage), before) {
                    (Some(_), before) if before == thing.upstream[stage] => {}
                    (Some(item), _) => log.push(item),
                    (None, None) if stage > 0 => {}
                    (None, _) if thing.upstream == [None; 3] || stage > 0 => {
                        log.push(json!({ "id": thing.key, "deleted": true }));
                    }
                    (None, _) => {}
                }
            }
        }
        let since = number(query, "token").unwrap_or(0);
        let end = log.len();
        let rest = log.split_off(usize::try_from(since).unwrap().min(end));
        let (rows, next) = page(rest, query);
        let token = next.is_none().then(|| end.to_string());
        json!({ "data": rows, "next": next, "token": token })
    }
}

/// The page that a cursor is about, and the next cursor.
fn page(rows: Vec<Value>, query: &HashMap<String, String>) -> (Vec<Value>, Option<String>) {
    let at = usize::try_from(number(query, "cursor").unwrap_or(0)).unwrap();
    let end = at + usize::try_from(number(query, "limit").unwrap_or(5)).unwrap();
    let next = (end < rows.len()).then(|| end.to_string());
    (rows.into_iter().take(end).skip(at).collect(), next)
}

fn number(query: &HashMap<String, String>, name: &str) -> Option<i64> {
    query.get(name).filter(|text| !text.is_empty()).map(|text| text.parse().unwrap())
}
