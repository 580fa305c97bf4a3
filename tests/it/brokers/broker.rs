//! A broker for one test: one that all tests share, with a stream of the test's own, or a server of its own that can be killed.

use std::env;
use std::path::PathBuf;

use super::server::{Kind, Server, any_port, tls_port};
use super::{FEW_LOST, LOST, client, database};
use crate::cluster::{Cluster, Stop};
use crate::process::until_so;

/// Who sends to a moto, as the configuration says it. moto takes every key.
const AWS_KEY: &str = r#"access_key_id: "file:aws.key", secret_access_key: "file:aws.key""#;

pub(super) struct Broker {
    kind: Kind,
    port: u16,
    name: String,
    server: Option<Server>,
    /// The server of a broker that is a database.
    database: Option<Cluster>,
    /// Where a Kafka keeps its records. It outlives the broker.
    _objects: Option<Server>,
    /// How many messages were read before.
    seen: usize,
    /// What was taken out of a server that forgets everything when it dies, before it did.
    saved: Vec<String>,
}

impl Broker {
    /// A stream of the test's own at the server that all tests share.
    pub(super) async fn shared(kind: Kind) -> Self {
        let (variable, usual) = match kind {
            Kind::Redis => ("TIEOUT_TEST_REDIS", "redis://127.0.0.1:6379"),
            Kind::Nats => ("TIEOUT_TEST_NATS", "nats://127.0.0.1:4222"),
            Kind::RabbitMq => ("TIEOUT_TEST_RABBITMQ", "amqp://127.0.0.1:5672"),
            Kind::Sqs | Kind::SqsFifo | Kind::Sns | Kind::EventBridge => {
                ("TIEOUT_TEST_MOTO", "http://127.0.0.1:5000")
            }
            Kind::Kafka => ("TIEOUT_TEST_KAFKA", "tcp://127.0.0.1:9092"),
            Kind::Pubsub => ("TIEOUT_TEST_PUBSUB", "http://127.0.0.1:8085"),
            Kind::Postgres | Kind::Pgmq => unreachable!("each test has its own"),
        };
        let url = env::var(variable).unwrap_or_else(|_| usual.to_owned());
        let port = url::Url::parse(&url).unwrap().port().unwrap();
        let broker = Self {
            kind,
            port,
            name: own_name(kind),
            server: None,
            database: None,
            _objects: None,
            seen: 0,
            saved: Vec::new(),
        };
        broker.prepare().await;
        broker
    }

    /// A server of the test's own, with a stream.
    pub(super) async fn own(kind: Kind) -> Self {
        if matches!(kind, Kind::Postgres | Kind::Pgmq) {
            return Self::in_postgres(kind).await;
        }
        let mut server = Server::new();
        let mut objects = None;
        if kind == Kind::Kafka {
            let (port, keeper) = Server::of_objects().await;
            server.kafka.objects = port;
            objects = Some(keeper);
        }
        server.write_certificate();
        let mut broker = Self {
            kind,
            port: any_port(),
            name: own_name(kind),
            server: Some(server),
            database: None,
            _objects: objects,
            seen: 0,
            saved: Vec::new(),
        };
        // Somebody else may have the port.
        while !broker.starts().await {
            broker.server.as_mut().unwrap().kill();
            broker.port = any_port();
        }
        broker.prepare().await;
        broker
    }

    async fn in_postgres(kind: Kind) -> Self {
        let database = Cluster::start().await;
        let broker = Self {
            kind,
            port: database.port(),
            name: own_name(kind),
            server: None,
            database: Some(database),
            _objects: None,
            seen: 0,
            saved: Vec::new(),
        };
        broker.prepare().await;
        broker
    }

    pub(super) const fn port(&self) -> u16 {
        self.port
    }

    /// How many charges are lost in its test.
    pub(super) const fn n_lost(&self) -> usize {
        match self.kind {
            Kind::Redis
            | Kind::Nats
            | Kind::RabbitMq
            | Kind::Kafka
            | Kind::Pubsub
            | Kind::Postgres
            | Kind::Pgmq => LOST,
            Kind::Sqs | Kind::SqsFifo | Kind::Sns | Kind::EventBridge => FEW_LOST,
        }
    }

