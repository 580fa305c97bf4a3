//! Holds requests and the credential to the configured origin.
//!
//! A [`Bound`] URL can only be made here, only a bound URL can be sent, and the credential is attached nowhere else: a
//! link or redirect to another scheme, host or port is an error before a byte leaves.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Request};
use secrecy::ExposeSecret as _;
use tieout_reconcilers::page::{self, PageRequest, Target};
use url::Url;

use super::error::{Lead, SourceError};
use super::provider::{Auth, ProviderSettings};

/// The configured origin with its credential.
#[derive(Debug)]
pub struct Origin {
    base: Url,
    headers: HeaderMap,
}

/// A URL on the configured origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound(Url);

impl Bound {
    /// The URL, with its query.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// The URL, with its query.
    #[must_use]
    pub fn into_url(self) -> Url {
        self.0
    }
}

impl Origin {
    /// The origin of a provider's base.
    pub fn new(settings: &ProviderSettings) -> Result<Self, SourceError> {
        let base = settings.base.clone();
        if has_user(&base) {
            return Err(SourceError::settings("`base` holds a user or password; use `auth` for them"));
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err(SourceError::settings("`base` must end with its path, without `?` or `#`"));
        }
        let mut headers = HeaderMap::new();
        for (name, value) in &settings.headers {
            set(&mut headers, name, value)?;
        }
        if let Some((name, value)) = credential(&settings.auth)? {
            headers.insert(name, value);
        }
        // Nothing that a user configured is printed, not even as part of a debug dump.
        headers.values_mut().for_each(|value| value.set_sensitive(true));
        Ok(Self { base, headers })
    }

    /// Where a target leads. Relative links are resolved against the page that held them (RFC 3986).
    pub fn resolve(&self, target: &Target, page: Option<&Url>) -> Result<Bound, SourceError> {
        match target {
            Target::Path { path, query } => self.below(path, query),
            Target::Link(link) => self.follow(page.unwrap_or(&self.base), link, Lead::Link),
        }
    }

    /// Where a link or redirect on a page leads, if that is on the origin.
    pub fn follow(&self, page: &Url, link: &str, lead: Lead) -> Result<Bound, SourceError> {
        let mut url = page.join(link).map_err(|_| SourceError::BadLink { lead, why: "it is not a URL" })?;
        if !same_origin(&self.base, &url) {
            return Err(SourceError::LeftOrigin { lead, origin: name(&self.base), other: name(&url) });
        }
        if has_user(&url) {
            return Err(SourceError::BadLink { lead, why: "it holds a user or password" });
        }
        url.set_fragment(None);
        Ok(Bound(url))
    }

    /// The request for a URL: the definition's own headers, then the provider's, then the credential.
    pub fn request(&self, to: &Bound, asked: &PageRequest) -> Result<Request, SourceError> {
        let method = match asked.method {
            page::Method::Get => Method::GET,
            page::Method::Post => Method::POST,
        };
        let mut request = Request::new(method, to.0.clone());
        if let Some(body) = &asked.body {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(body.content_type));
            *request.body_mut() = Some(body.text.clone().into());
        }
        for (name, value) in &asked.headers {
            set(request.headers_mut(), name, value)?;
        }
        for (name, value) in &self.headers {
            request.headers_mut().insert(name, value.clone());
        }
        Ok(request)
    }

    fn below(&self, path: &str, query: &[(String, String)]) -> Result<Bound, SourceError> {
        let root = self.base.path().trim_end_matches('/');
        if path.contains(|c: char| c == '\\' || c.is_control()) || path.split('/').any(is_dots) {
            return Err(SourceError::BadLink { lead: Lead::Path, why: "it holds a `.` or `..` segment" });
        }
        let mut url = self.base.clone();
        url.set_path(&format!("{root}/{}", path.trim_start_matches('/')));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(Bound(url))
    }
}

fn set(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), SourceError> {
    let (Ok(header), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) else {
        let name = super::error::clip(name);
        return Err(SourceError::Settings(format!("the header `{name}` or its value cannot be sent")));
    };
    headers.insert(header, value);
    Ok(())
}

fn credential(auth: &Auth) -> Result<Option<(HeaderName, HeaderValue)>, SourceError> {
    let (name, text) = match auth {
        Auth::None => return Ok(None),
        Auth::Bearer(token) => (AUTHORIZATION, format!("Bearer {}", token.expose_secret())),
        Auth::Basic { user, password } => {
            let pair = format!("{}:{}", user.expose_secret(), password.expose_secret());
            (AUTHORIZATION, format!("Basic {}", STANDARD.encode(pair)))
        }
        Auth::Header { name, value } => {
            let name = HeaderName::try_from(name.as_str())
                .map_err(|_| SourceError::settings("the name of the auth header is not a header name"))?;
            (name, value.expose_secret().to_owned())
        }
    };
    let value = HeaderValue::try_from(text).map_err(|_| {
        SourceError::settings("the secret holds a line break or another character that no header can hold")
    })?;
    Ok(Some((name, value)))
}

fn same_origin(a: &Url, b: &Url) -> bool {
    a.scheme() == b.scheme() && a.host() == b.host() && a.port_or_known_default() == b.port_or_known_default()
}

/// Whether a segment would be resolved away, as a key such as `..` would be.
fn is_dots(segment: &str) -> bool {
    const LONGEST: usize = "%2e%2e".len();
    segment.len() <= LONGEST && matches!(&*segment.to_ascii_lowercase().replace("%2e", "."), "." | "..")
}

fn has_user(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// The origin as it may be printed; a URL without a host has only its scheme.
fn name(url: &Url) -> String {
    if url.has_host() { url.origin().ascii_serialization() } else { format!("{}:", url.scheme()) }
}
