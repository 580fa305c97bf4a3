//! Metrics at the end of a run by OTLP, where the variables of OpenTelemetry ask for them.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry_otlp::MetricExporter;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};

use super::catalogue::MetricKind;
use super::sample::Family;
use crate::telemetry::otel::resource;

/// Nothing is sent before it is flushed.
const NEVER: Duration = Duration::from_hours(24);

/// Sends every gauge once. Counters are left out: what is sent once a night has no rate. Blocks.
pub(super) fn send(families: &[Family]) -> Result<(), String> {
    let exporter = MetricExporter::builder().with_http().build().map_err(|error| error.to_string())?;
    let reader = PeriodicReader::builder(exporter).with_interval(NEVER).build();
    let provider = SdkMeterProvider::builder().with_reader(reader).with_resource(resource()).build();
    let meter = provider.meter("tieout");
    for family in families.iter().filter(|family| family.metric.kind == MetricKind::Gauge) {
        let gauge = meter.f64_gauge(family.metric.name).with_description(family.metric.help).build();
        for sample in &family.samples {
            let labels: Vec<KeyValue> = family
                .labels(sample)
                .into_iter()
                .map(|(name, value)| KeyValue::new(name, value.to_owned()))
                .collect();
            gauge.record(sample.value, &labels);
        }
    }
    let sent = provider.force_flush();
    let _ended = provider.shutdown();
    sent.map_err(|error| error.to_string())
}
