//! Samples as text, in the format that Prometheus, the textfile collector and a Pushgateway all read.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::catalogue::MetricKind;
use super::sample::Family;

/// The content type of [`text`].
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The text of some families.
pub fn text(families: Vec<Family>) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Exposition(families)));
    let mut out = String::new();
    text::encode(&mut out, &registry)?;
    Ok(out)
}

#[derive(Debug)]
struct Exposition(Vec<Family>);

impl Collector for Exposition {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        for family in self.0.iter().filter(|family| !family.samples.is_empty()) {
            let metric = family.metric;
            // The format itself adds the end of a counter's name.
            let name = metric.name.strip_suffix("_total").unwrap_or(metric.name);
            let kind = match metric.kind {
                MetricKind::Gauge => MetricType::Gauge,
                MetricKind::Counter => MetricType::Counter,
            };
            let mut described = encoder.encode_descriptor(name, metric.help, None, kind)?;
            for sample in &family.samples {
                let labels = family.labels(sample);
                let mut one = described.encode_family(&labels)?;
                match metric.kind {
                    MetricKind::Gauge => one.encode_gauge(&sample.value)?,
                    MetricKind::Counter => one.encode_counter::<NoLabelSet, _, f64>(&sample.value, None)?,
                }
            }
        }
        Ok(())
    }
}
