//! Where the passes of a provider come from: one that stays, or a session that renews its token.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use tieout_reconcilers::define::auth::Auth;
use tieout_reconcilers::define::auth::show::{Place, Show};
use url::Url;

use super::endpoint::Endpoint;
use super::jwt::Minted;
use super::login::LoginSteps;
use super::oauth::TokenGrant;
use super::pass::Pass;
use super::rotating::Rotating;
use super::session::{Issuer, Session};
use super::sign::Signer;
use super::vault::Vault;
use crate::source::error::SourceError;
use crate::source::provider::{Base, ProviderSettings};

/// Where the passes of a provider come from.
#[derive(Debug)]
pub struct Credential {
    source: Source,
    /// Parameters of the query that hold a credential.
    query: Vec<String>,
}

#[derive(Debug)]
enum Source {
    Fixed(Arc<Pass>),
    Session(Box<Session>),
}

impl Credential {
    /// The credential of a provider. Nothing is sent.
    pub fn new(settings: &ProviderSettings, vault: Option<Arc<dyn Vault>>) -> Result<Self, SourceError> {
        let Some(auth) = &settings.auth else { return Ok(Self::fixed(Pass::default(), Vec::new())) };
        let endpoint = |address: &SecretString| Endpoint::new(settings, address);
        Ok(match auth {
            Auth::Bearer(token) => Self::fixed(Pass::bearer(token.expose_secret())?, Vec::new()),
            Auth::Basic { user, password } => {
                let password = password.as_ref().map_or("", |password| password.expose_secret());
                Self::fixed(Pass::basic(user.expose_secret(), password)?, Vec::new())
            }
            Auth::Key(key) => {
                let query = key.query.iter().map(|(name, _)| name.clone()).collect();
                Self::fixed(Pass::of_key(key)?, query)
            }
            Auth::Sign(sign) => Self::fixed(Pass::signing(Signer::new(sign.clone())), Vec::new()),
            Auth::Oauth(oauth) => {
                let grant =
                    TokenGrant::new(oauth.clone(), endpoint(&oauth.token_url)?, base_member(settings));
                let issuer = if oauth.rotates() {
                    let vault = vault.ok_or_else(|| {
                        SourceError::settings("a refresh token that rotates needs a state store with a key")
                    })?;
                    Issuer::Rotating(Rotating::new(&settings.credential, grant, vault))
                } else {
                    Issuer::Oauth(Box::new(grant))
                };
                Self::session(issuer, oauth.then.clone(), settings)
            }
            Auth::Jwt(jwt) => {
                let exchange = jwt.exchange.as_ref().map(|exchange| endpoint(&exchange.url)).transpose()?;
                let minted = Minted::new(jwt.clone(), exchange, base_member(settings))?;
                Self::session(Issuer::Jwt(Box::new(minted)), jwt.then.clone(), settings)
            }
            Auth::Login(login) => {
                let endpoints =
                    login.steps.iter().map(|step| endpoint(&step.target)).collect::<Result<_, _>>()?;
                let steps = LoginSteps::new(login.clone(), endpoints, base_member(settings));
                Self::session(Issuer::Login(Box::new(steps)), login.then.clone(), settings)
            }
        })
    }

    fn fixed(pass: Pass, query: Vec<String>) -> Self {
        Self { source: Source::Fixed(Arc::new(pass)), query }
    }

    fn session(issuer: Issuer, show: Option<Show<SecretString>>, settings: &ProviderSettings) -> Self {
        let query = match show.as_ref().map(|show| &show.place) {
            Some(Place::Query(name)) => vec![name.clone()],
            Some(Place::Header(_)) | None => Vec::new(),
        };
        Self { source: Source::Session(Box::new(Session::new(issuer, show, settings))), query }
    }

    /// The pass of the next request. `now` is the provider's time as far as we know it.
    pub async fn pass(&self, now: DateTime<Utc>) -> Result<Arc<Pass>, SourceError> {
        match &self.source {
            Source::Fixed(pass) => Ok(Arc::clone(pass)),
            Source::Session(session) => session.pass(now, None).await,
        }
    }

    /// Another pass than one that the provider refused; nothing where there is no other.
    pub async fn renewed(
        &self,
        refused: &Pass,
        now: DateTime<Utc>,
    ) -> Result<Option<Arc<Pass>>, SourceError> {
        match &self.source {
            Source::Fixed(_) => Ok(None),
            Source::Session(session) => session.pass(now, Some(refused.serial())).await.map(Some),
        }
    }

    /// A link without the parameters that hold a credential; the other ones keep their text.
    #[must_use]
    pub fn without_keys(&self, link: &str) -> String {
        if self.query.is_empty() {
            return link.to_owned();
        }
        let (link, fragment) = link.split_once('#').map_or((link, None), |(link, rest)| (link, Some(rest)));
        let Some((path, query)) = link.split_once('?') else { return link.to_owned() };
        let kept: Vec<&str> = query.split('&').filter(|pair| !self.is_key(pair)).collect();
        let mut link = path.to_owned();
        if !kept.is_empty() {
            link = format!("{link}?{}", kept.join("&"));
        }
        fragment.map_or(link.clone(), |fragment| format!("{link}#{fragment}"))
    }

    fn is_key(&self, pair: &str) -> bool {
        let name = url::form_urlencoded::parse(pair.as_bytes()).next().map(|(name, _)| name.into_owned());
        name.is_some_and(|name| self.query.contains(&name))
    }
}

/// Where the answer to a token request names the base, if it does.
fn base_member(settings: &ProviderSettings) -> Option<tieout_reconcilers::define::reader::Reader> {
    match &settings.base {
        Base::Fixed(_) => None,
        Base::FromToken { member, .. } => Some(member.clone()),
    }
}

/// The base that a token's answer names, if `hosts` admits it.
pub(super) fn admitted_base(
    settings: &ProviderSettings,
    named: Option<&str>,
) -> Result<Option<Url>, SourceError> {
    let Base::FromToken { path, .. } = &settings.base else { return Ok(None) };
    let named = named.ok_or_else(|| SourceError::settings("the token's answer does not name the base"))?;
    // Some providers name only the host.
    let text = if named.contains("://") { named.to_owned() } else { format!("https://{named}") };
    let url = Url::parse(&format!("{}{path}", text.trim_end_matches('/')));
    let url = url.map_err(|_| SourceError::settings("the token's answer names a base that is no address"))?;
    let is_plain = tieout_reconcilers::define::auth::base::is_base(&url);
    if !is_plain || !settings.hosts.iter().any(|host| host.admits(&url)) {
        let origin = crate::source::origin::name(&url);
        return Err(SourceError::Settings(format!(
            "the token's answer names the base {origin}, which `hosts` does not admit: nothing was sent there"
        )));
    }
    Ok(Some(url))
}
