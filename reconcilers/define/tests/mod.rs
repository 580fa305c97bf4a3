//! The language as a whole: what is refused and how, what loads, and what a loaded definition does.

mod bad_auth;
mod asking;
mod bad_domains;
mod bad_exports;
mod bad_providers;
mod bad_requests;
mod bad_windows;
mod exports;
mod guide;
mod inheriting;
mod limits;
mod look_ups;
mod pages;
mod schema;
mod shapes;
mod shipped;
mod stripe;
mod walks;
mod whole;

use std::fmt::Write as _;

use super::definition::{Definition, Settings};
use super::document::Document;
use super::domain::DomainDefinition;
use super::problem::Problem;
use super::provider::ProviderDefinition;
use crate::instant::Instant;
use crate::page::{PageRequest, Response, Target};
use crate::window::{Purpose, Slice, Window};

/// A provider that uses one of everything that is common.
const PROVIDER: &str = r#"provider: shop
base: https://api.example.com/v1
auth: {bearer: "{secret.key}"}
limits: {rate: 10/s, burst: 5}
rules:
  - {when: {status: 404}, do: empty}
feeds:
  orders:
    request: GET /orders
    query: {limit: "{size}", after: "{cursor}", from: "{from}", to: "{to}"}
    rows: data
    id: id
    version: updated_at
    order: created desc
    mutable: false
    next: {cursor: next_cursor, size: 100}
    window: {clock: created_at, as: rfc3339, grain: 1s}
    confirm: {one: "GET /orders/{id}", gone: 404}
"#;

/// A domain on it.
const DOMAIN: &str = r"domain: shop.orders
feed: shop/orders
schedule: {cron: 0 2 * * *, zone: Europe/London}
local:
  database: app
  rows: SELECT id, total, currency, state FROM orders WHERE created_at >= :from AND created_at < :to
  keys: SELECT id, total, currency, state FROM orders WHERE id IN (:keys)
  key: id
  clock: created_at
compare:
  total: {upstream: amount}
  currency: {fold: case}
  state: {map: {paid: PAID}}
money: {amount: total, currency: currency, minor_units: true}
policy: {max_ratio: 5%}
emit:
  queue: billing
  missing: {type: com.example.order.created}
";

/// What a person would see.
fn printed(problems: &[Problem]) -> String {
    let mut text = String::new();
    for problem in problems {
        let _ = writeln!(text, "{problem}");
        if let Some(excerpt) = problem.excerpt() {
            let start = problem.bytes().start
                - problem.source[..problem.bytes().start].rfind('\n').map_or(0, |n| n + 1);
            let marks = "^".repeat(problem.source[problem.bytes()].chars().count().max(1));
            let _ =
                writeln!(text, "    {excerpt}\n    {}{marks}", " ".repeat(excerpt[..start].chars().count()));
        }
        if let Some(help) = &problem.help {
            let _ = writeln!(text, "    help: {help}");
        }
    }
    text
}

/// What is said about a file after each of some changes to it.
fn table(
    good: &str,
    changes: &[(&str, &str, &str)],
    parse: impl Fn(&Document) -> Result<Vec<Problem>, Vec<Problem>>,
) -> String {
    let mut text = String::new();
    for (name, from, to) in changes {
        assert!(good.contains(from), "{name}: {from:?} is not in the file");
        let document = Document::new("file.yaml", &good.replacen(from, to, 1));
        let said = match parse(&document) {
            Ok(warnings) if warnings.is_empty() => panic!("{name}: nothing was said"),
            Ok(warnings) => format!("(accepted with a doubt)\n{}", printed(&warnings)),
            Err(problems) => printed(&problems),
        };
        let _ = writeln!(text, "## {name}\n{said}");
    }
    text
}

fn parse_provider(document: &Document) -> Result<Vec<Problem>, Vec<Problem>> {
    let provider = ProviderDefinition::parse(document);
    schema::agrees(document, provider.is_ok());
    let provider = provider?;
    Ok(provider.feeds.values().flat_map(|feed| feed.warnings.clone()).collect())
}

fn parse_domain(document: &Document) -> Result<Vec<Problem>, Vec<Problem>> {
    let domain = DomainDefinition::parse(document);
    schema::agrees(document, domain.is_ok());
    domain.map(|domain| domain.warnings)
}

fn provider(text: &str) -> ProviderDefinition {
    let document = Document::new("provider.yaml", text);
    schema::agrees(&document, true);
    ProviderDefinition::parse(&document).unwrap_or_else(|p| panic!("{}", printed(&p)))
}

fn domain(text: &str) -> DomainDefinition {
    let document = Document::new("domain.yaml", text);
    schema::agrees(&document, true);
    DomainDefinition::parse(&document).unwrap_or_else(|p| panic!("{}", printed(&p)))
}

/// The domain of this module on the feed of a provider like this module's.
fn definition(changes: &[(&str, &str)]) -> Definition {
    let mut text = PROVIDER.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from:?} is not in the file");
        text = text.replacen(from, to, 1);
    }
    on_feed(&provider(&text), DOMAIN, &Settings::default())
}

fn on_feed(provider: &ProviderDefinition, text: &str, settings: &Settings) -> Definition {
    let domain = domain(text);
    let feed = &provider.feeds[&domain.feed.feed];
    Definition::new(provider, feed, domain, settings).unwrap()
}

fn slice(from: &str, to: &str) -> Slice {
    let at = |text: &str| crate::instant::TimeFormat::Rfc3339.read(text).unwrap();
    slice_of(at(from), at(to))
}

fn slice_of(from: Instant, to: Instant) -> Slice {
    Slice::new(Window::new(from, to).unwrap(), Purpose::Coverage)
}

fn day() -> Slice {
    slice("2025-11-21T00:00:00Z", "2025-11-22T00:00:00Z")
}

fn ok(body: &[u8]) -> Response<'_> {
    Response { status: 200, headers: &[], body }
}

/// A request on one line.
fn line(request: &PageRequest) -> String {
    match &request.target {
        Target::Link(link) => format!("-> {link}"),
        Target::Path { path, query } => {
            let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
            format!("{path}?{}", query.join("&"))
        }
    }
}
