//! Tokens that we sign ourselves (RFC 7519): shown as they are, or exchanged for another token first.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::answer::{AnswerWords, TokenAnswer};
use super::door::Door;
use super::map_pairs;
use super::show::{Show, ShowFile};
use super::tree::Tree;
use crate::define::checked::{Checked, Fault, Ordered, Placed, Word};
use crate::define::reader::Reader;
use crate::define::schema;
use crate::define::template::Template;
use crate::define::value::Length;

/// Claims that follow from the time of signing.
const OWN_CLAIMS: [&str; 2] = ["iat", "exp"];
/// How long a token is good where the definition does not say: the longest that GitHub admits.
const TTL: Duration = Duration::from_mins(10);
/// A token that lives shorter is over before slow clocks agree that it began.
const SHORTEST: Duration = Duration::from_mins(1);

/// A token that tieout signs itself.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct JwtFile {
    /// How it is signed.
    alg: Checked<Algorithm>,
    /// The key that signs: PEM, or the shared secret of HS256, HS384 and HS512.
    key: Checked<Template>,
    /// What the head of the token holds beside `alg` and `typ`.
    #[serde(default)]
    header: Ordered<Checked<Template>>,
    /// What the token says; `iat` and `exp` follow from `ttl`.
    claims: Option<Placed<Value>>,
    /// How long a token is good.
    #[schemars(extend("default" = schema::length(TTL)))]
    ttl: Option<Checked<Length>>,
    /// Where the token is handed in for another one; without it the token is shown itself.
    exchange: Option<Placed<ExchangeFile>>,
    /// Where requests show the token; `Authorization: Bearer ...` where this is left out.
    then: Option<Placed<ShowFile>>,
}

/// Where a signed token is handed in for another one.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ExchangeFile {
    /// The address of the token endpoint.
    url: Checked<Template>,
    /// How the signed token is handed in.
    #[serde(rename = "as")]
    shown: Checked<ExchangeBy>,
    /// Further parameters of the form.
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
}

/// A token that we sign ourselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jwt<T = Template> {
    /// How it is signed.
    pub alg: Algorithm,
    /// The key: PEM, or the shared secret of an HMAC.
    pub key: T,
    /// Further members of its header, such as `kid`.
    pub header: Vec<(String, T)>,
    /// Its claims, without `iat` and `exp`, which follow from the time of signing.
    pub claims: Tree<T>,
    /// How long it is good.
    pub ttl: Duration,
    /// Where it is exchanged for the token that requests show.
    pub exchange: Option<Exchange<T>>,
    /// How the token is shown; by itself as `Authorization: Bearer ...`.
    pub then: Option<Show<T>>,
}

/// Where a signed token is exchanged for another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange<T> {
    /// The endpoint: an address, or a path below the base.
    pub url: T,
    /// How the signed token is handed in.
    pub by: ExchangeBy,
    /// Further parameters.
    pub params: Vec<(String, T)>,
    /// Where the answer holds the token.
    pub answer: TokenAnswer,
}

/// How a signed token is handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExchangeBy {
    /// As the assertion of RFC 7523.
    Assertion,
    /// As `Authorization: Bearer ...` of a `POST`.
    Bearer,
}

impl Word for ExchangeBy {
    const WHAT: &'static str = "way to hand a token in";

    fn words() -> Vec<(&'static str, Self)> {
        vec![("assertion", ExchangeBy::Assertion), ("bearer", ExchangeBy::Bearer)]
    }
}

/// How a token is signed (RFC 7518).
#[expect(missing_docs, reason = "they are the names of the standard")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    HS256,
    HS384,
    HS512,
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    EdDSA,
}

impl Word for Algorithm {
    const WHAT: &'static str = "algorithm";

