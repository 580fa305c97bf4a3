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

#[derive(Debug)]
pub(crate) struct Tray {
    pub(crate) story: Arc<Story>,
    pub(crate) mood: Mood,
    /// Whether it takes by now what it never took before.
    pub(crate) is_mended: bool,
    /// What arrived in this night.
    pub(crate) arrived: Vec<Arrived>,
}

/// The product's end of it.
pub(crate) struct End(pub(crate) Arc<Mutex<Tray>>);

impl Tray {
    /// Whether the queue never takes what is about an item.
    pub(crate) fn is_poison(&self, name: &Name) -> bool {
        !self.is_mended && dice(&self.story, "poison", name, 25) == 0
    }

    fn send(&mut self, batch: &[Outgoing]) -> Delivery {
        if self.mood == Mood::Refuses {
            return Delivery { outcomes: Vec::new(), fault: Some(refused("it is full")) };
        }
        let mut outcomes = Vec::new();
        for event in batch {
            let member = self.story.variety.members.iter().find(|member| **member == event.id.each.as_str());
            let name = Name { member: member.expect("a member of the world"), id: event.id.key.to_string() };
            if self.is_poison(&name) {
                outcomes.push(Outcome::Dead { class: "poison", reason: "it cannot be held".to_owned() });
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
