//! Metrics: what the state store and the configuration say now, as Prometheus reads it, scraped, pushed or left in a file.
//!
//! Read it in this order: which metrics there are (`catalogue`), what a run leaves for them (`last_run`), what a domain says by its
//! definition (`subject`), what is known at one moment (`facts`), how that becomes samples (`measure`) and text (`text`). All of it
//! is pure. Only what comes after talks to somebody: `snapshot` to the state store, and the rest to whoever wants to know.

mod catalogue;
mod facts;
mod funnel;
mod last_run;
mod measure;
mod sample;
mod subject;
mod text;

mod gateway;
#[cfg(feature = "otel")]
mod otlp;
mod publish;
mod serve;
mod sharing;
mod snapshot;

pub use catalogue::{ALL, Metric, MetricKind};
pub use facts::{DomainFacts, Facts};
pub use funnel::LastFunnel;
pub use gateway::{Gateway, GatewaySettings, Group, PushError};
pub use last_run::{LastRun, ends};
pub use measure::measure;
pub use publish::{Targets, publish};
pub(crate) use publish::{push, textfile};
pub use sample::{Family, FamilyView, Sample};
pub use serve::{ServeError, Server, router};
pub use snapshot::{Snapshots, take};
pub use subject::{DEFAULT_INTERVAL, Subject};
pub use text::text;

#[cfg(test)]
mod tests;
