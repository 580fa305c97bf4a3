//! The judge: after everything has come to rest, it holds what tieout wrote and sent against what was laid out. It shares no code
//! with tieout.

mod delivery;
mod findings;
mod records;
mod secrets;
mod work;

use std::collections::{BTreeMap, BTreeSet};

use crate::play::{Play, Played};
use crate::point::Step;
use crate::provider::Asked;

/// What the same story comes to when nothing disturbs it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reference {
    /// What the provider was asked for, step by step.
    pub(crate) requests: BTreeMap<Step, Asked>,
    /// The ids of all events.
    pub(crate) events: BTreeSet<String>,
}

impl From<&Played> for Reference {
    fn from(played: &Played) -> Self {
        Self { requests: played.requests.clone(), events: played.events.clone() }
    }
}

pub(crate) async fn judge(play: &mut Play<'_>, reference: Option<&Reference>) {
    let events = play.place.state.texts("SELECT event_id FROM outbox").await;
    play.played.events = events.into_iter().collect();
    findings::judge(play).await;
    delivery::judge(play).await;
    records::judge(play).await;
    secrets::judge(play).await;
    if let Some(reference) = reference {
        work::judge(play, reference);
    }
}
