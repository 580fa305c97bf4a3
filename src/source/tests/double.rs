//! A reconciler that stands in for a definition: pages under `data`, found by cursor or by link. A row of version `thin`
//! is only a part of its item.

use std::time::Duration;

use tieout_reconcilers::compare::{FIELDS, Fields, KEY, VERSION};
use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::instant::{Instant, TimeFormat};
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::{DomainName, Each, Name};
use tieout_reconcilers::page::{
    Answer, Confirm, Confirmed, Next, Page, PageFault, PageRequest, Response, Seen, Target, Wanted,
};
use tieout_reconcilers::path::Path;
use tieout_reconcilers::projection::{At, Projection};
use tieout_reconcilers::reconciler::{
    Cap, Cure, Feed, Local, Orphans, Place, Policy, Reconciler, Remedy, Validator,
};
use tieout_reconcilers::schedule::Schedule;
use tieout_reconcilers::window::{Purpose, Slice, Window};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paging {
    Cursor,
    Link,
}

#[derive(Debug)]
pub(super) struct Double {
    paging: Paging,
    domain: DomainName,
    provider: Name,
    feed: Feed,
    policy: Policy,
    fields: Fields,
    local: Local,
    page: Projection,
}

pub(super) fn slice() -> Slice {
    let window = Window::new(Instant::from_micros(0), Instant::from_micros(1)).unwrap();
    Slice::new(window, Purpose::Coverage)
}

fn path(text: &str) -> Path {
    Path::try_from(text.to_owned()).unwrap()
}

impl Double {
    pub(super) fn new(paging: Paging) -> Self {
        let mut slots = vec![None; FIELDS];
        slots[KEY] = Some(path("id"));
        slots[VERSION] = Some(path("version"));
        let signals = [Some(path("next")), Some(path("more")), Some(path("total"))];
        Self {
            paging,
            domain: "example.charges".parse().unwrap(),
            provider: "example".parse().unwrap(),
            feed: feed(),
            policy: policy(),
            fields: Fields::default(),
            local: local(),
            page: Projection::new(&At::required(path("data")), &slots, &signals, 1_000),
        }
    }
}

impl Double {
    /// The same feed of a provider that hands out at most so many rows for one query.
    pub(super) fn capped(self, rows: u64) -> Self {
        let feed = Feed { cap: Some(Cap { rows, then: Cure::Halve }), ..self.feed.clone() };
        Self { feed, ..self }
    }
}

impl Double {
    /// The same feed of a provider that can say that a page is unchanged.
    pub(super) fn conditional(self, validator: Validator) -> Self {
        let feed = Feed { conditional: Some(validator), ..self.feed.clone() };
        Self { feed, ..self }
    }

    /// The same feed of a provider that forgets soon where a walk is.
    pub(super) fn forgotten_after(self, ttl: Duration) -> Self {
        let feed = Feed { cursor_ttl: Some(ttl), ..self.feed.clone() };
        Self { feed, ..self }
    }
}

pub(super) fn request(path: &str, query: &[(&str, &str)]) -> PageRequest {
    let query = query.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    PageRequest::get(Target::Path { path: path.to_owned(), query })
}

pub(super) fn link(to: &str) -> PageRequest {
    PageRequest::get(Target::Link(to.to_owned()))
}

/// The usual reading of a status; a body that begins as an error is one.
pub(super) fn usual(response: &Response<'_>) -> Answer {
    match response.status {
        200 if response.body.starts_with(b"{\"error\"") => Answer::Fail("the body is an error".to_owned()),
        200 => Answer::Read,
        204 => Answer::Empty,
        401 | 403 => Answer::Rejected("refused".to_owned()),
        408 | 429 | 500..=599 => Answer::Retry("later".to_owned()),
        _ => Answer::Fail("unexpected".to_owned()),
    }
}

impl Reconciler for Double {
    fn domain(&self) -> &DomainName {
        &self.domain
    }

