//! A feed by itself, without a domain: which one a command is about, and everything that is needed to ask it.

use std::sync::Arc;

use clap::Args;
use tieout_reconcilers::define::domain::DomainDefinition;
use tieout_reconcilers::fan_out::Member;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::FeedName;
use tieout_reconcilers::reconciler::Reconciler;
use tieout_reconcilers::window::{Purpose, Slice, Window};

use super::desk::Desk;
use super::failure::Failure;
use super::member::{self, MemberValue};
use super::values::{feed_name, instant};
use super::wire;
use crate::config::{Loaded, ProviderConfig};
use crate::coverage;
use crate::source::Client;

/// `tieout preview` and `tieout probe`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct FeedArgs {
    /// The feed, as domains name it: `stripe/charges`
    #[arg(value_name = "PROVIDER/FEED", value_parser = feed_name)]
    pub feed: FeedName,
    /// Ask for items from this time on, in place of the newest slice (`2025-11-21` is midnight UTC)
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub since: Option<Instant>,
    /// Ask for items up to this time, which itself is left out
    #[arg(long, value_name = "TIME", value_parser = instant, requires = "since")]
    pub until: Option<Instant>,
    /// For which member of its `each` the feed is read, in place of the first; may be given for each value of a member
    #[arg(long, value_name = "NAME=VALUE")]
    pub each: Vec<MemberValue>,
}

/// A feed that can be asked.
pub(super) struct Open {
    pub client: Client,
    pub reconciler: Arc<dyn Reconciler>,
    pub slice: Slice,
    /// The member that it is read for, where it is read for several.
    pub member: Option<Member>,
}

impl FeedArgs {
    /// Loads the configuration and opens the feed. Nothing is sent, unless its members are the items of another feed.
    pub(super) async fn open(&self, desk: &Desk) -> Result<Open, Failure> {
        let loaded = wire::load(desk)?;
        let reconciler = self.define(&loaded)?;
        let now = Instant::from(chrono::Utc::now());
        let slice = self.slice(reconciler.as_ref(), now)?;
        let tokens = wire::token_store(&loaded.config, [reconciler.provider()]).await?;
        let client = wire::client(&loaded.config, reconciler.provider(), tokens.as_ref());
        let client = client
            .map_err(|failure| Failure::exiting(failure.exit_code(), "provider", failure.to_string()))?;
        let client = client.for_run(None);
        let member = member::choose(&client, reconciler.fan_out(), &self.each, now).await?;
        let each = member.as_ref().map(|member| member.each.clone()).unwrap_or_default();
        Ok(Open { client, reconciler, slice: Slice { each, ..slice }, member })
    }

    fn define(&self, loaded: &Loaded) -> Result<Arc<dyn Reconciler>, Failure> {
        let config = loaded.config.providers.get(&self.feed.provider);
        let settings = config.map(ProviderConfig::of_feeds).unwrap_or_default();
        let domain = DomainDefinition::of_feed(self.feed.clone());
        let defined = loaded.config.catalogue.define(domain, &settings).map_err(|problem| {
            let help = problem.help.map(|help| format!("\n{help}")).unwrap_or_default();
            Failure::usage("no_such_feed", problem.message + &help)
        })?;
        Ok(Arc::new(defined))
    }

    /// The range that was asked for, else the newest slice that a run would read.
    fn slice(&self, reconciler: &dyn Reconciler, now: Instant) -> Result<Slice, Failure> {
        let feed = reconciler.feed();
        let newest = coverage::ceiling(now, feed, reconciler.policy(), None);
        let until = self.until.unwrap_or(if self.since.is_some() { now } else { newest });
        let since = self.since.unwrap_or(until - feed.span);
        let empty = || Failure::usage("empty_range", format!("nothing lies between {since} and {until}"));
        Ok(Slice::new(Window::new(since, until).ok_or_else(empty)?, Purpose::Coverage))
    }
}
