//! Logs in, step by step, and reads the token that the last step answers with.

use chrono::{DateTime, Utc};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use tieout_reconcilers::define::auth::answer::TokenAnswer;
use tieout_reconcilers::define::auth::login::{Login, Sent, Step};
use tieout_reconcilers::define::auth::woven::{Token, Woven};
use tieout_reconcilers::define::reader::Reader;
use tieout_reconcilers::page;

use super::answer::open;
use super::endpoint::{Ask, AskBody, Endpoint};
use super::oauth::form;
use super::session::Issued;
use crate::source::error::SourceError;

/// A login with the endpoints of its steps.
#[derive(Debug)]
pub(super) struct LoginSteps {
    login: Login<SecretString>,
    endpoints: Vec<Endpoint>,
    base: Option<Reader>,
}

impl LoginSteps {
    pub(super) const fn new(
        login: Login<SecretString>,
        endpoints: Vec<Endpoint>,
        base: Option<Reader>,
    ) -> Self {
        Self { login, endpoints, base }
    }

    /// A new session.
    pub(super) async fn issue(&self, now: DateTime<Utc>) -> Result<Issued, SourceError> {
        let mut last: Option<Issued> = None;
        for (number, (step, endpoint)) in self.login.steps.iter().zip(&self.endpoints).enumerate() {
            let is_last = number + 1 == self.login.steps.len();
            let before = last.as_ref().map(|issued| issued.token.clone()).unwrap_or_default();
            let told = endpoint.ask(&ask(step, &before)?).await?;
            let passing = TokenAnswer { token: step.token.clone(), expires: None, ttl: None };
            let (reading, base) =
                if is_last { (&self.login.answer, self.base.as_ref()) } else { (&passing, None) };
            last = Some(open(&told, reading, base, now)?.issued);
        }
        last.ok_or_else(|| SourceError::settings("the login has no step"))
    }
}

fn ask(step: &Step<SecretString>, before: &SecretString) -> Result<Ask, SourceError> {
    let text = |woven: &Woven<SecretString, Token>| {
        woven.weave(|fixed| fixed.expose_secret(), |Token| before.expose_secret())
    };
    let mut headers = HeaderMap::new();
    for (name, value) in &step.headers {
        let (Ok(name), Ok(mut value)) =
            (HeaderName::try_from(name.as_str()), HeaderValue::try_from(text(value)))
        else {
            return Err(SourceError::Settings(format!("the header `{name}` of the login cannot be sent")));
        };
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    let body = match &step.sent {
        Sent::Nothing => None,
        Sent::Json(tree) => {
            Some(AskBody { content_type: "application/json", text: tree.render(&text).to_string().into() })
        }
        Sent::Form(pairs) => {
            let texts: Vec<(&str, String)> =
                pairs.iter().map(|(name, value)| (name.as_str(), text(value))).collect();
            let pairs: Vec<(&str, &str)> =
                texts.iter().map(|(name, value)| (*name, value.as_str())).collect();
            Some(form(&pairs))
        }
    };
    let method = match step.method {
        page::Method::Get => Method::GET,
        page::Method::Post => Method::POST,
    };
    Ok(Ask { method, headers, body })
}
