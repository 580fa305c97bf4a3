//! The client: a producer with its thread, as the settings ask for it. It makes no topics.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{IsError, KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, Producer as _, ThreadedProducer};
use secrecy::ExposeSecret as _;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::spawn_blocking;

use super::ear::{Ear, Mouth, Report, listen};
use super::record::Record;
use super::said::blame;
use super::sorted::End;
use super::{ANSWER_TIME, CONNECT_TIME};
use crate::queue::{KafkaLogin, KafkaSettings, KafkaTls};

/// What a record takes beside its key, headers and body: more than any has, so that the limit is the one that was set.
const ENVELOPE: usize = 64 << 10;
/// How long a topic that a broker does not know may only be new to it.
const PROPAGATION: Duration = Duration::from_secs(5);

/// A producer.
pub(super) struct Client {
    producer: Arc<ThreadedProducer<Mouth>>,
    reports: UnboundedReceiver<Report>,
    ear: Ear,
    /// The number of the next record.
    next: usize,
}

impl Client {
    /// Starts one. It connects by itself.
    pub(super) fn new(settings: &KafkaSettings) -> Result<Self, String> {
        let (mouth, ear, reports) = listen();
        let producer = config(settings).create_with_context(mouth).map_err(not_made)?;
        Ok(Self { producer: Arc::new(producer), reports, ear, next: 0 })
    }

    pub(super) fn ear(&self) -> Ear {
        self.ear.clone()
    }

    /// Asks for a topic, without making it. The library waits on a thread, which may outlast whoever asked by as long as it may wait.
    pub(super) fn find(
        &self,
        topic: &str,
        within: Duration,
    ) -> BoxFuture<'static, Result<(), RDKafkaErrorCode>> {
        let (producer, topic) = (Arc::clone(&self.producer), topic.to_owned());
        let found = spawn_blocking(move || found(&producer, &topic, within));
        found.map(|found| found.unwrap_or(Err(RDKafkaErrorCode::Fail))).boxed()
    }

    /// Numbers for so many records, of which it says the first. No two of a client have the same.
    pub(super) const fn numbers(&mut self, count: usize) -> usize {
        let first = self.next;
        self.next += count;
        first
    }

    /// Hands over a record, whose report has its number.
    pub(super) fn send(&self, topic: &str, record: Record<'_>, number: usize) -> End {
        let Record { key, headers, body } = record;
        let record = BaseRecord::with_opaque_to(topic, number).key(key).payload(body).headers(headers);
        match self.producer.send(record) {
            Ok(()) => End::Open,
            Err((error, _)) => self.failed(error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail)),
        }
    }

    /// Waits for the next report.
    pub(super) async fn report(&mut self) -> (usize, End) {
        match self.reports.recv().await {
            Some((number, Ok(()))) => (number, End::There),
            Some((number, Err(code))) => (number, self.failed(code)),
            // The producer is what tells them, and is still here.
            None => std::future::pending().await,
        }
    }

    /// Why something failed: where the whole producer has failed, why that was.
    fn failed(&self, code: RDKafkaErrorCode) -> End {
        let is_about_the_producer = matches!(
            code,
            RDKafkaErrorCode::Fatal | RDKafkaErrorCode::PurgeQueue | RDKafkaErrorCode::PurgeInflight
        );
        let fatal = is_about_the_producer.then(|| self.producer.client().fatal_error()).flatten();
        End::Failed(blame(fatal.map_or(code, |(code, _)| code)))
    }

    /// Ends it, on a thread that has the time: what it has not sent is not sent any more.
    pub(super) fn give_up(self) {
        drop(spawn_blocking(move || drop(self)));
    }
}

fn found(producer: &ThreadedProducer<Mouth>, topic: &str, within: Duration) -> Result<(), RDKafkaErrorCode> {
    let code = |error: KafkaError| error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail);
    let metadata = producer.client().fetch_metadata(Some(topic), within).map_err(code)?;
    let topic = metadata.topics().iter().find(|one| one.name() == topic);
    match topic {
        None => Err(RDKafkaErrorCode::UnknownTopic),
        Some(topic) => match topic.error().filter(IsError::is_error) {
            Some(error) => Err(error.into()),
            None if topic.partitions().is_empty() => Err(RDKafkaErrorCode::UnknownTopic),
            None => Ok(()),
        },
    }
}

/// Why there can be no such client. What the library says of a setting may hold its value.
fn not_made(error: KafkaError) -> String {
    match error {
        KafkaError::ClientConfig(_, _, setting, _) => format!("the client does not take its `{setting}`"),
        KafkaError::ClientCreation(why) => why,
        other => other.to_string(),
    }
}

