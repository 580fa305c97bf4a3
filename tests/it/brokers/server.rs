//! A server of a test's own, with logins and TLS where the test wants them.

use std::env;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::client;
use crate::certificate::{certified, pem};
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

/// A server in a folder of its own. It is killed when it is dropped, and by the kernel where nobody drops it.
pub(super) struct Server {
    pub(super) folder: TempDir,
    processes: Vec<Child>,
    pub(super) kafka: Kafka,
    /// Whether it knows nobody without a login. A Kafka knows nobody with one either, and a NATS those with its token.
    pub(super) demands_logins: bool,
}

/// What is particular to a Kafka of a test's own.
#[derive(Default)]
pub(super) struct Kafka {
    /// The port of what keeps its records.
    pub(super) objects: u16,
    /// The port at which it says that clients find it: they come back there, wherever they asked.
    pub(super) advertised: u16,
}

impl Server {
    pub(super) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        Self { folder, processes: Vec::new(), kafka: Kafka::default(), demands_logins: false }
    }

    /// A keeper of objects with an empty bucket, and its port.
    pub(super) async fn of_objects() -> (u16, Self) {
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

    pub(super) fn write_certificate(&self) {
        let made = certified("server");
        for (name, what, der) in
            [("server.pem", "CERTIFICATE", &made.certificate), ("server.key", "PRIVATE KEY", &made.key)]
        {
            std::fs::write(self.folder.path().join(name), pem(what, der)).unwrap();
        }
    }

    /// Starts it in a folder of its own. It speaks TLS as well, where it can.
    pub(super) fn start(&mut self, kind: Kind, port: u16) {
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
    pub(super) fn write_down_rabbitmq(&self, port: u16) {
        self.rabbitmqctl(port, &["eval", "mnesia:sync_log()."]);
    }

    pub(super) fn rabbitmqctl(&self, port: u16, args: &[&str]) {
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

/// Where a server speaks TLS that does so on a port of its own.
pub(super) const fn tls_port(port: u16) -> u16 {
    port - 4_000
}

/// A port that nobody is given by the system; those 4,000 below it, and 4,000 and 8,000 above it, are the broker's as well.
pub(super) fn any_port() -> u16 {
    20_000 + u16::try_from(uuid::Uuid::now_v7().as_u128() % 4_000).unwrap()
}
