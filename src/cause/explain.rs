//! The truth table: from what was read to where the change was lost.

use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::event_feed::Trace;
use tieout_reconcilers::instant::Instant;

use super::evidence::{Evidence, Inbox, Log, Receipt, Shown};
use super::{Cause, Explanation};

/// Says where the change was lost that a finding is about.
#[must_use]
pub fn explain(evidence: &Evidence<'_>) -> Explanation {
    if evidence.is_conflict {
        return Explanation::of(Cause::Conflict);
    }
    if evidence.shown == Shown::Repaired {
        return Explanation::of(Cause::Regressed).because("the same state was repaired before");
    }
    match (&evidence.log, &evidence.inbox) {
        (Log::Unread(why), _) => {
            Explanation::unknown(format!("the provider's events were not read whole: {why}"))
        }
        (_, Inbox::Unread(why)) => {
            Explanation::unknown(format!("the received webhooks could not be read: {why}"))
        }
        (Log::Absent, Inbox::Received(receipts)) => without_log(evidence, receipts),
        (Log::Silent { since }, Inbox::Received(receipts)) => unmentioned(evidence, *since, receipts),
        (Log::Event(trace), Inbox::Received(receipts)) => mentioned(evidence, trace, receipts),
    }
}

/// Nothing says what was sent; what was received about an item that is not there was not applied all the same.
fn without_log(evidence: &Evidence<'_>, receipts: &[Receipt]) -> Explanation {
    match newest(receipts) {
        Some(receipt) if evidence.kind == Kind::Missing => received(evidence, receipt, Concerns::Change),
        _ => Explanation::unknown("the feed has no `events` that would say what was sent"),
    }
}

/// The provider says nothing of the item in all that it keeps since an instant.
fn unmentioned(evidence: &Evidence<'_>, since: Instant, receipts: &[Receipt]) -> Explanation {
    match (evidence.kind, evidence.clock, newest(receipts)) {
        (Kind::Missing, _, Some(receipt)) => received(evidence, receipt, Concerns::Change),
        (Kind::Orphaned, ..) => {
            Explanation::unknown("upstream does not have it, and no event says that it ever did")
        }
        (_, Some(clock), None) if clock >= since => Explanation::of(Cause::NeverSent),
        (_, _, Some(_)) => {
            Explanation::unknown("webhooks were received that the provider's events do not mention")
        }
        (_, _, None) => Explanation::unknown(format!("what was sent before {since} cannot be read any more")),
    }
}

/// Whether an event is about the change that the local side lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Concerns {
    Change,
    Older,
    NotKnown,
}

fn concerns(evidence: &Evidence<'_>, trace: &Trace) -> Concerns {
    match (evidence.kind, evidence.changed, trace.at) {
        (Kind::Missing, ..) => Concerns::Change,
        (Kind::Mismatched, Some(changed), Some(at)) if at + evidence.tick >= changed => Concerns::Change,
        (Kind::Mismatched, Some(changed), Some(at)) if at + evidence.settle < changed => Concerns::Older,
        _ => Concerns::NotKnown,
    }
}

/// The provider has an event about the item; what became of it?
fn mentioned(evidence: &Evidence<'_>, trace: &Trace, receipts: &[Receipt]) -> Explanation {
    let concerns = concerns(evidence, trace);
    if concerns == Concerns::Older {
        return Explanation::of(Cause::NeverSent).because("the newest event is older than the change");
    }
    let event = &trace.event;
    match (receipt_of(trace, receipts), trace.arrived) {
        (Some(receipt), _) => received(evidence, receipt, concerns),
        (None, Some(false)) => {
            Explanation::of(Cause::DeliveryFailed).because(format!("no delivery of {event} arrived"))
        }
        (None, Some(true)) => Explanation::of(Cause::DeliveredNotApplied).because(format!(
            "the provider says that {event} arrived, and it is not among the received webhooks"
        )),
        (None, None) => {
            Explanation::of(Cause::NotReceived).because(format!("{event} is not among the received webhooks"))
        }
    }
}

/// The webhook of an event: by the provider's id, or by the time where the table keeps no ids.
fn receipt_of<'r>(trace: &Trace, receipts: &'r [Receipt]) -> Option<&'r Receipt> {
    let is_it = |receipt: &&Receipt| match &receipt.event {
        Some(event) => *event == trace.event,
        None => receipt.at.zip(trace.at).is_none_or(|(received, made)| received >= made),
    };
    receipts.iter().filter(is_it).max_by_key(|receipt| receipt.at)
}

fn newest(receipts: &[Receipt]) -> Option<&Receipt> {
    receipts.iter().max_by_key(|receipt| receipt.at)
}

/// It was received. Whether it was never applied or went back shows in what was written since.
fn received(evidence: &Evidence<'_>, receipt: &Receipt, concerns: Concerns) -> Explanation {
    let not_applied = Explanation::of(Cause::DeliveredNotApplied);
    if receipt.applied == Some(false) {
        return not_applied.because("the table of received webhooks says that it was not applied");
    }
    if evidence.kind == Kind::Missing {
        return match receipt.applied {
            Some(true) => {
                Explanation::of(Cause::Regressed).because("its webhook was applied and the row is gone")
            }
            _ => not_applied,
        };
    }
    match (evidence.written.zip(receipt.at), concerns) {
        (Some((written, received)), _) if written < received => {
            not_applied.because("the row was not written since it was received")
        }
        (_, Concerns::NotKnown | Concerns::Older) => {
            Explanation::unknown("nothing says whether the newest event is about this change")
        }
        (Some((written, received)), Concerns::Change) if written > received + evidence.settle => {
            Explanation::of(Cause::Regressed).because("the row was written again long after it was received")
        }
        (Some(_), Concerns::Change) => not_applied,
        (None, Concerns::Change) => Explanation::unknown("nothing says when the row was written"),
    }
}
