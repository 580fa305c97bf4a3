//! How domains stand, for Prometheus: scraped, pushed and left in a file; and who cannot be told is a warning.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use tieout::metrics::{ALL, MetricKind};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::process::{Process, until};
use crate::world::{World, charge};

const SUCCESS: &str = "tieout_domain_last_success_timestamp_seconds{domain=\"shop.charges\"}";

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A Pushgateway, as a fake that takes everything and remembers it.
async fn gateway() -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    server
}

fn pushes_to(world: &World, url: &str) {
    world.edit(
        "tieout.yaml",
        "databases:",
        &format!("metrics: {{pushgateway: {{url: \"{url}\"}}}}\ndatabases:"),
    );
}

/// The value of a sample.
fn value(text: &str, sample: &str) -> f64 {
    let line =
        text.lines().find_map(|line| line.strip_prefix(sample)).unwrap_or_else(|| panic!("{sample}: {text}"));
    line.trim().parse().unwrap()
}

#[tokio::test]
async fn a_domain_that_never_ran_is_there_with_zeros_and_one_that_ran_says_when_and_what() {
    let world = World::agreeing(3).await;
    world.upstream(&charge("ch_lost", 5, 500));
    let before = world.tieout(&["metrics", "show"]).stdout;
    assert!(value(&before, SUCCESS).abs() < f64::EPSILON, "{before}");
    assert_eq!(world.run().code, 0);
    let after = world.tieout(&["metrics", "show"]).stdout;
    assert!(value(&after, SUCCESS) > 1.7e9, "{after}");
    let missing = "tieout_domain_last_run_items{domain=\"shop.charges\",result=\"missing\"}";
    assert!((value(&after, missing) - 1.0).abs() < f64::EPSILON, "{after}");
}

#[tokio::test]
async fn a_run_pushes_a_group_for_its_domain_and_a_gateway_that_is_down_is_a_warning_that_is_counted() {
    let world = World::agreeing(1).await;
    let server = gateway().await;
    pushes_to(&world, &server.uri());
    assert_eq!(world.run().code, 0);
    let requests = server.received_requests().await.unwrap();
    let of_the_domain: Vec<_> = requests
        .iter()
        .filter(|request| request.url.path() == "/metrics/job/tieout/domain/shop.charges")
        .collect();
    assert_eq!(of_the_domain.len(), 1, "{requests:?}");
    assert_eq!(of_the_domain[0].method.as_str(), "POST", "a failed run keeps what stands there");
    assert!(value(&String::from_utf8_lossy(&of_the_domain[0].body), SUCCESS) > 1.7e9);

    world.edit("tieout.yaml", &server.uri(), &format!("http://127.0.0.1:{}", free_port()));
    let deaf = world.run();
    assert_eq!(deaf.code, 0, "{deaf:?}");
    assert!(deaf.stderr.contains("the Pushgateway cannot be reached"), "{deaf:?}");
    let shown = world.tieout(&["metrics", "show"]).stdout;
    assert!(
        shown.lines().any(|line| line.starts_with("tieout_metrics_push_failures") && line.ends_with(" 1.0")),
        "{shown}"
    );
}

#[tokio::test]
async fn what_a_person_lets_go_between_runs_is_pushed_at_once() {
    let world = World::agreeing(3).await;
    for number in 0..2 {
        world.upstream(&charge(&format!("ch_lost{number}"), 5, 500));
    }
    let server = gateway().await;
    pushes_to(&world, &server.uri());
    assert_eq!(world.tieout(&["run", "--max-emits", "1"]).code, 5);
    assert_eq!(world.tieout(&["approve", "latest", "--expect", "2", "--dry-run"]).code, 0);
    assert_eq!(world.tieout(&["approve", "latest", "--expect", "2"]).code, 0);
    let requests = server.received_requests().await.unwrap();
    let its = requests.iter().filter(|request| request.url.path().ends_with("/domain/shop.charges"));
    let held: Vec<f64> = its
        .map(|request| {
            let told = String::from_utf8_lossy(&request.body).into_owned();
            value(&told, "tieout_findings_held{domain=\"shop.charges\"}")
        })
        .collect();
    assert_eq!(held, [2.0, 0.0]);
}

