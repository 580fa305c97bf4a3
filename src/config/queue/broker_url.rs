//! The address of a broker: in the file where it holds no password, else a reference.

use std::fmt;
use std::marker::PhantomData;
use std::path::Path;

use secrecy::SecretString;
use tieout_reconcilers::define::checked::{Fault, FromText};
use url::Url;

use crate::config::secret::{ConfigError, Kinds, UrlRef};

/// A kind of broker.
pub trait Broker {
    /// How its addresses are written.
    const KINDS: Kinds;
    /// Whether a name before the host may be a token.
    const HAS_TOKENS: bool = false;
}

/// Redis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redis {}
/// RabbitMQ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Amqp {}
/// NATS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Nats {}

impl Broker for Redis {
    const KINDS: Kinds = Kinds {
        what: "Redis server",
        schemes: &["redis", "rediss"],
        help: "write `redis://HOST`, or `rediss://HOST` with TLS",
        no_such: "it is not the address of a Redis server",
    };
}

impl Broker for Amqp {
    const KINDS: Kinds = Kinds {
        what: "RabbitMQ server",
        schemes: &["amqp", "amqps"],
        help: "write `amqp://USER@HOST/VHOST`, or `amqps://...` with TLS",
        no_such: "it is not the address of a RabbitMQ server",
    };
}

impl Broker for Nats {
    const KINDS: Kinds = Kinds {
        what: "NATS server",
        schemes: &["nats", "tls"],
        help: "write `nats://HOST`, or `tls://HOST` with TLS",
        no_such: "it is not the address of a NATS server",
    };
    const HAS_TOKENS: bool = true;
}

/// The address of a kind of broker.
#[derive(Clone, PartialEq, Eq)]
pub struct BrokerUrl<B> {
    url: UrlRef,
    of: PhantomData<B>,
}

impl<B: Broker> FromText for BrokerUrl<B> {
    const WHAT: &'static str = "address, or reference to one";

    fn from_text(text: &str) -> Result<Self, Fault> {
        let url = UrlRef::of_kind(text, B::KINDS)?;
        let is_token = |text: &str| Url::parse(text).map_or(true, |url| !url.username().is_empty());
        if matches!(&url, UrlRef::Inline(text) if B::HAS_TOKENS && is_token(text)) {
            return Err(Fault::new("the address may hold a token")
                .with_help("write `env:NAME` or `file:PATH` for the whole address"));
        }
        Ok(Self { url, of: PhantomData })
    }
}

impl<B> BrokerUrl<B> {
    /// The address as the configuration has it.
    #[must_use]
    pub const fn reference(&self) -> &UrlRef {
        &self.url
    }
}

impl<B: Broker> BrokerUrl<B> {
    /// The address.
    pub fn read(&self, what: &str, base: &Path) -> Result<SecretString, ConfigError> {
        self.url.read_of_kind(what, base, B::KINDS)
    }
}

impl<B> fmt::Debug for BrokerUrl<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.url.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused<B: Broker>(text: &str) -> String {
        format!("{:?}", BrokerUrl::<B>::from_text(text).unwrap_err())
    }

    #[test]
    fn passwords_and_tokens_stay_out_of_the_file() {
        for fault in [
            refused::<Redis>("redis://:hunter2@redis.example.com"),
            refused::<Amqp>("amqp://app:hunter2@rabbit.example.com/shop"),
            refused::<Nats>("nats://hunter2@nats.example.com"),
            refused::<Redis>("amqp://rabbit.example.com"),
            refused::<Nats>("nats.example.com:4222"),
        ] {
            assert!(!fault.contains("hunter2"), "{fault}");
        }
        assert!(BrokerUrl::<Redis>::from_text("rediss://redis.example.com:6380/1").is_ok());
        assert!(BrokerUrl::<Amqp>::from_text("amqps://app@rabbit.example.com/shop").is_ok());
        assert!(BrokerUrl::<Nats>::from_text("env:NATS_URL").is_ok());
    }
}