    /// The stream as a queue of `tieout.yaml`, behind a port.
    pub(super) fn queue(&self, port: u16) -> String {
        let name = &self.name;
        match self.kind {
            Kind::Redis => format!(r#"redis: {{url: "redis://127.0.0.1:{port}", stream: {name}}}"#),
            Kind::Nats => format!(r#"nats: {{url: "nats://127.0.0.1:{port}", subject: {name}}}"#),
            Kind::RabbitMq => format!(r#"rabbitmq: {{url: "amqp://127.0.0.1:{port}", exchange: {name}}}"#),
            Kind::Sqs | Kind::SqsFifo => format!(
                r#"sqs: {{url: "http://127.0.0.1:{port}/123456789012/{name}", region: eu-west-1, {AWS_KEY}}}"#
            ),
            Kind::Sns => format!(
                r#"sns: {{topic: "arn:aws:sns:eu-west-1:123456789012:{name}", endpoint: "http://127.0.0.1:{port}", {AWS_KEY}}}"#
            ),
            Kind::EventBridge => format!(
                r#"eventbridge: {{bus: {name}, region: eu-west-1, endpoint: "http://127.0.0.1:{port}", {AWS_KEY}}}"#
            ),
            Kind::Kafka => {
                format!(r#"kafka: {{brokers: ["127.0.0.1:{port}"], topic: {name}, compression: none}}"#)
            }
            Kind::Pubsub => {
                let topic = format!("{}/topics/{name}", client::pubsub::PROJECT);
                format!(r#"pubsub: {{topic: {topic}, endpoint: "http://127.0.0.1:{port}"}}"#)
            }
            Kind::Postgres => format!(r#"postgres: {{url: "{}", table: {name}}}"#, database::url(port)),
            Kind::Pgmq => format!(r#"pgmq: {{url: "{}", queue: {name}}}"#, database::url(port)),
        }
    }

    /// Makes clients come to a port, where the broker itself tells them which.
    pub(super) async fn stands_behind(&mut self, port: u16) {
        if self.kind == Kind::Kafka {
            self.server.as_mut().unwrap().kafka.advertised = port;
            self.kill().await;
            self.start_again().await;
        }
    }

    /// Whether it loses what it works on when it dies, and confirms it all the same: tansu writes down that it has some records before it has
    /// them, and takes them for a copy when they are sent again.
    pub(super) fn must_finish(&self) -> bool {
        self.kind == Kind::Kafka
    }

    /// Makes a Kafka or a NATS know nobody without a login.
    pub(super) async fn demands_logins(&mut self) {
        let server = self.server.as_mut().unwrap();
        server.demands_logins = true;
        server.kill();
        server.start(self.kind, self.port);
        // Whoever asks it anything is hung up on, so only this shows that it is there.
        until_so("the broker listens", async || {
            std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok()
        })
        .await;
    }

    /// Makes it know whoever comes.
    pub(super) async fn demands_no_logins(&mut self) {
        self.server.as_mut().unwrap().demands_logins = false;
        self.kill().await;
        self.start_again().await;
    }

    /// Makes a login at a RabbitMQ of the test's own, which may ask about everything and write to nothing.
    pub(super) fn has_reader(&self, user: &str, password: &str) {
        let server = self.server.as_ref().unwrap();
        server.rabbitmqctl(self.port, &["add_user", user, password]);
        server.rabbitmqctl(self.port, &["set_permissions", user, "", "", ".*"]);
    }

    /// Lets a login of RabbitMQ write as well.
    pub(super) fn may_write(&self, user: &str) {
        self.server.as_ref().unwrap().rabbitmqctl(self.port, &["set_permissions", user, "", ".*", ".*"]);
    }

    /// The same by TLS, at a server of the test's own.
    pub(super) fn queue_by_tls(&self) -> String {
        let (name, port) = (&self.name, tls_port(self.port));
        match self.kind {
            Kind::Redis => format!(r#"redis: {{url: "rediss://127.0.0.1:{port}", stream: {name}}}"#),
            Kind::Nats => format!(r#"nats: {{url: "tls://127.0.0.1:{}", subject: {name}}}"#, self.port),
            Kind::RabbitMq => format!(r#"rabbitmq: {{url: "amqps://127.0.0.1:{port}", exchange: {name}}}"#),
            Kind::Sqs
            | Kind::SqsFifo
            | Kind::Sns
            | Kind::EventBridge
            | Kind::Kafka
            | Kind::Pubsub
            | Kind::Postgres
            | Kind::Pgmq => unreachable!("the test's own server knows no TLS"),
        }
    }

    /// The certificate by which a server of the test's own vouches for itself.
    pub(super) fn certificate(&self) -> PathBuf {
        self.server.as_ref().unwrap().folder.path().join("server.pem")
    }

    /// The name of the stream.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What came since somebody last looked.
    pub(super) async fn received(&mut self) -> Vec<String> {
        match self.kind {
            Kind::Redis => self.unseen(client::redis::all(self.port, &self.name).await),
            Kind::Nats => self.unseen(client::nats::all(self.port, &self.name).await),
            Kind::RabbitMq => client::amqp::take(self.port, &self.name).await,
            Kind::Sqs | Kind::SqsFifo | Kind::Sns => client::aws::take(self.port, &self.name).await,
            Kind::EventBridge => client::aws::take_details(self.port, &self.name).await,
            Kind::Kafka => self.unseen(client::kafka::all(self.port, &self.name)),
            Kind::Pubsub => {
                self.save().await;
                std::mem::take(&mut self.saved)
            }
            Kind::Postgres => self.unseen(database::rows(self.database(), &self.name).await),
            Kind::Pgmq => self.unseen(database::messages(self.database(), &self.name).await),
        }
    }

    /// Takes out what a server would forget.
    async fn save(&mut self) {
        if self.kind == Kind::Pubsub {
            self.saved.extend(client::pubsub::take(self.port, &self.name).await);
        }
    }

    const fn database(&self) -> &Cluster {
        self.database.as_ref().unwrap()
    }

    fn unseen(&mut self, all: Vec<String>) -> Vec<String> {
        let seen = std::mem::replace(&mut self.seen, all.len());
        all.into_iter().skip(seen).collect()
    }

    /// Removes the stream from the server that others use as well.
    pub(super) async fn end(self) {
        match self.kind {
            Kind::Redis => client::redis::remove(self.port, &self.name).await,
            Kind::Nats => client::nats::remove(self.port, &self.name).await,
            Kind::RabbitMq => client::amqp::remove(self.port, &self.name).await,
            Kind::Sqs | Kind::SqsFifo => client::aws::remove_queue(self.port, &self.name).await,
            Kind::Sns => client::aws::remove_topic(self.port, &self.name).await,
            Kind::EventBridge => client::aws::remove_bus(self.port, &self.name).await,
            // It is a server of the test's own.
            Kind::Kafka | Kind::Postgres | Kind::Pgmq => {}
            Kind::Pubsub => client::pubsub::remove(self.port, &self.name).await,
        }
    }

    async fn prepare(&self) {
        match self.kind {
            Kind::Redis => {}
            Kind::Nats => client::nats::make(self.port, &self.name).await,
            Kind::Sqs | Kind::SqsFifo => client::aws::make_queue(self.port, &self.name).await,
            Kind::Sns => client::aws::make_topic(self.port, &self.name).await,
            Kind::EventBridge => client::aws::make_bus(self.port, &self.name).await,
            Kind::Kafka => client::kafka::make(self.port, &self.name).await,
            Kind::RabbitMq => {
                client::amqp::make(self.port, &self.name).await;
                if let Some(server) = &self.server {
                    server.write_down_rabbitmq(self.port);
                }
            }
            Kind::Pubsub => client::pubsub::make(self.port, &self.name).await,
            Kind::Postgres => database::make_table(self.database(), &self.queue(self.port)).await,
            Kind::Pgmq => database::make_pgmq(self.database(), &self.queue(self.port)).await,
        }
    }

    pub(super) async fn kill(&mut self) {
        self.save().await;
        match &mut self.database {
            Some(database) => database.stop(Stop::Immediate),
            None => self.server.as_mut().unwrap().kill(),
        }
    }

    /// Starts the server over what it left on the disk, and waits until it answers. Google's emulator leaves nothing, not even the topic.
    pub(super) async fn start_again(&mut self) {
        assert!(self.starts().await, "the broker does not start again");
        if self.kind == Kind::Pubsub {
            self.prepare().await;
        }
    }

    /// Starts a server that keeps nothing, and makes the stream anew.
    pub(super) async fn start_empty(&mut self) {
        self.start_again().await;
        self.prepare().await;
    }

    /// Starts the server, and waits until it answers; not where it ends instead.
    async fn starts(&mut self) -> bool {
        if let Some(database) = &mut self.database {
            database.start_again();
            return true;
        }
        let (kind, port) = (self.kind, self.port);
        let server = self.server.as_mut().unwrap();
        server.start(kind, port);
        let mut has_ended = false;
        until_so("the broker answers", async || {
            has_ended = server.has_ended();
            has_ended || answers(kind, port).await
        })
        .await;
        !has_ended
    }
}

async fn answers(kind: Kind, port: u16) -> bool {
    match kind {
        Kind::Redis => client::redis::answers(port).await,
        Kind::Nats => client::nats::answers(port).await,
        Kind::RabbitMq => client::amqp::answers(port).await,
        Kind::Sqs | Kind::SqsFifo | Kind::Sns | Kind::EventBridge => client::aws::answers(port).await,
        Kind::Kafka => client::kafka::answers(port),
        Kind::Pubsub => client::pubsub::answers(port).await,
        Kind::Postgres | Kind::Pgmq => unreachable!("a database is waited for where it starts"),
    }
}

/// A name that no other test has.
fn own_name(kind: Kind) -> String {
    let end = if kind == Kind::SqsFifo { ".fifo" } else { "" };
    format!("tieout_test_{}{end}", uuid::Uuid::now_v7().simple())
}
