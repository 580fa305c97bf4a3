//! OpenTelemetry: a collector is told of a run, its events carry the trace on, and no collector is no reason to fail.
//!
//! The collector here is a fake that takes whatever it is sent; it is read with the types of the protocol itself.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::world::{World, charge};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

async fn collector() -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    server
}

async fn told<M: Message + Default>(collector: &MockServer, path: &str) -> Vec<M> {
    let requests = collector.received_requests().await.unwrap();
    let bodies = requests.iter().filter(|one| one.url.path() == path);
    bodies.map(|one| M::decode(one.body.as_slice()).unwrap()).collect()
}

async fn spans(collector: &MockServer) -> Vec<Span> {
    let requests: Vec<ExportTraceServiceRequest> = told(collector, "/v1/traces").await;
    let resources = requests.into_iter().flat_map(|request| request.resource_spans);
    resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans).collect()
}

fn text(span: &Span, name: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(number) => Some(number.to_string()),
        other => Some(format!("{other:?}")),
    }
}

#[tokio::test]
async fn a_run_is_one_trace_and_its_events_carry_it_on() {
    let (world, collector) = (World::agreeing(3).await, collector().await);
    world.upstream(&charge("ch_lost", 5, 500));
    let ran = world.tieout_with(&["run", "--format", "json"], &[(ENDPOINT, &collector.uri())]);
    assert_eq!(ran.code, 0, "{ran:?}");

    let spans = spans(&collector).await;
    let ids: BTreeMap<&[u8], &Span> = spans.iter().map(|span| (span.span_id.as_slice(), span)).collect();
    let named = |name: &str| spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("{name}"));
    let (run, domain, request, send) =
        (named("tieout.run"), named("tieout.domain"), named("HTTP GET"), named("send shop"));
    assert!(spans.iter().all(|span| span.trace_id == run.trace_id), "one trace");
    assert_eq!(ids[domain.parent_span_id.as_slice()].name, "tieout.run");
    assert_eq!(text(run, "run_id").unwrap(), ran.json()["run_id"].as_str().unwrap());
    assert_eq!(text(domain, "domain").unwrap(), "shop.charges");
    assert_eq!(text(request, "http.request.method").unwrap(), "GET");
    assert_eq!(text(request, "http.response.status_code").unwrap(), "200");
    let of_send = |name: &str| text(send, &format!("messaging.{name}")).unwrap();
    assert_eq!(
        ["system", "operation.name", "operation.type", "destination.name", "batch.message_count"]
            .map(of_send),
        ["sqlite", "send", "send", "shop", "1"]
    );
    let said = format!("{spans:?}");
    assert!(
        !said.contains("ch_lost") && !said.contains("/v1/charges"),
        "no key and no path leaves with a trace"
    );

    let event = world.events().await.remove(0);
    let traceparent = format!(
        "00-{:032x}-{:016x}-01",
        u128::from_be_bytes(domain.trace_id.clone().try_into().unwrap()),
        u64::from_be_bytes(domain.span_id.clone().try_into().unwrap())
    );
    assert_eq!(event["traceparent"], traceparent.as_str());
}

#[tokio::test]
async fn a_collector_is_sent_the_gauges_of_a_run() {
    let (world, collector) = (World::agreeing(3).await, collector().await);
    let set =
        [(ENDPOINT, collector.uri()), ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test".to_owned())];
    let set: Vec<(&str, &str)> = set.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(world.tieout_with(&["run"], &set).code, 0);
    let requests: Vec<ExportMetricsServiceRequest> = told(&collector, "/v1/metrics").await;
    let resource = &requests[0].resource_metrics[0];
    let said = format!("{:?}", resource.resource);
    for word in ["service.name", "tieout", "deployment.environment"] {
        assert!(said.contains(word), "{said}");
    }
    let names: Vec<&str> = resource
        .scope_metrics
        .iter()
        .flat_map(|scope| &scope.metrics)
        .map(|metric| metric.name.as_str())
        .collect();
    assert!(names.contains(&"tieout_domain_last_success_timestamp_seconds"), "{names:?}");
    assert!(!names.iter().any(|name| name.ends_with("_total")), "what is sent once has no rate: {names:?}");
}

#[tokio::test]
async fn no_collector_is_a_warning_and_nothing_else() {
    let world = World::agreeing(3).await;
    let nobody = format!("http://127.0.0.1:{}", crate::metrics::free_port());
    let ran = world.tieout_with(&["run"], &[(ENDPOINT, &nobody)]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.contains("not all traces were sent"), "{ran:?}");
    assert!(ran.stderr.contains("the metrics of this run could not be sent"), "{ran:?}");
    let shown = world.tieout(&["metrics", "show"]).stdout;
    assert!(
        shown.lines().any(|line| line.starts_with("tieout_metrics_push_failures") && line.ends_with(" 1.0"))
    );
}

#[tokio::test]
async fn a_protocol_that_is_not_spoken_is_said_and_without_variables_nothing_is_sent() {
    let (world, collector) = (World::agreeing(3).await, collector().await);
    world.upstream(&charge("ch_lost", 5, 500));
    let grpc = ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
    let ran = world.tieout_with(&["run"], &[(ENDPOINT, &collector.uri()), grpc]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.contains("OTLP is sent as http/protobuf, and not as `grpc`"), "{ran:?}");
    assert_eq!(collector.received_requests().await.unwrap().len(), 0);
    assert!(world.events().await[0].get("traceparent").is_none());
}
