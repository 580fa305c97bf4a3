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

    /// A server that wants a password and has no room for another client.
    pub(crate) struct Crowded(MultiplexedConnection);

    impl Crowded {
        pub(crate) async fn new(port: u16, password: &str) -> Self {
            let mut crowded = Self(connect(port).await.unwrap());
            crowded.set("requirepass", password).await;
            crowded.set("maxclients", "1").await;
            crowded
        }

        async fn set(&mut self, what: &str, value: &str) {
            cmd("CONFIG").arg(&["SET", what, value]).exec_async(&mut self.0).await.unwrap();
        }

        /// Whether it has turned somebody away.
        pub(crate) async fn has_turned_away(&mut self) -> bool {
            let stats: String = cmd("INFO").arg("stats").query_async(&mut self.0).await.unwrap();
            !stats.contains("rejected_connections:0")
        }

        pub(crate) async fn make_room(&mut self) {
            self.set("maxclients", "1000").await;
        }

        pub(crate) async fn want_no_password(&mut self) {
            self.set("requirepass", "").await;
        }
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

    fn config(name: &str) -> stream::Config {
        stream::Config { name: name.to_owned(), subjects: vec![name.to_owned()], ..stream::Config::default() }
    }

    pub(crate) async fn make(port: u16, name: &str) {
        connect(port).await.unwrap().create_stream(config(name)).await.unwrap();
    }

    /// Makes a stream with three replicas, where a cluster is ready for that.
    pub(crate) async fn replicates(port: u16, name: &str) -> bool {
        let Some(context) = connect(port).await else { return false };
        context.create_stream(stream::Config { num_replicas: 3, ..config(name) }).await.is_ok()
    }

    /// The server that leads a stream, where one does.
    pub(crate) async fn leader(port: u16, name: &str) -> Option<String> {
        let mut stream = connect(port).await?.get_stream(name).await.ok()?;
        stream.info().await.ok()?.cluster.clone()?.leader
    }

    pub(crate) async fn all(port: u16, name: &str) -> Vec<String> {
        read(port, name).await.unwrap()
    }

    /// The same, where a cluster answers: one that has lost a member may need some time.
    pub(crate) async fn read(port: u16, name: &str) -> Option<Vec<String>> {
        let mut stream = connect(port).await?.get_stream(name).await.ok()?;
        let count = usize::try_from(stream.info().await.ok()?.state.messages).unwrap();
        let ack_policy = consumer::AckPolicy::None;
        let config = consumer::pull::Config { ack_policy, ..consumer::pull::Config::default() };
        let reader = stream.create_consumer(config).await.ok()?;
        let messages: Vec<_> = reader.messages().await.ok()?.take(count).collect().await;
        let text = |payload: &[u8]| String::from_utf8(payload.to_vec()).unwrap();
        messages.into_iter().map(|message| Some(text(&message.ok()?.payload))).collect()
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

/// At moto, which puts everything into a queue of SQS: what is sent there, to a topic, or to a bus.
pub(super) mod aws {
    use aws_config::{BehaviorVersion, Region, SdkConfig};
    use aws_sdk_eventbridge::types::Target;
    use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider};
    use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, QueueAttributeName};
    use serde_json::Value;

    const ACCOUNT: &str = "123456789012";

    fn config(port: u16) -> SdkConfig {
        let credentials = Credentials::new("test", "test", None, None, "test");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .endpoint_url(format!("http://127.0.0.1:{port}"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .build()
    }

    fn sqs(port: u16) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&config(port))
    }

    pub(crate) async fn answers(port: u16) -> bool {
        sqs(port).list_queues().send().await.is_ok()
    }

    /// A queue, FIFO where its name ends so.
    pub(crate) async fn make_queue(port: u16, name: &str) {
        let mut made = sqs(port).create_queue().queue_name(name);
        if name.rsplit('.').next() == Some("fifo") {
            made = made.attributes(QueueAttributeName::FifoQueue, "true");
        }
        made.send().await.unwrap();
    }

    /// A topic, and a queue of the same name that subscribes to it.
    pub(crate) async fn make_topic(port: u16, name: &str) {
        make_queue(port, name).await;
        let sns = aws_sdk_sns::Client::new(&config(port));
        sns.create_topic().name(name).send().await.unwrap();
        let topic = format!("arn:aws:sns:eu-west-1:{ACCOUNT}:{name}");
        let queue = format!("arn:aws:sqs:eu-west-1:{ACCOUNT}:{name}");
        let subscribed = sns.subscribe().topic_arn(topic).protocol("sqs").endpoint(queue);
        subscribed.attributes("RawMessageDelivery", "true").send().await.unwrap();
    }

    /// A bus, and a queue of the same name to which a rule hands everything.
    pub(crate) async fn make_bus(port: u16, name: &str) {
        make_queue(port, name).await;
        let events = aws_sdk_eventbridge::Client::new(&config(port));
        events.create_event_bus().name(name).send().await.unwrap();
        let rule = events.put_rule().name(name).event_bus_name(name);
        rule.event_pattern(r#"{"detail-type":[{"prefix":""}]}"#).send().await.unwrap();
        let queue = format!("arn:aws:sqs:eu-west-1:{ACCOUNT}:{name}");
        let target = Target::builder().id(name).arn(queue).build().unwrap();
        events.put_targets().rule(name).event_bus_name(name).targets(target).send().await.unwrap();
    }

    fn url(port: u16, name: &str) -> String {
        format!("http://127.0.0.1:{port}/{ACCOUNT}/{name}")
    }

    /// Takes everything out of the queue.
    pub(crate) async fn take(port: u16, name: &str) -> Vec<String> {
        let (client, url) = (sqs(port), url(port, name));
        let mut taken = Vec::new();
        loop {
            let asked = client.receive_message().queue_url(&url).max_number_of_messages(10).send().await;
            let messages = asked.unwrap().messages.unwrap_or_default();
            if messages.is_empty() {
                return taken;
            }
            let done = messages.iter().zip(0..).map(|(message, id): (_, usize)| {
                let entry = DeleteMessageBatchRequestEntry::builder().id(id.to_string());
                entry.set_receipt_handle(message.receipt_handle.clone()).build().unwrap()
            });
            let deleted = client.delete_message_batch().queue_url(&url).set_entries(Some(done.collect()));
            deleted.send().await.unwrap();
            taken.extend(messages.into_iter().map(|message| message.body.unwrap()));
        }
    }

    /// The same, of a queue that has what EventBridge makes of events.
    pub(crate) async fn take_details(port: u16, name: &str) -> Vec<String> {
        let taken = take(port, name).await;
        let detail = |one: String| serde_json::from_str::<Value>(&one).unwrap()["detail"].to_string();
        taken.into_iter().map(detail).collect()
    }

    pub(crate) async fn remove_queue(port: u16, name: &str) {
        sqs(port).delete_queue().queue_url(url(port, name)).send().await.unwrap();
    }

    pub(crate) async fn remove_topic(port: u16, name: &str) {
        let topic = format!("arn:aws:sns:eu-west-1:{ACCOUNT}:{name}");
        aws_sdk_sns::Client::new(&config(port)).delete_topic().topic_arn(topic).send().await.unwrap();
        remove_queue(port, name).await;
    }

    pub(crate) async fn remove_bus(port: u16, name: &str) {
        let events = aws_sdk_eventbridge::Client::new(&config(port));
        events.remove_targets().rule(name).event_bus_name(name).ids(name).send().await.unwrap();
        events.delete_rule().name(name).event_bus_name(name).send().await.unwrap();
        events.delete_event_bus().name(name).send().await.unwrap();
        remove_queue(port, name).await;
    }
}

pub(super) mod kafka {
    use std::time::Duration;

    use rdkafka::ClientConfig;
    use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
    use rdkafka::client::DefaultClientContext;
    use rdkafka::consumer::{BaseConsumer, Consumer as _};
    use rdkafka::error::KafkaError;
    use rdkafka::message::Message as _;
    use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

    const PARTITIONS: i32 = 3;

    fn config(port: u16) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", format!("127.0.0.1:{port}")).set("group.id", "tieout-test");
        config.set("enable.auto.commit", "false").set("enable.partition.eof", "true");
        config
    }

    fn connect(port: u16) -> BaseConsumer {
        config(port).create().unwrap()
    }

    pub(crate) fn answers(port: u16) -> bool {
        connect(port).fetch_metadata(None, Duration::from_secs(1)).is_ok()
    }

    pub(crate) async fn make(port: u16, name: &str) {
        let admin: AdminClient<DefaultClientContext> = config(port).create().unwrap();
        let topic = NewTopic::new(name, PARTITIONS, TopicReplication::Fixed(1));
        let made = admin.create_topics([&topic], &AdminOptions::new()).await.unwrap();
        assert!(made[0].is_ok(), "{made:?}");
    }

    /// Reads every partition to its end, without a group.
    pub(crate) fn all(port: u16, name: &str) -> Vec<String> {
        let consumer = connect(port);
        let mut partitions = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            partitions.add_partition_offset(name, partition, Offset::Beginning).unwrap();
        }
        consumer.assign(&partitions).unwrap();
        let (mut records, mut ended) = (Vec::new(), 0);
        while ended < PARTITIONS {
            match consumer.poll(Duration::from_secs(30)).expect("a record, or the end") {
                Ok(message) => records.push(String::from_utf8(message.payload().unwrap().to_vec()).unwrap()),
                Err(KafkaError::PartitionEOF(_)) => ended += 1,
                Err(error) => panic!("{error}"),
            }
        }
        records
    }
}

