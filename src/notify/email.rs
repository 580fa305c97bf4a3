//! Sends a message by e-mail: one, for everybody whom the server takes. What a server says may repeat addresses, so of its answers only
//! the code is told.

use std::collections::BTreeMap;

use super::channel::{EmailSettings, SmtpTls};
use super::conversation::give;
use super::digest::Digest;
use super::sent::{NotSent, Sent};

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::Error;

/// Sends a digest. Whom the server refuses costs the others nothing, and whoever has it is not sent it again: the second attempt is for
/// those alone of whom the server says that it may pass.
pub(super) async fn send(settings: &EmailSettings, digest: &Digest) -> Result<Sent, NotSent> {
    let place = format!("{}:{}", settings.server, settings.port);
    let message = message(settings, digest)?;
    let mut waits: Vec<usize> = (0..settings.to.len()).collect();
    let mut refused: BTreeMap<usize, NotSent> = BTreeMap::new();
    let mut taken = None;
    for pause in [None, Some(super::post::PAUSE)] {
        if let Some(pause) = pause {
            tokio::time::sleep(pause).await;
        }
        match give(settings, &message, &waits).await {
            Ok(given) => {
                refused.retain(|at, _| !waits.contains(at));
                refused.extend(given.refused.iter().map(|(at, error)| (*at, why(&place, settings, error))));
                taken = taken.or(given.code);
            }
            Err(error) => {
                let error = why(&place, settings, &error);
                refused.extend(waits.iter().map(|at| (*at, error.clone())));
            }
        }
        waits = refused.iter().filter(|(_, error)| error.may_pass()).map(|(at, _)| *at).collect();
        if waits.is_empty() {
            break;
        }
    }
    told(&place, settings.to.len(), taken, &refused)
}

/// What became of it, in words.
fn told(
    place: &str,
    all: usize,
    taken: Option<String>,
    refused: &BTreeMap<usize, NotSent>,
) -> Result<Sent, NotSent> {
    let each: Vec<String> =
        refused.iter().map(|(at, error)| format!("recipient {} of {all}: {error}", at + 1)).collect();
    match (taken, refused.values().next()) {
        (Some(code), None) => Ok(Sent(format!("{place} takes it for {} with code {code}", people(all)))),
        (Some(_), Some(_)) => {
            let taken = people(all - refused.len());
            Ok(Sent(format!("{place} takes it for {taken}, and not for all: {}", each.join("; "))))
        }
        (None, Some(first)) if refused.values().all(|error| error == first) => Err(first.clone()),
        (None, _) => Err(NotSent::Refused(each.join("; "))),
    }
}

/// What an error of the server or of the way to it means.
fn why(place: &str, settings: &EmailSettings, error: &Error) -> NotSent {
    let Some(code) = error.status().map(|code| code.to_string()) else {
        return no_answer(place, settings, error);
    };
    let said = format!("{place} answers with code {code}");
    match code.as_str() {
        "530" | "534" | "535" | "538" => {
            NotSent::Login(format!("{said}: look at `user` and `password`, and whether the server wants TLS"))
        }
        "550" | "551" | "553" | "554" => {
            NotSent::Refused(format!("{said}: look whether it lets `from` write to everybody in `to`"))
        }
        _ if error.is_transient() => NotSent::Unreachable(said),
        _ => NotSent::Refused(said),
    }
}

fn no_answer(place: &str, settings: &EmailSettings, error: &Error) -> NotSent {
    if error.is_timeout() {
        return NotSent::Unreachable(format!("{place} gives no answer in time"));
    }
    if error.is_tls() {
        let other = match settings.tls {
            SmtpTls::Starttls => "`tls: implicit`",
            SmtpTls::Implicit | SmtpTls::None => "`tls: starttls`",
        };
        return NotSent::Refused(format!(
            "{place} cannot be reached over TLS: look at its certificate, at `ca`, and whether it wants {other}"
        ));
    }
    if error.is_client() {
        return NotSent::Refused(format!(
            "{place} does not offer what is needed: STARTTLS, or a way to log in that this program knows"
        ));
    }
    NotSent::Unreachable(format!("{place} cannot be reached, or ends the conversation"))
}

/// The message. Its id is the same for a second attempt, so that a server may notice.
fn message(settings: &EmailSettings, digest: &Digest) -> Result<Message, NotSent> {
    let mailbox = |text: &str| {
        text.parse::<Mailbox>()
            .map_err(|_| NotSent::Refused("an address of e-mail cannot be used".to_owned()))
    };
    let from = mailbox(&settings.from)?;
    let id = format!("<{}.{}@{}>", digest.run_id, digest.channel, from.email.domain());
    let mut builder = Message::builder().from(from).subject(digest.subject()).message_id(Some(id));
    for to in &settings.to {
        builder = builder.to(mailbox(to)?);
    }
    let name = HeaderName::new_from_ascii_str("Auto-Submitted");
    let automatic = HeaderValue::new(name, "auto-generated".to_owned());
    let built = builder.raw_header(automatic).header(ContentType::TEXT_PLAIN).body(digest.text());
    built.map_err(|error| NotSent::Refused(format!("the message cannot be made: {error}")))
}

fn people(number: usize) -> String {
    if number == 1 { "1 recipient".to_owned() } else { format!("{number} recipients") }
}
