//! The signature of a webhook: that of the Standard Webhooks specification (<https://www.standardwebhooks.com>), or the one that a provider
//! puts on its own, so that the handler which is there for those takes ours. It knows no clock.

use aws_lc_rs::hmac::{self, HMAC_SHA256, Key};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};

use crate::queue::Mode;
use crate::source::auth::hex;
use crate::store::Outgoing;

/// What the secrets of Standard Webhooks begin with.
const PREFIX: &str = "whsec_";

/// Whose signature a webhook has, and what else goes by that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scheme {
    /// Standard Webhooks, on the event in this form.
    Standard(Mode),
    /// Stripe's, on the data.
    Stripe,
    /// Shopify's, on the data, with this topic or the event's type.
    Shopify(Option<String>),
    /// GitHub's, on the data, with this topic or the event's type.
    Github(Option<String>),
}

/// A secret that is none of Standard Webhooks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the secret of `signature: standard` is `whsec_` and then the key in base64")]
pub struct NotASecret;

/// Signs webhooks.
#[derive(Debug, Clone)]
pub struct Signer {
    pub(super) scheme: Scheme,
    key: Key,
}

impl Signer {
    /// Reads the key out of a secret.
    pub fn new(scheme: Scheme, secret: &SecretString) -> Result<Self, NotASecret> {
        let secret = secret.expose_secret();
        let key = match &scheme {
            Scheme::Standard(_) => {
                let key = secret.strip_prefix(PREFIX).and_then(|key| STANDARD.decode(key).ok());
                Key::new(HMAC_SHA256, &key.filter(|key| !key.is_empty()).ok_or(NotASecret)?)
            }
            Scheme::Stripe | Scheme::Shopify(_) | Scheme::Github(_) => {
                Key::new(HMAC_SHA256, secret.as_bytes())
            }
        };
        Ok(Self { scheme, key })
    }

    /// The headers that go with a body at a time, in seconds since 1970.
    pub(super) fn headers(&self, event: &Outgoing, body: &str, now: i64) -> Vec<(&'static str, String)> {
        let id = event.event_id.to_string();
        let topic = |topic: &Option<String>| topic.clone().unwrap_or_else(|| event.event_type.clone());
        match &self.scheme {
            Scheme::Standard(_) => self.standard(&id, body, now).into(),
            Scheme::Stripe => {
                let tag = self.tag(&format!("{now}.{body}"));
                vec![("stripe-signature", format!("t={now},v1={}", hex(tag.as_ref())))]
            }
            Scheme::Shopify(name) => vec![
                ("x-shopify-topic", topic(name)),
                ("x-shopify-webhook-id", id.clone()),
                ("x-shopify-event-id", id),
                ("x-shopify-hmac-sha256", STANDARD.encode(self.tag(body))),
            ],
            Scheme::Github(name) => vec![
                ("x-github-event", topic(name)),
                ("x-github-delivery", id),
                ("x-hub-signature-256", format!("sha256={}", hex(self.tag(body).as_ref()))),
            ],
        }
    }

    /// The headers of Standard Webhooks for a message with an id, whatever else it is.
    pub(crate) fn standard(&self, id: &str, body: &str, now: i64) -> [(&'static str, String); 3] {
        let tag = self.tag(&format!("{id}.{now}.{body}"));
        [
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", now.to_string()),
            ("webhook-signature", format!("v1,{}", STANDARD.encode(tag))),
        ]
    }

    fn tag(&self, text: &str) -> hmac::Tag {
        hmac::sign(&self.key, text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::tests::event;

    fn signer(scheme: Scheme, secret: &str) -> Signer {
        Signer::new(scheme, &secret.to_owned().into()).unwrap()
    }

    fn base64_of(signer: &Signer, text: &str) -> String {
        STANDARD.encode(signer.tag(text))
    }

    /// The example of the specification's own libraries, whose id is not one of ours.
    #[test]
    fn the_vector_of_standard_webhooks_comes_out() {
        let signer = signer(Scheme::Standard(Mode::Structured), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let text = r#"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}"#;
        assert_eq!(base64_of(&signer, text), "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    /// The example of GitHub's documentation.
    #[test]
    fn the_vector_of_github_comes_out() {
        let signer = signer(Scheme::Github(None), "It's a Secret to Everybody");
        let headers = signer.headers(&event("ch_1", "{}"), "Hello, World!", 0);
        let expected = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert_eq!(headers.last(), Some(&("x-hub-signature-256", expected.to_owned())));
    }

    #[test]
    fn a_secret_of_standard_webhooks_has_its_prefix_and_a_key_in_base64() {
        for bad in ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_hunter2!", "WHSEC_aGk=", "whsec_aGk"]
        {
            let refused = Signer::new(Scheme::Standard(Mode::Binary), &bad.to_owned().into());
            assert_eq!(refused.err(), Some(NotASecret), "{bad}");
        }
        assert!(Signer::new(Scheme::Stripe, &"whsec_hunter2!".to_owned().into()).is_ok());
    }

    #[test]
    fn a_key_is_not_printed() {
        let printed = format!("{:?}", signer(Scheme::Stripe, "hunter2"));
        assert!(!printed.contains("hunter2") && printed.contains("Stripe"), "{printed}");
    }
}
