//! Redis Streams on a real server.

use super::*;
use ::redis::AsyncTypedCommands as _;
use secrecy::ExposeSecret as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

struct Stream {
    settings: RedisSettings,
    connection: ::redis::aio::MultiplexedConnection,
}

impl Stream {
    async fn new(mode: Mode) -> Self {
        let url = address("TIEOUT_TEST_REDIS", "redis://127.0.0.1:6379");
        let client = ::redis::Client::open(url.expose_secret()).unwrap();
        let connection = client.get_multiplexed_async_connection().await.unwrap();
        let settings = RedisSettings { url, stream: own_name(), mode, max_length: None, replicas: 0 };
        Self { settings, connection }
    }

    fn queue(&self) -> QueueSettings {
        QueueSettings::Redis(self.settings.clone())
    }

    async fn received(&mut self) -> Vec<Received> {
        let entries: Vec<(String, BTreeMap<String, String>)> = ::redis::cmd("XRANGE")
            .arg(&self.settings.stream)
            .arg("-")
            .arg("+")
            .query_async(&mut self.connection)
            .await
            .unwrap();
        let received = entries.into_iter().map(|(_, mut headers)| {
            let body = headers.remove("event").unwrap();
            Received { headers, body }
        });
        received.collect()
    }

    async fn end(mut self) {
        self.connection.del(&self.settings.stream).await.unwrap();
    }
}

#[tokio::test]
async fn redis_has_every_event_whole_and_in_its_order() {
    let mut stream = Stream::new(Mode::Structured).await;
    let batch = events(250);
    assert_eq!(send(&stream.queue(), &batch).await, vec![Outcome::Acknowledged; 250]);
    let received = stream.received().await;
    assert_eq!(received.iter().map(|one| one.body.clone()).collect::<Vec<_>>(), payloads(&batch));
    insta::assert_debug_snapshot!(received.first());
    stream.end().await;
}

#[tokio::test]
async fn redis_has_the_attributes_beside_the_data_where_that_is_wanted() {
    let mut stream = Stream::new(Mode::Binary).await;
    send(&stream.queue(), &events(1)).await;
    insta::assert_debug_snapshot!(stream.received().await);
    stream.end().await;
}

#[tokio::test]
async fn redis_keeps_about_as_many_entries_as_it_is_told() {
    let mut stream = Stream::new(Mode::Structured).await;
    stream.settings.max_length = Some(100);
    send(&stream.queue(), &events(1_000)).await;
    let n_kept = stream.received().await.len();
    assert!((100..300).contains(&n_kept), "{n_kept}");
    stream.end().await;
}

#[tokio::test]
async fn nothing_is_appended_while_there_are_too_few_replicas() {
    let mut stream = Stream::new(Mode::Structured).await;
    stream.settings.replicas = 1;
    let mut queue = open(&stream.queue());
    let delivery = queue.send(&events(1)).await;
    assert_eq!(delivery.outcomes, []);
    assert!(matches!(delivery.fault, Some(QueueFault::Unreachable { .. })), "{:?}", delivery.fault);
    assert_eq!(stream.received().await, []);
    stream.end().await;
}

/// A login that may do everything but some commands.
async fn login_without(stream: &mut Stream, commands: &[&str]) -> (String, RedisSettings) {
    let name = own_name();
    let mut make = ::redis::cmd("ACL");
    make.arg(&["SETUSER", &name, "on", ">s3cret", "~*", "+@all"]).arg(commands);
    make.exec_async(&mut stream.connection).await.unwrap();
    let at = stream.settings.url.expose_secret().replacen("redis://", &format!("redis://{name}:s3cret@"), 1);
    (name, RedisSettings { url: at.into(), ..stream.settings.clone() })
}

async fn remove_login(stream: &mut Stream, name: &str) {
    ::redis::cmd("ACL").arg(&["DELUSER", name]).exec_async(&mut stream.connection).await.unwrap();
}

#[tokio::test]
async fn a_login_that_may_not_append_is_refused_and_one_that_may_is_used() {
    let mut stream = Stream::new(Mode::Structured).await;
    let (name, settings) = login_without(&mut stream, &["-xadd"]).await;
    assert_eq!(
        refusal(&QueueSettings::Redis(settings.clone())).await,
        "the login may not append to the stream (NOPERM)"
    );
    let delivery = open(&QueueSettings::Redis(settings)).send(&events(1)).await;
    assert!(matches!(delivery.fault, Some(QueueFault::Refused { .. })), "{:?}", delivery.fault);
    remove_login(&mut stream, &name).await;
    let (name, settings) = login_without(&mut stream, &[]).await;
    assert_eq!(send(&QueueSettings::Redis(settings), &events(1)).await, [Outcome::Acknowledged]);
    remove_login(&mut stream, &name).await;
    stream.end().await;
}

