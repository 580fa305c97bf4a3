//! How requests are authorised: one kind per provider, from a key in a header to signatures over whole requests.
//!
//! Everything is generic over its texts: a [`Template`] in a definition, a secret once the configuration was read. One
//! walk, [`Auth::try_map`], leads from the one to the other, so that no text can be forgotten.
//!
//! Reading order: texts that are completed later ([`woven`], [`tree`]), where an answer holds a token and how it is shown
//! ([`answer`], [`show`]), the kinds ([`key`],
//! [`oauth`], [`jwt`], [`login`], [`sign`]), the certificate of a connection ([`tls`]), where credentials may go
//! ([`mod@base`], [`host`]), and all of it as it is written (`file`).

pub mod tree;
pub mod woven;

pub mod answer;
pub mod show;

pub mod jwt;
pub mod key;
pub mod login;
pub mod oauth;
pub mod sign;

pub mod tls;

pub mod base;
pub mod host;

mod door;
mod file;

pub use file::AuthFile;
pub use jwt::Jwt;
pub use key::Key;
pub use login::Login;
pub use oauth::Oauth;
pub use sign::Sign;

use std::convert::Infallible;

use crate::define::template::Template;

/// How requests are authorised. In a definition the texts hold `{secret.NAME}`, `{var.NAME}` and `{each.NAME}`, never a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth<T = Template> {
    /// `Authorization: Bearer ...`.
    Bearer(T),
    /// HTTP basic authentication; without a password it is empty.
    Basic {
        /// The user. Many APIs put the key here.
        user: T,
        /// The password.
        password: Option<T>,
    },
    /// Keys in headers, in the query or in the body.
    Key(Key<T>),
    /// A token of an OAuth 2 token endpoint.
    Oauth(Oauth<T>),
    /// A token that we sign ourselves.
    Jwt(Jwt<T>),
    /// A token that a login answers with.
    Login(Login<T>),
    /// A signature over each request.
    Sign(Sign<T>),
}

impl<T> Auth<T> {
    /// The same with every text put through `f`.
    pub fn try_map<'a, U, E>(&'a self, mut f: impl FnMut(&'a T) -> Result<U, E>) -> Result<Auth<U>, E> {
        Ok(match self {
            Self::Bearer(token) => Auth::Bearer(f(token)?),
            Self::Basic { user, password } => {
                Auth::Basic { user: f(user)?, password: password.as_ref().map(f).transpose()? }
            }
            Self::Key(key) => Auth::Key(key.try_map(&mut f)?),
            Self::Oauth(oauth) => Auth::Oauth(oauth.try_map(&mut f)?),
            Self::Jwt(jwt) => Auth::Jwt(jwt.try_map(&mut f)?),
            Self::Login(login) => Auth::Login(login.try_map(&mut f)?),
            Self::Sign(sign) => Auth::Sign(sign.try_map(&mut f)?),
        })
    }

    /// Every text.
    #[must_use]
    pub fn texts(&self) -> Vec<&T> {
        let mut texts = Vec::new();
        let Ok(_) = self.try_map(|text| {
            texts.push(text);
            Ok::<_, Infallible>(())
        });
        texts
    }

    /// The texts that are addresses: what they are completed with must not lead to another host.
    #[must_use]
    pub fn addresses(&self) -> Vec<&T> {
        match self {
            Self::Oauth(oauth) => vec![&oauth.token_url],
            Self::Jwt(jwt) => jwt.exchange.iter().map(|exchange| &exchange.url).collect(),
            Self::Login(login) => login.steps.iter().map(|step| &step.target).collect(),
            Self::Bearer(_) | Self::Basic { .. } | Self::Key(_) | Self::Sign(_) => Vec::new(),
        }
    }

    /// Its first refresh token, if it has one.
    #[must_use]
    pub const fn refresh(&self) -> Option<&T> {
        match self {
            Self::Oauth(oauth) => oauth.refresh(),
            _ => None,
        }
    }

    /// Whether its refresh token changes with every use, so that it has to be kept between runs.
    #[must_use]
    pub const fn rotates(&self) -> bool {
        matches!(self, Self::Oauth(oauth) if oauth.rotates())
    }
}

/// Puts the second of each pair through `f`.
fn map_pairs<'a, T, U, E>(
    pairs: &'a [(String, T)],
    f: &mut impl FnMut(&'a T) -> Result<U, E>,
) -> Result<Vec<(String, U)>, E> {
    pairs.iter().map(|(name, value)| Ok((name.clone(), f(value)?))).collect()
}
