//! A queue of the kind `rabbitmq` as it is configured, and with its secrets read.

use std::num::NonZeroU32;
use std::path::Path;

use schemars::JsonSchema;
use serde::Deserialize;
use tieout_reconcilers::define::checked::{Checked, Fault, FromText};
use tieout_reconcilers::define::document::Problems;
use tieout_reconcilers::define::problem::Spot;

use super::broker_url::{Amqp, BrokerUrl};
use super::mode_of;
use crate::config::secret::ConfigError;
use crate::queue::{AmqpSettings, Mode};

/// The largest message of RabbitMQ 4, where nobody has set another limit; RabbitMQ 3 takes more.
const MAX_BYTES: u32 = 16 << 20;

/// An exchange of RabbitMQ.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AmqpFile {
    /// The server, or `env:NAME` or `file:PATH` where the address holds a password.
    url: Checked<BrokerUrl<Amqp>>,
    /// The exchange; without it `routing_key` names a queue.
    exchange: Option<Checked<ShortName>>,
    /// The routing key; the event's type where this is left out.
    routing_key: Option<Checked<ShortName>>,
    /// Whole CloudEvents, or their data with the attributes beside it.
    #[schemars(extend("default" = "structured"))]
    mode: Option<Checked<Mode>>,
    /// The largest message that the broker takes, in bytes.
    #[schemars(extend("default" = MAX_BYTES))]
    max_bytes: Option<NonZeroU32>,
}

/// A name of AMQP, which takes 255 bytes.
#[derive(Debug, Clone)]
struct ShortName(String);

impl FromText for ShortName {
    const WHAT: &'static str = "name";

    fn from_text(text: &str) -> Result<Self, Fault> {
        if text.len() <= 255 {
            return Ok(Self(text.to_owned()));
        }
        Err(Fault::new(format!("this name has {} bytes, and AMQP takes 255", text.len())))
    }
}

/// An exchange of RabbitMQ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmqpConfig {
    /// The server and the virtual host.
    pub url: BrokerUrl<Amqp>,
    /// The exchange; the nameless one where it is empty.
    pub exchange: String,
    /// The routing key of every message; the event's type where there is none.
    pub routing_key: Option<String>,
    /// How events stand in messages.
    pub mode: Mode,
    /// The largest message that the server takes.
    pub max_bytes: u32,
}

impl AmqpFile {
    /// The nameless exchange routes by the name of a queue, which an event's type is not.
    pub(super) fn compile(self, spot: Spot, problems: &mut Problems<'_>) -> Option<AmqpConfig> {
        let Self { url, exchange, routing_key, mode, max_bytes } = self;
        let (url, mode) = (problems.take(url), mode_of(mode, problems));
        let exchange =
            exchange.map_or_else(|| Some(String::new()), |exchange| Some(problems.take(exchange)?.0));
        let routing_key = routing_key.map_or(Some(None), |key| Some(Some(problems.take(key)?.0)));
        let max_bytes = max_bytes.map_or(MAX_BYTES, NonZeroU32::get);
        let (exchange, routing_key) = (exchange?, routing_key?);
        if exchange.is_empty() && routing_key.is_none() {
            let fault = Fault::new("neither `exchange` nor `routing_key` says where messages go")
                .with_help("name an exchange, or with `routing_key` the queue that gets them");
            problems.add(spot, fault);
            return None;
        }
        Some(AmqpConfig { url: url?, exchange, routing_key, mode: mode?, max_bytes })
    }
}

impl AmqpConfig {
    /// Reads the address. `place` is where the queue stands in the configuration, `base` the configuration's folder.
    pub(super) fn resolve(&self, place: &str, base: &Path) -> Result<AmqpSettings, ConfigError> {
        Ok(AmqpSettings {
            url: self.url.read(&format!("{place}.url"), base)?,
            exchange: self.exchange.clone(),
            routing_key: self.routing_key.clone(),
            mode: self.mode,
            max_bytes: usize::try_from(self.max_bytes).unwrap_or(usize::MAX),
        })
    }
}
