//! What there is to choose for a new configuration, and what stands in `tieout.yaml` for each choice.

use clap::ValueEnum;
use tieout_reconcilers::name::FeedName;

/// The feed that is there without anybody's API.
pub(super) const FAKE: &str = "fake/charges";

/// Where runs keep what they know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StateKind {
    /// A file beside the configuration: one host
    Sqlite,
    /// A database, by the variable `TIEOUT_STATE_URL`: teams, Kubernetes
    Postgres,
}

/// What the application keeps its rows in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DatabaseKind {
    /// The file `app.db` beside the configuration
    Sqlite,
    /// By the variable `APP_DATABASE_URL`
    Postgres,
    /// MySQL or MariaDB, by the variable `APP_DATABASE_URL`
    Mysql,
}

/// Where events go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum QueueKind {
    /// A table in a file of its own
    Sqlite,
    /// A table, by the variable `QUEUE_URL`
    Postgres,
    /// A queue of pgmq, by the variable `QUEUE_URL`
    Pgmq,
    /// The handler of your application, by the variables `QUEUE_URL` and `QUEUE_SECRET`
    Webhook,
    /// A stream of Redis, by the variable `QUEUE_URL`
    Redis,
    /// An exchange of RabbitMQ, by the variable `QUEUE_URL`
    Rabbitmq,
    /// A subject of NATS JetStream, by the variable `QUEUE_URL`
    Nats,
    /// A topic of Kafka
    Kafka,
    /// A queue of Amazon SQS
    Sqs,
    /// A topic of Amazon SNS
    Sns,
    /// A bus of Amazon EventBridge
    Eventbridge,
    /// A topic of Google Pub/Sub
    Pubsub,
    /// A file with one event on each line
    Ndjson,
    /// Standard output
    Stdout,
}

/// Everything that was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choices {
    /// Nothing for the fake.
    pub(super) feed: Option<FeedName>,
    pub(super) database: DatabaseKind,
    pub(super) state: StateKind,
    pub(super) queue: QueueKind,
}

impl StateKind {
    pub(super) const fn line(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "{url: \"sqlite:tieout-state.db\"}   # one host; teams name a PostgreSQL: env:TIEOUT_STATE_URL"
            }
            Self::Postgres => {
                "{url: env:TIEOUT_STATE_URL}   # postgres://..., in the environment because it holds a password"
            }
        }
    }

    pub(super) const fn variables(self) -> &'static [&'static str] {
        match self {
            Self::Sqlite => &[],
            Self::Postgres => &["TIEOUT_STATE_URL"],
        }
    }
}

impl DatabaseKind {
    pub(super) const fn line(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "{url: \"sqlite:app.db\"}   # your application's database; tieout only reads it. PostgreSQL and MySQL: env:APP_DATABASE_URL"
            }
            Self::Postgres => {
                "{url: env:APP_DATABASE_URL}   # postgres://...; your application's database, which tieout only reads: deploy/grants.sql"
            }
            Self::Mysql => {
                "{url: env:APP_DATABASE_URL}   # mysql://...; your application's database, which tieout only reads: deploy/grants-mysql.sql"
            }
        }
    }

    pub(super) const fn variables(self) -> &'static [&'static str] {
        match self {
            Self::Sqlite => &[],
            Self::Postgres | Self::Mysql => &["APP_DATABASE_URL"],
        }
    }
}

impl QueueKind {
    pub(super) const fn line(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "{sqlite: {path: queue.db, table: tieout_events}}   # made by the first run; your application takes its events from it"
            }
            Self::Postgres => {
                "{postgres: {url: env:QUEUE_URL, table: tieout_events}}   # `tieout migrate queue events` prints the table"
            }
            Self::Pgmq => {
                "{pgmq: {url: env:QUEUE_URL, queue: tieout_events}}   # `tieout migrate queue events` prints the queue"
            }
            Self::Webhook => {
                "{webhook: {url: env:QUEUE_URL, secret: env:QUEUE_SECRET}}   # signed as Standard Webhooks has it"
            }
            Self::Redis => "{redis: {url: env:QUEUE_URL, stream: tieout_events}}",
            Self::Rabbitmq => {
                "{rabbitmq: {url: env:QUEUE_URL, exchange: tieout_events}}   # <- your exchange"
            }
            Self::Nats => {
                "{nats: {url: env:QUEUE_URL, subject: tieout.events}}   # <- a subject that a stream keeps"
            }
            Self::Kafka => {
                "{kafka: {brokers: [\"kafka.example.com:9092\"], topic: tieout.events}}   # <- your brokers and topic"
            }
            Self::Sqs => {
                "{sqs: {url: \"https://sqs.eu-west-1.amazonaws.com/123456789012/tieout\"}}   # <- your queue"
            }
            Self::Sns => {
                "{sns: {topic: \"arn:aws:sns:eu-west-1:123456789012:tieout.fifo\"}}   # <- your topic"
            }
            Self::Eventbridge => "{eventbridge: {bus: tieout, region: eu-west-1}}   # <- your bus",
            Self::Pubsub => "{pubsub: {topic: projects/example/topics/tieout}}   # <- your topic",
            Self::Ndjson => "{ndjson: {path: events.ndjson}}",
            Self::Stdout => "{stdout: {}}   # the report goes to standard error then",
        }
    }

    pub(super) const fn variables(self) -> &'static [&'static str] {
        match self {
            Self::Webhook => &["QUEUE_URL", "QUEUE_SECRET"],
            Self::Postgres | Self::Pgmq | Self::Redis | Self::Rabbitmq | Self::Nats => &["QUEUE_URL"],
            _ => &[],
        }
    }
}
