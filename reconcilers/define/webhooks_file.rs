//! The `webhooks` of a feed: a list of the provider, with the endpoints which webhooks are sent to. And the `webhooks` of a
//! domain: which of them is its own.

use schemars::JsonSchema;
use serde::Deserialize;

use super::checked::{Checked, Fault, FromText, Ordered, Placed};
use super::condition::Expected;
use super::document::Problems;
use super::events_file::conditions;
use super::problem::Spot;
use super::selector::Selector;
use crate::name::Name;
use crate::path::Path;
use crate::webhooks::Address;

/// Where the provider lists the endpoints that it sends webhooks to, for `tieout doctor`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhooksFile {
    /// The list of endpoints, one of `lists`.
    list: Checked<Name>,
    /// Where an entry has its address.
    url: Checked<Path>,
    /// What an entry holds that is on; left out where whoever is listed is on.
    on_if: Option<Placed<Ordered<Checked<Expected>>>>,
    /// What an entry holds whose last delivery arrived; left out where the list does not say.
    ok_if: Option<Placed<Ordered<Checked<Expected>>>>,
    /// Where an entry has its topics.
    topics: Option<Checked<Selector>>,
    /// The topic that stands for all of them.
    all: Option<Checked<String>>,
    /// The topics that tell of the items of the feed.
    expect: Placed<Vec<Checked<String>>>,
}

/// Where the provider lists the endpoints that it sends webhooks to.
#[derive(Debug, Clone)]
pub struct WebhooksDefinition {
    /// The list of endpoints.
    pub list: Name,
    /// Where an entry has its address.
    pub url: Path,
    /// What an entry holds that is on; nothing where whoever is listed is on.
    pub on_if: Vec<(Path, Expected)>,
    /// What an entry holds whose last delivery arrived; nothing where the list does not say.
    pub ok_if: Vec<(Path, Expected)>,
    /// Where an entry has its topics.
    pub topics: Option<Selector>,
    /// The topic that stands for all of them.
    pub all: Option<String>,
    /// The topics that tell of the items of the feed.
    pub expect: Vec<String>,
    /// Where the list is named.
    pub spot: Spot,
}

impl WebhooksDefinition {
    /// The members of an entry that are read, in the order of a [`WebhookFeed`](crate::webhooks::WebhookFeed).
    pub(super) fn members(&self) -> Vec<Path> {
        let conditions = self.on_if.iter().chain(&self.ok_if).map(|(path, _)| path);
        let topics = self.topics.iter().filter_map(|topics| topics.root.as_ref());
        std::iter::once(&self.url).chain(conditions).chain(topics).cloned().collect()
    }
}

impl WebhooksFile {
    pub(super) fn compile(self, problems: &mut Problems<'_>) -> Option<WebhooksDefinition> {
        let spot = self.list.spot;
        let (list, url) = (problems.take(self.list), problems.take(self.url));
        let mut conditions =
            |written: Option<_>| written.map(|written| conditions(written, problems)).unwrap_or_default();
        let (on, arrived) = (conditions(self.on_if), conditions(self.ok_if));
        let topics_spot = self.topics.as_ref().map_or(spot, |topics| topics.spot);
        let topics = problems.take_option(self.topics);
        if topics.as_ref().is_some_and(|topics| topics.root.is_none()) {
            problems.add(topics_spot, Fault::new("an entry is an object, and its topics are a member of it"));
        }
        if let (Some(all), None) = (&self.all, &topics) {
            let help = "say `topics`, where an entry has them, or leave `all` out";
            problems.add(
                all.spot,
                Fault::new("`all` is one of the topics, which are read nowhere").with_help(help),
            );
        }
        let all = problems.take_option(self.all);
        if self.expect.value.is_empty() {
            let fault = Fault::new("no topic tells of the items of the feed");
            problems.add(self.expect.spot, fault.with_help("name them as in `expect: [order.updated]`"));
        }
        let expect = texts(self.expect.value, problems);
        Some(WebhooksDefinition {
            list: list?,
            url: url?,
            on_if: on,
            ok_if: arrived,
            topics,
            all,
            expect,
            spot,
        })
    }
}

fn texts(written: Vec<Checked<String>>, problems: &mut Problems<'_>) -> Vec<String> {
    written.into_iter().filter_map(|text| problems.take(text)).collect()
}

/// Which of the provider's endpoints is the domain's own, and what it needs of it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OwnWebhooksFile {
    /// Where the endpoint is, without its query and what of its path is secret.
    url: Option<Checked<Address>>,
    /// The topics that it needs, in the place of those that the feed names; empty where it needs none.
    expect: Option<Vec<Checked<String>>>,
}

/// What a domain says about the webhooks that it lives on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnWebhooks {
    /// Where its endpoint is.
    pub url: Option<Address>,
    /// The topics that it needs, in the place of those that the feed names; empty where it needs none at all.
    pub expect: Option<Vec<String>>,
}

impl OwnWebhooksFile {
    pub(super) fn compile(self, problems: &mut Problems<'_>) -> OwnWebhooks {
        let url_spot = self.url.as_ref().map(|url| url.spot).unwrap_or_default();
        let url = problems.take_option(self.url);
        if url.as_ref().is_some_and(Address::has_more_than_a_path) {
            let fault = Fault::new("the address of the endpoint has more than a path");
            problems.add(url_spot, fault.with_help("leave out its query, and what of its path is secret"));
        }
        OwnWebhooks { url, expect: self.expect.map(|expect| texts(expect, problems)) }
    }
}

impl FromText for Address {
    const WHAT: &'static str = "address of an endpoint";

    fn from_text(text: &str) -> Result<Self, Fault> {
        text.parse::<Self>().map_err(|error| Fault::new(error.to_string()))
    }
}