/// What a producer of these settings is made of.
fn config(settings: &KafkaSettings) -> ClientConfig {
    let KafkaSettings { compression, max_bytes, .. } = settings;
    let milliseconds = |time: Duration| time.as_millis().to_string();
    let mut config = connection(settings);
    config
        .set("enable.idempotence", "true")
        .set("acks", "all")
        // As Java's own producers do it, and not as this library would.
        .set("partitioner", "murmur2_random")
        .set("compression.type", compression.name())
        .set("message.max.bytes", (max_bytes + ENVELOPE).to_string())
        .set("message.timeout.ms", milliseconds(ANSWER_TIME))
        .set("request.timeout.ms", milliseconds(ANSWER_TIME));
    config
}

/// What every client of these settings is made of: where the brokers are, and how they know it.
pub(super) fn connection(settings: &KafkaSettings) -> ClientConfig {
    let KafkaSettings { brokers, tls, login, .. } = settings;
    let milliseconds = |time: Duration| time.as_millis().to_string();
    outlast_the_process();
    let mut config = ClientConfig::new();
    config
        .set("client.id", "tieout")
        .set("bootstrap.servers", brokers.join(","))
        .set("socket.connection.setup.timeout.ms", milliseconds(CONNECT_TIME))
        .set("socket.keepalive.enable", "true")
        .set("log.connection.close", "false")
        .set("allow.auto.create.topics", "false")
        .set("topic.metadata.propagation.max.ms", milliseconds(PROPAGATION))
        .set("security.protocol", protocol(tls.is_some(), login.is_some()))
        .set_log_level(RDKafkaLogLevel::Warning);
    if let Some(tls) = tls {
        trust(&mut config, tls);
    }
    if let Some(KafkaLogin { mechanism, user, password }) = login {
        config
            .set("sasl.mechanisms", mechanism.name())
            .set("sasl.username", user)
            .set("sasl.password", password.expose_secret());
    }
    config
}

/// Has OpenSSL not clean up when the process ends. The library's threads may still be in a handshake then, which would read what was
/// cleaned up, and the process would end by a fault and not with its exit code.
///
/// Whoever sets OpenSSL up first decides it, so that is done before there is a client.
fn outlast_the_process() {
    openssl_sys::init();
}

const fn protocol(has_tls: bool, has_login: bool) -> &'static str {
    match (has_tls, has_login) {
        (false, false) => "plaintext",
        (true, false) => "ssl",
        (false, true) => "sasl_plaintext",
        (true, true) => "sasl_ssl",
    }
}

/// The certificates of this machine, where it names no others; `probe` looks for them wherever a system may keep them.
fn trust(config: &mut ClientConfig, KafkaTls { authorities, certificate }: &KafkaTls) {
    match authorities {
        Some(file) => config.set("ssl.ca.location", file.to_string_lossy()),
        None => config.set("ssl.ca.location", "probe"),
    };
    if let Some((file, key)) = certificate {
        config
            .set("ssl.certificate.location", file.to_string_lossy())
            .set("ssl.key.pem", key.expose_secret());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::tests::kafka;

    #[test]
    fn a_login_and_certificates_are_what_the_library_takes() {
        let mut settings = kafka("kafka.example.com:9093");
        assert_eq!(config(&settings).get("security.protocol"), Some("plaintext"));
        settings.tls = Some(KafkaTls { authorities: None, certificate: None });
        let mechanism = crate::queue::Mechanism::ScramSha512;
        let (user, password) = ("app".to_owned(), "hunter2".to_owned().into());
        settings.login = Some(KafkaLogin { mechanism, user, password });
        let config = config(&settings);
        assert_eq!(config.get("security.protocol"), Some("sasl_ssl"));
        assert_eq!(config.get("sasl.mechanisms"), Some("SCRAM-SHA-512"));
        config.create_native_config().unwrap();
    }

    #[test]
    fn a_certificate_that_cannot_be_read_is_said_and_no_key_is_repeated() {
        let mut settings = kafka("kafka.example.com:9093");
        let certificate = Some(("/nowhere/client.pem".into(), "hunter2".to_owned().into()));
        settings.tls = Some(KafkaTls { authorities: None, certificate });
        let why = Client::new(&settings).err().unwrap();
        assert!(why.starts_with("ssl."), "{why}");
        assert!(!why.contains("hunter2"), "{why}");
    }
}
