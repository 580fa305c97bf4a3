//! Somebody who is told how runs end, with secrets read.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use secrecy::SecretString;
use tieout_reconcilers::name::Name;

use super::event::{Event, Trouble};
use crate::queue::webhook::{Signer, Target};

/// After what time a trouble that lasts is told again, where nobody has said.
const EVERY: Duration = Duration::from_hours(24);

/// Somebody who is told how runs end.
#[derive(Debug, Clone)]
pub struct Channel {
    /// Its name in the configuration.
    pub name: Name,
    /// By which means it is told.
    pub means: Means,
    /// What it is told about.
    pub wishes: Wishes,
}

/// By which means somebody is told.
#[derive(Debug, Clone)]
pub enum Means {
    /// An incoming webhook of Slack, or of what understands its messages.
    Slack(Target),
    /// A handler of our own JSON, which is signed where there is a secret.
    Webhook(Target, Option<Box<Signer>>),
    /// E-mail.
    Email(Box<EmailSettings>),
    /// A service that alarms when nothing comes.
    Ping(Target),
}

/// What a channel is told about.
#[derive(Debug, Clone)]
pub struct Wishes {
    /// Which events.
    pub on: BTreeSet<Event>,
    /// Of which domains, by name; of all where nothing is said.
    pub domains: Option<BTreeSet<String>>,
    /// After what time a trouble that lasts is told again.
    pub every: Duration,
    /// An address for its messages, with `{run_id}` for the run.
    pub link: Option<String>,
}

impl Default for Wishes {
    /// Everything but that another run was at work, which is no trouble of its own.
    fn default() -> Self {
        let on = Event::ALL.into_iter().filter(|event| *event != Event::Trouble(Trouble::Skipped)).collect();
        Self { on, domains: None, every: EVERY, link: None }
    }
}

impl Wishes {
    /// Whether a domain is among those it is told about.
    #[must_use]
    pub fn cover(&self, domain: &str) -> bool {
        self.domains.as_ref().is_none_or(|names| names.contains(domain))
    }

    /// Whether it is told about a trouble.
    #[must_use]
    pub fn ask_for(&self, trouble: Trouble) -> bool {
        self.on.contains(&Event::Trouble(trouble))
    }

    /// Whether it is told that a trouble is over.
    #[must_use]
    pub fn ask_for_the_end(&self) -> bool {
        self.on.contains(&Event::Recovered)
    }
}

/// How a server of e-mail is reached, and who writes to whom.
#[derive(Debug, Clone)]
pub struct EmailSettings {
    /// The server.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub tls: SmtpTls,
    /// Certificates in PEM that are trusted beside those of this machine.
    pub ca: Option<Vec<u8>>,
    /// Who logs in; nobody where there is none.
    pub login: Option<SmtpLogin>,
    /// Who writes.
    pub from: String,
    /// To whom.
    pub to: Vec<String>,
}

/// Who logs in.
#[derive(Clone)]
pub struct SmtpLogin {
    /// The name.
    pub user: SecretString,
    /// The password.
    pub password: SecretString,
}

impl fmt::Debug for SmtpLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmtpLogin")
    }
}

/// How a connection to a server of e-mail is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SmtpTls {
    /// It must become so before anything is said.
    #[default]
    Starttls,
    /// From its beginning.
    Implicit,
    /// Not at all.
    None,
}

impl SmtpTls {
    /// The port that such servers listen on.
    #[must_use]
    pub const fn usual_port(self) -> u16 {
        match self {
            Self::Starttls => 587,
            Self::Implicit => 465,
            Self::None => 25,
        }
    }
}
