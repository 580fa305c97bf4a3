//! The `auth` block as it is written: exactly one kind.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::door::Door;
use super::jwt::JwtFile;
use super::key::KeyFile;
use super::login::LoginFile;
use super::oauth::OauthFile;
use super::sign::SignFile;
use super::{Auth, Jwt, Key, Login, Oauth, Sign};
use crate::define::checked::{Checked, Fault};
use crate::define::document::Problems;
use crate::define::template::Template;

/// The `auth` block as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthFile {
    bearer: Option<Checked<Template>>,
    basic: Option<BasicFile>,
    key: Option<Spanned<KeyFile>>,
    oauth: Option<Spanned<OauthFile>>,
    jwt: Option<JwtFile>,
    login: Option<Spanned<LoginFile>>,
    sign: Option<Spanned<SignFile>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct BasicFile {
    user: Checked<Template>,
    password: Option<Checked<Template>>,
}

impl Auth<Template> {
    /// Reads the block.
    pub fn compile(file: Spanned<AuthFile>, problems: &mut Problems<'_>) -> Option<Self> {
        let spot = file.referenced.into();
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
