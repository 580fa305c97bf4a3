//! Samples of metrics, by metric.

use std::collections::BTreeMap;

use serde::Serialize;

use super::catalogue::Metric;

/// One value with its labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The values of the metric's labels, in the order of their names.
    pub labels: Vec<String>,
    /// The value.
    pub value: f64,
}

/// A metric with its samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    /// The metric.
    pub metric: &'static Metric,
    /// Its samples.
    pub samples: Vec<Sample>,
}

/// A metric with its samples, for programs.
#[derive(Debug, Serialize)]
pub struct FamilyView<'f> {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    samples: Vec<SampleView<'f>>,
}

#[derive(Debug, Serialize)]
struct SampleView<'f> {
    labels: BTreeMap<&'static str, &'f str>,
    value: f64,
}

impl Family {
    /// The same for programs.
    #[must_use]
    pub fn view(&self) -> FamilyView<'_> {
        let sample =
            |sample| SampleView { labels: self.labels(sample).into_iter().collect(), value: sample.value };
        let Metric { name, kind, help, .. } = *self.metric;
        FamilyView { name, kind: kind.as_str(), help, samples: self.samples.iter().map(sample).collect() }
    }

    /// The names and values of a sample's labels.
    pub(super) fn labels<'a>(&self, sample: &'a Sample) -> Vec<(&'static str, &'a str)> {
        self.metric.labels.iter().copied().zip(sample.labels.iter().map(String::as_str)).collect()
    }

    /// The domain that a sample is about, where it is about one.
    #[must_use]
    pub fn domain<'a>(&self, sample: &'a Sample) -> Option<&'a str> {
        let is_of_domain = self.metric.labels.first() == Some(&"domain");
        sample.labels.first().map(String::as_str).filter(|_| is_of_domain)
    }

    /// The same with those samples alone that are about one domain, or about none.
    #[must_use]
    pub fn about(&self, domain: Option<&str>) -> Self {
        let samples = self.samples.iter().filter(|sample| self.domain(sample) == domain);
        Self { metric: self.metric, samples: samples.cloned().collect() }
    }
}
