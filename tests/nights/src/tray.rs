//! The shop's queue, in memory: it takes, refuses, or takes and does not say so.

use std::sync::{Arc, Mutex};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tieout::queue::{Delivery, Outcome, Queue, QueueFault};
use tieout::store::Outgoing;
use uuid::Uuid;

use crate::story::{Mood, Name, Story, dice};

/// An event as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    pub(crate) id: Uuid,
    pub(crate) name: Name,
    pub(crate) payload: String,
}

/// Why it does not take what is about an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It never will, as long as nobody mends it.
    Poison,
    /// Nobody is there who reads what is about the item. Some other night somebody is.
    Unroutable,
}

#[derive(Debug)]
pub(crate) struct Tray {
    pub(crate) story: Arc<Story>,
    /// The night that goes on, or that people are before.
    pub(crate) night: usize,
    pub(crate) mood: Mood,
    /// Whether it takes by now what it never took before.
    pub(crate) is_mended: bool,
    /// What arrived in this night.
    pub(crate) arrived: Vec<Arrived>,
}

/// The product's end of it.
pub(crate) struct End(pub(crate) Arc<Mutex<Tray>>);

impl Refusal {
    /// Its class, and what the queue says of it.
    const fn in_words(self) -> (&'static str, &'static str) {
        match self {
            Self::Poison => ("poison", "it cannot be held"),
            Self::Unroutable => ("unroutable", "nobody reads it"),
        }
    }
}

impl Tray {
    /// Why the queue does not take what is about an item, if it does not.
    pub(crate) fn refusal(&self, name: &Name) -> Option<Refusal> {
        let dice = |what: &str, sides| dice(&self.story, what, name, sides);
        if !self.is_mended && dice("poison", 25) == 0 {
            return Some(Refusal::Poison);
        }
        let is_unread = dice("unread", 12) == 0 && dice(&format!("unread {}", self.night), 4) > 0;
        is_unread.then_some(Refusal::Unroutable)
    }

    fn send(&mut self, batch: &[Outgoing]) -> Delivery {
        if self.mood == Mood::Refuses {
            return Delivery { outcomes: Vec::new(), fault: Some(refused("it is full")) };
        }
        let mut outcomes = Vec::new();
        for event in batch {
            let member = self.story.variety.members.iter().find(|member| **member == event.id.each.as_str());
            let name = Name { member: member.expect("a member of the world"), id: event.id.key.to_string() };
            if let Some(refusal) = self.refusal(&name) {
                let (class, reason) = refusal.in_words();
                outcomes.push(Outcome::Dead { class, reason: reason.to_owned() });
                continue;
            }
            self.arrived.push(Arrived { id: event.event_id, name, payload: event.payload.clone() });
            outcomes.push(Outcome::Acknowledged);
        }
        if self.mood == Mood::Mumbles {
            return Delivery { outcomes: Vec::new(), fault: Some(refused("the connection broke")) };
        }
        Delivery { outcomes, fault: None }
    }
}

fn refused(why: &str) -> QueueFault {
    QueueFault::Refused { place: "the tray".to_owned(), why: why.to_owned() }
}

impl Queue for End {
    fn ready(&mut self) -> BoxFuture<'_, Result<(), QueueFault>> {
        futures::future::ready(Ok(())).boxed()
    }

    fn send<'a>(&'a mut self, batch: &'a [Outgoing]) -> BoxFuture<'a, Delivery> {
        let delivery = self.0.lock().unwrap().send(batch);
        futures::future::ready(delivery).boxed()
    }
}
