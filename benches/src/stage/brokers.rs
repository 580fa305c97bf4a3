//! A stream at each broker for one benchmark: made before it, and taken away after it.

use async_nats::jetstream::{self, stream};
use lapin::options::{
    ConfirmSelectOptions, ExchangeDeclareOptions, ExchangeDeleteOptions, QueueBindOptions,
    QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::FieldTable;
use lapin::{Connection, ConnectionProperties, ExchangeKind};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use tieout::queue::{
    AmqpSettings, Compression, KafkaSettings, Mode, NatsSettings, QueueSettings, RedisSettings,
};

use crate::bare::{Kafka, Nats, RabbitMq, Redis};

/// Where the brokers are.
#[derive(Debug, clap::Args)]
pub struct Brokers {
    /// The Redis server.
    #[arg(long, env = "TIEOUT_TEST_REDIS", default_value = "redis://127.0.0.1:6379", hide_env_values = true)]
    redis: String,
    /// The NATS server, with JetStream.
    #[arg(long, env = "TIEOUT_TEST_NATS", default_value = "nats://127.0.0.1:4222", hide_env_values = true)]
    nats: String,
    /// The RabbitMQ server.
    #[arg(
        long,
        env = "TIEOUT_TEST_RABBITMQ",
        default_value = "amqp://127.0.0.1:5672",
        hide_env_values = true
    )]
    rabbitmq: String,
    /// The Kafka broker.
    #[arg(long, env = "TIEOUT_TEST_KAFKA", default_value = "tcp://127.0.0.1:9092", hide_env_values = true)]
    kafka: String,
}

impl Brokers {
    /// A stream of Redis, as a queue and for the bare client.
    pub async fn redis(&self, stream: &str) -> anyhow::Result<(QueueSettings, Redis)> {
        let connection = redis::Client::open(self.redis.as_str())?.get_multiplexed_async_connection().await?;
        let settings = RedisSettings {
            url: self.redis.clone().into(),
            stream: stream.to_owned(),
            mode: Mode::Structured,
            max_length: None,
            replicas: 0,
        };
        Ok((QueueSettings::Redis(settings), Redis { connection, stream: stream.to_owned() }))
    }

    /// A stream of NATS that is kept on the disk.
    pub async fn nats(&self, subject: &str) -> anyhow::Result<(QueueSettings, Nats)> {
        let context = jetstream::new(async_nats::connect(&self.nats).await?);
        let (name, subjects) = (subject.to_owned(), vec![subject.to_owned()]);
        context.create_stream(stream::Config { name, subjects, ..stream::Config::default() }).await?;
        let settings = NatsSettings {
            url: self.nats.clone().into(),
            subject: subject.to_owned(),
            mode: Mode::Structured,
            credentials: None,
        };
        Ok((QueueSettings::Nats(settings), Nats { stream: context, subject: subject.to_owned() }))
    }

    /// A durable exchange of RabbitMQ with a durable queue that takes everything. The connection must outlive the channel.
    pub async fn rabbitmq(&self, name: &str) -> anyhow::Result<(QueueSettings, RabbitMq, Connection)> {
        let connection = Connection::connect(&self.rabbitmq, ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
        let none = FieldTable::default;
        channel.exchange_declare(name.into(), ExchangeKind::Topic, durable, none()).await?;
        channel.queue_declare(name.into(), QueueDeclareOptions::durable(), none()).await?;
        channel.queue_bind(name.into(), name.into(), "#".into(), QueueBindOptions::default(), none()).await?;
        let settings = AmqpSettings {
            url: self.rabbitmq.clone().into(),
            exchange: name.to_owned(),
            routing_key: None,
            mode: Mode::Structured,
            max_bytes: 1 << 20,
        };
        Ok((QueueSettings::Amqp(settings), RabbitMq { channel, exchange: name.to_owned() }, connection))
    }

    /// A topic of Kafka with three partitions, and who takes it away again.
    pub async fn kafka(&self, topic: &str) -> anyhow::Result<(QueueSettings, Kafka, Admin)> {
        let broker = self.kafka.rsplit('/').next().unwrap_or(&self.kafka);
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", broker);
        let admin: Admin = config.create()?;
        let new = NewTopic::new(topic, 3, TopicReplication::Fixed(1));
        for made in admin.create_topics([&new], &AdminOptions::new()).await? {
            made.map_err(|(topic, code)| anyhow::anyhow!("{topic}: {code:?}"))?;
        }
        let settings = KafkaSettings {
            brokers: vec![broker.to_owned()],
            topic: topic.to_owned(),
            mode: Mode::Structured,
            compression: Compression::default(),
            max_bytes: 1_000_000,
            tls: None,
            login: None,
        };
        config.set("enable.idempotence", "true").set("compression.type", Compression::default().name());
        let bare = Kafka { producer: config.create()?, topic: topic.to_owned() };
        Ok((QueueSettings::Kafka(settings), bare, admin))
    }
}

/// Who makes topics of Kafka, and takes them away.
pub type Admin = AdminClient<DefaultClientContext>;

impl Kafka {
    /// Removes the topic.
    pub async fn end(self, admin: &Admin) -> anyhow::Result<()> {
        for gone in admin.delete_topics(&[&self.topic], &AdminOptions::new()).await? {
            gone.map_err(|(topic, code)| anyhow::anyhow!("{topic}: {code:?}"))?;
        }
        Ok(())
    }
}

impl Redis {
    /// Removes the stream.
    pub async fn end(mut self) -> anyhow::Result<()> {
        Ok(redis::cmd("DEL").arg(&self.stream).exec_async(&mut self.connection).await?)
    }
}

impl Nats {
    /// Removes the stream.
    pub async fn end(self) -> anyhow::Result<()> {
        self.stream.delete_stream(&self.subject).await?;
        Ok(())
    }
}

impl RabbitMq {
    /// Removes the exchange and its queue.
    pub async fn end(self) -> anyhow::Result<()> {
        let name = self.exchange.as_str();
        self.channel.queue_delete(name.into(), QueueDeleteOptions::default()).await?;
        self.channel.exchange_delete(name.into(), ExchangeDeleteOptions::default()).await?;
        Ok(())
    }
}
