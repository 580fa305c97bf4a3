//! What the client of one provider has to know: where it is, how to log in, how fast, and how much is too much.
//!
//! Nothing here prints a secret: credentials are redacted by their type, and header values are left out.

use std::fmt;
use std::time::Duration;

use secrecy::SecretString;
use tieout_reconcilers::define::limits::Limits;
use tieout_reconcilers::name::Name;
use tieout_reconcilers::page::PublicUrl;
use url::Url;

/// Everything that a provider's client is made from.
#[derive(Clone)]
pub struct ProviderSettings {
    /// The provider's name.
    pub name: Name,
    /// Every path of a feed lies below it, and every request and credential stays on its origin.
    pub base: Url,
    /// Whether the base may be a loopback or private address, and plain HTTP there.
    pub allow_private: bool,
    /// How requests are authenticated.
    pub auth: Auth,
    /// Headers sent with every request, such as an API version.
    pub headers: Vec<(String, String)>,
    /// How often it may be asked.
    pub limits: Limits,
    /// How much is too much.
    pub caps: Caps,
}

impl ProviderSettings {
    /// A provider without credentials, headers or limits, with the default caps.
    #[must_use]
    pub fn new(name: Name, base: Url) -> Self {
        let caps = Caps::default();
        let limits = Limits::default();
        Self { name, base, allow_private: false, auth: Auth::None, headers: Vec::new(), limits, caps }
    }
}

impl fmt::Debug for ProviderSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderSettings")
            .field("name", &self.name)
            .field("base", &PublicUrl(self.base.clone()))
            .field("allow_private", &self.allow_private)
            .field("auth", &self.auth)
            .field("headers", &self.headers.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("limits", &self.limits)
            .field("caps", &self.caps)
            .finish()
    }
}

/// How requests are authenticated.
#[derive(Debug, Clone, Default)]
pub enum Auth {
    /// They are not.
    #[default]
    None,
    /// `Authorization: Bearer ...`.
    Bearer(SecretString),
    /// `Authorization: Basic ...`.
    Basic {
        /// Many APIs put the key here and leave the password empty.
        user: SecretString,
        /// The password.
        password: SecretString,
    },
    /// A header of the provider's own.
    Header {
        /// Its name.
        name: String,
        /// Its value.
        value: SecretString,
    },
}

/// The slowest answer that is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throughput {
    /// Decompressed bytes per second, averaged over each span.
    pub bytes_per_second: u64,
    /// The span.
    pub over: Duration,
}

/// How much is too much, in bytes, time and number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caps {
    /// Decompressed bytes of one body.
    pub page_bytes: usize,
    /// Bytes of all headers of one response.
    pub header_bytes: usize,
    /// Pages of one walk.
    pub pages: u64,
    /// Pages without items in a row.
    pub empty_pages: u32,
    /// Time for a connection, with its name look-up and TLS handshake.
    pub connect_time: Duration,
    /// Time for one answer, from sending to the last byte.
    pub request_time: Duration,
    /// The slowest body that is waited for.
    pub throughput: Throughput,
    /// Attempts of one request, the first included, that it has in any case.
    pub attempts: u32,
    /// The longest pause after the first failed attempt; it doubles with each further one.
    pub retry_base: Duration,
    /// What that doubling stops at.
    pub retry_cap: Duration,
    /// The longest pause that a provider may ask for before the walk ends instead.
    pub max_wait: Duration,
    /// How long a provider may fail before it is given up.
    pub outage: Duration,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            page_bytes: 8 * 1024 * 1024,
            header_bytes: 64 * 1024,
            pages: 100_000,
            empty_pages: 20,
            connect_time: Duration::from_secs(5),
            request_time: Duration::from_mins(1),
            throughput: Throughput { bytes_per_second: 100, over: Duration::from_secs(20) },
            attempts: 6,
            retry_base: Duration::from_millis(500),
            retry_cap: Duration::from_secs(30),
            max_wait: Duration::from_mins(2),
            outage: Duration::from_mins(1),
        }
    }
}