/// Where a Kafka keeps its records: S3 as moto simulates it.
pub(super) mod objects {
    /// Makes the bucket, and says whether that could be done.
    pub(crate) async fn make(port: u16) -> bool {
        let login = "AWS4-HMAC-SHA256 Credential=test/20200101/us-east-1/s3/aws4_request";
        let made = reqwest::Client::new()
            .put(format!("http://127.0.0.1:{port}/tansu"))
            .header("authorization", login)
            .send();
        made.await.is_ok_and(|made| made.status().is_success())
    }
}

/// Google's emulator of Pub/Sub, over its REST interface.
pub(super) mod pubsub {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use reqwest::{Client, Method};
    use serde_json::{Value, json};

    /// The project of every topic.
    pub(crate) const PROJECT: &str = "projects/tieout-test";

    async fn ask(port: u16, method: Method, what: &str, body: &Value) -> reqwest::Result<Value> {
        let url = format!("http://127.0.0.1:{port}/v1/{PROJECT}/{what}");
        Client::new().request(method, url).json(body).send().await?.error_for_status()?.json().await
    }

    pub(crate) async fn answers(port: u16) -> bool {
        ask(port, Method::GET, "topics", &json!({})).await.is_ok()
    }

    /// A topic with a subscription of the same name.
    pub(crate) async fn make(port: u16, name: &str) {
        ask(port, Method::PUT, &format!("topics/{name}"), &json!({})).await.unwrap();
        let read = json!({
            "topic": format!("{PROJECT}/topics/{name}"), "enableMessageOrdering": true, "ackDeadlineSeconds": 600,
        });
        ask(port, Method::PUT, &format!("subscriptions/{name}"), &read).await.unwrap();
    }

    /// Takes everything out.
    pub(crate) async fn take(port: u16, name: &str) -> Vec<String> {
        let mut taken = Vec::new();
        loop {
            let pull = json!({"maxMessages": 1_000, "returnImmediately": true});
            let pulled = ask(port, Method::POST, &format!("subscriptions/{name}:pull"), &pull).await.unwrap();
            let Some(messages) = pulled["receivedMessages"].as_array() else { return taken };
            let text =
                |message: &Value| STANDARD.decode(message["message"]["data"].as_str().unwrap()).unwrap();
            taken.extend(messages.iter().map(|message| String::from_utf8(text(message)).unwrap()));
            let ids: Vec<&Value> = messages.iter().map(|message| &message["ackId"]).collect();
            let acknowledge = json!({"ackIds": ids});
            ask(port, Method::POST, &format!("subscriptions/{name}:acknowledge"), &acknowledge)
                .await
                .unwrap();
        }
    }

    pub(crate) async fn remove(port: u16, name: &str) {
        for made in ["subscriptions", "topics"] {
            ask(port, Method::DELETE, &format!("{made}/{name}"), &json!({})).await.unwrap();
        }
    }
}
