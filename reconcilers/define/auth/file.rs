//! The `auth` block as it is written: exactly one kind.

use schemars::{JsonSchema, Schema};
use serde::Deserialize;

use super::door::Door;
use super::jwt::JwtFile;
use super::key::KeyFile;
use super::login::LoginFile;
use super::oauth::OauthFile;
use super::sign::SignFile;
use super::{Auth, Jwt, Key, Login, Oauth, Sign};
use crate::define::checked::{Checked, Fault, Placed};
use crate::define::document::Problems;
use crate::define::schema;
use crate::define::template::Template;

/// What requests show to the provider: exactly one of these.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = one_kind)]
pub struct AuthFile {
    /// A token in `Authorization: Bearer ...`.
    bearer: Option<Checked<Template>>,
    /// A user and a password in `Authorization: Basic ...`.
    basic: Option<BasicFile>,
    /// A key in a header, in the query or in the body.
    key: Option<Placed<KeyFile>>,
    /// A token by OAuth 2.
    oauth: Option<Placed<OauthFile>>,
    /// A token that tieout signs itself.
    jwt: Option<JwtFile>,
    /// A token by one request or several.
    login: Option<Placed<LoginFile>>,
    /// A signature over each request.
    sign: Option<Placed<SignFile>>,
}

/// A user and a password.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BasicFile {
    /// The user.
    user: Checked<Template>,
    /// The password; an empty one where this is left out.
    password: Option<Checked<Template>>,
}

fn one_kind(schema: &mut Schema) {
    schema::exactly_one_but(&[], schema);
}

impl Auth<Template> {
    /// Reads the block.
    pub fn compile(file: Placed<AuthFile>, problems: &mut Problems<'_>) -> Option<Self> {
        let spot = file.spot;
        let AuthFile { bearer, basic, key, oauth, jwt, login, sign } = file.value;
        let door = &mut Door(problems);
        let kinds = [
            bearer.map(|bearer| door.text(bearer).map(Self::Bearer)),
            basic.map(|basic| {
                let password = door.text_option(basic.password);
                Some(Self::Basic { user: door.text(basic.user)?, password })
            }),
            key.map(|key| Key::compile(key, door).map(Self::Key)),
            oauth.map(|oauth| Oauth::compile(oauth, door).map(Self::Oauth)),
            jwt.map(|jwt| Jwt::compile(jwt, door).map(Self::Jwt)),
            login.map(|login| Login::compile(login, door).map(Self::Login)),
            sign.map(|sign| Sign::compile(sign, door).map(Self::Sign)),
        ];
        let mut written = kinds.into_iter().flatten();
        if let (Some(only), None) = (written.next(), written.next()) {
            return only;
        }
        let kinds = "`bearer`, `basic`, `key`, `oauth`, `jwt`, `login` and `sign`";
        problems.add(spot, Fault::new(format!("`auth` needs exactly one of {kinds}")));
        None
    }
}
