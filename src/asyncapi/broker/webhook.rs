//! An application's handler of webhooks, with the headers of the signature that it is used to.

use super::{Address, Described};
use crate::asyncapi::bindings::{HttpOperation, OperationBindings};
use crate::asyncapi::form::{Form, Holds, Text};
use crate::asyncapi::place::Place;
use crate::asyncapi::schema::Schema;
use crate::config::queue::webhook::{WebhookConfig, WebhookUrl};
use crate::queue::webhook::{MARK, Scheme};

/// The version of the binding (<https://github.com/asyncapi/bindings/blob/master/http/README.md>).
const BINDING: &str = "0.3.0";

/// A handler.
pub(super) fn handler(webhook: &WebhookConfig) -> Described {
    let place = match &webhook.url {
        WebhookUrl::Inline(text) => Place::inline(text),
        WebhookUrl::Secret(secret) => Place::Secret(secret),
    };
    // An address that only a secret says is one of HTTPS, but where it is on this machine or the configuration permits more.
    let mut server = place.server(if place.has_scheme(&["http"]) { "http" } else { "https" });
    server.pathname = None;
    let address = place.path().map_or(Address::Unknown, |path| Address::Known(path.to_owned()));
    let http = HttpOperation { method: "POST", binding_version: BINDING };
    Described {
        operation: Some(OperationBindings { http: Some(http), ..OperationBindings::default() }),
        ..Described::new(server, address, form(webhook))
    }
}

fn form(webhook: &WebhookConfig) -> Form {
    let mut form = signed(&webhook.scheme).with("content-type", Holds::MediaType).with(
        MARK.0,
        Holds::Value(Schema::only(MARK.1).described("What tells it from a provider's own webhook.")),
    );
    for (name, _) in &webhook.headers {
        form = form.with(name.as_str(), Holds::Value(Schema::text()));
    }
    form
}

/// What `queue/webhook/signature.rs` puts on a request.
fn signed(scheme: &Scheme) -> Form {
    let id = || Holds::Value(Schema::formatted("uuid").described("The event's id."));
    let signature = |what: &str| Holds::Value(Schema::text().described(what));
    let topic = |topic: &Option<String>| {
        topic.as_ref().map_or(Holds::Type, |topic| Holds::Value(Schema::only(topic)))
    };
    match scheme {
        Scheme::Standard(mode) => Form::of(*mode, "ce-", Text::Encoded)
            .with("webhook-id", id())
            .with("webhook-timestamp", signature("When it was signed, in seconds since 1970."))
            .with(
                "webhook-signature",
                signature("A signature of Standard Webhooks: `v1,` and the HMAC-SHA256 in base64."),
            ),
        Scheme::Stripe => Form::data(None).with(
            "stripe-signature",
            signature("A signature as Stripe's: `t=` and the time, `v1=` and the HMAC-SHA256."),
        ),
        Scheme::Shopify(name) => Form::data(Some("x-shopify-webhook-id"))
            .with("x-shopify-topic", topic(name))
            .with("x-shopify-webhook-id", id())
            .with("x-shopify-event-id", id())
            .with("x-shopify-hmac-sha256", signature("A signature as Shopify's: the HMAC-SHA256 in base64.")),
        Scheme::Github(name) => Form::data(Some("x-github-delivery"))
            .with("x-github-event", topic(name))
            .with("x-github-delivery", id())
            .with(
                "x-hub-signature-256",
                signature("A signature as GitHub's: `sha256=` and the HMAC-SHA256."),
            ),
    }
}
