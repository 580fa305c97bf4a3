//! Brokers that die, or are cut off, while a run hands events to them: nothing is lost, and nothing has an effect twice at a consumer
//! with an inbox.

mod broker;
mod client;
mod cluster;
mod database;
mod front;
mod inbox;
mod link;
mod logins;
mod pgmq;
mod postgres;
mod server;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use self::broker::Broker;
use self::client::redis::Crowded;
use self::cluster::Cluster;
use self::inbox::Consumed;
use self::link::{Break, Link, Side};
use self::server::Kind;
use crate::certificate::{certified, pem};
use crate::process::{Process, until, until_so};
use crate::world::{Outcome, World, charge};

/// More than two batches of the relay.
const LOST: usize = 1_200;
/// The same for moto, which looks at every message whenever it is asked for one.
const FEW_LOST: usize = 300;
/// How much passes before it strikes: more than one pipeline of Redis, and less than one batch of the relay.
const BYTES: usize = 130_000;

/// A world in which much was lost, with its queue at a broker behind a link.
async fn world(broker: &Broker, link: &Link) -> World {
    world_of(broker.n_lost(), &broker.queue(link.port())).await
}

/// The same with a queue as `tieout.yaml` has it.
async fn world_of(n_lost: usize, queue: &str) -> World {
    let world = World::agreeing(3).await;
    for at in 0..n_lost {
        world.upstream(&charge(&format!("ch_lost_{at:04}"), 5, 500));
    }
    world.edit("charges.yaml", "max_ratio: 100%", "max_ratio: 100%, max_emits: 100000");
    world.edit("tieout.yaml", "sqlite: {path: queue.db, table: tieout_events}", queue);
    world.write("aws.key", "test");
    world
}

/// Every lost charge has its event, under one id however often it came, and nothing else has one. Says how many came.
async fn all_is_there(world: &World, broker: Broker, outcome: &Outcome) -> usize {
    all_came(world, broker, outcome, Vec::new()).await
}

/// The same, where some events had come before the broker forgot them.
async fn all_came(world: &World, mut broker: Broker, outcome: &Outcome, before: Vec<String>) -> usize {
    let n_lost = broker.n_lost();
    assert_eq!(
        (outcome.code, &outcome.domain()["events"]["emitted"]),
        (0, &json!(n_lost)),
        "{}",
        outcome.stderr
    );
    let came = [before, broker.received().await].concat();
    each_has_one_id(&came, n_lost);
    each_has_one_effect(&came, n_lost).await;
    let next = world.run();
    assert_eq!((next.code, &next.domain()["events"]["planned"]), (0, &json!(0)), "{next:?}");
    assert_eq!(broker.received().await.len(), 0, "an event came again once it was acknowledged");
    broker.end().await;
    came.len()
}

/// Every lost charge has its event, under one id, and nothing else has one.
fn each_has_one_id(came: &[String], n_lost: usize) {
    let events: BTreeSet<(String, String)> = came
        .iter()
        .map(|event| serde_json::from_str(event).unwrap())
        .map(|event: Value| {
            (event["id"].as_str().unwrap().to_owned(), event["subject"].as_str().unwrap().to_owned())
        })
        .collect();
    let subjects: BTreeSet<&str> = events.iter().map(|(_, subject)| subject.as_str()).collect();
    let ids: BTreeSet<&str> = events.iter().map(|(id, _)| id.as_str()).collect();
    let lost: BTreeSet<String> = (0..n_lost).map(|at| format!("ch_lost_{at:04}")).collect();
    assert_eq!(subjects, lost.iter().map(String::as_str).collect());
    assert_eq!(ids.len(), n_lost, "an event has two ids");
}

/// However often an event came, it has one effect at a consumer with an inbox.
async fn each_has_one_effect(came: &[String], n_lost: usize) {
    let Consumed { effects, duplicates } = inbox::consume(came).await;
    let lost: Vec<String> = (0..n_lost).map(|at| format!("ch_lost_{at:04}")).collect();
    assert_eq!(effects, lost);
    assert_eq!(duplicates, came.len() - n_lost);
}

async fn is_cut_off(broker: Broker, side: Side) -> usize {
    let link = Link::before(broker.port(), Break::Loses(side), BYTES);
    is_cut_off_by(link, broker).await
}

async fn is_cut_off_by(link: Link, mut broker: Broker) -> usize {
    broker.stands_behind(link.port()).await;
    let world = world(&broker, &link).await;
    let run = Process::start(&world, &["run", "--format", "json"]);
    until("the link is cut", || link.has_struck());
    link.mend();
    let (outcome, _) = run.end();
    all_is_there(&world, broker, &outcome).await
}

