//! Signatures of OAuth 1.0a (RFC 5849), in the `Authorization` header.

use chrono::{DateTime, Utc};
use percent_encoding::utf8_percent_encode;
use reqwest::Request;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use secrecy::{ExposeSecret as _, SecretString};
use tieout_reconcilers::define::auth::sign::{Encoding, Hash, Oauth1};
use url::form_urlencoded;

use super::oauth::FORM;
use super::sign::{body, mac, set, written};
use super::sigv4::UNRESERVED;
use crate::source::error::SourceError;

/// Signs a request.
pub(super) fn sign(
    sign: &Oauth1<SecretString>,
    request: &mut Request,
    now: DateTime<Utc>,
    nonce: &str,
) -> Result<(), SourceError> {
    let method = if sign.hash == Hash::Sha256 { "HMAC-SHA256" } else { "HMAC-SHA1" };
    let mut own = vec![
        ("oauth_consumer_key", sign.consumer_key.expose_secret().to_owned()),
        ("oauth_nonce", nonce.to_owned()),
        ("oauth_signature_method", method.to_owned()),
        ("oauth_timestamp", now.timestamp().to_string()),
        ("oauth_version", "1.0".to_owned()),
    ];
    own.extend(sign.token.as_ref().map(|(id, _)| ("oauth_token", id.expose_secret().to_owned())));
    let text = base_string(request, &own);
    let token_secret = sign.token.as_ref().map(|(_, secret)| secret.expose_secret()).unwrap_or_default();
    let key = format!("{}&{}", encode(sign.consumer_secret.expose_secret()), encode(token_secret));
    own.push(("oauth_signature", signature(sign.hash, &key, &text)));
    let realm = sign.realm.as_ref().map(|realm| format!("realm=\"{}\"", realm.expose_secret()));
    let pairs = own.iter().map(|(name, value)| format!("{name}=\"{}\"", encode(value)));
    let value = realm.into_iter().chain(pairs).collect::<Vec<_>>().join(", ");
    set(request, AUTHORIZATION, &format!("OAuth {value}"))
}

fn signature(hash: Hash, key: &str, text: &str) -> String {
    written(mac(hash, key.as_bytes(), text.as_bytes()).as_ref(), Encoding::Base64)
}

/// Section 3.4.1 of the RFC: the parameters of the query, of a form and of the header, encoded and sorted.
fn base_string(request: &Request, own: &[(&str, String)]) -> String {
    let mut url = request.url().clone();
    let mut pairs: Vec<(String, String)> =
        own.iter().map(|(name, value)| (encode(name), encode(value))).collect();
    pairs.extend(url.query_pairs().map(|(name, value)| (encode(&name), encode(&value))));
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().is_some_and(|kind| kind.trim() == FORM) {
        pairs.extend(
            form_urlencoded::parse(body(request)).map(|(name, value)| (encode(&name), encode(&value))),
        );
    }
    pairs.sort();
    let pairs = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
    url.set_query(None);
    url.set_fragment(None);
    format!("{}&{}&{}", request.method(), encode(url.as_str()), encode(&pairs))
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::Method;
    use reqwest::header::HeaderValue;

    #[test]
    fn the_base_string_of_the_rfc_comes_out() {
        let url = "http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b";
        let mut request = Request::new(Method::POST, url.parse().unwrap());
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(FORM));
        *request.body_mut() = Some("c2&a3=2+q".into());
        let own = [
            ("oauth_consumer_key", "9djdj82h48djs9d2"),
            ("oauth_token", "kkk9d7dh3k39sjv7"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "137131201"),
            ("oauth_nonce", "7d8f3e4a"),
        ];
        let own = own.map(|(name, value)| (name, value.to_owned()));
        assert_eq!(
            base_string(&request, &own),
            "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540\
             %3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method\
             %3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
        );
    }

    #[test]
    fn the_signature_of_the_published_photos_example_comes_out() {
        let text = "GET&http%3A%2F%2Fphotos.example.net%2Fphotos&file%3Dvacation.jpg%26oauth_consumer_key\
                    %3Ddpf43f3p2l4k3l03%26oauth_nonce%3Dkllo9940pd9333jh%26oauth_signature_method%3DHMAC-SHA1\
                    %26oauth_timestamp%3D1191242096%26oauth_token%3Dnnch734d00sl2jdk%26oauth_version%3D1.0%26size\
                    %3Doriginal";
        let keys = Oauth1 {
            consumer_key: "dpf43f3p2l4k3l03".into(),
            consumer_secret: "kd94hf93k423kf44".into(),
            token: Some(("nnch734d00sl2jdk".into(), "pfkkdhi9sl3r4s00".into())),
            realm: None,
            hash: Hash::Sha1,
        };
        let url = "http://photos.example.net/photos?file=vacation.jpg&size=original";
        let mut request = Request::new(Method::GET, url.parse().unwrap());
        sign(&keys, &mut request, DateTime::from_timestamp(1_191_242_096, 0).unwrap(), "kllo9940pd9333jh")
            .unwrap();
        let key = "kd94hf93k423kf44&pfkkdhi9sl3r4s00";
        assert_eq!(signature(Hash::Sha1, key, text), "tR3+Ty81lMeYAr/Fid0kMTYa/WM=");
        let value = request.headers()[AUTHORIZATION].to_str().unwrap();
        assert!(value.ends_with("oauth_signature=\"tR3%2BTy81lMeYAr%2FFid0kMTYa%2FWM%3D\""), "{value}");
    }
}
