//! OpenTelemetry, where its own variables ask for it: traces of runs, and the resource that metrics are sent with, by OTLP over HTTP.
//!
//! `OTEL_EXPORTER_OTLP_ENDPOINT` and its relatives are read as
//! <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/> says; there is no setting of our own.

use std::env;
use std::sync::OnceLock;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::{TraceContextExt as _, TracerProvider as _};
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Level, Metadata, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::Registry;

use super::OURS;
use super::signal::Signal;

/// How long the last spans may keep a process that has ended its work.
const LAST_TIME: Duration = Duration::from_secs(3);

/// The traces of this process, once somebody wants them.
static TRACES: OnceLock<SdkTracerProvider> = OnceLock::new();

/// What every trace and metric says of where it comes from.
pub(crate) fn resource() -> Resource {
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let resource = Resource::builder().with_attribute(version);
    match env::var("OTEL_SERVICE_NAME") {
        Ok(name) if !name.is_empty() => resource.build(),
        _ => resource.with_service_name("tieout").build(),
    }
}

/// A layer that sends our own spans, without any event of a log.
pub(super) fn layer() -> Result<Option<Box<dyn Layer<Registry> + Send + Sync>>, String> {
    if !Signal::Traces.is_wanted()? {
        return Ok(None);
    }
    let exporter = SpanExporter::builder().with_http().build().map_err(|error| error.to_string())?;
    let provider =
        SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource()).build();
    let tracer = provider.tracer("tieout");
    let _first = TRACES.set(provider);
    let layer = tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_level(false)
        .with_tracked_inactivity(false);
    let is_ours =
        |of: &Metadata<'_>| of.is_span() && of.target().starts_with(OURS) && *of.level() <= Level::DEBUG;
    Ok(Some(layer.with_filter(filter_fn(is_ours).with_max_level_hint(Level::DEBUG)).boxed()))
}

/// Sends what has not been sent, in a bounded time. Blocks.
pub(super) fn end() -> Result<(), String> {
    let Some(traces) = TRACES.get() else { return Ok(()) };
    let flushed = traces.force_flush();
    let _ended = traces.shutdown_with_timeout(LAST_TIME);
    flushed.map_err(|error| error.to_string())
}

/// The W3C `traceparent` of where we are, where that is traced.
pub(crate) fn traceparent() -> Option<String> {
    TRACES.get()?;
    let context = Span::current().context();
    let span = context.span().span_context().clone();
    span.is_valid()
        .then(|| format!("00-{}-{}-{:02x}", span.trace_id(), span.span_id(), span.trace_flags().to_u8()))
}
