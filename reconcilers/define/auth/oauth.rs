//! Tokens of an OAuth 2 token endpoint: client credentials, and refresh tokens that may change with every use.

use schemars::JsonSchema;
use serde::Deserialize;

use super::answer::{AnswerWords, TokenAnswer};
use super::door::Door;
use super::map_pairs;
use super::show::{Show, ShowFile};
use crate::define::checked::{Checked, Fault, Ordered, Placed, Word};
use crate::define::problem::Spot;
use crate::define::reader::Reader;
use crate::define::template::Template;
use crate::define::value::Length;

/// A token by OAuth 2.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OauthFile {
    /// By what the token is asked for.
    grant: Checked<GrantWord>,
    /// The address of the token endpoint.
    token_url: Checked<Template>,
    /// How the client says who it is.
    #[schemars(extend("default" = "post"))]
    client_auth: Option<Checked<ClientAuth>>,
    /// The id of the client; without `secret` it may be `ID:SECRET`.
    client: Checked<Template>,
    /// The secret of the client.
    secret: Option<Checked<Template>>,
    /// Of `refresh_token`: the refresh token.
    refresh: Option<Checked<Template>>,
    /// Of `refresh_token`: whether every use brings another refresh token; then the newest is kept in the state store.
    rotate: Option<Placed<bool>>,
    /// What the token may be used for.
    scope: Option<Checked<Template>>,
    /// Further parameters of the request.
    #[serde(default)]
    params: Ordered<Checked<Template>>,
    /// Where the answer holds the token.
    #[schemars(extend("default" = "access_token"))]
    token: Option<Checked<Reader>>,
    /// Where the answer says when the token ends.
    #[schemars(extend("default" = "expires_in"))]
    expires: Option<Checked<Reader>>,
    /// How long a token is good, where the answer does not say.
    ttl: Option<Checked<Length>>,
    /// Where requests show the token; `Authorization: Bearer ...` where this is left out.
    then: Option<Placed<ShowFile>>,
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

impl Word for GrantWord {
    const WHAT: &'static str = "grant";

    fn words() -> Vec<(&'static str, Self)> {
        vec![("client_credentials", GrantWord::ClientCredentials), ("refresh_token", GrantWord::RefreshToken)]
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

impl Word for ClientAuth {
    const WHAT: &'static str = "client authentication";

    fn words() -> Vec<(&'static str, Self)> {
        vec![("basic", ClientAuth::Basic), ("post", ClientAuth::Post), ("json", ClientAuth::Json)]
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
    pub(super) fn compile(file: Placed<OauthFile>, door: &mut Door<'_, '_>) -> Option<Self> {
        let spot = file.spot;
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
    rotate: Option<Placed<bool>>,
    spot: Spot,
    door: &mut Door<'_, '_>,
) -> Option<Grant<Template>> {
    match door.0.take(grant)? {
        GrantWord::ClientCredentials => {
            if let Some(at) = refresh.map(|r| r.spot).or(rotate.map(|r| r.spot)) {
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
