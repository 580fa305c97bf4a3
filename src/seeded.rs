//! Mistakes on purpose, made by name, to see that the oracle and the crash harness notice each of them. A normal build has none of
//! them.
//!
//! Each stands at its place as `bug!("name")`. `ALL` says what those do that the oracle notices, `CRASHES` those that the crash
//! harness notices; some are in both.

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
        ("no_sentinel", "look-ups that find nothing are believed, whoever answers them"),
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
        ("late_is_newest", "an event that was delivered once more counts as the newest"),
        ("silence_is_believed", "what could not be read of the provider's events counts as read"),
        ("back_is_new", "a state that was repaired, went back and rested is explained as if it were new"),
        ("ours_forgotten", "webhooks from before an event of ours explain what was lost after it"),
        ("stale_approval", "an approval of another number of events lets go all the same"),
        ("dropped_is_put_back", "what a person dropped goes out with what they send once more"),
        ("dropped_stays_open", "the finding of an event that a person dropped is not parked"),
        ("expired_stays_open", "the finding of a dead letter that was kept long enough is not parked"),
        ("retried_at_once", "what was given up a moment ago goes out again by itself"),
        ("over_is_replayed", "what is over goes out with what people send again"),
        ("replayed_is_new", "what is sent again has an id of its own"),
        ("ignored_for_good", "what is ignored until an instant stays so after it"),
        ("ignored_counts", "what is ignored is counted as what it would be"),
        ("ignored_is_open", "what is ignored is found again by the next list"),
        ("request_is_instant", "what a provider took a moment ago is expected to be shown at once"),
        ("outbound_money", "the money of an outbound domain is counted with the roles of an inbound one"),
        ("pending_money", "the money of what is too young to be judged is added up"),
    ];

    /// Every mistake that the crash harness has to notice.
    pub const CRASHES: &[(&str, &str)] = &[
        ("staged_is_pending", "an event may go out before its domain was judged"),
        ("rate_kept_apart", "each process of a job keeps the whole rate for itself"),
        ("job_begins_anew", "a process of a job does again what another one of it was through with"),
        ("acknowledged_before_send", "an event counts as sent before the queue has it"),
        ("relay_by_id", "the relay goes on after the newest event that was sent"),
        ("clock_in_id", "the id of an event depends on when it was made"),
        ("unconfirmed_is_sent", "an insert that was never committed counts as acknowledged"),
        ("coverage_before_findings", "a range counts as verified before its findings are stored"),
        ("events_after_findings", "findings are committed, and their events in a second transaction"),
        ("token_before_findings", "a change feed goes on from a token before its findings are stored"),
        ("dead_run_never_closed", "the report of a killed run says for ever that it is running"),
        ("dead_run_is_done", "a killed run is recorded as if it had come to its end"),
        ("run_never_finished", "the report of a run is not stored"),
        ("claims_for_ever", "what a dead relay has claimed stays claimed"),
        ("dead_relay_buries", "an event whose relay died is given up"),
        ("fault_buries_all", "a queue that cannot be reached costs its events all their attempts"),
        ("refused_is_sent", "what a queue refused counts as acknowledged"),
        ("unfenced_commit", "a run that lost its lease commits all the same"),
        ("renewal_takes_back", "a renewal takes back a lease that was lost"),
        ("dead_holder_keeps_lease", "a lease never lapses"),
        ("living_lease_taken", "a lease is taken from somebody who is alive"),
        ("lease_by_local_clock", "leases lapse by the process's clock, which is an hour ahead"),
        ("lease_kept", "a lease is not given back"),
        ("dead_run_unreleased", "what a killed run staged is never let go"),
        ("released_too_early", "events are let go before the last slice is judged"),
        ("approve_in_two_steps", "an approval lets events go, and their findings in a second transaction"),
        ("stale_approval", "an approval does not ask how many events it is about"),
        ("held_is_sent", "the relay sends what is held"),
        ("replay_kept_before_sent", "a replay keeps that it sent a batch before the queue has it"),
        ("sent_rows_deleted", "what was sent is deleted from the outbox"),
        ("reemits_at_once", "an event is sent again before it had its time"),
        ("token_in_log", "a refresh token is written to the log"),
        ("token_not_kept", "a refresh token that is good once is used and not kept"),
        ("token_claim_for_ever", "whoever dies while it refreshes a token keeps everybody from it"),
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
pub use made::{ALL, CRASHES, make};
