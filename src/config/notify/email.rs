//! A channel that is told by e-mail.

use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;
use tieout_reconcilers::define::checked::{Checked, Fault, FromText, Word};
use tieout_reconcilers::define::document::Problems;
use tieout_reconcilers::define::problem::Spot;

use super::MailAddress;
use crate::config::secret::{ConfigError, SecretRef};
use crate::notify::{EmailSettings, SmtpLogin, SmtpTls};

/// E-mail.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EmailFile {
    /// The name of the server.
    server: Checked<Host>,
    /// Its port; 587 for `starttls`, 465 for `implicit` and 25 for `none` where this is left out.
    port: Option<NonZeroU16>,
    /// How the connection is encrypted.
    #[schemars(extend("default" = "starttls"))]
    tls: Option<Checked<SmtpTls>>,
    /// A file with the certificates that are trusted, in PEM.
    ca: Option<Checked<String>>,
    /// Who logs in: a name, or a reference to one.
    user: Option<Checked<User>>,
    /// The password, as a reference.
    password: Option<Checked<SecretRef>>,
    /// Who sends.
    from: Checked<MailAddress>,
    /// Who is told.
    to: Vec<Checked<MailAddress>>,
}

/// The name of a server.
#[derive(Debug, Clone)]
struct Host(String);

/// Who logs in: a name, or a reference to one.
#[derive(Debug, Clone, PartialEq, Eq)]
enum User {
    Inline(String),
    Secret(SecretRef),
}

/// Who is told by e-mail, and by which server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailConfig {
    server: String,
    port: u16,
    tls: SmtpTls,
    ca: Option<PathBuf>,
    login: Option<(User, SecretRef)>,
    from: MailAddress,
    to: Vec<MailAddress>,
}

impl EmailFile {
    pub(super) fn compile(self, spot: Spot, problems: &mut Problems<'_>) -> Option<EmailConfig> {
        let server = problems.take(self.server);
        let tls = self.tls.map_or(Some(SmtpTls::default()), |tls| problems.take(tls));
        let login = login(spot, self.user, self.password, problems);
        let (from, ca) = (problems.take(self.from), problems.take_option(self.ca));
        let is_nobody = self.to.is_empty();
        let to: Vec<MailAddress> = self.to.into_iter().filter_map(|to| problems.take(to)).collect();
        if is_nobody {
            problems
                .add(spot, Fault::new("`to` names nobody").with_help("write it as `to: [ops@example.com]`"));
        }
        let (Host(server), tls, login) = (server?, tls?, login.ok()?);
        if login.is_some() && tls == SmtpTls::None && !is_this_machine(&server) {
            let fault = Fault::new("without TLS the password would be read by everybody on the way");
            problems.add(
                spot,
                fault.with_help("write `tls: starttls` or `tls: implicit`, or leave out the login"),
            );
            return None;
        }
        let port = self.port.map_or(tls.usual_port(), NonZeroU16::get);
        Some(EmailConfig { server, port, tls, ca: ca.map(PathBuf::from), login, from: from?, to })
    }
}

/// What is wrong with a login is among the problems.
struct Refused;

/// Both parts of a login, or none.
fn login(
    spot: Spot,
    user: Option<Checked<User>>,
    password: Option<Checked<SecretRef>>,
    problems: &mut Problems<'_>,
) -> Result<Option<(User, SecretRef)>, Refused> {
    match (user, password) {
        (None, None) => Ok(None),
        (Some(user), Some(password)) => {
            let (user, password) = (problems.take(user), problems.take(password));
            user.zip(password).map(Some).ok_or(Refused)
        }
        (user, password) => {
            let (spot, other) = match (user.map(|user| user.spot), password.map(|password| password.spot)) {
                (Some(spot), _) => (spot, "password"),
                (_, password) => (password.unwrap_or(spot), "user"),
            };
            let help = "a login is `user: NAME` with `password: env:NAME` or `password: file:PATH`";
            problems.add(spot, Fault::new(format!("`{other}` is missing")).with_help(help));
            Err(Refused)
        }
    }
}

fn is_this_machine(server: &str) -> bool {
    server == "localhost" || server.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl EmailConfig {
    /// Reads what it needs. `what` is its place in the configuration, `base` the configuration's folder.
    pub(super) fn resolve(&self, what: &str, base: &Path) -> Result<EmailSettings, ConfigError> {
        let login = self.login.as_ref().map(|(user, password)| {
            let user = match user {
                User::Inline(user) => user.as_str().into(),
                User::Secret(secret) => secret.read(&format!("{what}.user"), base)?,
            };
            Ok(SmtpLogin { user, password: password.read(&format!("{what}.password"), base)? })
        });
        let ca = self.ca.as_ref().map(|path| {
            let path = base.join(path);
            std::fs::read(&path).map_err(|source| ConfigError::Unreadable {
                what: format!("{what}.ca"),
                path,
                source,
            })
        });
        Ok(EmailSettings {
            server: self.server.clone(),
            port: self.port,
            tls: self.tls,
            ca: ca.transpose()?,
            login: login.transpose()?,
            from: self.from.0.clone(),
            to: self.to.iter().map(|to| to.0.clone()).collect(),
        })
    }
}

impl FromText for Host {
    const WHAT: &'static str = "name of a server";
    const EXAMPLES: &'static [&'static str] = &["smtp.example.com"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        url::Host::parse(text).map(|host| Self(host.to_string())).map_err(|_| {
            Fault::new("this is not the name of a server").with_help(
                "write it as `smtp.example.com`, without a scheme and without the port, which is `port`",
            )
        })
    }
}

impl FromText for User {
    const WHAT: &'static str = "name, or reference to one";

    fn from_text(text: &str) -> Result<Self, Fault> {
        if text.starts_with("env:") || text.starts_with("file:") {
            return SecretRef::from_text(text).map(Self::Secret);
        }
        Ok(Self::Inline(text.to_owned()))
    }
}

impl Word for SmtpTls {
    const WHAT: &'static str = "way of encrypting";

    fn words() -> Vec<(&'static str, Self)> {
        vec![("starttls", Self::Starttls), ("implicit", Self::Implicit), ("none", Self::None)]
    }
}
