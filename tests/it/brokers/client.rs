//! What a test knows of brokers besides the product: it makes streams, reads everything in them, and removes them.

pub(super) mod redis {
    use std::collections::BTreeMap;

    use redis::aio::MultiplexedConnection;
    use redis::{Client, RedisResult, cmd};

    async fn connect(port: u16) -> RedisResult<MultiplexedConnection> {
        Client::open(format!("redis://127.0.0.1:{port}"))?.get_multiplexed_async_connection().await
    }

    pub(crate) async fn answers(port: u16) -> bool {
        let Ok(mut connection) = connect(port).await else { return false };
        // While it loads what it left on the disk, it answers everything with an error.
        cmd("DBSIZE").query_async::<u64>(&mut connection).await.is_ok()
    }

    pub(crate) async fn all(port: u16, name: &str) -> Vec<String> {
        let mut connection = connect(port).await.unwrap();
        let entries: Vec<(String, BTreeMap<String, String>)> =
            cmd("XRANGE").arg(name).arg("-").arg("+").query_async(&mut connection).await.unwrap();
        entries.into_iter().map(|(_, mut fields)| fields.remove("event").unwrap()).collect()
    }

    pub(crate) async fn remove(port: u16, name: &str) {
        cmd("DEL").arg(name).exec_async(&mut connect(port).await.unwrap()).await.unwrap();
    }
}

pub(super) mod nats {
    use async_nats::jetstream::{self, Context, consumer, stream};
    use futures::StreamExt as _;

    async fn connect(port: u16) -> Option<Context> {
        Some(jetstream::new(async_nats::connect(format!("nats://127.0.0.1:{port}")).await.ok()?))
    }

    pub(crate) async fn answers(port: u16) -> bool {
        connect(port).await.is_some()
    }

    pub(crate) async fn make(port: u16, name: &str) {
        let config = stream::Config {
            name: name.to_owned(),
            subjects: vec![name.to_owned()],
            ..stream::Config::default()
        };
        connect(port).await.unwrap().create_stream(config).await.unwrap();
    }

    pub(crate) async fn all(port: u16, name: &str) -> Vec<String> {
        let mut stream = connect(port).await.unwrap().get_stream(name).await.unwrap();
        let count = usize::try_from(stream.info().await.unwrap().state.messages).unwrap();
        let ack_policy = consumer::AckPolicy::None;
        let config = consumer::pull::Config { ack_policy, ..consumer::pull::Config::default() };
        let reader = stream.create_consumer(config).await.unwrap();
        let messages = reader.messages().await.unwrap().take(count);
        messages.map(|message| String::from_utf8(message.unwrap().payload.to_vec()).unwrap()).collect().await
    }

    pub(crate) async fn remove(port: u16, name: &str) {
        connect(port).await.unwrap().delete_stream(name).await.unwrap();
    }
}

pub(super) mod amqp {
    use lapin::options::{
        BasicGetOptions, ExchangeDeclareOptions, ExchangeDeleteOptions, QueueBindOptions,
        QueueDeclareOptions, QueueDeleteOptions,
    };
    use lapin::types::FieldTable;
    use lapin::{Channel, Connection, ConnectionProperties, ExchangeKind};

    async fn connect(port: u16) -> lapin::Result<(Connection, Channel)> {
        let connection =
            Connection::connect(&format!("amqp://127.0.0.1:{port}"), ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        Ok((connection, channel))
    }

    pub(crate) async fn answers(port: u16) -> bool {
        connect(port).await.is_ok()
    }

    /// A durable exchange with a durable queue of the same name, which takes everything.
    pub(crate) async fn make(port: u16, name: &str) {
        let (_connection, channel) = connect(port).await.unwrap();
        let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
        channel
            .exchange_declare(name.into(), ExchangeKind::Topic, durable, FieldTable::default())
            .await
            .unwrap();
        channel
            .queue_declare(name.into(), QueueDeclareOptions::durable(), FieldTable::default())
            .await
            .unwrap();
        let bind = QueueBindOptions::default();
        channel.queue_bind(name.into(), name.into(), "#".into(), bind, FieldTable::default()).await.unwrap();
    }

    /// Takes everything out.
    pub(crate) async fn take(port: u16, name: &str) -> Vec<String> {
        let (_connection, channel) = connect(port).await.unwrap();
        let mut taken = Vec::new();
        while let Some(message) =
            channel.basic_get(name.into(), BasicGetOptions { no_ack: true }).await.unwrap()
        {
            taken.push(String::from_utf8(message.delivery.data).unwrap());
        }
        taken
    }

    pub(crate) async fn remove(port: u16, name: &str) {
        let (_connection, channel) = connect(port).await.unwrap();
        channel.queue_delete(name.into(), QueueDeleteOptions::default()).await.unwrap();
        channel.exchange_delete(name.into(), ExchangeDeleteOptions::default()).await.unwrap();
    }
}
