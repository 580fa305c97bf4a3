//! The connections of a provider: one set for each kind of address that may be reached, made when first needed.
//!
//! A set never follows a redirect, never sends a Referer, never uses a proxy from the environment and keeps no cookies.
//! The provider's certificate belongs to its own set and is shown to nobody else.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::Identity;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use secrecy::{ExposeSecret as _, SecretString};
use tieout_reconcilers::define::auth::tls::Tls;
use url::Url;
use zeroize::Zeroizing;

use super::address::{Reach, Screen};
use super::error::SourceError;
use super::provider::ProviderSettings;

/// How many headers a response may have.
const MAX_HEADERS: usize = 100;

/// Whom a connection leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The provider, which gets the credentials.
    Own,
    /// Another origin that `hosts` admits, which gets none.
    Other,
}

/// The connections of a provider.
pub struct Connections {
    allow_private: bool,
    connect_time: Duration,
    tls: Option<Tls<SecretString>>,
    made: Mutex<Vec<(Reach, Side, reqwest::Client)>>,
}

impl Connections {
    /// No connection yet.
    #[must_use]
    pub fn new(settings: &ProviderSettings) -> Self {
        Self {
            allow_private: settings.allow_private,
            connect_time: settings.caps.connect_time,
            tls: settings.tls.clone(),
            made: Mutex::default(),
        }
    }

    /// The connections that lead to a URL.
    pub fn to(&self, url: &Url, side: Side) -> Result<reqwest::Client, SourceError> {
        let reach = Reach::of(url, self.allow_private)?;
        if side == Side::Own && self.tls.is_some() && url.scheme() != "https" {
            return Err(SourceError::settings("a connection with a certificate of `tls` must be https"));
        }
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((.., client)) = made.iter().find(|(to, whose, _)| (*to, *whose) == (reach, side)) {
            return Ok(client.clone());
        }
        let client = self.make(reach, side)?;
        made.push((reach, side, client.clone()));
        Ok(client)
    }

    fn make(&self, reach: Reach, side: Side) -> Result<reqwest::Client, SourceError> {
        // Packing costs more time than it saves where the wire is short.
        let encoding = if self.allow_private { "identity" } else { "gzip" };
        let mut always = HeaderMap::new();
        always.insert(ACCEPT, HeaderValue::from_static("application/json"));
        always.insert(ACCEPT_ENCODING, HeaderValue::from_static(encoding));
        let mut builder = builder(reach, self.connect_time).default_headers(always);
        if let (Side::Own, Some(tls)) = (side, &self.tls) {
            builder = builder.identity(identity(tls)?);
        }
        builder.build().map_err(|error| match SourceError::transport("making the client", error) {
            SourceError::Transport { cause, .. } => SourceError::Settings(cause),
            other => other,
        })
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").field("allow_private", &self.allow_private).finish_non_exhaustive()
    }
}

/// What every client of ours is made from, to whomever it leads.
pub fn builder(reach: Reach, connect_time: Duration) -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder()
        .user_agent(concat!("tieout/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .http1_only()
        .http1_max_headers(MAX_HEADERS)
        .connect_timeout(connect_time)
        .dns_resolver(Screen(reach));
    // Plain HTTP needs no certificates, and loading the system's would delay every start.
    if reach == Reach::PrivateOnly { builder.tls_certs_only([]) } else { builder }
}

fn identity(tls: &Tls<SecretString>) -> Result<Identity, SourceError> {
    let pem = Zeroizing::new(format!("{}\n{}\n", tls.cert.expose_secret(), tls.key.expose_secret()));
    Identity::from_pem(pem.as_bytes())
        .map_err(|_| SourceError::settings("`tls` is no certificate with its key in PEM"))
}
