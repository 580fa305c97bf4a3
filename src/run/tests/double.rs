//! A reconciler whose requests say everything about their slice, so that a test's provider can answer by it.

use std::time::Duration;

use serde_json::Value;
use tieout_reconcilers::compare::{CLOCK, FIELDS, Field, Fields, KEY, Rule};
use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::fan_out::FanOut;
use tieout_reconcilers::instant::{Instant, TimeFormat};
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::{DomainName, Each, Name};
use tieout_reconcilers::page::{
    Answer, Confirm, Confirmed, Next, Page, PageFault, PageRequest, Response, Seen, Target, Wanted,
};
use tieout_reconcilers::path::Path;
use tieout_reconcilers::projection::{At, Projection};
use tieout_reconcilers::reconciler::{
    ClockKind, Data, Emission, Feed, Local, Order, Orphans, Place, Policy, Reconciler, Remedy,
};
use tieout_reconcilers::schedule::Schedule;
use tieout_reconcilers::window::Slice;

use super::world::GARBLED;

#[derive(Debug)]
pub(super) struct Double {
    pub domain: DomainName,
    pub provider: Name,
    pub feed: Feed,
    pub fan_out: FanOut,
    pub policy: Policy,
    pub fields: Fields,
    pub local: Local,
    pub page: Projection,
    /// Whether the provider can be asked how many items a slice has.
    pub counts: bool,
    /// The queue that gets an event about every discrepancy, if any does.
    pub queue: Option<&'static str>,
    /// Where this reconciler itself makes a mistake: `page` or `remedy`.
    pub blunders: Option<&'static str>,
}

fn path(text: &str) -> Path {
    Path::try_from(text.to_owned()).unwrap()
}

impl Double {
    /// One slice of a hundred seconds from `start` on, with items of an amount.
    pub(super) fn new(start: Instant) -> Self {
        let mut slots = vec![None; FIELDS + 1];
        slots[KEY] = Some(path("id"));
        slots[CLOCK] = Some(path("at"));
        slots[FIELDS] = Some(path("amount"));
        let amount = Field::named(&path("amount"), Rule::Exact);
        Self {
            domain: "shop.items".parse().unwrap(),
            provider: "shop".parse().unwrap(),
            feed: feed(),
            fan_out: FanOut::None,
            policy: policy(start),
            fields: Fields::of(vec![amount]),
            local: local(),
            page: Projection::new(&At::required(path("data")), &slots, &[], 1_000),
            counts: false,
            queue: None,
            blunders: None,
        }
    }

    /// The same feed, whose items are the members of another: the id stands where a member's value is looked for.
    pub(super) fn naming_its_items(start: Instant) -> Self {
        let mut slots = vec![None; FIELDS + 1];
        slots[KEY] = Some(path("id"));
        slots[FIELDS] = Some(path("id"));
        let page = Projection::new(&At::required(path("data")), &slots, &[], 1_000);
        Self { page, ..Self::new(start) }
    }

    /// The same, whose rows have no clock.
    pub(super) fn without_clock(self) -> Self {
        let mut slots = vec![None; FIELDS + 1];
        slots[KEY] = Some(path("id"));
        slots[FIELDS] = Some(path("amount"));
        let page = Projection::new(&At::required(path("data")), &slots, &[], 1_000);
        Self { page, ..self }
    }

    fn request(path: &str, query: &[(&str, &str)]) -> PageRequest {
        let query = query.iter().filter(|(_, value)| !value.is_empty());
        let query = query.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        PageRequest::get(Target::Path { path: path.to_owned(), query })
    }

