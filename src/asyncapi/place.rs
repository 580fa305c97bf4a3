//! Where a queue is: what the configuration itself says of an address, without user, password and query. An address that the
//! configuration only refers to stays unknown, and the document says where tieout reads it.

use std::path::Path;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use url::Url;

use super::document::{Server, Variable};
use crate::config::secret::{SecretRef, UrlRef};

/// The name of the variable that stands for an unknown host.
const HOST: &str = "host";

/// The host of what is a file or a stream of this machine.
const HERE: &str = "localhost";

/// What a path must not hold as it is: braces mean a variable to AsyncAPI.
const NOT_IN_PATHS: &AsciiSet = &CONTROLS.add(b' ').add(b'{').add(b'}');

/// Where a queue is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place<'c> {
    /// At an address that the configuration holds.
    At(Url),
    /// Where a secret says.
    Secret(&'c SecretRef),
    /// On the machine that tieout runs on, in a file where that is named.
    Here(Option<&'c Path>),
}

impl<'c> Place<'c> {
    /// The place of an address. What is no URL at all was refused when the configuration was read.
    pub(super) fn of(url: &'c UrlRef) -> Self {
        match url {
            UrlRef::Inline(text) => Self::inline(text),
            UrlRef::Secret(secret) => Self::Secret(secret),
        }
    }

    pub(super) fn inline(text: &str) -> Self {
        Url::parse(text).map_or(Self::Here(None), Self::At)
    }

    /// Whether its scheme is one of these: those of a protocol over TLS.
    pub(super) fn has_scheme(&self, schemes: &[&str]) -> bool {
        matches!(self, Self::At(url) if schemes.contains(&url.scheme()))
    }

    /// The path of its address as it is written, with the slash that it begins with.
    pub(super) fn path(&self) -> Option<&str> {
        match self {
            Self::At(url) => Some(url.path()),
            Self::Secret(_) | Self::Here(_) => None,
        }
    }

    /// The server there.
    pub(super) fn server(&self, protocol: &'static str) -> Server {
        let mut server = Server {
            host: HERE.to_owned(),
            protocol,
            protocol_version: None,
            pathname: None,
            description: None,
            variables: [].into(),
        };
        match self {
            Self::At(url) => {
                server.host = host(url);
                server.pathname = Some(encoded(url.path())).filter(|path| path.len() > 1);
            }
            Self::Secret(secret) => {
                server.host = format!("{{{HOST}}}");
                let description = format!("tieout reads the whole address from {}.", source(secret));
                server.variables.insert(HOST, Variable { description });
            }
            Self::Here(file) => {
                server.description = Some("It is on the machine that tieout runs on.".to_owned());
                server.pathname = file.map(|file| encoded(&file.to_string_lossy()));
            }
        }
        server
    }
}

/// The host and the port that are written. PostgreSQL takes a host from the query as well, and is on this machine without any.
fn host(url: &Url) -> String {
    let asked = url.query_pairs().find(|(name, _)| name == HOST).map(|(_, host)| host.into_owned());
    let asked = asked.filter(|host| !host.starts_with('/'));
    let host = asked.or_else(|| url.host_str().filter(|host| !host.is_empty()).map(str::to_owned));
    let host = host.unwrap_or_else(|| HERE.to_owned());
    url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"))
}

/// A path that holds nothing which AsyncAPI would read as a variable. What is encoded already stays as it is.
fn encoded(path: &str) -> String {
    utf8_percent_encode(path, NOT_IN_PATHS).to_string()
}

fn source(secret: &SecretRef) -> String {
    match secret {
        SecretRef::Env(variable) => format!("the environment variable `{variable}`"),
        SecretRef::File(path) => format!("the file `{}`", path.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(text: &str) -> (String, Option<String>) {
        let server = Place::inline(text).server("x");
        (server.host, server.pathname)
    }

    #[test]
    fn an_address_is_shown_without_user_password_and_query() {
        let shown =
            |host: &str, path: &str| (host.to_owned(), Some(path.to_owned()).filter(|path| !path.is_empty()));
        for (address, host, path) in [
            (
                "amqps://app:hunter2@rabbit.example.com:5671/shop?heartbeat=9",
                "rabbit.example.com:5671",
                "/shop",
            ),
            ("amqp://rabbit.example.com/%2f", "rabbit.example.com", "/%2f"),
            ("redis://:hunter2@[::1]:6380/1", "[::1]:6380", "/1"),
            ("nats://hunter2@nats.example.com", "nats.example.com", ""),
            ("postgresql:///app", "localhost", "/app"),
            ("postgres:///app?host=/run/postgresql", "localhost", "/app"),
            ("postgres:///app?host=db.example.com", "db.example.com", "/app"),
        ] {
            assert_eq!(server(address), shown(host, path), "{address}");
        }
    }

    #[test]
    fn a_path_with_braces_is_no_variable() {
        assert_eq!(encoded("a {b}/ü.db"), "a%20%7Bb%7D/%C3%BC.db");
        assert_eq!(encoded("/%2f"), "/%2f");
    }
}
