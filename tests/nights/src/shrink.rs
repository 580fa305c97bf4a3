//! Makes a world that goes wrong as small as it can be and still go wrong in the same way.

use std::collections::BTreeSet;

use crate::play::Played;
use crate::story::{Deed, Event, Name, Story};

/// How many smaller worlds are tried.
const MOST_TRIES: usize = 300;

/// The smallest world found, and how it was played. `play` plays a story.
pub(crate) fn shrink(story: Story, played: Played, play: impl Fn(&Story) -> Played) -> (Story, Played) {
    let mut tries = 0;
    let mut smallest = (story, played);
    let mut attempt = |smallest: &mut (Story, Played), smaller: Story| {
        tries += 1;
        if tries > MOST_TRIES {
            return false;
        }
        let played = play(&smaller);
        let is_same = is_alike(&smallest.1, &played);
        if is_same {
            *smallest = (smaller, played);
        }
        is_same
    };
    let last = smallest.1.nights;
    let mut cut = smallest.0.clone();
    cut.nights.truncate(last);
    attempt(&mut smallest, cut);
    let names: BTreeSet<Name> = smallest.0.events.iter().map(|event| event.name.clone()).collect();
    for name in names {
        let mut smaller = smallest.0.clone();
        smaller.events.retain(|event| event.name != name);
        attempt(&mut smallest, smaller);
    }
    let mut at = 0;
    while at < smallest.0.events.len() {
        let mut smaller = smallest.0.clone();
        if let Deed::Upstream { sent: Some(sent), .. } = smaller.events.remove(at).deed {
            // Without the change there is no webhook of it.
            let is_of_it = |event: &Event| matches!(&event.deed, Deed::Webhook { letter: Some(letter), .. } if letter.event == sent.event);
            smaller.events.retain(|event| !is_of_it(event));
        }
        at += usize::from(!attempt(&mut smallest, smaller));
    }
    for night in 0..smallest.0.nights.len() {
        let mut smaller = smallest.0.clone();
        smaller.nights[night].fault = None;
        smaller.nights[night].is_planned = false;
        smaller.nights[night].killed_at = None;
        smaller.nights[night].no_events_from = None;
        attempt(&mut smallest, smaller);
    }
    smallest
}

/// Whether the first thing that is wrong is the same.
fn is_alike(one: &Played, other: &Played) -> bool {
    let first =
        |played: &Played| played.wrong.first().map(|(_, wrong)| (wrong.is_missed, wrong.name.clone()));
    first(one).is_some() && first(one) == first(other)
}
