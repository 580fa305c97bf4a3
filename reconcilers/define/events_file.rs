//! The `events` of a feed: another feed of the provider that lists the provider's own events about its items.

use serde::Deserialize;

use super::checked::{Checked, Fault};
use super::document::Problems;
use super::id_file::IdFile;
use super::problem::Spot;
use crate::name::Name;
use crate::path::Path;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventsFile {
    feed: Checked<Name>,
    object: IdFile,
}

/// Where the provider lists its own events about the items of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventsDefinition {
    /// The feed of events.
    pub feed: Name,
    /// Where an event holds the key of what it is about; as many parts as that key has.
    pub object: Vec<Path>,
    /// Where the feed is named.
    pub spot: Spot,
}

impl EventsFile {
    /// `parts` is the number of parts of the feed's own key.
    pub(super) fn compile(self, parts: usize, problems: &mut Problems<'_>) -> Option<EventsDefinition> {
        let (spot, object_spot) = (self.feed.spot, self.object.0.spot);
        let (feed, object) = (problems.take(self.feed), problems.take(self.object.0));
        let object = object?;
        if object.len() != parts {
            let message =
                format!("the key of this feed has {parts} parts and `object` names {}", object.len());
            let help = "name where an event holds each part of the key, in the same order";
            problems.add(object_spot, Fault::new(message).with_help(help));
        }
        Some(EventsDefinition { feed: feed?, object, spot })
    }
}
