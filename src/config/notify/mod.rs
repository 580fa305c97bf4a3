//! Who is told how runs end, as `notify:` of `tieout.yaml` says it: channels by name, one file for each kind.

mod about;
mod address;
mod email;
mod post;
mod wish;

use std::path::Path;

use schemars::{JsonSchema, Schema};
use serde::Deserialize;
use tieout_reconcilers::define::checked::{Checked, Fault, Placed};
use tieout_reconcilers::define::document::Problems;
use tieout_reconcilers::define::problem::Spot;
use tieout_reconcilers::define::schema;
use tieout_reconcilers::define::value::Length;
use tieout_reconcilers::name::Name;

pub(super) use about::about;
pub use address::MailAddress;
pub use email::EmailConfig;
pub use post::{PostConfig, SignedConfig};

use email::EmailFile;
use post::{PostFile, SignedFile};
use wish::Link;

use super::pattern::Pattern;
use super::secret::ConfigError;
use crate::notify::{Channel, Event, Means, Wishes};

/// Who is told how runs end: exactly one of `slack`, `webhook`, `email` and `ping`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = one_means)]
pub(super) struct ChannelFile {
    /// An incoming webhook of Slack, or of what understands its messages.
    slack: Option<PostFile>,
    /// A handler of JSON.
    webhook: Option<SignedFile>,
    /// E-mail.
    email: Option<EmailFile>,
    /// A service that alarms when nothing comes.
    ping: Option<PostFile>,
    /// What about; everything but `skipped` where this is left out.
    on: Option<Placed<Vec<Checked<Event>>>>,
    /// Domains, by name, glob or tag (`tag:money`); all of them where this is left out.
    #[serde(default)]
    domains: Vec<Checked<Pattern>>,
    /// After what time a trouble that lasts is told again.
    #[schemars(extend("default" = schema::length(Wishes::default().every)))]
    every: Option<Checked<Length>>,
    /// An address for the message, with `{run_id}` for the run.
    link: Option<Checked<Link>>,
}

fn one_means(schema: &mut Schema) {
    schema::exactly_one_but(&["on", "domains", "every", "link"], schema);
}

/// The same, once it is known that it is one of them.
enum OneFile {
    Slack(PostFile),
    Webhook(SignedFile),
    Email(Box<EmailFile>),
    Ping(PostFile),
}

/// Somebody who is told how runs end.
#[derive(Debug, Clone)]
pub struct ChannelConfig {
    /// By which means.
    pub means: MeansConfig,
    /// What about.
    pub wishes: Wishes,
    /// What chooses its domains, and where that stands.
    patterns: Vec<(Spot, Pattern)>,
}

/// By which means somebody is told.
#[derive(Debug, Clone)]
pub enum MeansConfig {
    /// An incoming webhook of Slack, or of what understands its messages.
    Slack(PostConfig),
    /// A handler of our own JSON.
    Webhook(SignedConfig),
    /// E-mail.
    Email(EmailConfig),
    /// A service that alarms when nothing comes.
    Ping(PostConfig),
}

impl ChannelFile {
    pub(super) fn compile(file: Placed<Self>, problems: &mut Problems<'_>) -> Option<ChannelConfig> {
        let spot = file.spot;
        let Self { slack, webhook, email, ping, on, domains, every, link } = file.value;
        let is_ping = ping.is_some();
        let given = [
            slack.map(OneFile::Slack),
            webhook.map(OneFile::Webhook),
            email.map(|email| OneFile::Email(Box::new(email))),
            ping.map(OneFile::Ping),
        ];
        let mut given = given.into_iter().flatten();
        let means = if let (Some(one), None) = (given.next(), given.next()) {
            one.compile(spot, problems)
        } else {
            problems.add(spot, not_one());
            None
        };
        if is_ping {
            refuse_wishes(on.as_ref().map(|on| on.spot), every.as_ref(), problems);
        }
        let patterns = domains.into_iter().filter_map(|one| Some((one.spot, problems.take(one)?))).collect();
        let mut wishes = Wishes::default();
        if let Some(on) = on {
            wishes.on = on.value.into_iter().filter_map(|event| problems.take(event)).collect();
        }
        if let Some(Length(every)) = problems.take_option(every) {
            wishes.every = every;
        }
        wishes.link = problems.take_option(link).map(|Link(link)| link);
        Some(ChannelConfig { means: means?, wishes, patterns })
    }
}

fn not_one() -> Fault {
    Fault::new("a channel is exactly one of `slack`, `webhook`, `email` and `ping`").with_help(
        "write it as `ops: {slack: {url: env:SLACK_URL}}` or `nightly: {ping: {url: env:PING_URL}}`",
    )
}

/// A ping says that it runs, whatever it finds, and remembers nothing.
fn refuse_wishes(on: Option<Spot>, every: Option<&Checked<Length>>, problems: &mut Problems<'_>) {
    let places = [("on", on), ("every", every.map(|every| every.spot))];
    for (key, spot) in places {
        let Some(spot) = spot else { continue };
        let fault = Fault::new(format!("`{key}` is not for a `ping`, which is sent by every run"))
            .with_help("leave it out; the service that is pinged decides when it alarms");
        problems.add(spot, fault);
    }
}

impl OneFile {
    fn compile(self, spot: Spot, problems: &mut Problems<'_>) -> Option<MeansConfig> {
        if let Self::Email(_) = self
            && !cfg!(feature = "smtp")
        {
            let fault = Fault::new("this tieout was built without e-mail")
                .with_help("take a released binary, or build with `--features smtp`");
            problems.add(spot, fault);
            return None;
        }
        match self {
            Self::Slack(file) => file.compile(problems).map(MeansConfig::Slack),
            Self::Webhook(file) => file.compile(problems).map(MeansConfig::Webhook),
            Self::Email(file) => file.compile(spot, problems).map(MeansConfig::Email),
            Self::Ping(file) => file.compile(problems).map(MeansConfig::Ping),
        }
    }
}

impl ChannelConfig {
    /// Reads what it needs. `base` is the configuration's folder.
    pub fn resolve(&self, name: &Name, base: &Path) -> Result<Channel, ConfigError> {
        let place = |kind: &str| format!("notify.{name}.{kind}");
        let means = match &self.means {
            MeansConfig::Slack(post) => Means::Slack(post.resolve(&place("slack"), base)?),
            MeansConfig::Webhook(webhook) => {
                let (target, signer) = webhook.resolve(&place("webhook"), base)?;
                Means::Webhook(target, signer.map(Box::new))
            }
            MeansConfig::Email(email) => Means::Email(Box::new(email.resolve(&place("email"), base)?)),
            MeansConfig::Ping(post) => Means::Ping(post.resolve(&place("ping"), base)?),
        };
        Ok(Channel { name: name.clone(), means, wishes: self.wishes.clone() })
    }
}
