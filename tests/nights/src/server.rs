//! The provider's API on loopback: a list, changes, and look-ups, with what goes wrong in a night.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use tieout::clock::Clock;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::files::utc;
use crate::shop::Shop;
use crate::story::{Fault, Item, Log, Micros, Name, SECOND};
use crate::trail::Step;
use crate::world::{Asked, Sides, Tonight, World};

/// What the server answers from.
pub(crate) struct Provider {
    pub(crate) world: World,
    pub(crate) shop: Shop,
    pub(crate) clock: Clock,
    /// Both sides at every moment of the night so far.
    pub(crate) moments: Vec<Sides>,
}

/// A server that answers until its task ends.
pub(crate) struct Server {
    pub(crate) base: String,
    pub(crate) task: JoinHandle<()>,
}

/// An answer before it has headers.
enum Answer {
    Json(u16, Value),
    /// The body breaks off.
    Cut(Value),
}

impl Answer {
    /// For people.
    fn in_brief(&self) -> String {
        let (word, body) = match self {
            Self::Json(status, body) => (status.to_string(), body),
            Self::Cut(body) => ("half of".to_owned(), body),
        };
        format!("{word} {}", body.to_string().chars().take(400).collect::<String>())
    }
}

/// A part of a list.
struct Part {
    rows: Vec<Value>,
    next: Option<String>,
}

pub(crate) async fn serve(provider: Arc<Mutex<Provider>>) -> Server {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let router = axum::Router::new().fallback(answer).with_state(provider);
    let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    Server { base, task }
}

async fn answer(State(provider): State<Arc<Mutex<Provider>>>, request: Request) -> Response {
    let mut provider = provider.lock().await;
    let now = provider.catch_up().await;
    let world = &mut provider.world;
    world.tonight.n_requests += 1;
    if world.tonight.night.killed_at == Some(world.tonight.n_requests)
        && let Some(kill) = world.tonight.kill.take()
    {
        kill.send(()).ok();
    }
    let query: HashMap<String, String> =
        url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect();
    let path = request.uri().path();
    let answer = match path.strip_prefix("/items/") {
        Some(id) => world.look_up(&percent_decode_str(id).decode_utf8_lossy(), &query, now),
        None if path == "/events" => world.events_page(&query, now),
        None => world.page(path, &query, now),
    };
    let about = path.strip_prefix("/items/").unwrap_or_default();
    let about = percent_decode_str(about).decode_utf8_lossy().into_owned();
    let name = Name { member: world.member(&query), id: about };
    world
        .told
        .push((name, format!("{} GET {} is answered with {}", utc(now), request.uri(), answer.in_brief())));
    let date = (now + world.story.variety.provider_ahead).div_euclid(SECOND);
    respond(answer, date)
}

impl Provider {
    /// Lets everything happen that is due, in the shop's database too.
    pub(crate) async fn catch_up(&mut self) -> Micros {
        let now = self.clock.now().micros();
        let writes = self.world.catch_up(now);
        self.shop.write(writes).await;
        if self.moments.last().is_none_or(|sides| sides.at < now) {
            self.moments.push(self.world.sides(now));
        }
        now
    }

    /// Begins a night with everything done that is due.
    pub(crate) async fn begin(&mut self, tonight: Tonight) {
        self.world.tonight = tonight;
        self.moments.clear();
        self.world.tonight.start = self.catch_up().await;
        self.world.forget_dead(self.world.tonight.start);
    }
}

