//! A feed by itself, without a domain: which one a command is about, and everything that is needed to ask it.

use std::sync::Arc;

use clap::Args;
use tieout_reconcilers::define::domain::DomainDefinition;
use tieout_reconcilers::fan_out::Member;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::FeedName;
use tieout_reconcilers::reconciler::{Jobs, Reconciler};
use tieout_reconcilers::window::{Purpose, Slice, Window};

use super::desk::Desk;
use super::failure::Failure;
use super::member::{self, MemberValue};
use super::values::{When, feed_name, when};
use super::wire;
use crate::config::{Loaded, ProviderConfig};
use crate::coverage;
use crate::probe::written;
use crate::source::Client;

/// `tieout preview` and `tieout probe`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct FeedArgs {
    /// The feed, as domains name it: `stripe/charges`
    #[arg(value_name = "PROVIDER/FEED", value_parser = feed_name)]
    pub feed: FeedName,
    /// Ask for items from this time on, in place of the newest slice: a date (`2025-11-21` is midnight UTC), a time with its offset,
    /// or how long ago (`2d`)
    #[arg(long, value_name = "WHEN", value_parser = when)]
    pub since: Option<When>,
    /// Ask for items up to this time, which itself is left out
    #[arg(long, value_name = "WHEN", value_parser = when, requires = "since")]
    pub until: Option<When>,
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
        if reconciler.feed().jobs != Jobs::None {
            return Err(self.starts_a_job(reconciler.as_ref(), &slice));
        }
        let tokens = wire::token_store(&loaded.config, [reconciler.provider()]).await?;
        let client = wire::client(&loaded.config, reconciler.provider(), tokens.as_ref());
        let client = client
            .map_err(|failure| Failure::exiting(failure.exit_code(), "provider", failure.to_string()))?;
        let client = client.for_run(None);
        let member = member::choose(&client, reconciler.fan_out(), &self.each, now).await?;
        let each = member.as_ref().map(|member| member.each.clone()).unwrap_or_default();
        Ok(Open { client, reconciler, slice: Slice { each, ..slice }, member })
    }

    /// An export cannot be looked at without being made, which costs the provider work and the account a part of its quota.
    fn starts_a_job(&self, reconciler: &dyn Reconciler, slice: &Slice) -> Failure {
        let message = format!(
            "`{}` is an export: looking at it would start a job at the provider. Nothing was sent. A run begins with\n\n{}\n\n\
             To read a short range, name a domain on this feed: `tieout plan DOMAIN --since TIME --until TIME`",
            self.feed,
            written(&reconciler.first_page(slice))
        );
        Failure::usage("starts_a_job", message)
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
        let [since, until] = [self.since, self.until].map(|when| when.map(|when| when.before(now)));
        let until = until.unwrap_or(if since.is_some() { now } else { newest });
        let since = since.unwrap_or(until - feed.span);
        let empty = || Failure::usage("empty_range", format!("nothing lies between {since} and {until}"));
        Ok(Slice::new(Window::new(since, until).ok_or_else(empty)?, Purpose::Coverage))
    }
}
