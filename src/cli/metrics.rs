//! `tieout serve` and `tieout metrics`: how things stand, for Prometheus.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;
use tieout_reconcilers::define::checked::FromText as _;

use super::ask::Consent;
use super::desk::Desk;
use super::failure::Failure;
use super::help;
use super::wire;
use crate::config::metrics::Pushgateway;
use crate::config::queue::broker_url::BrokerUrl;
use crate::config::{Config, Loaded};
use crate::metrics::{
    self, Family, FamilyView, Gateway, GatewaySettings, Group, PushError, Server, Snapshots, Subject,
};
use crate::report::{exit, json};

/// `tieout serve`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ServeArgs {
    /// The address and port to answer on; there is no login, so think before you name another than this machine's own
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1:9464",
        env = "TIEOUT_LISTEN",
        hide_env_values = true
    )]
    pub listen: SocketAddr,
}

/// How things stand, for Prometheus.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum MetricsCommand {
    /// Print all metrics as they are now
    #[command(after_help = help::METRICS_SHOW.short(), after_long_help = help::METRICS_SHOW.long())]
    Show {
        /// Write them into this file instead, whole and readable for everybody, as node_exporter's textfile collector wants it
        #[arg(long, value_name = "PATH", env = "TIEOUT_TEXTFILE", hide_env_values = true)]
        textfile: Option<PathBuf>,
    },
    /// Push the metrics of all domains to a Pushgateway, each domain into a group of its own
    #[command(after_help = help::METRICS_PUSH.short(), after_long_help = help::METRICS_PUSH.long())]
    Push(PushArgs),
    /// Delete the groups of domains from a Pushgateway that are not configured any more
    #[command(after_help = help::METRICS_PRUNE.short(), after_long_help = help::METRICS_PRUNE.long())]
    Prune {
        /// Which Pushgateway.
        #[command(flatten)]
        of: PushArgs,
        /// Whether to ask.
        #[command(flatten)]
        consent: Consent,
    },
}

/// Which Pushgateway.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct PushArgs {
    /// `http://HOST:PORT`, or `env:NAME` or `file:PATH` for an address with a password; that of `metrics.pushgateway` when left out
    #[arg(value_name = "URL", value_parser = gateway_url)]
    pub url: Option<BrokerUrl<Pushgateway>>,
}

fn gateway_url(text: &str) -> Result<BrokerUrl<Pushgateway>, String> {
    BrokerUrl::from_text(text).map_err(|fault| match fault.help {
        Some(help) => format!("{}; {help}", fault.message),
        None => fault.message,
    })
}

/// What metrics need to know of the configured domains.
pub(super) fn subjects(loaded: &Loaded) -> Vec<Subject> {
    let interval = loaded.config.metrics.expected_interval;
    loaded.domains.iter().map(|domain| Subject::of(domain.as_ref(), interval)).collect()
}

/// Snapshots of what a configuration names, for a server of metrics.
pub(super) fn snapshots(loaded: &Loaded) -> Result<Snapshots, Failure> {
    let settings = wire::store_settings(&loaded.config)?;
    Ok(Snapshots::new(settings, loaded.config.upgrade, subjects(loaded)))
}

/// Carries `serve` out: until somebody asks it to end, which is no failure.
pub(super) async fn serve(desk: &Desk, args: &ServeArgs) -> Result<u8, Failure> {
    let loaded = wire::load(desk)?;
    let server = listen(args.listen, snapshots(&loaded)?).await?;
    let address = server.address().map_err(|error| unserved(&error))?;
    let told = [("listening", format!("http://{address}/metrics"))];
    tell(desk, &format!("listening on {}\n", told[0].1), "tieout.listening/v1", "listening", &told.into())?;
    server.run(desk.signals.token().clone()).await.map_err(|error| unserved(&error))?;
    Ok(exit::DONE)
}

/// Listens, and says so where others than this machine can hear it.
pub(super) async fn listen(address: SocketAddr, snapshots: Snapshots) -> Result<Server, Failure> {
    let server = Server::listen(address, snapshots).await.map_err(|error| unserved(&error))?;
    if !address.ip().is_loopback() {
        tracing::warn!(%address, "others than this machine can read how things stand: there is no login");
    }
    Ok(server)
}

fn unserved(error: &metrics::ServeError) -> Failure {
    Failure::failed("listen", error.to_string())
}

/// Carries `metrics` out.
pub(super) async fn carry_out(desk: &Desk, command: MetricsCommand) -> Result<u8, Failure> {
    let loaded = wire::load(desk)?;
    match command {
        MetricsCommand::Show { textfile } => show(desk, &loaded, textfile).await,
        MetricsCommand::Push(args) => push(desk, &loaded, &args).await,
        MetricsCommand::Prune { of, consent } => prune(desk, &loaded, &of, consent).await,
    }
}

