//! A broker for one test: one that all tests share, with a stream of the test's own, or a server of its own that can be killed.

use std::env;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::{FEW_LOST, LOST, client, database};
use crate::certificate::{certified, pem};
use crate::cluster::{Cluster, Stop};
use crate::process::until_so;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Redis,
    Nats,
    RabbitMq,
    Sqs,
    SqsFifo,
    Sns,
    EventBridge,
    Kafka,
    Pubsub,
    Postgres,
    Pgmq,
}

/// Who sends to a moto, as the configuration says it. moto takes every key.
const AWS_KEY: &str = r#"access_key_id: "file:aws.key", secret_access_key: "file:aws.key""#;

/// The largest message of a RabbitMQ of a test's own.
const RABBITMQ_BYTES: usize = 100_000;

/// Where Google's packages put their emulator of Pub/Sub.
const PUBSUB_EMULATOR: &str = "/usr/lib/google-cloud-sdk/platform/pubsub-emulator/bin/cloud-pubsub-emulator";

/// Who may do what at a NATS of a test's own: one who names no login may do everything, and `app` may only ask about streams.
const NATS_LOGINS: &str = r#"
no_auth_user: anyone
authorization: { users: [
  { user: anyone, password: anyone }
  { user: app, password: s3cret, permissions: { publish: { allow: ["$JS.API.>"] } } }
  { user: sender, password: "s3:cr@t" }
] }
"#;

/// A NATS that knows nobody without its token.
const NATS_TOKEN: &str = r#"authorization: { token: "s3cr@t" }"#;

/// TLS for whoever asks for it, on the same port.
const NATS_TLS: &str = r#"
tls: { cert_file: "server.pem", key_file: "server.key" }
allow_non_tls: true
"#;

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

/// A server in a folder of its own. It is killed when it is dropped, and by the kernel where nobody drops it.
pub(super) struct Server {
    folder: TempDir,
    processes: Vec<Child>,
    kafka: Kafka,
    /// Whether it knows nobody without a login. A Kafka knows nobody with one either, and a NATS those with its token.
    demands_logins: bool,
}

/// What is particular to a Kafka of a test's own.
#[derive(Default)]
struct Kafka {
    /// The port of what keeps its records.
    objects: u16,
    /// The port at which it says that clients find it: they come back there, wherever they asked.
    advertised: u16,
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

impl Server {
    pub(super) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        Self { folder, processes: Vec::new(), kafka: Kafka::default(), demands_logins: false }
    }

    /// A keeper of objects with an empty bucket, and its port.
    async fn of_objects() -> (u16, Self) {
        let program = env::var("TIEOUT_TEST_MOTO_SERVER")
            .expect("TIEOUT_TEST_MOTO_SERVER names moto's server; tests/run installs one");
        loop {
            let (port, mut server) = (any_port(), Self::new());
            server.spawn("KILL", &program, &["-H", "127.0.0.1", "-p", &port.to_string()], &[]);
            let mut has_ended = false;
            until_so("the keeper of objects answers", async || {
                has_ended = server.has_ended();
                has_ended || client::objects::make(port).await
            })
            .await;
            if !has_ended {
                return (port, server);
            }
        }
    }

    fn write_certificate(&self) {
        let made = certified("server");
        for (name, what, der) in
            [("server.pem", "CERTIFICATE", &made.certificate), ("server.key", "PRIVATE KEY", &made.key)]
        {
            std::fs::write(self.folder.path().join(name), pem(what, der)).unwrap();
        }
    }

    /// Starts it in a folder of its own. It speaks TLS as well, where it can.
    fn start(&mut self, kind: Kind, port: u16) {
        match kind {
            Kind::Redis => self.spawn(
                "KILL",
                "redis-server",
                &[
                    "--bind",
                    "127.0.0.1",
                    "--port",
                    &port.to_string(),
                    "--appendonly",
                    "yes",
                    "--appendfsync",
                    "always",
                    "--tls-port",
                    &tls_port(port).to_string(),
                    "--tls-cert-file",
                    "server.pem",
                    "--tls-key-file",
                    "server.key",
                    "--tls-ca-cert-file",
                    "server.pem",
                    "--tls-auth-clients",
                    "no",
                ],
                &[],
            ),
            Kind::Nats => {
                let store = self.folder.path().to_str().unwrap().to_owned();
                let (port, logins) = (port.to_string(), format!("{store}/logins.conf"));
                let knows = if self.demands_logins { NATS_TOKEN } else { NATS_LOGINS };
                std::fs::write(&logins, format!("{knows}{NATS_TLS}")).unwrap();
                let args = ["-a", "127.0.0.1", "-p", &port, "-js", "-sd", &store, "-c", &logins];
                self.spawn("KILL", "nats-server", &args, &[]);
            }
            Kind::RabbitMq => self.start_rabbitmq(port),
            Kind::Sqs | Kind::SqsFifo | Kind::Sns | Kind::EventBridge => {
                let program =
                    env::var("TIEOUT_TEST_MOTO_SERVER").unwrap_or_else(|_| "moto_server".to_owned());
                self.spawn("KILL", &program, &["-H", "127.0.0.1", "-p", &port.to_string()], &[]);
            }
            Kind::Kafka => self.start_kafka(port),
            Kind::Pubsub => {
                let program =
                    env::var("TIEOUT_TEST_PUBSUB_EMULATOR").unwrap_or_else(|_| PUBSUB_EMULATOR.to_owned());
                self.spawn("KILL", &program, &["--host=127.0.0.1", &format!("--port={port}")], &[]);
            }
            Kind::Postgres | Kind::Pgmq => unreachable!("a database is no such server"),
        }
    }

