//! What the client of one provider has to know: where it is, how to log in, how fast, and how much is too much.
//!
//! Nothing here prints a secret: credentials are redacted by their type, and header values are left out.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tieout_reconcilers::define::auth::Auth;
use tieout_reconcilers::define::auth::host::HostPattern;
use tieout_reconcilers::define::auth::tls::Tls;
use tieout_reconcilers::define::limits::Limits;
use tieout_reconcilers::define::reader::Reader;
use tieout_reconcilers::name::Name;
use tieout_reconcilers::page::PublicUrl;
use url::Url;

use super::stand_in::{StandIn, Witness};

/// Everything that a provider's client is made from.
#[derive(Clone)]
pub struct ProviderSettings {
    /// The provider's name.
    pub name: Name,
    /// What the credential is called where tokens are kept: the provider, unless a member of its fan-out has one of its own.
    pub credential: String,
    /// Every path of a feed lies below it, and every credential stays on its origin.
    pub base: Base,
    /// Other origins that links may lead to, and that the base may lie on where a token names it.
    pub hosts: Vec<HostPattern>,
    /// Whether the base may be a loopback or private address, and plain HTTP there.
    pub allow_private: bool,
    /// How requests are authorised, if they are.
    pub auth: Option<Auth<SecretString>>,
    /// The certificate of its connections, if they need one.
    pub tls: Option<Tls<SecretString>>,
    /// Headers sent with every request, such as an API version.
    pub headers: Vec<(String, String)>,
    /// How often it may be asked.
    pub limits: Limits,
    /// How much is too much.
    pub caps: Caps,
    /// Who answers in its place, so that nothing is sent.
    pub stand_in: Option<Arc<dyn StandIn>>,
    /// Who listens to what it answers.
    pub witness: Option<Arc<dyn Witness>>,
}

impl ProviderSettings {
    /// A provider without credentials, headers or limits, with the default caps.
    #[must_use]
    pub fn new(name: Name, base: impl Into<Base>) -> Self {
        let caps = Caps::default();
        Self {
            credential: name.to_string(),
            name,
            base: base.into(),
            hosts: Vec::new(),
            allow_private: false,
            auth: None,
            tls: None,
            headers: Vec::new(),
            limits: Limits::default(),
            caps,
            stand_in: None,
            witness: None,
        }
    }
}

impl fmt::Debug for ProviderSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderSettings")
            .field("name", &self.name)
            .field("credential", &self.credential)
            .field("base", &self.base)
            .field("hosts", &self.hosts)
            .field("allow_private", &self.allow_private)
            .field("auth", &self.auth)
            .field("tls", &self.tls)
            .field("headers", &self.headers.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("limits", &self.limits)
            .field("caps", &self.caps)
            .field("stand_in", &self.stand_in)
            .field("witness", &self.witness)
            .finish()
    }
}

/// Where a provider's paths begin.
#[derive(Clone)]
pub enum Base {
    /// At an address.
    Fixed(Url),
    /// At an address that the answer to the token request names.
    FromToken {
        /// Where the answer names it.
        member: Reader,
        /// What follows it.
        path: String,
    },
}

impl From<Url> for Base {
    fn from(base: Url) -> Self {
        Self::Fixed(base)
    }
}

impl fmt::Debug for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(base) => fmt::Debug::fmt(&PublicUrl(base.clone()), f),
            Self::FromToken { member, path } => write!(f, "{member:?} of the token's answer, then {path:?}"),
        }
    }
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
