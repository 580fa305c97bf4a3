//! Where webhooks go: over HTTPS, or over plain HTTP within this machine or where that is allowed, and to public addresses unless others
//! are allowed. It is checked once when settings are read, and by the client at every connection.

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

use crate::source::address::{AddressRefused, Reach};

/// What is not taken for granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Allow {
    /// Plain HTTP to other machines.
    pub http: bool,
    /// Private addresses.
    pub private: bool,
}

/// A checked address. Its path and query may hold a secret, so it prints as its host.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    pub(crate) url: Url,
    pub(crate) reach: Reach,
}

/// Why an address is no target. The address is not repeated, since it may hold a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotATarget {
    /// It cannot be read.
    #[error("this is not an address of the web; write `https://HOST/PATH`")]
    NoUrl,
    /// It has a user or a password.
    #[error(
        "the address holds a user or password; leave them out: the handler knows tieout by its signature"
    )]
    Login,
    /// It is not encrypted.
    #[error("plain HTTP shows events to everybody on the way; write `https://`, or say `allow_http: true`")]
    Http,
    /// Its host is an address that is not connected to.
    #[error(transparent)]
    Address(#[from] AddressRefused),
}

impl Target {
    /// Checks an address. Nothing is resolved.
    pub fn of(text: &str, allow: Allow) -> Result<Self, NotATarget> {
        let url = Url::parse(text).map_err(|_| NotATarget::NoUrl)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(NotATarget::Login);
        }
        let near = is_loopback(&url);
        let reach = match (url.scheme(), allow.private) {
            ("http", _) if near => Reach::PrivateOnly,
            ("http", _) if !allow.http => return Err(NotATarget::Http),
            ("http" | "https", false) if !near => Reach::Public,
            ("http" | "https", _) => Reach::PrivateToo,
            _ => return Err(NotATarget::NoUrl),
        };
        let reach = reach.admitting(&url)?;
        Ok(Self { url, reach })
    }

    /// The host, with its port where that is not the usual one.
    pub(crate) fn place(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Its server, without what says more than that.
    pub(super) fn server(&self) -> Url {
        let mut url = self.url.clone();
        url.set_path("/");
        url.set_query(None);
        url
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place())
    }
}

/// Whether an address says itself that it is on this machine.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Allow = Allow { http: false, private: false };
    const HTTP: Allow = Allow { http: true, private: false };
    const PRIVATE: Allow = Allow { http: false, private: true };

    fn reach(text: &str, allow: Allow) -> Result<Reach, String> {
        Target::of(text, allow).map(|target| target.reach).map_err(|error| error.to_string())
    }

    #[test]
    fn public_addresses_are_reached_over_https_and_this_machine_over_both() {
        assert_eq!(reach("https://app.example.com/hooks?key=x", NOTHING), Ok(Reach::Public));
        assert_eq!(reach("https://8.8.8.8/", NOTHING), Ok(Reach::Public));
        assert_eq!(reach("http://app.example.com/", HTTP), Ok(Reach::Public));
        for near in ["http://localhost:3000/", "http://127.0.0.1/", "http://127.9.9.9/", "http://[::1]:1/"] {
            assert_eq!(reach(near, NOTHING), Ok(Reach::PrivateOnly), "{near}");
        }
        assert_eq!(reach("https://localhost/", NOTHING), Ok(Reach::PrivateToo));
        assert_eq!(reach("https://10.0.0.1/", PRIVATE), Ok(Reach::PrivateToo));
        assert_eq!(reach("https://app.internal/", PRIVATE), Ok(Reach::PrivateToo));
    }

    #[test]
    fn other_addresses_are_refused_without_being_repeated() {
        let refused = |text: &str, allow| {
            let why = reach(text, allow).unwrap_err();
            assert!(!why.contains("hunter2"), "{why}");
            why
        };
        for no_url in
            ["app.example.com/hunter2", "ftp://app.example.com/hunter2", "", "file:///hunter2", "https://"]
        {
            assert_eq!(refused(no_url, HTTP), NotATarget::NoUrl.to_string(), "{no_url}");
        }
        for login in ["https://hunter2@app.example.com/", "https://me:hunter2@app.example.com/"] {
            assert_eq!(refused(login, PRIVATE), NotATarget::Login.to_string());
        }
        for plain in ["http://app.example.com/hunter2", "http://10.0.0.1/", "http://localhost.example.com/"] {
            assert_eq!(refused(plain, PRIVATE), NotATarget::Http.to_string(), "{plain}");
        }
        for private in ["https://10.0.0.1/", "https://[fc00::1]/", "https://[::ffff:192.168.0.1]/"] {
            assert!(refused(private, NOTHING).contains("allow_private: true"), "{private}");
        }
        assert!(refused("http://192.168.1.1/", HTTP).contains("allow_private: true"));
        for metadata in ["https://169.254.169.254/", "https://[fd00:ec2::254]/", "https://0.0.0.0/"] {
            assert!(refused(metadata, PRIVATE).contains("is never connected to"), "{metadata}");
        }
    }

    #[test]
    fn it_prints_as_its_host() {
        let target = Target::of("https://app.example.com:8443/hunter2?key=hunter2", NOTHING).unwrap();
        assert_eq!(format!("{target:?} {}", target.place()), "app.example.com:8443 app.example.com:8443");
        assert_eq!(target.server().as_str(), "https://app.example.com:8443/");
    }
}