async fn show(desk: &Desk, loaded: &Loaded, textfile: Option<PathBuf>) -> Result<u8, Failure> {
    let families = families(loaded).await?;
    if let Some(path) = textfile {
        metrics::textfile(&path, families).map_err(|why| Failure::failed("textfile", why))?;
        return Ok(exit::DONE);
    }
    let views: Vec<FamilyView> = families.iter().map(Family::view).collect();
    let text =
        metrics::text(families.clone()).map_err(|error| Failure::failed("output", error.to_string()))?;
    let document = || json::whole("tieout.metrics/v1", &BTreeMap::from([("metrics", &views)]));
    desk.output.show(|_| text, document, || json::lines("metric", &views))?;
    Ok(exit::DONE)
}

/// Says what was done: a sentence to people, a few words to programs.
fn tell(
    desk: &Desk,
    human: &str,
    schema: &'static str,
    name: &str,
    words: &BTreeMap<&str, impl Serialize>,
) -> Result<(), Failure> {
    desk.output.show(|_| human.to_owned(), || json::whole(schema, words), || json::lines(name, [words]))
}

/// How things stand with every configured domain.
async fn families(loaded: &Loaded) -> Result<Vec<Family>, Failure> {
    let store = wire::open_store(&loaded.config).await?;
    let names: Vec<_> = loaded.domains.iter().map(|domain| domain.domain()).collect();
    let taken = match store.know_domains(&names).await {
        Ok(()) => metrics::take(&store, &subjects(loaded)).await,
        Err(error) => Err(error),
    };
    store.close().await;
    taken.map_err(|error| wire::store_failure(&error))
}

async fn push(desk: &Desk, loaded: &Loaded, args: &PushArgs) -> Result<u8, Failure> {
    let settings = settings(&loaded.config, args)?;
    let families = families(loaded).await?;
    let domains = names(loaded);
    metrics::push(&settings, &domains, &families).await.map_err(|error| not_pushed(&error))?;
    let human = format!("pushed: {} domains\n", domains.len());
    tell(
        desk,
        &human,
        "tieout.metrics_pushed/v1",
        "metrics_pushed",
        &BTreeMap::from([("domains", &domains)]),
    )?;
    Ok(exit::DONE)
}

async fn prune(desk: &Desk, loaded: &Loaded, args: &PushArgs, consent: Consent) -> Result<u8, Failure> {
    let settings = settings(&loaded.config, args)?;
    let gateway = Gateway::new(&settings).map_err(|error| not_pushed(&error))?;
    let configured = names(loaded);
    let groups = gateway.groups().await.map_err(|error| not_pushed(&error))?;
    let is_gone = |group: &Group| group.domain.as_ref().is_some_and(|domain| !configured.contains(domain));
    let gone: Vec<Group> = groups.into_iter().filter(is_gone).collect();
    let listed: Vec<String> = gone.iter().map(ToString::to_string).collect();
    let pruned = |human: &str| {
        tell(
            desk,
            human,
            "tieout.metrics_pruned/v1",
            "metrics_pruned",
            &BTreeMap::from([("groups", &listed)]),
        )?;
        Ok(exit::DONE)
    };
    if gone.is_empty() {
        return pruned("nothing to prune\n");
    }
    let what = format!(
        "this deletes the groups of job `{}` for {}, which {} does not name",
        settings.job,
        listed.join(", "),
        loaded.config.file.display()
    );
    consent.to(desk, &what).await?;
    for group in &gone {
        gateway.delete(group).await.map_err(|error| not_pushed(&error))?;
    }
    pruned(&format!("pruned: {}\n", listed.join(", ")))
}

fn names(loaded: &Loaded) -> Vec<String> {
    loaded.domains.iter().map(|domain| domain.domain().to_string()).collect()
}

fn settings(config: &Config, args: &PushArgs) -> Result<GatewaySettings, Failure> {
    let settings = config.metrics.gateway(args.url.as_ref(), &config.folder);
    settings.map_err(|error| wire::wrong_reference(&error))?.ok_or_else(|| {
        Failure::usage(
            "no_pushgateway",
            "no Pushgateway is named: give its address, or write `metrics: {pushgateway: {url: ...}}` into tieout.yaml",
        )
    })
}

fn not_pushed(error: &PushError) -> Failure {
    match error {
        PushError::NoAddress => Failure::usage("pushgateway", error.to_string()),
        _ => Failure::failed("pushgateway", error.to_string()),
    }
}
