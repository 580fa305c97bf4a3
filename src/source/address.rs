//! Which network addresses a provider's client, and that of a webhook, may connect to.
//!
//! The check happens at connect time, on the addresses that the name really resolved to, so a name cannot be rebound to
//! an inner service between check and use. Link-local addresses, where clouds keep their metadata, are never admitted.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::error::SourceError;

/// Which addresses a client may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Public ones.
    Public,
    /// Public, loopback and private ones.
    PrivateToo,
    /// Loopback and private ones: the only ones that plain HTTP may go to.
    PrivateOnly,
}

impl Reach {
    /// What a base may reach: HTTPS always, HTTP only where private addresses are allowed.
    pub fn of(base: &Url, allow_private: bool) -> Result<Self, SourceError> {
        let reach = match (base.scheme(), allow_private) {
            ("https", false) => Self::Public,
            ("https", true) => Self::PrivateToo,
            ("http", true) => Self::PrivateOnly,
            ("http", false) => {
                return Err(SourceError::settings(
                    "`base` must be https unless tieout.yaml says `allow_private: true` for this provider",
                ));
            }
            _ => return Err(SourceError::settings("`base` must be an https URL")),
        };
        if base.host().is_none() {
            return Err(SourceError::settings("`base` names no host"));
        }
        Ok(reach.admitting(base)?)
    }

    /// The same where it admits the address in a URL: that is never resolved, so nobody else checks it.
    pub fn admitting(self, url: &Url) -> Result<Self, AddressRefused> {
        let literal = match url.host() {
            Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
            Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
            Some(Host::Domain(_)) | None => None,
        };
        match literal {
            Some(ip) if !self.admits(ip) => Err(refused(ip.to_string(), self)),
            _ => Ok(self),
        }
    }

    /// Whether an address may be connected to.
    #[must_use]
    pub fn admits(self, ip: IpAddr) -> bool {
        match kind(ip) {
            Kind::Public => self != Self::PrivateOnly,
            Kind::Private => self != Self::Public,
            Kind::Forbidden => false,
        }
    }
}

/// A host whose addresses may not be connected to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{host}` is {what}")]
pub struct AddressRefused {
    host: String,
    what: &'static str,
}

impl From<AddressRefused> for SourceError {
    fn from(refused: AddressRefused) -> Self {
        Self::AddressRefused(refused.to_string())
    }
}

fn refused(host: String, reach: Reach) -> AddressRefused {
    let what = match reach {
        Reach::Public => {
            "not a public address; say `allow_private: true` for it in tieout.yaml if it really is on your own network"
        }
        Reach::PrivateToo => "a link-local or reserved address, which is never connected to",
        Reach::PrivateOnly => "not a loopback or private address, so it needs https",
    };
    AddressRefused { host, what }
}

/// The system's resolver, without the addresses that the client may not reach.
#[derive(Debug)]
pub struct Screen(pub Reach);