    /// It keeps its records as objects, and nothing by itself.
    fn start_kafka(&mut self, port: u16) {
        let program =
            env::var("TIEOUT_TEST_TANSU").expect("TIEOUT_TEST_TANSU names tansu; tests/run installs one");
        let Kafka { objects, advertised } = self.kafka;
        let advertised = if advertised == 0 { port } else { advertised };
        let (listener, advertised) =
            (format!("tcp://127.0.0.1:{port}"), format!("tcp://127.0.0.1:{advertised}"));
        let mut args = vec!["broker", "--storage-engine", "s3://tansu/"];
        args.extend(["--listener-url", &listener, "--advertised-listener-url", &advertised]);
        if self.demands_logins {
            args.push("--authentication");
        }
        let settings = [
            ("AWS_ENDPOINT", format!("http://127.0.0.1:{objects}")),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ];
        self.spawn("KILL", &program, &args, &settings);
    }

    /// The name server that it would start for itself listens everywhere, and outlives it. What is started is a script, which the
    /// kernel asks to end.
    fn start_rabbitmq(&mut self, port: u16) {
        let names = (port + 4_000).to_string();
        self.spawn("KILL", "epmd", &["-address", "127.0.0.1", "-port", &names], &[]);
        let file = |name: &str| self.folder.path().join(name).display().to_string();
        let config = format!(
            "listeners.tcp.1 = 127.0.0.1:{port}\nmax_message_size = {RABBITMQ_BYTES}\n\
             listeners.ssl.1 = 127.0.0.1:{}\nssl_options.certfile = {}\nssl_options.keyfile = {}\n",
            tls_port(port),
            file("server.pem"),
            file("server.key"),
        );
        std::fs::write(self.folder.path().join("rabbitmq.conf"), config).unwrap();
        std::fs::write(self.folder.path().join("plugins"), "").unwrap();
        self.spawn("TERM", "/usr/lib/rabbitmq/bin/rabbitmq-server", &[], &self.rabbitmq_settings(port));
    }

    fn rabbitmq_settings(&self, port: u16) -> [(&'static str, String); 10] {
        let base = self.folder.path().to_str().unwrap().to_owned();
        let file = |name: &str| format!("{base}/{name}");
        [
            ("HOME", base.clone()),
            ("ERL_EPMD_PORT", (port + 4_000).to_string()),
            ("RABBITMQ_NODENAME", format!("tieout-{port}@localhost")),
            ("RABBITMQ_DIST_PORT", (port + 8_000).to_string()),
            ("RABBITMQ_CONFIG_FILE", file("rabbitmq.conf")),
            ("RABBITMQ_ENABLED_PLUGINS_FILE", file("plugins")),
            ("RABBITMQ_MNESIA_BASE", file("mnesia")),
            ("RABBITMQ_LOG_BASE", file("logs")),
            ("RABBITMQ_PID_FILE", file("pid")),
            ("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1}".to_owned()),
        ]
    }

    /// Has it write to the disk which queues there are and what they take: it does so by itself some seconds later, and forgets a queue, with
    /// what is in it, where it is killed before.
    fn write_down_rabbitmq(&self, port: u16) {
        self.rabbitmqctl(port, &["eval", "mnesia:sync_log()."]);
    }

    fn rabbitmqctl(&self, port: u16, args: &[&str]) {
        let mut command = Command::new("/usr/lib/rabbitmq/bin/rabbitmqctl");
        command.args(args).envs(self.rabbitmq_settings(port));
        let done = command.output().unwrap();
        assert!(done.status.success(), "{done:?}");
    }

    pub(super) fn spawn(
        &mut self,
        at_death: &str,
        program: &str,
        args: &[&str],
        settings: &[(&str, String)],
    ) {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", at_death, program]).args(args).current_dir(self.folder.path());
        command.envs(settings.iter().map(|(name, value)| (name, value))).process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.processes.push(command.spawn().unwrap());
    }

    pub(super) fn has_ended(&mut self) -> bool {
        self.processes.iter_mut().any(|process| process.try_wait().unwrap().is_some())
    }

    /// Kills every process of it without a warning.
    pub(super) fn kill(&mut self) {
        for mut process in self.processes.drain(..) {
            let group = format!("-{}", process.id());
            // Some of them may have ended before.
            let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
            process.wait().unwrap();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A name that no other test has.
fn own_name(kind: Kind) -> String {
    let end = if kind == Kind::SqsFifo { ".fifo" } else { "" };
    format!("tieout_test_{}{end}", uuid::Uuid::now_v7().simple())
}

/// Where a server speaks TLS that does so on a port of its own.
const fn tls_port(port: u16) -> u16 {
    port - 4_000
}

/// A port that nobody is given by the system; those 4,000 below it, and 4,000 and 8,000 above it, are the broker's as well.
pub(super) fn any_port() -> u16 {
    20_000 + u16::try_from(uuid::Uuid::now_v7().as_u128() % 4_000).unwrap()
}
