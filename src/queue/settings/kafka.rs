//! A topic of Kafka, as the configuration says it.

use std::path::PathBuf;

use secrecy::SecretString;

use super::Mode;

/// A topic of Kafka.
#[derive(Debug, Clone)]
pub struct KafkaSettings {
    /// Brokers that are asked for all others, each `HOST:PORT`.
    pub brokers: Vec<String>,
    /// The topic, which is never made.
    pub topic: String,
    /// How events stand in records.
    pub mode: Mode,
    /// How batches of records are compressed.
    pub compression: Compression,
    /// The largest record, before it is compressed.
    pub max_bytes: usize,
    /// TLS, where the connections have it.
    pub tls: Option<KafkaTls>,
    /// Who one is at the brokers.
    pub login: Option<KafkaLogin>,
}

/// How batches of records are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// Not at all.
    None,
    /// Gzip.
    Gzip,
    /// Snappy.
    Snappy,
    /// LZ4.
    Lz4,
    /// Zstandard, which brokers from 2.1 on know.
    #[default]
    Zstd,
}

/// Connections with TLS.
#[derive(Debug, Clone)]
pub struct KafkaTls {
    /// A file with the certificates that are trusted; those of the machine where there is none.
    pub authorities: Option<PathBuf>,
    /// The file with the certificate of this client, and its key in PEM.
    pub certificate: Option<(PathBuf, SecretString)>,
}

/// Who one is at the brokers.
#[derive(Debug, Clone)]
pub struct KafkaLogin {
    /// How that is proven.
    pub mechanism: Mechanism,
    /// The user.
    pub user: String,
    /// The password.
    pub password: SecretString,
}

/// How a login is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mechanism {
    /// By the password itself.
    Plain,
    /// By SCRAM with SHA-256.
    ScramSha256,
    /// By SCRAM with SHA-512.
    ScramSha512,
}

impl Compression {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::None, Self::Gzip, Self::Snappy, Self::Lz4, Self::Zstd];

    /// Its name, here and at the brokers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Snappy => "snappy",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }
}

impl Mechanism {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Plain, Self::ScramSha256, Self::ScramSha512];

    /// Its name, here and at the brokers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}