    fn provider(&self) -> &Name {
        &self.provider
    }

    fn feed(&self) -> &Feed {
        &self.feed
    }

    fn policy(&self) -> &Policy {
        &self.policy
    }

    fn schedule(&self) -> Option<&Schedule> {
        None
    }

    fn fields(&self) -> &Fields {
        &self.fields
    }

    fn local(&self) -> &Local {
        &self.local
    }

    fn first_page(&self, _: &Slice) -> PageRequest {
        request("/charges", &[("limit", "2")])
    }

    fn answer(&self, _: &PageRequest, response: &Response<'_>) -> Answer {
        usual(response)
    }

    fn read_page(&self, _: &Slice, asked: &PageRequest, response: &Response<'_>) -> Result<Page, PageFault> {
        let kept = self.page.read(response.body)?;
        let text = |n: usize| kept.signals[n].as_deref().map(|raw| raw.trim_matches('"').to_owned());
        let mut next = match (text(0), self.paging) {
            (Some(to), Paging::Link) => Next::Page(link(&to)),
            (Some(to), Paging::Cursor) => Next::Page(request("/charges", &[("limit", "2"), ("cursor", &to)])),
            (None, _) if text(1).as_deref() == Some("true") => {
                return Err(PageFault::NoWayOn("next".to_owned()));
            }
            (None, _) => Next::End,
        };
        if let Next::Page(following) = &mut next {
            following.position.page = asked.position.page + 1;
        }
        let total_rows = text(2).map(|total| total.parse().unwrap());
        let is_thin =
            |&place: &usize| kept.items.get(place).is_some_and(|item| item.slot(VERSION) == Some("\"thin\""));
        let partial = (0..kept.items.len()).filter(is_thin).collect();
        Ok(Page { items: kept.items, faults: kept.faults, partial, next, total_rows, ..Page::default() })
    }

    fn confirm(&self, _: &Each, items: &[Wanted]) -> Vec<Confirm> {
        let ask = |key: &Key| Confirm {
            request: request(&format!("/charges/{key}"), &[]),
            keys: vec![key.clone()],
        };
        items.iter().map(|item| ask(&item.key)).collect()
    }

    fn confirm_answer(&self, _: &Confirm, response: &Response<'_>) -> Answer {
        if response.status == 404 { Answer::Read } else { usual(response) }
    }

    fn read_confirm(&self, confirm: &Confirm, response: &Response<'_>) -> Result<Vec<Confirmed>, PageFault> {
        let seen = match (response.status, response.body) {
            (404, b"{\"gone\":true}") => Seen::Gone,
            (404, _) => return Err(PageFault::NeitherItemNorGone(404)),
            (_, b"[]") => return Ok(Vec::new()),
            (_, body) => Seen::Item(
                self.page.read_item(body)?.items,
                String::from_utf8_lossy(body).into_owned().into(),
            ),
        };
        Ok(vec![Confirmed { key: confirm.keys[0].clone(), seen }])
    }

    fn remedy(&self, _: Kind) -> Remedy {
        Remedy::Report
    }
}

fn feed() -> Feed {
    Feed { clock: "created".to_owned(), clock_format: TimeFormat::Epoch.into(), ..Feed::default() }
}

fn policy() -> Policy {
    Policy {
        settle: Duration::ZERO,
        orphans: Orphans::Report,
        max_emits: 1,
        max_ratio: 1.0,
        min_items: 0,
        reemit_after: Duration::ZERO,
        max_lookups: 20_000,
        start: None,
    }
}

fn local() -> Local {
    Local {
        database: String::new(),
        rows: String::new(),
        rows_place: Place::default(),
        keys: String::new(),
        keys_place: Place::default(),
        key: String::new(),
        clock: Some(String::new()),
        changed: None,
        version: None,
        time: TimeFormat::Epoch,
        zone: None,
    }
}
