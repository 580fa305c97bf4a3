//! Every shipped feed: what a run knows of it, and what it asks.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use super::{day, line};
use crate::catalogue::Catalogue;
use crate::define::definition::{Definition, Settings};
use crate::define::domain::DomainDefinition;
use crate::fan_out::Member;
use crate::key::Key;
use crate::name::{Each, FeedName};
use crate::page::{PageRequest, Response, Wanted};
use crate::reconciler::{Feed, Reconciler};
use crate::webhooks::{Endpoint, Webhooks};
use crate::window::Slice;

/// A member with a value for each of these names, and what it is called.
fn member(names: &BTreeSet<&str>) -> Option<Member> {
    Member::new(names.iter().map(|name| ((*name).into(), format!("a-{name}").into())).collect())
}

fn asked(request: &PageRequest) -> String {
    let body = request.body.as_ref().map(|body| format!("\n    {}", body.text)).unwrap_or_default();
    format!("{} {}{body}", request.method.as_str(), line(request))
}

fn described(definition: &Definition, each: &Each) -> String {
    let feed = definition.feed();
    let slice = |newest| Slice { each: each.clone(), newest, ..day() };
    let first = asked(&definition.first_page(&slice(false)));
    let newest = asked(&definition.first_page(&slice(true)));
    let mut text = format!("  {}\n  page: {first}\n", known(feed));
    if newest != first {
        let _ = writeln!(text, "  newest: {newest}");
    }
    let keys = ["k1", "k2"].map(|key| Wanted::from(Key::checked(key).unwrap()));
    for (what, keys) in [("one", &keys[..1]), ("two", &keys[..])] {
        for confirm in definition.confirm(each, keys) {
            let _ = writeln!(text, "  {what}: {}", asked(&confirm.request));
        }
    }
    text
}

/// What a run knows of a feed, in the words of a definition.
fn known(feed: &Feed) -> String {
    let length = |length: Duration| humantime::format_duration(length).to_string();
    let mut text = format!("{} ", feed.clock);
    let _ = match feed.clock_kind {
        Some(kind) => write!(text, "{kind:?} {:?}", feed.order),
        None => write!(text, "{:?}", feed.order),
    };
    let _ = write!(text, " filter {:?} lag {} span {}", feed.filter, length(feed.lag), length(feed.span));
    for (is_so, word) in [(feed.open, " open"), (feed.changes, " changes"), (!feed.mutable, " immutable")] {
        text.push_str(if is_so { word } else { "" });
    }
    if let Some(keep) = feed.retention {
        let _ = write!(text, " keep {}", length(keep));
    }
    if let Some(overlap) = feed.overlap {
        let _ = write!(text, " back {} every {}", length(overlap.back), length(overlap.every));
    }
    if let Some(cap) = feed.cap {
        let _ = write!(text, " cap {} {:?}", cap.rows, cap.then);
    }
    text
}

#[test]
fn every_shipped_feed_asks_for_its_pages_and_its_items() {
    let catalogue = Catalogue::shipped();
    for name in catalogue.names() {
        let provider = catalogue.provider(name).unwrap();
        let mut text = String::new();
        for (feed, definition) in &provider.feeds {
            let member = member(&definition.each_names());
            let settings = Settings { each: member.clone().into_iter().collect(), ..Settings::default() };
            let domain = DomainDefinition::of_feed(FeedName { provider: name.clone(), feed: feed.clone() });
            let definition = catalogue.define(domain, &settings).unwrap();
            let each = member.map(|member| member.each).unwrap_or_default();
            let _ = writeln!(text, "## {feed}\n{}", described(&definition, &each));
        }
        insta::assert_snapshot!(format!("{name}"), text);
    }
}

