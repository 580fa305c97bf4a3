//! The `lag` block of a queue, which is the same for every broker: whose lag counts, and how far they may be behind.

use schemars::JsonSchema;
use serde::Deserialize;
use tieout_reconcilers::define::checked::{Checked, Fault, FromText, Placed};
use tieout_reconcilers::define::document::Problems;
use tieout_reconcilers::define::problem::Spot;

use super::QueueConfig;

/// Whose lag counts, and how far consumers may be behind.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct LagFile {
    /// How many events may be unconsumed before no more are sent.
    max: Option<Checked<Events>>,
    /// The group, durable consumer or queue that is meant.
    of: Option<Checked<String>>,
}

/// A number of events, from 1 up: none at all would let nothing out.
#[derive(Debug, Clone, Copy)]
struct Events(u64);

impl FromText for Events {
    const WHAT: &'static str = "number of events";

    fn from_text(text: &str) -> Result<Self, Fault> {
        let events = text.parse::<u64>().ok().filter(|events| *events > 0);
        events.map(Self).ok_or_else(|| {
            Fault::new(format!("`{text}` is not a number of events that may wait"))
                .with_help("say how many, from 1 up, such as `max: 10000`")
        })
    }
}

/// Whose lag counts, and how far they may be behind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LagConfig {
    /// How many events may be unconsumed before no more are sent; any number where there is none.
    pub max: Option<u64>,
    /// The group, durable consumer or queue that is meant.
    pub of: Option<String>,
}

/// Who can be meant by `of`.
enum Consumers {
    /// The broker has to be told, and calls them so.
    Named(&'static str),
    /// The broker may be told.
    Known,
    /// All who consume.
    All,
    /// The broker tells nothing about them.
    Untold,
}

impl LagFile {
    pub(in crate::config) fn compile(
        file: Placed<Self>,
        queue: &QueueConfig,
        problems: &mut Problems<'_>,
    ) -> LagConfig {
        let (spot, Self { max, of }) = (file.spot, file.value);
        let (of_spot, is_bounded) = (of.as_ref().map(|of| of.spot), max.is_some());
        let (max, of) = (problems.take_option(max).map(|Events(max)| max), problems.take_option(of));
        let consumers = Consumers::of(queue);
        if let Some((spot, fault)) = consumers.misfit(spot, of_spot, is_bounded) {
            problems.add(spot, fault);
        }
        if let (Consumers::Untold, Some(_)) = (&consumers, max) {
            let fault = Fault::new("this kind of queue does not tell how far its consumers are behind");
            problems.warn(spot, fault.with_help("nothing is slowed down by `max`; leave `lag` out"));
        }
        LagConfig { max, of }
    }
}

impl Consumers {
    const fn of(queue: &QueueConfig) -> Self {
        match queue {
            QueueConfig::Sqlite { .. }
            | QueueConfig::Postgres { .. }
            | QueueConfig::Pgmq { .. }
            | QueueConfig::Sqs(_) => Self::All,
            QueueConfig::Redis(_) | QueueConfig::Kafka(_) => Self::Named("group of consumers"),
            QueueConfig::Nats(_) => Self::Named("durable consumer"),
            QueueConfig::Amqp(amqp) if !amqp.exchange.is_empty() => Self::Named("queue behind the exchange"),
            QueueConfig::Amqp(_) => Self::Known,
            _ => Self::Untold,
        }
    }

    fn misfit(&self, spot: Spot, of: Option<Spot>, is_bounded: bool) -> Option<(Spot, Fault)> {
        match (self, of) {
            (Self::Named(who), None) => {
                let fault = Fault::new(format!("nothing says which {who} is meant"));
                Some((spot, fault.with_help("name it, as in `lag: {of: billing, max: 10000}`")))
            }
            (Self::All | Self::Untold, Some(spot)) => {
                let fault = Fault::new("this kind of queue knows no consumers by name");
                Some((spot, fault.with_help("leave `of` out")))
            }
            (Self::Known | Self::All | Self::Untold, None) if !is_bounded => {
                let fault = Fault::new("`lag` says nothing");
                Some((spot, fault.with_help("say how many events may wait, as in `lag: {max: 10000}`")))
            }
            _ => None,
        }
    }
}
