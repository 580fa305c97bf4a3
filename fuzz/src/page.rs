//! Answers of providers: every feed that is shipped, and formats that none of those has, read every body.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use tieout_reconcilers::catalogue::Catalogue;
use tieout_reconcilers::define::definition::{Definition, Settings};
use tieout_reconcilers::define::document::Document;
use tieout_reconcilers::define::domain::DomainDefinition;
use tieout_reconcilers::define::provider::ProviderDefinition;
use tieout_reconcilers::fan_out::Member;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::{FeedName, Name};
use tieout_reconcilers::page::{PageRequest, Response};
use tieout_reconcilers::reconciler::Reconciler;
use tieout_reconcilers::window::{Purpose, Slice, Window};

/// What `{var.NAME}` stands for in every definition.
const VARS: [&str; 8] = ["account", "api", "client", "email", "shop", "site", "subdomain", "version"];

static FEEDS: LazyLock<Vec<Definition>> = LazyLock::new(|| {
    let mut catalogue = Catalogue::shipped();
    let document = Document::new("formats.yaml", include_str!("formats.yaml"));
    catalogue.put(ProviderDefinition::parse(&document).expect("the provider of all formats is whole"));
    let vars: BTreeMap<_, _> = VARS.into_iter().map(|name| (name.to_owned(), "x".to_owned())).collect();
    let providers: Vec<Name> = catalogue.names().cloned().collect();
    let feeds = providers.iter().filter_map(|name| catalogue.provider(name)).flat_map(|provider| {
        provider.feeds.iter().map(|(feed, definition)| {
            let names = definition.each_names().into_iter().chain(provider.own_names());
            let member = Member::new(names.map(|name| (name.into(), "x".into())).collect());
            let name = FeedName { provider: provider.name.clone(), feed: feed.clone() };
            (name, Settings { vars: vars.clone(), each: member.into_iter().collect(), apart: false })
        })
    });
    feeds
        .map(|(feed, settings)| catalogue.define(DomainDefinition::of_feed(feed), &settings))
        .map(|feed| feed.expect("a feed that can be put on a domain"))
        .collect()
});

/// Reading is a function of the bytes, and a page has no more in it than they have.
pub fn check(data: &[u8]) {
    for feed in FEEDS.iter() {
        let (slice, request) = first(feed);
        for status in [200, 404] {
            let headers = [("content-type".to_owned(), "application/json".to_owned())];
            let response = Response { status, headers: &headers, body: data };
            let answer = feed.answer(&request, &response);
            assert_eq!(format!("{answer:?}"), format!("{:?}", feed.answer(&request, &response)));
        }
        let response = Response { status: 200, headers: &[], body: data };
        let page = feed.read_page(&slice, &request, &response);
        assert_eq!(format!("{page:?}"), format!("{:?}", feed.read_page(&slice, &request, &response)));
        if let Ok(page) = page {
            assert!(page.items.len() + page.faults.len() <= data.len().max(1), "more rows than bytes");
        }
    }
}

/// The first request of an hour.
fn first(feed: &Definition) -> (Slice, PageRequest) {
    let hour = |n: i64| Instant::from_micros(n * 3_600_000_000);
    let window = Window::new(hour(489_912), hour(489_913)).expect("an hour");
    let slice = Slice::new(window, Purpose::Coverage);
    let request = feed.first_page(&slice);
    (slice, request)
}
