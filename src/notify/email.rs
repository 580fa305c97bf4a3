//! Sends a message by e-mail. What a server says may repeat addresses, so of its answers only the code is told.

use std::time::Duration;

use super::channel::{EmailSettings, SmtpTls};
use super::digest::Digest;
use super::sent::{NotSent, Sent};

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::{AsyncSmtpTransport, Error};
use lettre::{AsyncTransport as _, Tokio1Executor};
use secrecy::ExposeSecret as _;

/// How long the server may take for an answer.
const ANSWER_TIME: Duration = Duration::from_secs(4);

type Mailer = AsyncSmtpTransport<Tokio1Executor>;

/// Sends a digest. Where the server refuses one of several recipients, each gets a message of their own.
pub(super) async fn send(settings: &EmailSettings, digest: &Digest) -> Result<Sent, NotSent> {
    let mailer = mailer(settings)?;
    let place = format!("{}:{}", settings.server, settings.port);
    let all: Vec<&String> = settings.to.iter().collect();
    match once_more(&mailer, settings, digest, &all, &place).await {
        Err(NotSent::Refused(_)) if all.len() > 1 => each(&mailer, settings, digest, &place).await,
        Err(error) => Err(error),
        Ok(code) => Ok(Sent(format!("{place} takes it for {} with code {code}", people(all.len())))),
    }
}

/// To everybody on their own.
async fn each(
    mailer: &Mailer,
    settings: &EmailSettings,
    digest: &Digest,
    place: &str,
) -> Result<Sent, NotSent> {
    let (mut taken, mut refused) = (0, Vec::new());
    for (at, to) in settings.to.iter().enumerate() {
        match deliver(mailer, settings, digest, &[to], place).await {
            Ok(_) => taken += 1,
            Err(error) => refused.push(format!("recipient {} of {}: {error}", at + 1, settings.to.len())),
        }
    }
    if taken == 0 {
        return Err(NotSent::Refused(refused.join("; ")));
    }
    Ok(Sent(format!("{place} takes it for {}, and not for all: {}", people(taken), refused.join("; "))))
}

async fn once_more(
    mailer: &Mailer,
    settings: &EmailSettings,
    digest: &Digest,
    to: &[&String],
    place: &str,
) -> Result<String, NotSent> {
    match deliver(mailer, settings, digest, to, place).await {
        Err(error) if error.may_pass() => {
            tokio::time::sleep(super::post::PAUSE).await;
            deliver(mailer, settings, digest, to, place).await
        }
        done => done,
    }
}

async fn deliver(
    mailer: &Mailer,
    settings: &EmailSettings,
    digest: &Digest,
    to: &[&String],
    place: &str,
) -> Result<String, NotSent> {
    let message = message(settings, digest, to)?;
    match mailer.send(message).await {
        Ok(response) => Ok(response.code().to_string()),
        Err(error) => Err(refused(place, settings, &error)),
    }
}

/// What an error of the server or of the way to it means.
fn refused(place: &str, settings: &EmailSettings, error: &Error) -> NotSent {
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

fn mailer(settings: &EmailSettings) -> Result<Mailer, NotSent> {
    let wrong = |error: Error| NotSent::Refused(format!("`ca` cannot be used: {error}"));
    let parameters = || {
        let mut tls = TlsParameters::builder(settings.server.clone());
        if let Some(pem) = &settings.ca {
            tls = tls.add_root_certificate(Certificate::from_pem(pem)?);
        }
        tls.build()
    };
    let tls = match settings.tls {
        SmtpTls::Starttls => Tls::Required(parameters().map_err(wrong)?),
        SmtpTls::Implicit => Tls::Wrapper(parameters().map_err(wrong)?),
        SmtpTls::None => Tls::None,
    };
    let mut builder =
        Mailer::builder_dangerous(&settings.server).port(settings.port).tls(tls).timeout(Some(ANSWER_TIME));
    if let Some(login) = &settings.login {
        let (user, password) = (login.user.expose_secret(), login.password.expose_secret());
        builder = builder.credentials(Credentials::new(user.to_owned(), password.to_owned()));
    }
    Ok(builder.build())
}

/// The message. Its id is the same for a second attempt, so that a server may notice.
fn message(settings: &EmailSettings, digest: &Digest, to: &[&String]) -> Result<Message, NotSent> {
    let mailbox = |text: &str| {
        text.parse::<Mailbox>()
            .map_err(|_| NotSent::Refused("an address of e-mail cannot be used".to_owned()))
    };
    let from = mailbox(&settings.from)?;
    let id = format!("<{}.{}@{}>", digest.run_id, digest.channel, from.email.domain());
    let mut builder = Message::builder().from(from).subject(digest.subject()).message_id(Some(id));
    for to in to {
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