#[tokio::test]
async fn where_a_login_may_not_rehearse_nothing_is_written() {
    let mut stream = Stream::new(Mode::Structured).await;
    let (name, settings) = login_without(&mut stream, &["-multi"]).await;
    refusal(&QueueSettings::Redis(settings)).await;
    assert_eq!(stream.received().await, []);
    remove_login(&mut stream, &name).await;
    stream.end().await;
}

#[tokio::test]
async fn a_login_that_redis_does_not_know_is_refused() {
    let stream = Stream::new(Mode::Structured).await;
    let url = stream.settings.url.expose_secret().replacen("redis://", "redis://nobody:wrong@", 1);
    let settings = RedisSettings { url: url.into(), ..stream.settings.clone() };
    assert_eq!(refusal(&QueueSettings::Redis(settings)).await, "the login is refused");
    stream.end().await;
}

/// A server that has no room for another client: it says so to the first command, whatever that is, and hangs up.
async fn crowded() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let _asked = client.read(&mut [0; 4_096]).await;
            let _said = client.write_all(b"-ERR max number of clients reached\r\n").await;
        }
    });
    address
}

#[tokio::test]
async fn redis_without_room_for_another_client_is_worth_another_attempt_with_a_login_and_without() {
    let address = crowded().await;
    for login in ["", "app:s3cret@", ":s3cret@"] {
        let url = format!("redis://{login}{address}").into();
        let stream = own_name();
        let settings = RedisSettings { url, stream, mode: Mode::Structured, max_length: None, replicas: 0 };
        assert!(is_unreachable(&QueueSettings::Redis(settings)).await, "{login:?}");
    }
}

#[tokio::test]
async fn a_batch_in_which_nothing_can_be_a_message_is_dead() {
    let stream = Stream::new(Mode::Binary).await;
    let mut batch = events(1);
    batch[0].payload = "not json".to_owned();
    let outcomes = send(&stream.queue(), &batch).await;
    assert!(matches!(&outcomes[..], [Outcome::Dead { class: "poison", .. }]), "{outcomes:?}");
    stream.end().await;
}

#[tokio::test]
async fn a_key_that_is_no_stream_is_refused_and_not_touched() {
    let mut stream = Stream::new(Mode::Structured).await;
    stream.connection.set(&stream.settings.stream, "precious").await.unwrap();
    let why = refusal(&stream.queue()).await;
    assert!(why.contains("is a string, not a stream"), "{why}");
    assert_eq!(stream.connection.get(&stream.settings.stream).await.unwrap().as_deref(), Some("precious"));
    stream.end().await;
}

#[tokio::test]
async fn asking_whether_redis_is_ready_writes_nothing() {
    let mut stream = Stream::new(Mode::Structured).await;
    open(&stream.queue()).ready().await.unwrap();
    assert!(!stream.connection.exists(&stream.settings.stream).await.unwrap());
    stream.end().await;
}

#[tokio::test]
async fn redis_that_is_not_there_is_worth_another_attempt() {
    let mut settings = Stream::new(Mode::Structured).await.settings;
    settings.url = "redis://127.0.0.1:1".to_owned().into();
    assert!(is_unreachable(&QueueSettings::Redis(settings)).await);
}

#[tokio::test]
async fn a_group_of_redis_is_behind_by_what_it_has_not_acknowledged() {
    let mut stream = Stream::new(Mode::Structured).await;
    let (key, queue) = (stream.settings.stream.clone(), stream.queue());
    assert!(unknown_lag(&queue, "billing").await.ends_with("has no group `billing`"));
    send(&queue, &events(5)).await;
    assert!(unknown_lag(&queue, "billing").await.ends_with("has no group `billing`"));
    stream.connection.xgroup_create(&key, "billing", "0").await.unwrap();
    assert_eq!(lag(&queue, Some("billing")).await, Some(Lag { waiting: 5, taken: Some(0) }));
    let mut read = ::redis::cmd("XREADGROUP");
    read.arg(&["GROUP", "billing", "me", "COUNT", "2", "STREAMS", &key, ">"]);
    read.exec_async(&mut stream.connection).await.unwrap();
    assert_eq!(lag(&queue, Some("billing")).await, Some(Lag { waiting: 3, taken: Some(2) }));
    let entries: Vec<(String, BTreeMap<String, String>)> =
        ::redis::cmd("XRANGE").arg(&[&key, "-", "+"]).query_async(&mut stream.connection).await.unwrap();
    stream.connection.xack(&key, "billing", &[&entries[0].0]).await.unwrap();
    assert_eq!(lag(&queue, Some("billing")).await, Some(Lag { waiting: 3, taken: Some(1) }));
    assert_eq!(lag(&queue, None).await, None);
    // Redis cannot count past a hole.
    stream.connection.xdel(&key, &[&entries[3].0]).await.unwrap();
    assert_eq!(lag(&queue, Some("billing")).await, None);
    stream.end().await;
}
