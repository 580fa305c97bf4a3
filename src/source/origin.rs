//! Holds requests to the configured origins, and the credential to the first of them.
//!
//! A [`Bound`] URL can only be made here, only a bound URL can be sent, and the credential is attached nowhere else: a
//! link or redirect to a scheme, host or port that nobody configured is an error before a byte leaves, and where `hosts`
//! admits it, it gets neither credential nor headers nor a body.

use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Request};
use tieout_reconcilers::define::auth::host::HostPattern;
use tieout_reconcilers::page::{self, PageRequest, Target};
use url::Url;

use super::auth::{Credential, Pass, Vault};
use super::connect::Side;
use super::error::{Lead, SourceError};
use super::provider::{Base, ProviderSettings};

/// The configured origins with the credential of the first.
#[derive(Debug)]
pub struct Origin {
    /// The base; not known before the first token where that names it.
    base: OnceLock<Url>,
    hosts: Vec<HostPattern>,
    headers: HeaderMap,
    credential: Credential,
}

/// A URL on a configured origin. It never holds a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    url: Url,
    side: Side,
}

impl Bound {
    /// The URL, with its query.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The URL, with its query.
    #[must_use]
    pub fn into_url(self) -> Url {
        self.url
    }

    /// Whom it leads to.
    #[must_use]
    pub const fn side(&self) -> Side {
        self.side
    }
}

impl Origin {
    /// The origin of a provider's base. Nothing is sent.
    pub fn new(settings: &ProviderSettings, vault: Option<Arc<dyn Vault>>) -> Result<Self, SourceError> {
        let base = match &settings.base {
            Base::Fixed(base) => OnceLock::from(checked(base.clone())?),
            Base::FromToken { .. } => OnceLock::new(),
        };
        let mut headers = HeaderMap::new();
        for (name, value) in &settings.headers {
            set(&mut headers, name, value)?;
        }
        // Nothing that a user configured is printed, not even as part of a debug dump.
        headers.values_mut().for_each(|value| value.set_sensitive(true));
        let credential = Credential::new(settings, vault)?;
        Ok(Self { base, hosts: settings.hosts.clone(), headers, credential })
    }

    /// What the next request wears. `now` is the provider's time as far as we know it.
    pub async fn pass(&self, now: DateTime<Utc>) -> Result<Arc<Pass>, SourceError> {
        let pass = self.credential.pass(now).await?;
        self.learn(&pass)?;
        Ok(pass)
    }

    /// Another pass than one that the provider refused; nothing where there is no other.
    pub async fn renewed(
        &self,
        refused: &Pass,
        now: DateTime<Utc>,
    ) -> Result<Option<Arc<Pass>>, SourceError> {
        let pass = self.credential.renewed(refused, now).await?;
        pass.as_deref().map_or(Ok(()), |pass| self.learn(pass))?;
        Ok(pass)
    }

    /// The base, once it is known.
    pub fn base(&self) -> Result<&Url, SourceError> {
        self.base.get().ok_or_else(|| SourceError::settings("the base is not known before the first token"))
    }

    /// A link without the parameters that hold a credential: so it may be compared and kept.
    #[must_use]
    pub fn without_keys(&self, link: &str) -> String {
        self.credential.without_keys(link)
    }

    /// Remembers the base that a token's answer named: a run does not move from one to another.
    fn learn(&self, pass: &Pass) -> Result<(), SourceError> {
        let Some(named) = pass.base() else { return Ok(()) };
        if self.base.get_or_init(|| named.clone()) == named {
            return Ok(());
        }
        Err(SourceError::settings("the new token's answer names another base than the one before"))
    }

    /// Where a target leads. Relative links are resolved against the page that held them (RFC 3986).
    pub fn resolve(&self, target: &Target, page: Option<&Url>) -> Result<Bound, SourceError> {
        match target {
            Target::Path { path, query } => self.below(path, query),
            Target::Link(link) => self.follow(page.unwrap_or(self.base()?), link, Lead::Link),
        }
    }

    /// Where a link or redirect on a page leads, if that is on a configured origin.
    pub fn follow(&self, page: &Url, link: &str, lead: Lead) -> Result<Bound, SourceError> {
        let base = self.base()?;
        let bad = |why| SourceError::BadLink { lead, why };
        let mut url = page.join(link).map_err(|_| bad("it is not a URL"))?;
        let side = if same_origin(base, &url) { Side::Own } else { Side::Other };
        if side == Side::Other && !self.hosts.iter().any(|host| host.admits(&url)) {
            return Err(SourceError::LeftOrigin { lead, origin: name(base), other: name(&url) });
        }
        if has_user(&url) {
            return Err(bad("it holds a user or password"));
        }
        url.set_fragment(None);
        if side == Side::Own && url.query().is_some() {
            url = Url::parse(&self.credential.without_keys(url.as_str()))
                .map_err(|_| bad("it is not a URL"))?;
        }
        Ok(Bound { url, side })
    }

    /// The request for a URL: the definition's own headers, then the provider's, then the credential. Another origin
    /// gets none of them.
    pub fn request(
        &self,
        to: &Bound,
        asked: &PageRequest,
        pass: &Pass,
        now: DateTime<Utc>,
    ) -> Result<Request, SourceError> {
        if to.side == Side::Other {
            return bare(to, asked);
        }
        let method = match asked.method {
            page::Method::Get => Method::GET,
            page::Method::Post => Method::POST,
        };
        let mut request = Request::new(method, to.url.clone());
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
        pass.put_on(&mut request, now)?;
        Ok(request)
    }

    fn below(&self, path: &str, query: &[(String, String)]) -> Result<Bound, SourceError> {
        let base = self.base()?;
        let root = base.path().trim_end_matches('/');
        if path.contains(|c: char| c == '\\' || c.is_control()) || path.split('/').any(is_dots) {
            return Err(SourceError::BadLink { lead: Lead::Path, why: "it holds a `.` or `..` segment" });
        }
        let mut url = base.clone();
        url.set_path(&format!("{root}/{}", path.trim_start_matches('/')));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(Bound { url, side: Side::Own })
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

/// A request that carries nothing of ours.
fn bare(to: &Bound, asked: &PageRequest) -> Result<Request, SourceError> {
    if asked.body.is_some() {
        let why = "it leads to another origin, and what is posted goes only to the base";
        return Err(SourceError::BadLink { lead: Lead::Link, why });
    }
    Ok(Request::new(Method::GET, to.url.clone()))
}

fn checked(base: Url) -> Result<Url, SourceError> {
    if has_user(&base) {
        return Err(SourceError::settings("`base` holds a user or password; use `auth` for them"));
    }
    if base.query().is_some() || base.fragment().is_some() {
        return Err(SourceError::settings("`base` must end with its path, without `?` or `#`"));
    }
    Ok(base)
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
pub(super) fn name(url: &Url) -> String {
    if url.has_host() { url.origin().ascii_serialization() } else { format!("{}:", url.scheme()) }
}