async fn dies(kind: Kind) {
    let mut broker = Broker::own(kind).await;
    let link = Link::before(broker.port(), Break::Holds, BYTES);
    broker.stands_behind(link.port()).await;
    let world = world(&broker, &link).await;
    let run = Process::start(&world, &["run", "--format", "json"]);
    until("the broker is to die", || link.has_struck());
    if broker.must_finish() {
        until("it has answered what it was told", || link.is_quiet());
    }
    broker.kill().await;
    broker.start_again().await;
    link.mend();
    let (outcome, _) = run.end();
    all_is_there(&world, broker, &outcome).await;
}

/// Dies and forgets everything, as moto does. What a consumer had taken until then, and what comes afterwards, is everything.
async fn dies_and_forgets(kind: Kind) {
    let mut broker = Broker::own(kind).await;
    let link = Link::before(broker.port(), Break::Holds, BYTES);
    let world = world(&broker, &link).await;
    let run = Process::start(&world, &["run", "--format", "json"]);
    until("the broker is to die", || link.has_struck());
    let mut before = Vec::new();
    loop {
        let taken = broker.received().await;
        if taken.is_empty() {
            break;
        }
        before.extend(taken);
    }
    assert!(
        (1..broker.n_lost()).contains(&before.len()),
        "it dies at no time that tells anything: {}",
        before.len()
    );
    broker.kill().await;
    broker.start_empty().await;
    link.mend();
    let (outcome, _) = run.end();
    all_came(&world, broker, &outcome, before).await;
}

