//! The mock must be right before it may be fast: a benchmark against wrong answers measures nothing.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::HashMap;

use serde_json::Value;
use tieout_bench::{
    catalogue::Catalogue,
    charges::{Population, USUAL_DRIFT},
    provider::{self, Report},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

const START: i64 = 1_750_000_000;
const POPULATION: Population = Population { items: 2_537, start: START, seconds: 1_000, one_in: USUAL_DRIFT };

/// A mock with [`POPULATION`], for as long as the test runs.
struct Mock {
    origin: String,
    client: reqwest::Client,
}

impl Mock {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = listener.local_addr().unwrap().to_string();
        tokio::spawn(provider::serve(
            listener,
            Catalogue::render(POPULATION),
            None,
            std::time::Duration::ZERO,
        ));
        Self { origin, client: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    async fn get(&self, target: &str) -> (u16, Value) {
        let response = self.client.get(format!("http://{}{target}", self.origin)).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// The positions that a walk with these filters sees, in the order of sight.
    async fn walk(&self, filters: &str) -> Vec<u64> {
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let (status, page) = self.get(&format!("/v1/charges?limit=100{filters}{after}")).await;
            assert_eq!((status, &page["object"], &page["url"]), (200, &"list".into(), &"/v1/charges".into()));
            let items = page["data"].as_array().unwrap();
            seen.extend(items.iter().map(|item| POPULATION.position(item["id"].as_str().unwrap()).unwrap()));
            if page["has_more"] == false {
                return seen;
            }
            assert_eq!(items.len(), 100);
            after = format!("&starting_after={}", items[99]["id"].as_str().unwrap());
        }
    }
}

fn newest_first(positions: impl DoubleEndedIterator<Item = u64>) -> Vec<u64> {
    positions.rev().collect()
}

#[tokio::test]
async fn a_full_walk_sees_every_item_once_newest_first() {
    let mock = Mock::start().await;
    assert_eq!(mock.walk("").await, newest_first(0..POPULATION.items));
}

#[tokio::test]
async fn a_window_is_half_open_whether_brackets_are_encoded_or_not() {
    let mock = Mock::start().await;
    for (from, to) in
        [(START, START + 1_000), (START + 100, START + 101), (START + 333, START + 777), (0, START), (9, 3)]
    {
        let within = |position: &u64| (from..to).contains(&POPULATION.created(*position));
        let expected = newest_first((0..POPULATION.items).filter(within));
        assert_eq!(mock.walk(&format!("&created%5Bgte%5D={from}&created%5Blt%5D={to}")).await, expected);
        assert_eq!(mock.walk(&format!("&created[gte]={from}&created[lt]={to}")).await, expected);
        assert_eq!(mock.walk(&format!("&created[gt]={}&created[lte]={}", from - 1, to - 1)).await, expected);
    }
}

#[tokio::test]
async fn adjoining_windows_cover_everything_once_even_where_a_second_holds_several_items() {
    let mock = Mock::start().await;
    let mut seen = Vec::new();
    for window in (0..13).rev() {
        let from = START + window * 77;
        seen.extend(mock.walk(&format!("&created[gte]={from}&created[lt]={}", from + 77)).await);
    }
    assert_eq!(seen, newest_first(0..POPULATION.items));
}

#[tokio::test]
async fn a_cursor_outside_the_window_is_judged_by_its_position() {
    let mock = Mock::start().await;
    let cursor = POPULATION.charge(2_000).id;
    let (_, page) =
        mock.get(&format!("/v1/charges?limit=3&starting_after={cursor}&created[lt]={}", START + 10)).await;
    let newest = POPULATION.first_at(START + 10) - 1;
    assert_eq!(page["data"][0]["id"], POPULATION.charge(newest).id);
    let (_, page) =
        mock.get(&format!("/v1/charges?starting_after={cursor}&created[gte]={}", START + 900)).await;
    assert_eq!((&page["data"], &page["has_more"]), (&Value::Array(vec![]), &Value::Bool(false)));
}

#[tokio::test]
async fn a_list_without_a_limit_has_ten_items_and_they_say_what_the_population_says() {
    let mock = Mock::start().await;
    let (_, page) = mock.get("/v1/charges").await;
    assert_eq!(page["data"].as_array().unwrap().len(), 10);
    let charge = POPULATION.charge(POPULATION.items - 1);
    let fields: HashMap<&str, Value> = HashMap::from([
        ("amount", charge.amount.into()),
        ("currency", charge.currency.into()),
        ("status", charge.status.into()),
        ("created", charge.created.into()),
    ]);
    for (name, value) in fields {
        assert_eq!(page["data"][0][name], value, "{name}");
    }
}

#[tokio::test]
async fn a_charge_is_found_by_id_and_an_unknown_one_is_404_in_the_providers_error_shape() {
    let mock = Mock::start().await;
    for position in [0, 1_234, POPULATION.items - 1] {
        let id = POPULATION.charge(position).id;
        let (status, charge) = mock.get(&format!("/v1/charges/{id}")).await;
        assert_eq!((status, charge["id"].as_str()), (200, Some(id.as_str())));
    }
    let (status, body) = mock.get("/v1/charges/ch_none").await;
    assert_eq!((status, body["error"]["code"].as_str()), (404, Some("resource_missing")));
    assert_eq!(body["error"]["message"], "No such charge: 'ch_none'");
    assert_eq!(body["error"]["type"], "invalid_request_error");
}

#[tokio::test]
async fn what_the_mock_cannot_honour_is_refused() {
    let mock = Mock::start().await;
    for (target, expected) in [
        ("/v1/charges?ending_before=x", 400),
        ("/v1/charges?starting_after=x", 400),
        ("/v1/charges?limit=0", 400),
        ("/v1/charges?limit=101", 400),
        ("/v1/charges?created[lt]=noon", 400),
        ("/v1/refunds", 404),
    ] {
        assert_eq!(mock.get(target).await.0, expected, "{target}");
    }
}

#[tokio::test]
async fn the_date_header_is_now() {
    let mock = Mock::start().await;
    let response = mock.client.get(format!("http://{}/v1/charges", mock.origin)).send().await.unwrap();
    let date = httpdate::parse_http_date(response.headers()["date"].to_str().unwrap()).unwrap();
    assert!(date.elapsed().unwrap().as_secs() <= 1);
}

#[tokio::test]
async fn requests_in_one_packet_and_a_request_in_two_are_answered_in_order() {
    let mock = Mock::start().await;
    let mut stream = TcpStream::connect(&mock.origin).await.unwrap();
    let ask =
        |position| format!("GET /v1/charges/{} HTTP/1.1\r\nHost: x\r\n\r\n", POPULATION.charge(position).id);
    let third = ask(3);
    let (head, rest) = third.split_at(20);
    stream.write_all(format!("{}{}{head}", ask(1), ask(2)).as_bytes()).await.unwrap();
    let mut answers = Vec::new();
    stream.read_buf(&mut answers).await.unwrap();
    stream.write_all(rest.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    stream.read_to_end(&mut answers).await.unwrap();
    let text = String::from_utf8(answers).unwrap();
    let places = [1, 2, 3].map(|position| text.find(&POPULATION.charge(position).id).unwrap());
    assert!(places.is_sorted(), "{places:?}");
}

#[tokio::test]
async fn traffic_is_counted_from_the_first_request_until_it_is_forgotten() {
    let mock = Mock::start().await;
    let report = async || serde_json::from_value::<Report>(mock.get("/_traffic").await.1).unwrap();
    assert_eq!(report().await, Report::default());
    mock.get("/v1/charges").await;
    let first = report().await.first_request_nanos;
    assert!(first.is_some());
    mock.get("/v1/charges/ch_none").await;
    assert_eq!(report().await, Report { first_request_nanos: first, pages: 1, lookups: 1 });
    mock.client.delete(format!("http://{}/_traffic", mock.origin)).send().await.unwrap();
    assert_eq!(report().await, Report::default());
}