    fn page_at(&self, slice: &Slice, cursor: &str) -> PageRequest {
        let second = |at: Instant| (at.micros() / 1_000_000).to_string();
        let (from, to) = (second(slice.window.from()), second(slice.window.to()));
        let to = if self.feed.open && slice.newest { String::new() } else { to };
        let token = slice.token.as_deref().unwrap_or_default();
        let range = [("from", from.as_str()), ("to", to.as_str()), ("since", token)];
        let query = [range.as_slice(), &[("account", slice.each.as_str()), ("cursor", cursor)]].concat();
        Self::request("/items", &query)
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

    fn fan_out(&self) -> FanOut {
        self.fan_out.clone()
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

    fn first_page(&self, slice: &Slice) -> PageRequest {
        self.page_at(slice, "")
    }

    fn answer(&self, _: &PageRequest, response: &Response<'_>) -> Answer {
        match response.status {
            200 => Answer::Read,
            410 => Answer::Restart("cursor expired".to_owned()),
            412 => Answer::Resync("token expired".to_owned()),
            413 => Answer::Halve("too many rows".to_owned()),
            451 => Answer::Skip("not for this account".to_owned()),
            _ => Answer::Fail("no".to_owned()),
        }
    }

    fn read_page(&self, slice: &Slice, _: &PageRequest, response: &Response<'_>) -> Result<Page, PageFault> {
        assert!(self.blunders != Some("page"), "a page that nobody thought of");
        let kept = self.page.read(response.body)?;
        let body: Value = serde_json::from_slice(response.body).unwrap();
        let gone = body["gone"].as_array().into_iter().flatten();
        Ok(Page {
            items: kept.items,
            faults: kept.faults,
            next: body["next"].as_str().map_or(Next::End, |next| Next::Page(self.page_at(slice, next))),
            gone: gone.map(|key| Key::checked(key.as_str().unwrap()).unwrap()).collect(),
            ceiling: body["ceiling"].as_i64().map(|second| Instant::from_micros(second * 1_000_000)),
            token: body["token"].as_str().map(ToOwned::to_owned),
            ..Page::default()
        })
    }

    fn count_request(&self, slice: &Slice) -> Option<PageRequest> {
        let mut request = self.counts.then(|| self.page_at(slice, ""))?;
        if let Target::Path { path, .. } = &mut request.target {
            "/count".clone_into(path);
        }
        Some(request)
    }

    fn read_count(&self, response: &Response<'_>) -> Option<u64> {
        serde_json::from_slice(response.body).ok()
    }

    fn confirm(&self, each: &Each, items: &[Wanted]) -> Vec<Confirm> {
        let ask = |key: &Key| Confirm {
            request: Self::request(&format!("/items/{key}"), &[("account", each.as_str())]),
            keys: vec![key.clone()],
        };
        items.iter().map(|item| ask(&item.key)).collect()
    }

    fn confirm_answer(&self, _: &Confirm, response: &Response<'_>) -> Answer {
        match response.status {
            200 | 404 => Answer::Read,
            401 => Answer::Rejected("no such key".to_owned()),
            _ => Answer::Fail("no".to_owned()),
        }
    }

    fn read_confirm(&self, confirm: &Confirm, response: &Response<'_>) -> Result<Vec<Confirmed>, PageFault> {
        let seen = if response.status == 404 {
            Seen::Gone
        } else if response.body == GARBLED.as_bytes() {
            Seen::Unreadable(GARBLED.to_owned())
        } else {
            let text = String::from_utf8_lossy(response.body).into_owned();
            Seen::Item(self.page.read_item(response.body)?.items, text.into())
        };
        Ok(vec![Confirmed { key: confirm.keys[0].clone(), seen }])
    }

    fn remedy(&self, _: Kind) -> Remedy {
        assert!(self.blunders != Some("remedy"), "a kind that nobody thought of");
        self.queue.map_or(Remedy::Report, |queue| {
            Remedy::Emit(Emission {
                queue: queue.to_owned(),
                event_type: "com.example.item.changed".to_owned(),
                data: Data::Full,
                schema: None,
            })
        })
    }
}

fn feed() -> Feed {
    Feed {
        name: "shop/items".to_owned(),
        clock: "at".to_owned(),
        clock_format: TimeFormat::Epoch.into(),
        clock_kind: Some(ClockKind::Created),
        order: Order::Ascending,
        is_led: true,
        mutable: false,
        span: Duration::from_secs(100),
        ..Feed::default()
    }
}

fn policy(start: Instant) -> Policy {
    Policy {
        settle: Duration::ZERO,
        orphans: Orphans::Report,
        max_emits: 500,
        max_ratio: 1.0,
        min_items: 0,
        reemit_after: Duration::from_hours(20),
        max_lookups: 20_000,
        start: Some(start),
    }
}

fn local() -> Local {
    let sql = "SELECT id, amount, at FROM items WHERE";
    Local {
        database: "app".to_owned(),
        rows: format!("{sql} at >= :from AND at < :to"),
        rows_place: Place::default(),
        keys: format!("{sql} id IN (:keys)"),
        keys_place: Place::default(),
        key: "id".to_owned(),
        clock: Some("at".to_owned()),
        changed: None,
        version: None,
        time: TimeFormat::Epoch,
        zone: None,
    }
}