    fn words() -> Vec<(&'static str, Self)> {
        vec![
            ("HS256", Algorithm::HS256),
            ("HS384", Algorithm::HS384),
            ("HS512", Algorithm::HS512),
            ("RS256", Algorithm::RS256),
            ("RS384", Algorithm::RS384),
            ("RS512", Algorithm::RS512),
            ("PS256", Algorithm::PS256),
            ("PS384", Algorithm::PS384),
            ("PS512", Algorithm::PS512),
            ("ES256", Algorithm::ES256),
            ("ES384", Algorithm::ES384),
            ("EdDSA", Algorithm::EdDSA),
        ]
    }
}

impl<T> Jwt<T> {
    pub(super) fn try_map<'a, U, E>(
        &'a self,
        f: &mut impl FnMut(&'a T) -> Result<U, E>,
    ) -> Result<Jwt<U>, E> {
        let exchange = self.exchange.as_ref().map(|exchange| {
            Ok(Exchange {
                url: f(&exchange.url)?,
                by: exchange.by,
                params: map_pairs(&exchange.params, f)?,
                answer: exchange.answer.clone(),
            })
        });
        Ok(Jwt {
            alg: self.alg,
            exchange: exchange.transpose()?,
            key: f(&self.key)?,
            header: map_pairs(&self.header, f)?,
            claims: self.claims.try_map(f)?,
            ttl: self.ttl,
            then: self.then.as_ref().map(|then| then.try_map(f)).transpose()?,
        })
    }
}

impl Jwt<Template> {
    pub(super) fn compile(file: JwtFile, door: &mut Door<'_, '_>) -> Option<Self> {
        let JwtFile { alg, key, header, claims, ttl, exchange, then } = file;
        let alg = door.0.take(alg);
        let key = door.text(key);
        let header = door.pairs(header);
        let claims = compile_claims(claims, door);
        let ttl = compile_ttl(ttl, door);
        let exchange = exchange.map(|exchange| compile_exchange(exchange, door));
        let then = Show::compile(then, door);
        let exchange = match exchange {
            Some(exchange) => Some(exchange?),
            None => None,
        };
        Some(Self { alg: alg?, key: key?, header, claims: claims?, ttl, exchange, then })
    }
}

fn compile_claims(written: Option<Placed<Value>>, door: &mut Door<'_, '_>) -> Option<Tree> {
    let Some(written) = written else { return Some(Tree::Object(Vec::new())) };
    let spot = written.spot;
    let claims = Tree::compile(written.value, spot, door)?;
    let Tree::Object(members) = &claims else {
        door.0.add(spot, Fault::new("expected a mapping (`key: value`)"));
        return None;
    };
    if let Some((own, _)) = members.iter().find(|(name, _)| OWN_CLAIMS.contains(&name.as_str())) {
        let help = "say with `ttl:` how long the token is good";
        let fault = Fault::new(format!("the claim `{own}` follows from the time of signing"));
        door.0.add(spot, fault.with_help(help));
    }
    if claims.uses_token() {
        door.0.add(spot, Fault::new("`{token}` cannot stand here").at("{token}"));
    }
    Some(claims)
}

fn compile_ttl(written: Option<Checked<Length>>, door: &mut Door<'_, '_>) -> Duration {
    let Some(written) = written else { return TTL };
    let spot = written.spot;
    let ttl = door.0.take(written).map_or(TTL, |ttl| ttl.0);
    if ttl < SHORTEST {
        door.0.add(spot, Fault::new("`ttl` must be at least `1m`"));
    }
    ttl
}

fn compile_exchange(file: Placed<ExchangeFile>, door: &mut Door<'_, '_>) -> Option<Exchange<Template>> {
    let ExchangeFile { url, shown, params, token, expires, ttl } = file.value;
    let answer = AnswerWords { token, expires, ttl };
    let answer = TokenAnswer::compile(answer, ["access_token", "expires_in"], door);
    let (url, by, params) = (door.address(url), door.0.take(shown), door.pairs(params));
    Some(Exchange { url: url?, by: by?, params, answer: answer? })
}