/// An answer of a list in the documented shape, with an endpoint that is on and, where the provider says so, one that is off.
const ENDPOINTS: [(&str, &str, &str); 9] = [
    (
        "stripe",
        "charges",
        r#"{"data": [
            {"id": "we_1", "url": "https://a.example/x", "status": "enabled", "enabled_events": ["charge.failed", "*"]},
            {"id": "we_2", "url": "https://b.example/x", "status": "disabled", "enabled_events": []}], "has_more": false}"#,
    ),
    (
        "github",
        "issues",
        r#"[{"id": 1, "active": true, "events": ["issues"], "config": {"url": "https://a.example/x"}, "last_response": {"code": 502}},
            {"id": 2, "active": false, "events": ["*"], "config": {"url": "https://b.example/x"}, "last_response": {"code": null}}]"#,
    ),
    (
        "github-graphql",
        "pulls",
        r#"[{"id": 1, "active": true, "events": ["*"], "config": {"url": "https://a.example/x"}, "last_response": {"code": 200}}]"#,
    ),
    (
        "shopify-rest",
        "orders",
        r#"{"webhooks": [{"id": 4759306, "address": "https://a.example/x", "topic": "orders/create"},
            {"id": 4759307, "address": "arn:aws:events:us-east-1::event-source/x", "topic": "orders/updated"}]}"#,
    ),
    (
        "shopify",
        "products",
        r#"{"data": {"page": {"edges": [
            {"node": {"id": "gid://shopify/WebhookSubscription/1", "topic": "PRODUCTS_UPDATE", "endpoint": {"callbackUrl": "https://a.example/x"}}},
            {"node": {"id": "gid://shopify/WebhookSubscription/2", "topic": "PRODUCTS_CREATE", "endpoint": {}}}],
            "pageInfo": {"hasNextPage": false, "endCursor": null}}}}"#,
    ),
    (
        "square",
        "refunds",
        r#"{"subscriptions": [{"id": "wbhk_1", "enabled": true, "event_types": ["refund.created"], "notification_url": "https://a.example/x"},
            {"id": "wbhk_2", "enabled": false, "event_types": [], "notification_url": "https://b.example/x"}]}"#,
    ),
    (
        "paypal",
        "disputes",
        r#"{"webhooks": [{"id": "0EH4", "url": "https://a.example/x", "event_types": [{"name": "CUSTOMER.DISPUTE.CREATED"}, {"name": "*"}]}]}"#,
    ),
    (
        "zendesk",
        "users",
        r#"{"webhooks": [{"id": "01", "endpoint": "https://a.example/x", "status": "active", "subscriptions": ["zen:event-type:user.created"]},
            {"id": "02", "endpoint": "https://b.example/x", "status": "inactive", "subscriptions": ["conditional_ticket_events"]}],
            "meta": {"has_more": false}, "links": {"next": null}}"#,
    ),
    (
        "chargebee",
        "invoices",
        r#"{"list": [{"webhook_endpoint": {"id": "whk_1", "url": "https://a.example/x", "disabled": false, "enabled_events": ["all_events"]}},
            {"webhook_endpoint": {"id": "whk_2", "url": "https://b.example/x", "disabled": true, "enabled_events": []}}]}"#,
    ),
];

#[test]
fn the_endpoints_of_shipped_providers_are_read_from_the_documented_shape() {
    let catalogue = Catalogue::shipped();
    let mut text = String::new();
    for (provider, feed, body) in ENDPOINTS {
        let name = FeedName { provider: provider.parse().unwrap(), feed: feed.parse().unwrap() };
        let names = catalogue.provider(&name.provider).unwrap().feeds[&name.feed].each_names();
        let member = member(&names);
        let settings = Settings { each: member.clone().into_iter().collect(), ..Settings::default() };
        let definition = catalogue.define(DomainDefinition::of_feed(name), &settings).unwrap();
        let Webhooks::Listed(webhooks) = definition.webhooks() else { panic!("{provider}") };
        let slice = Slice { each: member.map(|member| member.each).unwrap_or_default(), ..day() };
        let request = webhooks.feed.first_page(&slice);
        let response = Response { status: 200, headers: &[], body: body.as_bytes() };
        let page = webhooks.feed.read_page(&slice, &request, &response).unwrap();
        let _ = writeln!(text, "## {provider}/{feed}\n  {}", asked(&request));
        for item in page.items.iter() {
            let one = webhooks.endpoint(item);
            let sent = one.topics.as_ref().map(|topics| webhooks.sends(topics, &webhooks.expected[0]));
            let Endpoint { id, address, is_on, arrived, .. } = &one;
            let _ =
                writeln!(text, "  {id:?} {address:?} on {is_on:?} arrived {arrived:?} first topic {sent:?}");
        }
    }
    insta::assert_snapshot!(text);
}
