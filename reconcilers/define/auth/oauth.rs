//! Tokens of an OAuth 2 token endpoint: client credentials, and refresh tokens that may change with every use.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::answer::{AnswerWords, TokenAnswer};
use super::door::Door;
use super::map_pairs;
use super::show::{Show, ShowFile};
use crate::define::checked::{Checked, Fault, FromText, Ordered};
use crate::define::problem::Spot;
use crate::define::reader::Reader;
use crate::define::template::Template;
use crate::define::value::Length;
use crate::define::words;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OauthFile {
    grant: Checked<GrantWord>,
    token_url: Checked<Template>,
    client_auth: Option<Checked<ClientAuth>>,
    client: Checked<Template>,
    secret: Option<Checked<Template>>,
    refresh: Option<Checked<Template>>,
    rotate: Option<Spanned<bool>>,
    scope: Option<Checked<Template>>,
    #[serde(default)]
    params: Ordered<Checked<Template>>,
    token: Option<Checked<Reader>>,
    expires: Option<Checked<Reader>>,
    ttl: Option<Checked<Length>>,
    then: Option<Spanned<ShowFile>>,
}

/// A token of an OAuth 2 token endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oauth<T = Template> {
    /// What the token is given for.
    pub grant: Grant<T>,
    /// The token endpoint: an address, or a path below the base.
    pub token_url: T,
    /// How the client says who it is.
    pub client_auth: ClientAuth,
    /// The client's id; without a `secret`, it may be `ID:SECRET`.
    pub client: T,
    /// The client's secret.
    pub secret: Option<T>,
    /// What the token is asked for.
    pub scope: Option<T>,
    /// Further parameters, such as `audience`.
    pub params: Vec<(String, T)>,
    /// Where the answer holds the token.
    pub answer: TokenAnswer,
    /// How it is shown; by itself as `Authorization: Bearer ...`.
    pub then: Option<Show<T>>,
}

/// What a token is given for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant<T> {
    /// The client's own name and secret.
    ClientCredentials,
    /// A refresh token that stays the same.
    RefreshToken(T),
    /// A refresh token that is good once: each answer holds the next one, which has to be kept between runs.
    RotatingRefreshToken(T),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GrantWord {
    ClientCredentials,
    RefreshToken,
}

impl FromText for GrantWord {
    fn from_text(text: &str) -> Result<Self, Fault> {
        const GRANTS: &[(&str, GrantWord)] = &[
            ("client_credentials", GrantWord::ClientCredentials),
            ("refresh_token", GrantWord::RefreshToken),
        ];
        words::choose("grant", text, GRANTS)
    }
}

/// How a client says who it is to a token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuth {
    /// By HTTP basic authentication.
    Basic,
    /// In the form.
    Post,
    /// In a JSON object that is sent instead of the form.
    Json,
}

impl FromText for ClientAuth {
    fn from_text(text: &str) -> Result<Self, Fault> {
        const WAYS: &[(&str, ClientAuth)] =
            &[("basic", ClientAuth::Basic), ("post", ClientAuth::Post), ("json", ClientAuth::Json)];
        words::choose("client authentication", text, WAYS)
    }
}

impl<T> Oauth<T> {
    /// Whether its refresh token changes with every use.
    #[must_use]
    pub const fn rotates(&self) -> bool {
        matches!(self.grant, Grant::RotatingRefreshToken(_))
    }

    /// Its first refresh token, if it has one.
    #[must_use]
    pub const fn refresh(&self) -> Option<&T> {
        match &self.grant {
            Grant::ClientCredentials => None,
            Grant::RefreshToken(refresh) | Grant::RotatingRefreshToken(refresh) => Some(refresh),
        }
    }

    pub(super) fn try_map<'a, U, E>(
        &'a self,
        f: &mut impl FnMut(&'a T) -> Result<U, E>,
    ) -> Result<Oauth<U>, E> {
        let grant = match &self.grant {
            Grant::ClientCredentials => Grant::ClientCredentials,
            Grant::RefreshToken(refresh) => Grant::RefreshToken(f(refresh)?),
            Grant::RotatingRefreshToken(refresh) => Grant::RotatingRefreshToken(f(refresh)?),
        };
        Ok(Oauth {
            grant,
            token_url: f(&self.token_url)?,
            client_auth: self.client_auth,
            client: f(&self.client)?,
            secret: self.secret.as_ref().map(&mut *f).transpose()?,
            scope: self.scope.as_ref().map(&mut *f).transpose()?,
            params: map_pairs(&self.params, f)?,
            answer: self.answer.clone(),
            then: self.then.as_ref().map(|then| then.try_map(f)).transpose()?,
        })
    }
}

impl Oauth<Template> {
    pub(super) fn compile(file: Spanned<OauthFile>, door: &mut Door<'_, '_>) -> Option<Self> {
        let spot = file.referenced.into();
        let OauthFile { grant, token_url, client_auth, client, secret, refresh, rotate, .. } = file.value;
        let OauthFile { scope, params, token, expires, ttl, then, .. } = file.value;
        let grant = compile_grant(grant, refresh, rotate, spot, door);
        let answer = AnswerWords { token, expires, ttl };
        let answer = TokenAnswer::compile(answer, ["access_token", "expires_in"], door);
        let client_auth = client_auth.map_or(Some(ClientAuth::Post), |written| door.0.take(written));
        let token_url = door.address(token_url);
        let client = door.text(client);
        let (secret, scope) = (door.text_option(secret), door.text_option(scope));
        let (params, then) = (door.pairs(params), Show::compile(then, door));
        Some(Self {
            grant: grant?,
            token_url: token_url?,
            client_auth: client_auth?,
            client: client?,
            secret,
            scope,
            params,
            answer: answer?,
            then,
        })
    }
}

fn compile_grant(
    grant: Checked<GrantWord>,
    refresh: Option<Checked<Template>>,
    rotate: Option<Spanned<bool>>,
    spot: Spot,
    door: &mut Door<'_, '_>,
) -> Option<Grant<Template>> {
    match door.0.take(grant)? {
        GrantWord::ClientCredentials => {
            if let Some(at) = refresh.map(|r| r.spot).or(rotate.map(|r| r.referenced.into())) {
                let fault = Fault::new("`refresh` and `rotate` belong to `grant: refresh_token`");
                door.0.add(at, fault);
            }
            Some(Grant::ClientCredentials)
        }
        GrantWord::RefreshToken => {
            let refresh = door.wanted("refresh", spot, refresh)?;
            let rotates = rotate.is_some_and(|rotate| rotate.value);
            Some(if rotates { Grant::RotatingRefreshToken(refresh) } else { Grant::RefreshToken(refresh) })
        }
    }
}
