//! One conversation with a server of e-mail, which hands one message over to everybody whom the server takes. So it is known who has it
//! and who has not, and nobody has to be sent it twice because of somebody else.

use std::time::Duration;

use lettre::message::Message;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, MailBodyParameter, MailParameter};
use secrecy::ExposeSecret as _;

use super::channel::{EmailSettings, SmtpTls};

/// How long it may take until the server is reached.
const CONNECT_TIME: Duration = Duration::from_secs(4);

/// What a server made of a message.
pub(super) struct Given {
    /// What it says to having it; nothing where it took nobody.
    pub(super) code: Option<String>,
    /// Whom it refused, by their places among all recipients.
    pub(super) refused: Vec<(usize, Error)>,
}

/// Hands a message over to some of its recipients, named by their places. An error is about all of them.
pub(super) async fn give(settings: &EmailSettings, message: &Message, to: &[usize]) -> Result<Given, Error> {
    let mut connection = open(settings).await?;
    let given = transact(&mut connection, message, to).await;
    match &given {
        // It has the message, whatever it says to a farewell.
        Ok(_) => drop(connection.quit().await),
        Err(_) => connection.abort().await,
    }
    given
}

async fn open(settings: &EmailSettings) -> Result<AsyncSmtpConnection, Error> {
    let (name, place) = (ClientId::default(), (settings.server.as_str(), settings.port));
    let wrapped = match settings.tls {
        SmtpTls::Implicit => Some(tls(settings)?),
        SmtpTls::Starttls | SmtpTls::None => None,
    };
    let mut connection =
        AsyncSmtpConnection::connect_tokio1(place, Some(CONNECT_TIME), &name, wrapped, None).await?;
    if settings.tls == SmtpTls::Starttls {
        connection.starttls(tls(settings)?, &name).await?;
    }
    if let Some(login) = &settings.login {
        let (user, password) = (login.user.expose_secret(), login.password.expose_secret());
        let login = Credentials::new(user.to_owned(), password.to_owned());
        connection.auth(DEFAULT_MECHANISMS, &login).await?;
    }
    Ok(connection)
}

fn tls(settings: &EmailSettings) -> Result<TlsParameters, Error> {
    let mut tls = TlsParameters::builder(settings.server.clone());
    if let Some(pem) = &settings.ca {
        tls = tls.add_root_certificate(Certificate::from_pem(pem)?);
    }
    tls.build()
}

async fn transact(
    connection: &mut AsyncSmtpConnection,
    message: &Message,
    to: &[usize],
) -> Result<Given, Error> {
    let (envelope, text) = (message.envelope(), message.formatted());
    let all: Vec<_> = to.iter().filter_map(|at| Some((*at, envelope.to().get(*at)?.clone()))).collect();
    let mut addresses = envelope.from().into_iter().chain(envelope.to());
    let mut options = Vec::new();
    if !addresses.all(|address| AsRef::<str>::as_ref(address).is_ascii()) {
        options.push(MailParameter::SmtpUtfEight);
    }
    if !text.is_ascii() {
        options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    connection.command(Mail::new(envelope.from().cloned(), options)).await?;
    let (n_all, mut refused) = (all.len(), Vec::new());
    for (at, address) in all {
        match connection.command(Rcpt::new(address, Vec::new())).await {
            Ok(_) => {}
            // What has no code is no answer, but the end of the conversation.
            Err(error) if error.status().is_some() => refused.push((at, error)),
            Err(error) => return Err(error),
        }
    }
    if refused.len() == n_all {
        return Ok(Given { code: None, refused });
    }
    connection.command(Data).await?;
    let code = connection.message(&text).await?.code().to_string();
    Ok(Given { code: Some(code), refused })
}