#[tokio::test]
async fn groups_of_domains_that_are_gone_are_taken_out_of_a_pushgateway() {
    let world = World::agreeing(1).await;
    let server = MockServer::start().await;
    let group = |domain: &str| serde_json::json!({ "labels": { "job": "tieout", "domain": domain } });
    let groups =
        serde_json::json!({ "status": "success", "data": [group("shop.charges"), group("shop.gone")] });
    Mock::given(wiremock::matchers::method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(groups))
        .mount(&server)
        .await;
    Mock::given(wiremock::matchers::method("DELETE"))
        .respond_with(ResponseTemplate::new(202))
        .mount(&server)
        .await;
    let pruned = world.tieout(&["metrics", "prune", &server.uri(), "--yes"]);
    assert_eq!(pruned.code, 0, "{pruned:?}");
    let requests = server.received_requests().await.unwrap();
    let deleted: Vec<&str> =
        requests.iter().filter(|one| one.method.as_str() == "DELETE").map(|one| one.url.path()).collect();
    assert_eq!(deleted, ["/metrics/job/tieout/domain/shop.gone"]);
}

#[tokio::test]
async fn a_server_answers_scrapes_and_probes_and_ends_when_it_is_told_to() {
    let world = World::agreeing(1).await;
    assert_eq!(world.run().code, 0);
    let address = format!("127.0.0.1:{}", free_port());
    let server = Process::start(&world, &["serve", "--listen", &address]);
    until("it listens", || std::net::TcpStream::connect(&address).is_ok());
    for (path, status, words) in [
        ("healthz", 200, ""),
        ("readyz", 200, ""),
        ("metrics", 200, "tieout_domain_last_success_timestamp_seconds{domain=\"shop.charges\"} 1"),
        ("elsewhere", 404, ""),
    ] {
        let answer = reqwest::get(format!("http://{address}/{path}")).await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{path}");
        let text = answer.text().await.unwrap();
        assert!(text.contains(words), "{path}: {text}");
    }
    server.signal("TERM");
    let (ended, _) = server.end();
    assert_eq!(ended.code, 0, "{ended:?}");
}

#[tokio::test]
async fn a_textfile_is_whole_and_can_be_read_by_the_collector_and_no_other_name_is_taken() {
    let world = World::agreeing(1).await;
    world.edit("tieout.yaml", "databases:", "metrics: {textfile: tieout.prom}\ndatabases:");
    assert_eq!(world.run().code, 0);
    let path = world.path().join("tieout.prom");
    assert!(value(&std::fs::read_to_string(&path).unwrap(), SUCCESS) > 1.7e9);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
    world.edit("tieout.yaml", "tieout.prom", "tieout.txt");
    let refused = world.tieout(&["check"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains(".prom"), "{refused:?}");
}

#[test]
fn the_table_of_the_page_is_every_metric_there_is() {
    let page = include_str!("../../docs/metrics.md");
    let rows: Vec<Vec<&str>> = page
        .lines()
        .filter(|line| line.starts_with("| `tieout_"))
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect();
    assert_eq!(rows.len(), ALL.len());
    for metric in ALL {
        let row = rows.iter().find(|row| row[0] == format!("`{}`", metric.name));
        let row = row.unwrap_or_else(|| panic!("{} has no row", metric.name));
        let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        assert_eq!(
            row[1..],
            [metric.kind.as_str(), labels.join(", ").as_str(), metric.help],
            "{}",
            metric.name
        );
        assert_eq!(metric.kind == MetricKind::Counter, metric.name.ends_with("_total"), "{}", metric.name);
    }
}
