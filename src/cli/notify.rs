//! `tieout notify test`: tells channels that they are being tried, and says what became of it.

use chrono::Utc;
use clap::Subcommand;
use futures::future::join_all;
use tieout_reconcilers::define::words;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::Name;
use uuid::Uuid;

use super::check::{self, Tested};
use super::desk::Desk;
use super::failure::Failure;
use super::help;
use super::wire;
use crate::config::{ChannelConfig, Config};
use crate::notify::{self, NotSent};
use crate::report::exit;

/// Who is told how runs end.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum NotifyCommand {
    /// Send a message that says it is a test, and tell what became of it; a ping goes to the log of its service
    #[command(after_help = help::NOTIFY.short(), after_long_help = help::NOTIFY.long())]
    Test {
        /// Channels of `notify:`; all when left out
        #[arg(value_name = "CHANNEL")]
        channels: Vec<String>,
    },
}

/// Carries `notify` out.
pub(super) async fn carry_out(desk: &Desk, command: NotifyCommand) -> Result<u8, Failure> {
    let NotifyCommand::Test { channels } = command;
    let loaded = wire::load_quietly(desk)?;
    let wanted = wanted(&loaded.config, &channels)?;
    let (run_id, now) = (Uuid::now_v7(), Instant::from(Utc::now()));
    let tests = wanted.into_iter().map(|(name, channel)| test(&loaded.config, name, channel, run_id, now));
    check::show("notify", &join_all(tests).await, &desk.output)
}

/// The channels of some names; all of them where there is no name.
fn wanted<'c>(config: &'c Config, names: &[String]) -> Result<Vec<(&'c Name, &'c ChannelConfig)>, Failure> {
    let known: Vec<&str> = config.channels.keys().map(Name::as_str).collect();
    if known.is_empty() {
        let message =
            "tieout.yaml names nobody to tell; write `notify: {ops: {slack: {url: env:SLACK_URL}}}`";
        return Err(Failure::usage("no_channels", message));
    }
    if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
        let message = format!("there is no channel `{unknown}`; {}", words::advice(unknown, &known));
        return Err(Failure::usage("no_such_channel", message));
    }
    let is_wanted = |name: &Name| names.is_empty() || names.iter().any(|wanted| wanted == name.as_str());
    Ok(config.channels.iter().filter(|(name, _)| is_wanted(name)).collect())
}

async fn test(config: &Config, name: &Name, channel: &ChannelConfig, run_id: Uuid, now: Instant) -> Tested {
    let what = format!("channel {name}");
    let channel = match channel.resolve(name, &config.folder) {
        Ok(channel) => channel,
        Err(error) => return Tested::failed(what, error.to_string(), exit::USAGE),
    };
    match notify::test(&channel, run_id, now).await {
        Ok(sent) => Tested::ok(what, format!("told: {}", sent.0)),
        Err(error @ NotSent::Login(_)) => Tested::failed(what, error.to_string(), exit::CREDENTIALS),
        Err(error) => Tested::failed(what, error.to_string(), exit::FAILED),
    }
}
