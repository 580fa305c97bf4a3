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
use crate::page::{PageRequest, Wanted};
use crate::reconciler::{Feed, Reconciler};
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