/// Over TLS nothing is told to a server that nobody vouches for, and everything to one that `SSL_CERT_FILE` does.
async fn speaks_tls(kind: Kind) -> String {
    let mut broker = Broker::own(kind).await;
    let world = World::agreeing(3).await;
    world.upstream(&charge("ch_lost", 5, 500));
    world.edit("tieout.yaml", "sqlite: {path: queue.db, table: tieout_events}", &broker.queue_by_tls());
    let trusting = |file: &Path, args: &[&str]| {
        let mut command = world.command(args);
        let output = command.env("SSL_CERT_FILE", file).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Outcome {
            code: output.status.code().unwrap(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    };
    let other = world.path().join("other.pem");
    let made = certified("other");
    fs::write(&other, pem("CERTIFICATE", &made.certificate)).unwrap();
    let refused = trusting(&other, &["run", "--format", "json", "--drain", "1s"]);
    let domain = refused.domain();
    assert_eq!((refused.code, &domain["events"]["waiting"]), (3, &json!(1)), "{refused:?}");
    assert_eq!(broker.received().await, Vec::<String>::new());
    let taken = trusting(&broker.certificate(), &["run", "--format", "json"]);
    assert_eq!((taken.code, &taken.domain()["events"]["waiting"]), (0, &json!(0)), "{taken:?}");
    assert_eq!(broker.received().await.len(), 1);
    domain["problems"][0].as_str().unwrap().to_owned()
}

mod redis {
    use super::*;

    #[tokio::test]
    async fn redis_that_nobody_vouches_for_is_told_nothing() {
        let said = speaks_tls(Kind::Redis).await;
        assert!(said.contains("certificate"), "{said}");
    }

    #[tokio::test]
    async fn redis_without_room_for_another_client_is_no_refused_login_and_gets_everything_later() {
        let broker = Broker::own(Kind::Redis).await;
        let link = Link::before(broker.port(), Break::Holds, usize::MAX);
        let world = world(&broker, &link).await;
        world.write("redis.url", &format!("redis://:s3cret@127.0.0.1:{}", broker.port()));
        let open = format!(r#"url: "redis://127.0.0.1:{}""#, link.port());
        world.edit("tieout.yaml", &open, r#"url: "file:redis.url""#);
        let mut crowded = Crowded::new(broker.port(), "s3cret").await;
        let run = Process::start(&world, &["run", "--format", "json"]);
        until_so("it is turned away", async || crowded.has_turned_away().await).await;
        crowded.make_room().await;
        let (outcome, _) = run.end();
        assert_eq!((outcome.code, &outcome.domain()["events"]["emitted"]), (0, &json!(LOST)), "{outcome:?}");
        crowded.want_no_password().await;
        all_is_there(&world, broker, &outcome).await;
    }

    #[tokio::test]
    async fn redis_dies_in_the_middle_of_a_batch_and_has_everything_in_the_end() {
        dies(Kind::Redis).await;
    }

    #[tokio::test]
    async fn redis_is_cut_off_while_it_is_told_events() {
        is_cut_off(Broker::shared(Kind::Redis).await, Side::Requests).await;
    }

    #[tokio::test]
    async fn redis_is_cut_off_while_it_confirms_events() {
        let n_came = is_cut_off(Broker::shared(Kind::Redis).await, Side::Answers).await;
        assert!(n_came > LOST, "what was not confirmed does not come again: {n_came}");
    }
}

mod nats {
    use super::*;

    mod logins;

    #[tokio::test]
    async fn nats_that_nobody_vouches_for_is_told_nothing() {
        let said = speaks_tls(Kind::Nats).await;
        assert!(said.contains("certificate"), "{said}");
    }

    #[tokio::test]
    async fn nats_dies_in_the_middle_of_a_batch_and_has_everything_in_the_end() {
        dies(Kind::Nats).await;
    }

    #[tokio::test]
    async fn a_cluster_of_nats_loses_the_leader_of_the_stream_for_good_and_has_everything_in_the_end() {
        let mut cluster = Cluster::new().await;
        let link = Link::before(cluster.follower().await, Break::Holds, BYTES);
        let world = world_of(LOST, &cluster.queue(link.port())).await;
        let run = Process::start(&world, &["run", "--format", "json"]);
        until("the leader is to die", || link.has_struck());
        cluster.kill_leader().await;
        link.mend();
        let (outcome, _) = run.end();
        let emitted = &outcome.domain()["events"]["emitted"];
        assert_eq!((outcome.code, emitted), (0, &json!(LOST)), "{}", outcome.stderr);
        let came = cluster.received().await;
        each_has_one_id(&came, LOST);
        each_has_one_effect(&came, LOST).await;
        assert_eq!(came.len(), LOST, "the stream of the new leader has something twice");
        let next = world.run();
        assert_eq!((next.code, &next.domain()["events"]["planned"]), (0, &json!(0)), "{next:?}");
        assert_eq!(
            cluster.received().await.len(),
            came.len(),
            "an event came again once it was acknowledged"
        );
    }

    #[tokio::test]
    async fn nats_is_cut_off_while_it_is_told_events() {
        is_cut_off(Broker::shared(Kind::Nats).await, Side::Requests).await;
    }

    #[tokio::test]
    async fn nats_is_cut_off_while_it_confirms_events() {
        let n_came = is_cut_off(Broker::shared(Kind::Nats).await, Side::Answers).await;
        assert_eq!(n_came, LOST, "the stream drops what comes twice");
    }

    #[tokio::test]
    async fn a_login_that_may_not_publish_at_nats_pauses_the_queue_and_the_report_says_why() {
        let broker = Broker::own(Kind::Nats).await;
        let link = Link::before(broker.port(), Break::Holds, usize::MAX);
        let world = world(&broker, &link).await;
        world.write("nats.url", &format!("nats://app:s3cret@127.0.0.1:{}", broker.port()));
        let open = format!(r#"url: "nats://127.0.0.1:{}""#, link.port());
        world.edit("tieout.yaml", &open, r#"url: "file:nats.url""#);
        let run = world.run();
        let domain = run.domain();
        assert_eq!((run.code, &domain["events"]["waiting"]), (7, &json!(LOST)), "{run:?}");
        let said = domain["problems"][0].as_str().unwrap().to_owned();
        let expected = format!(r#"refuses: Permissions Violation for Publish to "{}""#, broker.name());
        assert!(said.ends_with(&expected), "{said}");
        assert!(!format!("{run:?}").contains("s3cret"), "{run:?}");
    }
}

/// Google's emulator, which forgets everything when it dies. What it had is taken out before, and its topic is made again.
mod pubsub {
    use super::*;

    #[tokio::test]
    async fn pubsub_dies_in_the_middle_of_a_batch_and_everything_comes_in_the_end() {
        dies(Kind::Pubsub).await;
    }

    #[tokio::test]
    async fn pubsub_is_cut_off_while_it_is_told_events() {
        is_cut_off(Broker::shared(Kind::Pubsub).await, Side::Requests).await;
    }

    #[tokio::test]
    async fn pubsub_is_cut_off_while_it_confirms_events() {
        let n_came = is_cut_off(Broker::shared(Kind::Pubsub).await, Side::Answers).await;
        assert!(n_came > LOST, "what was not confirmed does not come again: {n_came}");
    }
}

mod rabbitmq {
    use super::*;

    mod logins;

    #[tokio::test]
    async fn rabbitmq_that_nobody_vouches_for_is_told_nothing() {
        let said = speaks_tls(Kind::RabbitMq).await;
        assert!(said.contains("certificate"), "{said}");
    }

    #[tokio::test]
    async fn rabbitmq_dies_in_the_middle_of_a_batch_and_has_everything_in_the_end() {
        dies(Kind::RabbitMq).await;
    }

    #[tokio::test]
    async fn rabbitmq_is_cut_off_while_it_is_told_events() {
        is_cut_off(Broker::shared(Kind::RabbitMq).await, Side::Requests).await;
    }

    #[tokio::test]
    async fn rabbitmq_is_cut_off_while_it_confirms_events() {
        let n_came = is_cut_off(Broker::shared(Kind::RabbitMq).await, Side::Answers).await;
        assert!(n_came > LOST, "what was not confirmed does not come again: {n_came}");
    }

    #[tokio::test]
    async fn a_message_over_rabbitmqs_own_limit_is_dead_and_everything_else_arrives() {
        let mut broker = Broker::own(Kind::RabbitMq).await;
        let link = Link::before(broker.port(), Break::Holds, usize::MAX);
        let world = world(&broker, &link).await;
        let mut large = charge("ch_large", 5, 500);
        large["metadata"]["order"] = "x".repeat(150_000).into();
        world.upstream(&large);
        let run = world.run();
        let events = &run.domain()["events"];
        assert_eq!((&events["emitted"], &events["dead"]), (&json!(LOST), &json!(1)), "{run:?}");
        let came = broker.received().await;
        let subjects: BTreeSet<String> = came
            .iter()
            .map(|event| serde_json::from_str::<Value>(event).unwrap()["subject"].to_string())
            .collect();
        assert_eq!(subjects.len(), LOST);
    }
}

mod sqs {
    use super::*;

    #[tokio::test]
    async fn sqs_dies_in_the_middle_of_a_batch_and_what_it_had_not_confirmed_comes_again() {
        dies_and_forgets(Kind::Sqs).await;
    }

    #[tokio::test]
    async fn sqs_is_cut_off_while_it_is_told_events() {
        is_cut_off(Broker::shared(Kind::Sqs).await, Side::Requests).await;
    }

    #[tokio::test]
    async fn sqs_is_cut_off_while_it_confirms_events() {
        let n_came = is_cut_off(Broker::shared(Kind::Sqs).await, Side::Answers).await;
        assert!(n_came > FEW_LOST, "what was not confirmed does not come again: {n_came}");
    }

    #[tokio::test]
    async fn a_fifo_queue_of_sqs_is_cut_off_while_it_confirms_events() {
        let n_came = is_cut_off(Broker::shared(Kind::SqsFifo).await, Side::Answers).await;
        assert_eq!(n_came, FEW_LOST, "the queue drops what comes twice");
    }

    #[tokio::test]
    async fn without_credentials_the_queue_pauses_and_the_report_says_what_to_name() {
        let broker = Broker::shared(Kind::Sqs).await;
        let link = Link::before(broker.port(), Break::Holds, usize::MAX);
        let world = world(&broker, &link).await;
        let keys = r#", access_key_id: "file:aws.key", secret_access_key: "file:aws.key""#;
        world.edit("tieout.yaml", keys, "");
        let mut command = world.command(&["run", "--format", "json"]);
        for variable in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ROLE_ARN"] {
            command.env_remove(variable);
        }
        for variable in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"] {
            command.env(variable, "/nowhere");
        }
        let output = command.env("AWS_EC2_METADATA_DISABLED", "true").output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let domain = &report["domains"][0];
        assert_eq!(
            (output.status.code(), &domain["events"]["waiting"]),
            (Some(7), &json!(FEW_LOST)),
            "{report}"
        );
        let said = domain["problems"][0].as_str().unwrap().to_owned();
        let expected = "there are no credentials; name a profile or a role in the environment \
                        (AWS_PROFILE, AWS_ROLE_ARN), or `access_key_id` and `secret_access_key`";
        assert!(said.ends_with(expected), "{said}");
        broker.end().await;
    }
}

mod sns {
    use super::*;

    #[tokio::test]
    async fn sns_dies_in_the_middle_of_a_batch_and_what_it_had_not_confirmed_comes_again() {
        dies_and_forgets(Kind::Sns).await;
    }

    #[tokio::test]
    async fn sns_is_cut_off_while_it_is_told_events() {
        is_cut_off(Broker::shared(Kind::Sns).await, Side::Requests).await;
    }

    #[tokio::test]
    async fn sns_is_cut_off_while_it_confirms_events() {
        let n_came = is_cut_off(Broker::shared(Kind::Sns).await, Side::Answers).await;
        assert!(n_came > FEW_LOST, "what was not confirmed does not come again: {n_came}");
    }
}

mod eventbridge {
    use super::*;

    #[tokio::test]
    async fn eventbridge_dies_in_the_middle_of_a_batch_and_what_it_had_not_confirmed_comes_again() {
        dies_and_forgets(Kind::EventBridge).await;
    }

    #[tokio::test]
    async fn eventbridge_is_cut_off_while_it_is_told_events() {
        is_cut_off(Broker::shared(Kind::EventBridge).await, Side::Requests).await;
    }

    #[tokio::test]
    async fn eventbridge_is_cut_off_while_it_confirms_events() {
        let n_came = is_cut_off(Broker::shared(Kind::EventBridge).await, Side::Answers).await;
        assert!(n_came > FEW_LOST, "what was not confirmed does not come again: {n_came}");
    }
}

mod kafka {
    use super::*;

    #[tokio::test]
    async fn kafka_dies_in_the_middle_of_a_batch_and_has_everything_in_the_end() {
        dies(Kind::Kafka).await;
    }

    #[tokio::test]
    async fn kafka_is_cut_off_while_it_is_told_events() {
        is_cut_off(Broker::own(Kind::Kafka).await, Side::Requests).await;
    }

    #[tokio::test]
    async fn kafka_is_cut_off_while_it_confirms_events() {
        let n_came = is_cut_off(Broker::own(Kind::Kafka).await, Side::Answers).await;
        assert!(n_came >= LOST, "{n_came}");
    }

    #[tokio::test]
    async fn kafka_is_told_everything_by_tls_once_the_authorities_vouch_for_it_and_nothing_before() {
        let mut broker = Broker::own(Kind::Kafka).await;
        let server = certified("server");
        let front = front::before(broker.port(), &server);
        broker.stands_behind(front).await;
        let world = world_of(LOST, &broker.queue(front)).await;
        world.write("other.pem", &pem("CERTIFICATE", &certified("other").certificate));
        world.write("server.pem", &pem("CERTIFICATE", &server.certificate));
        world.edit("tieout.yaml", "compression: none", "compression: none, tls: {authorities: other.pem}");
        let refused = world.run();
        let domain = refused.domain();
        assert_eq!((refused.code, &domain["events"]["waiting"]), (7, &json!(LOST)), "{refused:?}");
        let said = domain["problems"][0].as_str().unwrap().to_owned();
        assert!(said.contains("certificate verify failed"), "{said}");
        world.edit("tieout.yaml", "other.pem", "server.pem");
        let taken = world.run();
        assert_eq!((taken.code, &taken.domain()["events"]["waiting"]), (0, &json!(0)), "{taken:?}");
        // Who reads it here speaks no TLS.
        let port = broker.port();
        broker.stands_behind(port).await;
        let came = broker.received().await;
        each_has_one_id(&came, LOST);
        each_has_one_effect(&came, LOST).await;
    }

    /// Its connections are tried again while the process ends.
    #[tokio::test]
    async fn a_process_that_kafka_refuses_ends_with_its_code_and_by_no_fault() {
        let front = front::before(1, &certified("server"));
        let tls = "tls: {authorities: other.pem}";
        let queue = format!(r#"kafka: {{brokers: ["127.0.0.1:{front}"], topic: nothing, {tls}}}"#);
        let world = world_of(0, &queue).await;
        world.write("other.pem", &pem("CERTIFICATE", &certified("other").certificate));
        for _side_by_side in 0..8 {
            let all = [(); 6].map(|()| Process::start(&world, &["doctor"]));
            assert_eq!(all.map(|one| one.end().0.code), [7; 6]);
        }
    }

    #[tokio::test]
    async fn a_login_that_kafka_does_not_take_pauses_the_queue_and_the_report_says_why() {
        let mut broker = Broker::own(Kind::Kafka).await;
        let link = Link::before(broker.port(), Break::Holds, usize::MAX);
        let world = world(&broker, &link).await;
        broker.demands_logins().await;
        world.write("kafka.password", "s3cret");
        let login = r#"login: {mechanism: SCRAM-SHA-512, user: app, password: "file:kafka.password"}"#;
        world.edit("tieout.yaml", "compression: none", &format!("compression: none, {login}"));
        let run = world.run();
        let domain = run.domain();
        assert_eq!((run.code, &domain["events"]["waiting"]), (7, &json!(LOST)), "{run:?}");
        let said = domain["problems"][0].as_str().unwrap().to_owned();
        let expected = "refuses: it does not take the login: its mechanism, the user or the password";
        assert!(said.ends_with(expected), "{said}");
        assert!(!format!("{run:?}").contains("s3cret"), "{run:?}");
    }
}
