//! The login that stands in an address of NATS, which the client does not look for there.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

/// Who one is at a server.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Login {
    None,
    Token(String),
    User(String, String),
}

/// The address alone, and the login that stands in it.
pub(super) fn apart(url: &SecretString) -> Option<(String, Login)> {
    let mut url = Url::parse(url.expose_secret()).ok().filter(Url::has_host)?;
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().ok().map(Cow::into_owned);
    let login = match (url.username(), url.password()) {
        ("", None) => Login::None,
        (token, None) => Login::Token(decoded(token)?),
        (user, Some(password)) => Login::User(decoded(user)?, decoded(password)?),
    };
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    Some((url.to_string(), login))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_login_is_taken_out_of_the_address() {
        let read = |text: &str| apart(&text.to_owned().into());
        let address = || "nats://nats.example.com:4222".to_owned();
        assert_eq!(read("nats://nats.example.com:4222"), Some((address(), Login::None)));
        assert_eq!(
            read("nats://s3cret@nats.example.com:4222"),
            Some((address(), Login::Token("s3cret".to_owned())))
        );
        let user = Login::User("app".to_owned(), "a/b@c".to_owned());
        assert_eq!(read("nats://app:a%2Fb%40c@nats.example.com:4222"), Some((address(), user)));
        assert_eq!(read("nats:nats.example.com"), None);
    }
}