impl World {
    fn member(&self, query: &HashMap<String, String>) -> &'static str {
        let asked = query.get("account").map_or("", String::as_str);
        self.story.variety.members.iter().find(|member| **member == asked).expect("a member of the world")
    }

    fn look_up(&mut self, id: &str, query: &HashMap<String, String>, now: Micros) -> Answer {
        match self.tonight.night.fault {
            Some(Fault::NoLookUps) => return Answer::Json(500, json!({ "error": { "code": "internal" } })),
            Some(Fault::NotFound | Fault::LookUpsNotFound) => return not_found(),
            Some(Fault::SomeNotFound) if self.tonight.n_requests % 2 == 1 => return not_found(),
            _ => {}
        }
        let name = Name { member: self.member(query), id: id.to_owned() };
        let item = self.item(&name).filter(|_| !self.sees_nothing(name.member, now));
        let (is_there, answer) = match item {
            Some(item) => (true, Answer::Json(200, row(&name, item))),
            None => (false, Answer::Json(404, json!({ "error": { "code": "resource_missing" } }))),
        };
        for asked in self.tonight.asked.iter_mut().filter(|asked| asked.left_out.as_ref() == Some(&name)) {
            asked.is_lie = is_there;
        }
        answer
    }

    fn sees_nothing(&self, member: &str, now: Micros) -> bool {
        let is_there = |(name, _): &(Name, Item)| self.item(name).is_some();
        self.tonight.night.fault == Some(Fault::SeesNothing) && self.list(member, now).iter().any(is_there)
    }

    fn page(&mut self, path: &str, query: &HashMap<String, String>, now: Micros) -> Answer {
        let at = self.tonight.n_lists;
        self.tonight.n_lists += 1;
        let cursor = query.get("cursor").map(String::as_str);
        let is_glance = self.is_glance(query);
        let proves = !is_glance && self.is_below_ceiling(query);
        if let Some(answer) = self.refusal(at, cursor.is_some(), query.contains_key("token"), proves) {
            return answer;
        }
        let (mut part, mut asked) = if path == "/changes" {
            self.changes_page(query, cursor, now)
        } else {
            self.items_page(query, cursor, now)
        };
        if matches!(self.tonight.night.fault, Some(Fault::RepeatsFrom(from)) if at >= from) {
            part.next = Some(cursor.unwrap_or("0").to_owned());
            self.breaks(proves);
        }
        asked.is_end = part.next.is_none();
        let mut body = json!({ "data": part.rows, "next": part.next });
        if asked.is_end && path == "/changes" {
            body["token"] = json!(asked.token.unwrap_or_default().to_string());
        }
        if !asked.is_end {
            asked.token = None;
        }
        if self.tonight.night.fault == Some(Fault::CutOnce(at)) {
            return Answer::Cut(body);
        }
        if !is_glance {
            self.tonight.asked.push(asked);
        }
        Answer::Json(200, body)
    }

    /// The provider's own events, the newest first, or the deliveries of them.
    fn events_page(&mut self, query: &HashMap<String, String>, now: Micros) -> Answer {
        let at = self.tonight.n_event_lists;
        self.tonight.n_event_lists += 1;
        let is_down = self.tonight.night.no_events_from.is_some_and(|from| at >= from);
        if is_down || self.tonight.night.fault == Some(Fault::NotFound) {
            self.tonight.n_events_failed += 1;
            return Answer::Json(if is_down { 500 } else { 404 }, json!({ "error": { "code": "internal" } }));
        }
        let log = self.story.variety.trail.and_then(|trail| trail.log).expect("a world with events");
        let second = |name: &str| query[name].parse::<i64>().unwrap();
        let kept = log
            .keep
            .map_or(i64::MIN, |keep| (now + self.story.variety.provider_ahead - keep).div_euclid(SECOND));
        let range = second("from").max(kept)..second("to");
        let member = self.member(query);
        let mut entries: Vec<(i64, Value)> = self
            .trails
            .iter()
            .filter(|(name, _)| name.member == member)
            .flat_map(|(name, trail)| trail.steps.iter().map(move |step| (name, step)))
            .flat_map(|(name, step)| self.entries(name, step, log, now))
            .filter(|(second, _)| range.contains(second))
            .collect();
        entries.sort_by_key(|(second, _)| -second);
        let cursor = query.get("cursor").map_or(0, |cursor| cursor.parse::<usize>().unwrap());
        let size = self.story.variety.page * 3;
        let next = (cursor + size < entries.len()).then(|| (cursor + size).to_string());
        let page: Vec<Value> = entries.into_iter().skip(cursor).take(size).map(|(_, entry)| entry).collect();
        Answer::Json(200, json!({ "data": page, "next": next }))
    }

    /// What the list or the log says of a change by now, each entry with its second.
    fn entries(&self, name: &Name, step: &Step, log: Log, now: Micros) -> Vec<(i64, Value)> {
        let Some(sent) = &step.sent else { return Vec::new() };
        let object = json!({ "id": name.id });
        if !log.is_of_deliveries {
            let entry = json!({ "id": sent.event, "at": step.second, "object": object });
            return (sent.listed <= now).then_some((step.second, entry)).into_iter().collect();
        }
        let entry = |(number, (at, arrived)): (usize, &(Micros, bool))| {
            let second = (at + self.story.variety.provider_ahead).div_euclid(SECOND);
            let id = format!("{}_{number}", sent.event);
            let status = if *arrived { "OK" } else { "Bad Gateway" };
            (
                second,
                json!({ "id": id, "event": sent.event, "at": second, "status": status, "object": object }),
            )
        };
        sent.tries.iter().enumerate().filter(|(_, (at, _))| *at <= now).map(entry).collect()
    }

    /// What a list request is answered with instead of a page.
    fn refusal(&mut self, at: usize, has_cursor: bool, has_token: bool, proves: bool) -> Option<Answer> {
        let refusal = self.refused(at, has_cursor, has_token)?;
        let fault = self.tonight.night.fault;
        if matches!(fault, Some(Fault::ErrorsFrom(_) | Fault::NotFound | Fault::NoCursors)) {
            self.breaks(proves);
        }
        Some(refusal)
    }

    /// The list fails in a way that lasts: a walk that proves something, or what is read beside.
    fn breaks(&mut self, proves: bool) {
        let tonight = &mut self.tonight;
        *(if proves { &mut tonight.is_broken } else { &mut tonight.is_broken_beside }) = true;
    }

    fn refused(&mut self, at: usize, has_cursor: bool, has_token: bool) -> Option<Answer> {
        let error = || Answer::Json(500, json!({ "error": { "code": "internal" } }));
        let gone = || Answer::Json(410, json!({ "error": { "code": "expired" } }));
        match self.tonight.night.fault? {
            Fault::ErrorOnce(n) if n == at => Some(error()),
            Fault::ErrorsFrom(n) if at >= n => Some(error()),
            Fault::NotFound => Some(not_found()),
            Fault::ExpiredOnce(n) if at >= n && has_cursor && !self.tonight.has_erred && !has_token => {
                self.tonight.has_erred = true;
                Some(gone())
            }
            Fault::NoCursors if has_cursor && !has_token => Some(gone()),
            Fault::ForgetsToken if has_token && !has_cursor => Some(gone()),
            _ => None,
        }
    }

    fn items_page(
        &self,
        query: &HashMap<String, String>,
        cursor: Option<&str>,
        now: Micros,
    ) -> (Part, Asked) {
        let member = self.member(query);
        let second = |name: &str| query.get(name).map(|text| text.parse::<i64>().unwrap());
        let range = second("from").zip(second("to"));
        let feed = self.story.variety.feed;
        let is_in = |item: &Item| {
            let clock = item.clock(feed).div_euclid(SECOND);
            range.is_none_or(|(from, to)| (from..to).contains(&clock))
        };
        let mut list: Vec<(Name, Item)> =
            self.list(member, now).into_iter().filter(|(_, item)| is_in(item)).collect();
        let is_lying = self.tonight.night.fault == Some(Fault::Omits);
        let hidden = list.iter().position(|(name, item)| is_lying && self.is_noticed(name, item));
        let left_out = hidden.map(|at| list.remove(at).0);
        let places: Vec<String> = list.iter().map(|(name, item)| in_words(&self.place(name, item))).collect();
        let is_passed = |(name, item): &(Name, Item)| {
            let (at, id) = cursor.and_then(|cursor| cursor.split_once('~')).unwrap_or_default();
            at.parse().is_ok_and(|at: i128| self.place(name, item) <= (at, id.to_owned()))
        };
        let from = list.iter().filter(|one| is_passed(one)).count();
        let rows = list.iter().map(|(name, item)| row(name, item)).collect();
        let part = self.part(rows, from, |last| places[last].clone());
        let is_lie = left_out.is_some();
        (part, Asked { member, range, since: 0, is_end: false, left_out, is_lie, token: None })
    }

    /// Whether a page is asked for by itself, to see an item that is there: no walk begins before the domain does, and none of a whole
    /// list begins anew once it has come to its end.
    fn is_glance(&self, query: &HashMap<String, String>) -> bool {
        let start = self.story.variety.start.div_euclid(SECOND);
        let member = self.member(query);
        let is_over = || self.tonight.asked.iter().any(|asked| asked.member == member && asked.is_end);
        match query.get("from").map(|text| text.parse::<i64>().unwrap()) {
            Some(from) => from < start,
            None => !query.contains_key("cursor") && is_over(),
        }
    }

    /// Whether what is read may be judged: a run does not know the provider's clock before its first answer, and may ask for more.
    fn is_below_ceiling(&self, query: &HashMap<String, String>) -> bool {
        let ceiling = self.story.variety.ceiling(self.tonight.start).div_euclid(SECOND);
        query.get("from").is_none_or(|from| from.parse::<i64>().unwrap() < ceiling)
    }

    /// Whether a row of the shop shows that the item is left out.
    fn is_noticed(&self, name: &Name, item: &Item) -> bool {
        let variety = &self.story.variety;
        let feed = variety.feed;
        let clock = item.clock(feed);
        let is_judged = (variety.start..variety.ceiling(self.tonight.start)).contains(&clock);
        is_judged && self.local.get(name).is_some_and(|row| row.clock == clock)
    }

    fn changes_page(
        &self,
        query: &HashMap<String, String>,
        cursor: Option<&str>,
        now: Micros,
    ) -> (Part, Asked) {
        let member = self.member(query);
        let log = self.log(member, now);
        let since = query.get("token").map_or(0, |token| token.parse().unwrap());
        let rows = log.iter().skip(since).map(|change| match &change.item {
            Some(item) => row(&change.name, item),
            None => json!({ "id": change.name.id, "deleted": true }),
        });
        let from = cursor.map_or(0, |cursor| cursor.parse().unwrap_or_default());
        let part = self.part(rows.collect(), from, |last| (last + 1).to_string());
        let token = Some(log.len());
        (part, Asked { member, range: None, since, is_end: false, left_out: None, is_lie: false, token })
    }

    /// A page from a place on, and what the next one is asked with.
    fn part(&self, rows: Vec<Value>, from: usize, after: impl FnOnce(usize) -> String) -> Part {
        let to = (from + self.story.variety.page).min(rows.len());
        let next = (to < rows.len()).then(|| after(to - 1));
        Part { rows: rows.into_iter().take(to).skip(from).collect(), next }
    }
}

fn in_words((at, id): &(i128, String)) -> String {
    format!("{at}~{id}")
}

fn not_found() -> Answer {
    Answer::Json(404, json!({ "error": { "code": "no_such_route" } }))
}

/// An item as the API writes it.
pub(crate) fn row(name: &Name, item: &Item) -> Value {
    json!({
        "id": name.id, "amount": item.amount, "currency": item.currency, "status": item.status,
        "created": item.created, "updated": item.updated, "version": item.version,
    })
}

fn respond(answer: Answer, date: i64) -> Response {
    let date =
        chrono::DateTime::from_timestamp(date, 0).unwrap().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let response = Response::builder().header("date", date).header("content-type", "application/json");
    match answer {
        Answer::Json(status, body) => {
            response.status(StatusCode::from_u16(status).unwrap()).body(Body::from(body.to_string())).unwrap()
        }
        Answer::Cut(body) => {
            let mut half = body.to_string().into_bytes();
            half.truncate(half.len() / 2);
            let parts = [Ok(half), Err(std::io::Error::other("the line broke"))];
            response.body(Body::from_stream(futures::stream::iter(parts))).unwrap()
        }
    }
}
