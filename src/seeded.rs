//! Mistakes on purpose, made by name, to see that the oracle notices each of them. A normal build has none of them.
//!
//! Each stands at its place as `bug!("name")`, and `ALL` says what it does.

/// Whether a mistake is made here: never, unless the feature `seeded-bugs` is on and its name was chosen.
#[cfg(not(feature = "seeded-bugs"))]
macro_rules! bug {
    ($name:literal) => {
        false
    };
}

/// Whether a mistake is made here: where its name was chosen.
#[cfg(feature = "seeded-bugs")]
macro_rules! bug {
    ($name:literal) => {
        $crate::seeded::is_made($name)
    };
}

#[cfg(feature = "seeded-bugs")]
mod made {
    use std::sync::RwLock;

    static MADE: RwLock<Option<&'static str>> = RwLock::new(None);

    /// Every mistake by its name, with what it does.
    pub const ALL: &[(&str, &str)] = &[
        ("partial_covers", "a slice that was not read to its end counts as verified"),
        ("holes_stay", "only the newest gap of the coverage is read"),
        ("unseen_covers", "a walk that left out what a look-up finds counts as verified"),
        ("first_tick_dropped", "an item on the first tick of a window belongs to no window"),
        ("no_settle", "nothing rests before it is judged"),
        ("no_lag", "the list is believed to show everything at once"),
        ("skew_upwards", "a provider whose clock is ahead raises the ceiling"),
        ("changed_ignored", "what the application wrote a moment ago is judged"),
        ("local_first", "the local side is read before upstream when a suspect is confirmed"),
        ("orphans_of_updates", "a window of updates proves that an item is gone"),
        ("any_404_is_gone", "an outage that answers 404 means that items are gone"),
        ("no_overlap", "verified ranges are never read again"),
        ("suspected_forgotten", "what was suspected is not looked at again"),
        ("clock_in_id", "the id of an event depends on when it was made"),
        ("same_episode", "a drift that comes back after it was over goes on as the old episode"),
        ("changed_drift_is_old", "another drift on a key whose event was sent is no new episode"),
        ("reemits_at_once", "an event is sent again before it had its time"),
        ("parks_too_late", "a key is sent once more than the cap says"),
        ("healed_is_repaired", "what healed by itself counts as repaired"),
        ("old_kind", "a finding keeps the kind that it began with"),
        ("superseded_is_sent", "an event that no longer describes the drift is sent all the same"),
        ("dead_run_unreleased", "what a killed run staged is never let go"),
        ("limit_ignored", "more events than the limit are let go"),
        ("refused_is_sent", "what a queue refused counts as acknowledged"),
        ("pending_money", "the money of what is too young to be judged is added up"),
    ];

    /// Makes this mistake from now on, and no other.
    pub fn make(name: Option<&'static str>) {
        if let Ok(mut made) = MADE.write() {
            *made = name;
        }
    }

    pub(crate) fn is_made(name: &str) -> bool {
        MADE.read().is_ok_and(|made| *made == Some(name))
    }
}

#[cfg(feature = "seeded-bugs")]
pub(crate) use made::is_made;
#[cfg(feature = "seeded-bugs")]
pub use made::{ALL, make};
