//! Which credential travels where.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::conformance::play::Act;
use crate::conformance::traffic::{Exchange, leaves};

/// Headers that every client sends.
const USUAL: &[&str] =
    &["accept", "accept-encoding", "authorization", "content-length", "content-type", "host", "user-agent"];

pub(super) fn shows(code: &str, act: &Act) -> Option<bool> {
    let calls = act.calls();
    let all = |law: &dyn Fn(&Exchange) -> bool| Some(!calls.is_empty() && calls.iter().all(|call| law(call)));
    let is_secret = |value: &str| act.secrets.iter().any(|secret| value.contains(secret.as_str()));
    match code {
        "A1" => all(&|call| bearer(call).is_some_and(is_secret)),
        "A2" => all(&|call| basic(call).is_some_and(|pair| is_secret(&pair))),
        "A3" => all(&|call| {
            call.headers.iter().any(|(name, value)| !USUAL.contains(&&**name) && is_secret(value))
        }),
        "A5" => all(&|call| {
            call.sent().is_some_and(|sent| {
                leaves(&sent).iter().any(|(_, leaf)| leaf.as_str().is_some_and(is_secret))
            })
        }),
        "A6" => Some(logged_in(act, "client_credentials")),
        "A7" => Some(logged_in(act, "refresh_token")),
        "A8" => Some(logins(act).iter().any(|login| is_signed(login)) && uses_token(act)),
        "A11" => Some(logins(act).iter().any(|login| {
            calls.iter().all(|call| call.host != login.host) && leaves(&login.said()).len() > 1
        })),
        "A13" => all(&|call| {
            call.headers.iter().any(|(name, value)| {
                let is_own = !USUAL.contains(&&**name) || (name == "accept" && value != "application/json");
                is_own && !is_secret(value)
            })
        }),
        _ => None,
    }
}

fn bearer(call: &Exchange) -> Option<&str> {
    call.headers.get("authorization")?.strip_prefix("Bearer ")
}

fn basic(call: &Exchange) -> Option<String> {
    let pair = call.headers.get("authorization")?.strip_prefix("Basic ")?;
    STANDARD.decode(pair).ok().and_then(|bytes| String::from_utf8(bytes).ok())
}

fn logins(act: &Act) -> Vec<&Exchange> {
    act.traffic.iter().filter(|exchange| exchange.is_login()).collect()
}

fn granted(login: &Exchange) -> String {
    let in_json = login.sent().and_then(|sent| sent["grant_type"].as_str().map(str::to_owned));
    in_json.or_else(|| login.form().remove("grant_type")).unwrap_or_default()
}

fn logged_in(act: &Act, grant: &str) -> bool {
    logins(act).iter().any(|login| granted(login) == grant) && uses_token(act)
}

/// Every request after the login carries the token that it gave, in whatever header.
fn uses_token(act: &Act) -> bool {
    let tokens: Vec<String> = logins(act)
        .iter()
        .filter_map(|login| login.said()["access_token"].as_str().map(str::to_owned))
        .collect();
    let carries = |call: &&Exchange| {
        call.headers.values().any(|value| tokens.iter().any(|token| value.ends_with(&**token)))
    };
    !act.calls().is_empty() && act.calls().iter().all(carries)
}

/// The login brings a signed statement instead of a secret.
fn is_signed(login: &Exchange) -> bool {
    login.form().get("assertion").is_some_and(|assertion| {
        let parts: Vec<&str> = assertion.split('.').collect();
        let decodes = |part: &&str| URL_SAFE_NO_PAD.decode(part).is_ok_and(|bytes| !bytes.is_empty());
        parts.len() == 3 && parts.iter().all(decodes)
    })
}
