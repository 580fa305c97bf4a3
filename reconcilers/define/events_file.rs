//! The `events` of a feed: another feed of the provider that lists the provider's own events about its items, or their
//! deliveries.

use schemars::JsonSchema;
use serde::Deserialize;

use super::checked::{Checked, Fault, FromText, Ordered, Placed, Word};
use super::condition::Expected;
use super::document::Problems;
use super::id_file::IdFile;
use super::problem::Spot;
use crate::name::Name;
use crate::path::Path;

/// Where the provider lists its own events about these items.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EventsFile {
    /// The feed of events, or of their deliveries.
    feed: Checked<Name>,
    /// Where an entry holds the key of what it is about.
    object: IdFile,
    /// Of a log of deliveries: where an entry says what its event is called.
    group: Option<Checked<Path>>,
    /// Of a log of deliveries: what an entry holds that reached its endpoint.
    ok_if: Option<Placed<Ordered<Checked<Expected>>>>,
    /// Of a log of deliveries: where in an entry the event itself is.
    unwrap: Option<Checked<Path>>,
    /// `changes` where the list tells of every change of an item.
    drives: Option<Checked<Drives>>,
}

/// What a list of events is good for beside its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Drives {
    /// It tells of every change.
    Changes,
}

impl Word for Drives {
    const WHAT: &'static str = "word";

    fn words() -> Vec<(&'static str, Self)> {
        vec![("changes", Self::Changes)]
    }
}

/// Where the provider lists its own events about the items of a feed.
#[derive(Debug, Clone)]
pub struct EventsDefinition {
    /// The feed of events, or of their deliveries.
    pub feed: Name,
    /// Where an entry holds the key of what its event is about; as many parts as that key has.
    pub object: Vec<Path>,
    /// Where an entry holds what its event is called, so that all deliveries of one event count once.
    pub group: Option<Path>,
    /// What an entry holds whose event arrived; nothing where the list does not say.
    pub arrived_if: Vec<(Path, Expected)>,
    /// Whether it tells of every change of an item, so that changes are followed by it.
    pub drives: bool,
    /// Where in an entry the event itself is.
    pub unwrap: Option<Path>,
    /// Where the feed is named.
    pub spot: Spot,
}

impl EventsDefinition {
    /// The members of an entry that are read, in the order of an [`EventFeed`](crate::event_feed::EventFeed).
    pub(super) fn members(&self) -> Vec<Path> {
        let conditions = self.arrived_if.iter().map(|(path, _)| path);
        self.object.iter().chain(&self.group).chain(conditions).chain(&self.unwrap).cloned().collect()
    }
}

impl EventsFile {
    /// Whether it says that it tells of every change.
    pub(super) const fn drives(&self) -> bool {
        self.drives.is_some()
    }

    /// `parts` is the number of parts of the feed's own key.
    pub(super) fn compile(self, parts: usize, problems: &mut Problems<'_>) -> Option<EventsDefinition> {
        let (spot, object_spot) = (self.feed.spot, self.object.0.spot);
        let (feed, object) = (problems.take(self.feed), problems.take(self.object.0));
        let (group, unwrap) = (problems.take_option(self.group), problems.take_option(self.unwrap));
        let drives = problems.take_option(self.drives).is_some();
        let arrived_if = self.ok_if.map(|ok_if| conditions(ok_if, problems)).unwrap_or_default();
        let object = object?;
        if object.len() != parts {
            let message =
                format!("the key of this feed has {parts} parts and `object` names {}", object.len());
            let help = "name where an event holds each part of the key, in the same order";
            problems.add(object_spot, Fault::new(message).with_help(help));
        }
        Some(EventsDefinition { feed: feed?, object, group, arrived_if, drives, unwrap, spot })
    }
}

pub(super) fn conditions(
    written: Placed<Ordered<Checked<Expected>>>,
    problems: &mut Problems<'_>,
) -> Vec<(Path, Expected)> {
    if written.value.0.is_empty() {
        let fault = Fault::new("an empty condition holds for every entry");
        problems.add(written.spot, fault.with_help("say a member such as `{status: OK}`"));
    }
    let mut all = Vec::new();
    for entry in written.value.0 {
        let path = Path::from_text(&entry.key).map_err(|fault| problems.add(entry.spot, fault));
        if let (Ok(path), Some(expected)) = (path, problems.take(entry.value)) {
            all.push((path, expected));
        }
    }
    all
}
