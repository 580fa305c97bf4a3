//! Names of other origins: `files.example.com`, `*.my.example.com`, `https://files.example.com:8443`.

use std::fmt;

use url::{Host, Url};

use crate::define::checked::{Fault, FromText};

/// The origins that a word of `hosts:` admits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern {
    scheme: &'static str,
    host: Box<str>,
    match_by: MatchBy,
    port: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MatchBy {
    Name,
    /// Any name below it, whole labels only.
    Suffix,
}

impl FromText for HostPattern {
    const WHAT: &'static str = "host";

    fn from_text(text: &str) -> Result<Self, Fault> {
        let refused = || {
            Fault::new(format!("`{text}` is not the name of an origin"))
                .with_help("write `files.example.com`, `*.example.com`, or `https://host:port`")
        };
        let (scheme, rest) = match text.split_once("://") {
            Some(("https", rest)) => ("https", rest),
            Some(("http", rest)) => ("http", rest),
            Some(_) => return Err(refused()),
            None => ("https", text),
        };
        let (match_by, name) = match rest.strip_prefix("*.") {
            // Below a single label lies everybody.
            Some(suffix) if suffix.trim_end_matches('.').contains('.') => (MatchBy::Suffix, suffix),
            Some(_) => {
                let help = "name at least two labels after the `*.`, such as `*.example.com`";
                return Err(Fault::new(format!("`{text}` admits too many hosts")).with_help(help));
            }
            None => (MatchBy::Name, rest),
        };
        let url = Url::parse(&format!("{scheme}://{name}/")).map_err(|_| refused())?;
        let is_origin = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let no_user =
            url.username().is_empty() && url.password().is_none() && !name.contains(['@', '/', '*']);
        let is_name = match_by == MatchBy::Name || matches!(url.host(), Some(Host::Domain(_)));
        match (url.host_str(), url.port_or_known_default()) {
            (Some(host), Some(port)) if is_origin && no_user && is_name => {
                Ok(Self { scheme, host: host.into(), match_by, port })
            }
            _ => Err(refused()),
        }
    }
}

impl HostPattern {
    /// Whether a URL lies on one of the origins.
    #[must_use]
    pub fn admits(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else { return false };
        let is_named = match self.match_by {
            MatchBy::Name => *host == *self.host,
            MatchBy::Suffix => {
                matches!(url.host(), Some(Host::Domain(_)))
                    && host
                        .strip_suffix(&*self.host)
                        .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
            }
        };
        is_named && url.scheme() == self.scheme && url.port_or_known_default() == Some(self.port)
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let star = if self.match_by == MatchBy::Suffix { "*." } else { "" };
        write!(f, "{}://{star}{}:{}", self.scheme, self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(pattern: &str, url: &str) -> bool {
        HostPattern::from_text(pattern).unwrap().admits(&url.parse().unwrap())
    }

    #[test]
    fn suffixes_match_whole_labels_of_the_same_scheme_and_port() {
        let pattern = "*.my.example.com";
        assert!(admits(pattern, "https://acme.my.example.com/x"));
        assert!(admits(pattern, "https://a.b.MY.example.com"));
        for other in [
            "https://my.example.com",
            "https://evilmy.example.com",
            "https://my.example.com.evil.example",
            "https://acme.my.example.com.evil.example",
            "http://acme.my.example.com",
            "https://acme.my.example.com:8443",
            "https://acme.my.example.com@evil.example",
            "https://.my.example.com",
        ] {
            assert!(
                !other.parse::<Url>().is_ok_and(|url| HostPattern::from_text(pattern).unwrap().admits(&url)),
                "{other}"
            );
        }
    }

    #[test]
    fn a_name_matches_itself_with_its_port() {
        assert!(admits("files.example.com", "https://FILES.example.com/a?b"));
        assert!(!admits("files.example.com", "https://a.files.example.com/"));
        assert!(admits("http://127.0.0.1:8080", "http://127.0.0.1:8080/x"));
        assert!(!admits("127.0.0.1", "http://127.0.0.1/x"));
    }

    #[test]
    fn what_names_no_origin_or_too_many_is_refused() {
        for bad in [
            "",
            "*",
            "*.com",
            "*.com.",
            "a.*.com",
            "ftp://a.example",
            "a.example/x",
            "u@a.example",
            "a.example?x",
            "*.1.2.3",
        ] {
            assert!(HostPattern::from_text(bad).is_err(), "{bad} was accepted");
        }
    }
}
