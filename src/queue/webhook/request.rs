//! An event as the request that delivers it.

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Request};

use super::{Scheme, WebhookSettings};
use crate::queue::binding::{self, Message, encoded};
use crate::queue::{Mode, Outcome};
use crate::store::Outgoing;

/// What tells our webhooks from a provider's own.
pub(crate) const MARK: (&str, &str) = ("tieout-synthetic", "true");

/// Makes the request, signed at a time in seconds since 1970. An event that cannot be one is dead.
pub(super) fn request(settings: &WebhookSettings, event: &Outgoing, now: i64) -> Result<Request, Outcome> {
    let message = message(event, &settings.signer.scheme)?;
    if message.body.len() > settings.max_bytes {
        return Err(binding::too_large(message.body.len(), settings.max_bytes));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in &settings.headers {
        put(&mut headers, name, value)?;
    }
    put(&mut headers, MARK.0, MARK.1)?;
    put(&mut headers, CONTENT_TYPE.as_str(), &message.content_type)?;
    for (name, value) in &message.attributes {
        put(&mut headers, &format!("ce-{name}"), &encoded(value))?;
    }
    for (name, value) in settings.signer.headers(event, message.body, now) {
        put(&mut headers, name, &value)?;
    }
    let mut request = Request::new(Method::POST, settings.target.url.clone());
    *request.headers_mut() = headers;
    *request.body_mut() = Some(message.body.to_owned().into());
    Ok(request)
}

/// The event in the form of Standard Webhooks, or the data alone, as a provider's handler knows it.
fn message<'e>(event: &'e Outgoing, scheme: &Scheme) -> Result<Message<'e>, Outcome> {
    if let Scheme::Standard(mode) = scheme {
        return Message::of(event, *mode);
    }
    let mut message = Message::of(event, Mode::Binary)?;
    message.attributes.clear();
    if message.body.is_empty() {
        return Err(poison("the event has no data"));
    }
    Ok(message)
}

fn put(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), Outcome> {
    let (Ok(name), Ok(value), true) =
        (HeaderName::try_from(name), HeaderValue::try_from(value), value.is_ascii())
    else {
        return Err(poison(&format!("what the header `{name}` would hold cannot stand in one")));
    };
    headers.insert(name, value);
    Ok(())
}

fn poison(why: &str) -> Outcome {
    Outcome::Dead { class: "poison", reason: why.to_owned() }
}
