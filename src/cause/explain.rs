//! The truth table: from what was read to where the change was lost.

use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::event_feed::Trace;
use tieout_reconcilers::instant::Instant;

use super::evidence::{Evidence, Inbox, Log, Ours, Receipt, Shown};
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
    if evidence.kind == Kind::Missing && !receipts.is_empty() {
        return any_received(evidence, receipts);
    }
    Explanation::unknown("the feed has no `events` that would say what was sent")
}

/// The provider says nothing of the item in all that it keeps since an instant.
fn unmentioned(evidence: &Evidence<'_>, since: Instant, receipts: &[Receipt]) -> Explanation {
    match (evidence.kind, evidence.clock) {
        (Kind::Missing, _) if !receipts.is_empty() => any_received(evidence, receipts),
        (Kind::Orphaned, _) => {
            Explanation::unknown("upstream does not have it, and no event says that it ever did")
        }
        (_, Some(clock)) if clock >= since && receipts.is_empty() => never_sent(evidence),
        // What was received is about older changes.
        (Kind::Mismatched, _) if evidence.changed.is_some_and(|at| at >= since) => never_sent(evidence),
        _ if !receipts.is_empty() => {
            Explanation::unknown("webhooks were received that the provider's events do not mention")
        }
        _ => Explanation::unknown(format!("what was sent before {since} cannot be read any more")),
    }
}

/// Whatever was received about an item that is not there would have brought it.
fn any_received(evidence: &Evidence<'_>, receipts: &[Receipt]) -> Explanation {
    if evidence.ours != Ours::Never {
        return perhaps_ours();
    }
    received(evidence, &receipts.iter().collect::<Vec<_>>(), Concerns::Change)
}

/// The provider has no event of the newest change, unless it lists its events later.
fn never_sent(evidence: &Evidence<'_>) -> Explanation {
    let dated = evidence.changed.or(evidence.clock.filter(|_| evidence.kind == Kind::Missing));
    let is_listed = match dated {
        Some(at) => at < evidence.listed.until,
        // It was different for `settle` at least.
        None => evidence.listed.lag <= evidence.settle,
    };
    match evidence.ours {
        _ if !is_listed => Explanation::unknown("the provider may still list an event of it"),
        Ours::Never => Explanation::of(Cause::NeverSent),
        Ours::OtherState if evidence.changed.is_some() => Explanation::of(Cause::NeverSent),
        Ours::OtherState | Ours::ThisState => perhaps_ours(),
    }
}

fn perhaps_ours() -> Explanation {
    Explanation::unknown("an event of ours may have changed the row since, and nothing dates the change")
}

/// Whether an event is about the change that the local side lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Concerns {
    Change,
    Older,
    NotKnown,
}

/// What the dates say.
fn dated(evidence: &Evidence<'_>, trace: &Trace) -> Concerns {
    let Some(changed) = evidence.changed.filter(|_| evidence.kind != Kind::Orphaned) else {
        return Concerns::NotKnown;
    };
    if trace.made_at().is_some_and(|at| at + evidence.tick > changed) {
        Concerns::Change
    } else if trace.at.is_some_and(|at| at + evidence.settle < changed) {
        Concerns::Older
    } else {
        Concerns::NotKnown
    }
}

/// The provider has an event about the item; what became of it?
fn mentioned(evidence: &Evidence<'_>, trace: &Trace, receipts: &[Receipt]) -> Explanation {
    let dated = dated(evidence, trace);
    let its: Vec<&Receipt> = receipts.iter().filter(|receipt| may_be_of(receipt, trace)).collect();
    let is_nameless = its.iter().any(|receipt| receipt.event.is_none());
    let is_older = evidence.kind == Kind::Mismatched && dated == Concerns::Older;
    let unsent = is_older.then(|| never_sent(evidence));
    if let Some(unsent) = unsent.as_ref().filter(|unsent| unsent.cause == Cause::NeverSent) {
        return unsent.clone().because("the newest event is older than the change");
    }
    if is_unwritten_since(evidence, &its) && !is_nameless {
        return not_written();
    }
    if let Some(unknown) = unsent {
        return unknown;
    }
    if evidence.ours == Ours::ThisState || (evidence.ours == Ours::OtherState && dated != Concerns::Change) {
        return perhaps_ours();
    }
    if dated != Concerns::Change && evidence.listed.lag > evidence.settle {
        return Explanation::unknown("the provider may still list a newer event of it");
    }
    if trace.is_doubtful {
        return Explanation::unknown(
            "the log of deliveries does not tell which event about it is the newest",
        );
    }
    let concerns = if evidence.kind == Kind::Missing { Concerns::Change } else { dated };
    match (its.as_slice(), trace.arrived) {
        ([], arrived) => unreceived(trace, arrived),
        (_, _) if is_nameless && evidence.kind != Kind::Missing => Explanation::unknown(
            "the table keeps no ids of events, so nothing says which of them was received; `received: {event: ...}` does",
        ),
        (its, _) => received(evidence, its, concerns),
    }
}

/// Nothing of an event was received.
fn unreceived(trace: &Trace, arrived: Option<bool>) -> Explanation {
    let event = &trace.event;
    match arrived {
        Some(false) => {
            Explanation::of(Cause::DeliveryFailed).because(format!("no delivery of {event} arrived"))
        }
        Some(true) => Explanation::of(Cause::DeliveredNotApplied).because(format!(
            "the provider says that {event} arrived, and it is not among the received webhooks"
        )),
        None => {
            Explanation::of(Cause::NotReceived).because(format!("{event} is not among the received webhooks"))
        }
    }
}

/// Whether a webhook may be that of an event. Where the table keeps no ids, any of them may: two clocks and a late delivery of
/// an older event are told apart by no date.
fn may_be_of(receipt: &Receipt, trace: &Trace) -> bool {
    receipt.event.as_ref().is_none_or(|event| *event == trace.event)
}

/// Whether the row was last written before any of some webhooks arrived.
fn is_unwritten_since(evidence: &Evidence<'_>, receipts: &[&Receipt]) -> bool {
    let first = receipts.iter().map(|receipt| receipt.at).min().flatten();
    evidence.written.zip(first).is_some_and(|(written, received)| written < received)
}

fn not_written() -> Explanation {
    Explanation::of(Cause::DeliveredNotApplied).because("the row was not written since it was received")
}

/// It was received. Whether it was applied, the table says, if anything does.
fn received(evidence: &Evidence<'_>, receipts: &[&Receipt], concerns: Concerns) -> Explanation {
    // A webhook that arrived twice was applied if either of them was.
    let applied = receipts.iter().map(|receipt| receipt.applied).max().flatten();
    let not_applied = Explanation::of(Cause::DeliveredNotApplied);
    match (evidence.kind, applied, concerns) {
        (_, Some(false), _) => {
            not_applied.because("the table of received webhooks says that it was not applied")
        }
        (Kind::Missing, Some(true), _) => {
            Explanation::of(Cause::Regressed).because("its webhook was applied and the row is gone")
        }
        (_, Some(true), Concerns::Change) => Explanation::of(Cause::Regressed)
            .because("its webhook was applied and the row holds something else"),
        (Kind::Missing, None, _) | (_, None, Concerns::Change) => {
            not_applied.because("nothing says whether it was applied; `received: {status: ...}` would")
        }
        (_, _, Concerns::NotKnown | Concerns::Older) => {
            Explanation::unknown("nothing says whether the newest event is about this change")
        }
    }
}
