//! The shipped Stripe provider, driven by pages in Stripe's own shape.

use std::time::Duration;

use super::{day, line, ok, on_feed};
use crate::catalogue::Catalogue;
use crate::compare::{CLOCK, KEY};
use crate::define::definition::{Definition, Settings};
use crate::key::Key;
use crate::page::{Answer, Next, Response, Seen};
use crate::reconciler::{ClockKind, Filter, Order, Reconciler};

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../stripe/fixtures/", $name, ".json")).as_slice()
    };
}

fn on(feed: &str) -> Definition {
    let catalogue = Catalogue::shipped();
    let provider = catalogue.provider(&"stripe".parse().unwrap()).unwrap().clone();
    let text = format!(
        "domain: stripe.{feed}\nfeed: stripe/{feed}\n\
         local: {{database: app, rows: r, keys: k, key: id, clock: created_at}}\ncompare: {{created: }}\n"
    );
    on_feed(&provider, &text, &Settings::default())
}

fn status(status: u16, body: &[u8]) -> Response<'_> {
    Response { status, headers: &[], body }
}

#[test]
fn charges_are_walked_newest_first_from_row_to_row() {
    let charges = on("charges");
    let feed = charges.feed();
    assert_eq!((feed.order, feed.filter), (Order::Descending, Filter::Server));
    assert_eq!((feed.clock_kind, feed.lag), (Some(ClockKind::Created), Duration::from_mins(10)));
    assert!(feed.mutable && feed.absence_is_evidence());
    assert_eq!(feed.overlap.unwrap().back, Duration::from_hours(24 * 30));

    let first = charges.first_page(&day());
    assert_eq!(line(&first), "/charges?limit=100&created[gte]=1763683200&created[lt]=1763769600");
    let page = charges.read_page(&day(), &first, &ok(fixture!("charges_page_1"))).unwrap();
    let clocks: Vec<&str> = page.items.iter().map(|item| item.slot(CLOCK).unwrap()).collect();
    assert_eq!(clocks, ["1763688200", "1763687200", "1763686200"]);
    let Next::Page(second) = page.next else { panic!("the walk ended") };
    assert_eq!(
        line(&second),
        "/charges?limit=100&starting_after=ch_example0003&created[gte]=1763683200&created[lt]=1763769600"
    );
    let page = charges.read_page(&day(), &second, &ok(fixture!("charges_page_2"))).unwrap();
    assert_eq!((page.items.len(), page.faults.len()), (2, 0));
    assert_eq!(page.next, Next::End);
    let empty = charges.read_page(&day(), &first, &ok(fixture!("charges_empty"))).unwrap();
    assert!(empty.items.is_empty() && empty.next == Next::End);
}

#[test]
fn a_charge_is_looked_up_by_id_and_gone_only_in_stripes_words() {
    let charges = on("charges");
    let key = Key::checked("ch_example0003").unwrap();
    let confirm = charges.confirm(&crate::name::Each::default(), &[key.into()]).remove(0);
    assert_eq!(line(&confirm.request), "/charges/ch_example0003?");
    let seen = |response: &Response<'_>| {
        assert_eq!(charges.confirm_answer(&confirm, response), Answer::Read);
        charges.read_confirm(&confirm, response).map(|mut found| found.remove(0).seen)
    };
    let Ok(Seen::Item(items, raw)) = seen(&ok(fixture!("charge"))) else { panic!("no item") };
    assert_eq!(items.get(0).unwrap().slot(KEY), Some("\"ch_example0003\""));
    assert_eq!(raw.as_bytes(), fixture!("charge").trim_ascii());
    assert!(matches!(seen(&status(404, fixture!("resource_missing"))), Ok(Seen::Gone)));
    assert!(seen(&status(404, b"<html>404</html>")).is_err());
    assert!(seen(&status(404, br#"{"error":{"type":"invalid_request_error"}}"#)).is_err());
}

#[test]
fn a_deleted_customer_is_gone_although_it_can_be_retrieved() {
    let customers = on("customers");
    let page =
        customers.read_page(&day(), &customers.first_page(&day()), &ok(fixture!("customers_page"))).unwrap();
    assert_eq!(page.items.len(), 2);
    let key = Key::checked("cus_example0001").unwrap();
    let confirm = customers.confirm(&crate::name::Each::default(), &[key.into()]).remove(0);
    let found = customers.read_confirm(&confirm, &ok(fixture!("customer_deleted"))).unwrap();
    assert!(matches!(found[0].seen, Seen::Gone));
}

#[test]
fn refunds_have_their_own_path() {
    let refunds = on("refunds");
    let first = refunds.first_page(&day());
    assert!(line(&first).starts_with("/refunds?limit=100&created[gte]="));
    let page = refunds.read_page(&day(), &first, &ok(fixture!("refunds_page"))).unwrap();
    assert_eq!(page.items.len(), 2);
}

#[test]
fn stripes_errors_mean_what_stripe_says() {
    let charges = on("charges");
    let first = charges.first_page(&day());
    assert!(matches!(charges.answer(&first, &status(429, fixture!("rate_limit"))), Answer::Wait { .. }));
    assert!(matches!(charges.answer(&first, &status(409, b"{}")), Answer::Retry(_)));
    assert!(matches!(charges.answer(&first, &status(401, b"{}")), Answer::Refresh(_)));
    assert_eq!(
        charges.answer(&first, &status(404, fixture!("resource_missing"))),
        Answer::Fail("status 404: No such charge: 'ch_example9999'".to_owned())
    );
    let headers = [("stripe-should-retry".to_owned(), "true".to_owned())];
    let response = Response { status: 400, headers: &headers, body: b"{}" };
    assert!(matches!(charges.answer(&first, &response), Answer::Retry(_)));
}

/// The vocabulary's own example of this provider, without the words that are not supported yet.
#[test]
fn the_example_of_the_vocabulary_loads() {
    let provider = super::provider(
        r#"provider: stripe
base: https://api.stripe.com/v1
auth: {bearer: "{secret.stripe_key}"}
headers: {Stripe-Version: "2025-07-30.basil"}
limits: {rate: 25/s}                                  # pick below your own account limit
rules:
  - {when: {header: {stripe-should-retry: "true"}}, do: retry}
feeds:
  charges:
    request: GET /charges
    query: {limit: "{size}", starting_after: "{cursor}", "created[gte]": "{from}", "created[lt]": "{to}"}
    rows: data
    id: id
    order: created desc
    next: {cursor: "last:id", more: has_more, size: 100}
    window: {clock: created, as: epoch, grain: 1s, edges: "[)", span: 1d, lag: 10m}
    confirm: {one: "GET /charges/{id}", gone: 404}
"#,
    );
    let feed = provider.feeds.values().next().unwrap();
    assert_eq!(feed.warnings.len(), 1, "charges change after their window");
    assert_eq!(provider.secrets().into_iter().collect::<Vec<_>>(), ["stripe_key"]);
    assert_eq!(provider.limits.everywhere.per_second, Some(25.0));
}
