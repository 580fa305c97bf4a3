//! What a queue is handed at a time. Pure.

use std::collections::BTreeSet;

use crate::finding::Identity;
use crate::store::SentEvent;

/// Events that a queue is handed at a time.
pub(super) const LOT: usize = 100;

/// Cuts events into lots for one queue each, none of them with two events of one key, so that the second is not sent before the first
/// has arrived. All of them together are in their order.
pub(super) fn lots(events: Vec<SentEvent>, most: usize) -> Vec<Vec<SentEvent>> {
    let mut lots: Vec<Vec<SentEvent>> = Vec::new();
    let mut keys: BTreeSet<Identity> = BTreeSet::new();
    for event in events {
        let fits = |lot: &&mut Vec<SentEvent>| {
            lot.len() < most && lot.first().is_some_and(|first| first.queue == event.queue)
        };
        let is_new = keys.insert(event.event.id.clone());
        match lots.last_mut().filter(fits) {
            Some(lot) if is_new => lot.push(event),
            _ => {
                keys = BTreeSet::from([event.event.id.clone()]);
                lots.push(vec![event]);
            }
        }
    }
    lots
}
