//! Where a provider keeps its own events about the items of a feed: a list of events, or a log of their deliveries.

use std::sync::Arc;

use crate::compare::{FIELDS, KEY};
use crate::define::condition::{Expected, text_of_value};
use crate::instant::Instant;
use crate::items::ItemView;
use crate::key::Key;
use crate::reconciler::Reconciler;

/// An event as the provider's list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// The provider's id of it.
    pub event: Key,
    /// When it was made, or, in a log of deliveries, when the first of those was made that were read.
    pub at: Option<Instant>,
    /// Whether a delivery arrived, where the provider keeps a log of them.
    pub arrived: Option<bool>,
    /// Whether another event about the same item may be newer: it was delivered at about the same time, or the log was not read back
    /// to where first deliveries can be told from late ones.
    pub is_doubtful: bool,
}

impl Trace {
    /// When it was made, where the list says so. What a log shows of an event may begin with a late delivery, so that it was made
    /// before that.
    #[must_use]
    pub fn made_at(&self) -> Option<Instant> {
        self.at.filter(|_| self.arrived.is_none())
    }
}

/// A feed of the provider's own events about the items of another feed.
///
/// It has no local side and nothing is compared. From [`FIELDS`] on, its items hold the parts of the key of what an event is
/// about, then what the event itself is called, whether it arrived and where it is, as far as the definition says so.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each says one thing that a list does or does not do")]
pub struct EventFeed {
    /// Reads the list.
    pub feed: Arc<dyn Reconciler>,
    /// How many parts the key of an item has.
    pub parts: usize,
    /// Whether entries with the same name are deliveries of one event.
    pub is_grouped: bool,
    /// Whether only the look-up of an entry shows what it is about.
    pub is_detailed: bool,
    /// What an entry must hold, member by member, if the event arrived. Nothing where the list does not say.
    pub arrived_if: Vec<Expected>,
    /// Whether it tells of every change, so that a run can look up what changed instead of reading everything again.
    pub drives: bool,
    /// Whether the event is a part of its entry.
    pub is_wrapped: bool,
}

impl EventFeed {
    /// Whether it is a log of deliveries, in which an event may show several times, and late.
    #[must_use]
    pub const fn is_of_deliveries(&self) -> bool {
        !self.arrived_if.is_empty()
    }

    /// The key of the item that an entry is about, where the entry shows it.
    #[must_use]
    pub fn about(&self, entry: ItemView<'_>) -> Option<Key> {
        let parts = (0..self.parts).map(|part| Key::from_json(entry.slot(FIELDS + part)).ok());
        match parts.collect::<Option<Vec<Key>>>()?.as_slice() {
            [only] => Some(only.clone()),
            several => Key::of_parts(several.iter().map(Key::as_str)).ok(),
        }
    }

    /// What the event is called: the same for all of its deliveries.
    #[must_use]
    pub fn event(&self, entry: ItemView<'_>) -> Option<Key> {
        let slot = if self.is_grouped { FIELDS + self.parts } else { KEY };
        Key::from_json(entry.slot(slot)).ok()
    }

    /// Whether the event arrived, where the list says so.
    #[must_use]
    pub fn arrived(&self, entry: ItemView<'_>) -> Option<bool> {
        let first = FIELDS + self.parts + usize::from(self.is_grouped);
        let holds = |(place, expected): (usize, &Expected)| {
            expected.accepts(entry.slot(first + place).and_then(text_of_value).as_deref())
        };
        (!self.arrived_if.is_empty()).then(|| self.arrived_if.iter().enumerate().all(holds))
    }

    /// The event as it was sent: the entry, or the part of it that is the event; nothing where that part is not there.
    #[must_use]
    pub fn body<'e>(&self, entry: ItemView<'e>, whole: &'e str) -> Option<&'e str> {
        let slot = FIELDS + self.parts + usize::from(self.is_grouped) + self.arrived_if.len();
        if self.is_wrapped { entry.slot(slot).filter(|raw| *raw != "null") } else { Some(whole) }
    }
}