impl Resolve for Screen {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let mut found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.is_empty() {
                return Err(io::Error::other("the name has no address").into());
            }
            found.retain(|address| reach.admits(address.ip()));
            if found.is_empty() {
                return Err(refused(name.as_str().to_owned(), reach).into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Public,
    Private,
    Forbidden,
}

fn kind(ip: IpAddr) -> Kind {
    match ip {
        IpAddr::V4(ip) => kind_v4(ip),
        IpAddr::V6(ip) => kind_v6(ip),
    }
}

fn kind_v4(ip: Ipv4Addr) -> Kind {
    match ip.octets() {
        // A cloud's metadata service, inside the range that carriers share.
        [100, 100, 100, 200] => Kind::Forbidden,
        [100, 64..=127, ..] => Kind::Private,
        _ if ip.is_loopback() || ip.is_private() => Kind::Private,
        _ if ip.is_link_local() || ip.is_documentation() => Kind::Forbidden,
        // This network, protocol assignments, the old 6to4 relay, benchmarking, multicast and reserved.
        [0 | 224..=255, ..] | [192, 0, 0, _] | [192, 88, 99, _] | [198, 18 | 19, ..] => Kind::Forbidden,
        _ => Kind::Public,
    }
}

fn kind_v6(ip: Ipv6Addr) -> Kind {
    if let Some(inner) = inner_v4(ip) {
        return kind_v4(inner);
    }
    match ip.segments() {
        // A cloud's metadata service, inside the range of unique local addresses.
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] => Kind::Forbidden,
        _ if ip.is_loopback() || ip.is_unique_local() => Kind::Private,
        // Protocol assignments and documentation lie inside global unicast, which is 2000::/3.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Kind::Forbidden,
        [0x2000..=0x3fff, ..] => Kind::Public,
        _ => Kind::Forbidden,
    }
}

/// The address that is really reached by a mapped (`::ffff:0:0/96`), NAT64 (`64:ff9b::/96`) or 6to4 (`2002::/16`) one.
fn inner_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let join = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match ip.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => Some(join(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_sorted_into_public_private_and_forbidden() {
        let table = [
            (Kind::Public, "1.1.1.1 8.8.8.8 93.184.216.34 172.32.0.1 100.128.0.1 192.0.1.1 223.255.255.255"),
            (
                Kind::Public,
                "2606:4700::1111 2a00:1450::1 2001:200::1 64:ff9b::101:101 ::ffff:8.8.8.8 2002:808:808::1",
            ),
            (
                Kind::Private,
                "127.0.0.1 127.255.0.1 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1",
            ),
            (
                Kind::Private,
                "::1 fc00::1 fd12:3456::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::a00:1 2002:a00:1::1",
            ),
            (
                Kind::Forbidden,
                "169.254.169.254 169.254.0.1 0.0.0.0 0.1.2.3 100.100.100.200 192.0.0.8 192.88.99.1",
            ),
            (
                Kind::Forbidden,
                "198.18.0.1 198.19.255.255 192.0.2.1 198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1",
            ),
            (
                Kind::Forbidden,
                "255.255.255.255 :: fe80::1 febf::1 fec0::1 ff02::1 fd00:ec2::254 2001:db8::1 2001::1",
            ),
            (
                Kind::Forbidden,
                "::ffff:169.254.169.254 64:ff9b::a9fe:a9fe 64:ff9b:1::1 2002:a9fe:a9fe:: 100::1 ::8.8.8.8",
            ),
        ];
        for (expected, addresses) in table {
            for address in addresses.split(' ') {
                assert_eq!(kind(address.parse().unwrap()), expected, "{address}");
            }
        }
    }

    #[test]
    fn a_base_with_an_address_that_may_not_be_reached_is_refused() {
        let of = |base: &str, allow| Reach::of(&base.parse().unwrap(), allow);
        assert_eq!(of("https://api.example.com", false), Ok(Reach::Public));
        assert_eq!(of("https://10.0.0.1/v1", true), Ok(Reach::PrivateToo));
        assert_eq!(of("http://127.0.0.1:8080", true), Ok(Reach::PrivateOnly));
        assert_eq!(of("http://shop.example.com", true), Ok(Reach::PrivateOnly));
        for private in
            ["https://127.0.0.1", "https://0x7f.1", "https://2130706433", "https://[::1]", "https://10.1.2.3"]
        {
            assert!(matches!(of(private, false), Err(SourceError::AddressRefused(_))), "{private}");
        }
        for forbidden in
            ["http://169.254.169.254", "https://169.254.169.254", "https://[::ffff:169.254.169.254]"]
        {
            assert!(matches!(of(forbidden, true), Err(SourceError::AddressRefused(_))), "{forbidden}");
        }
        assert!(matches!(of("http://1.1.1.1", true), Err(SourceError::AddressRefused(_))));
        assert!(matches!(of("http://api.example.com", false), Err(SourceError::Settings(_))));
        assert!(matches!(of("file:///etc/passwd", true), Err(SourceError::Settings(_))));
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_a_refused_address_is_refused() {
        let resolve = |reach| Screen(reach).resolve("localhost".parse().unwrap());
        let refused = resolve(Reach::Public).await.err().unwrap();
        assert!(refused.downcast_ref::<AddressRefused>().is_some(), "{refused}");
        assert!(resolve(Reach::PrivateOnly).await.is_ok_and(|mut found| found.all(|a| a.ip().is_loopback())));
    }
}
