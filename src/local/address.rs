//! What the URL of a database says about the way to it.

use std::net::IpAddr;

use url::{Host, Url};

/// Whether the connection does not leave this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        // The scheme is not one that the URL standard knows, so addresses may come as names.
        Some(Host::Domain(name)) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
        None => false,
    }
}

/// Whether the URL itself says what is to become of TLS.
pub(super) fn names_tls(url: &Url) -> bool {
    url.query_pairs().any(|(name, _)| name == "sslmode" || name == "ssl-mode")
}
