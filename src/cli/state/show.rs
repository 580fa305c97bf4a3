//! `tieout state show`: the ledger as it is, with what it means today.

use std::sync::Arc;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::Each;
use tieout_reconcilers::reconciler::Reconciler;
use tieout_reconcilers::window::Window;

use super::kept;
use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::cli::wire;
use crate::coverage;
use crate::report::{
    AxisView, DomainState, LeaseState, LeaseView, MemberState, Range, ScanView, TokenView, exit, json, text,
};
use crate::store::{Axis, KeptMember, LeaseMark, Store};

pub(super) async fn show(desk: &Desk, store: &Store, domains: &[Arc<dyn Reconciler>]) -> Result<u8, Failure> {
    let now = store.now().await.map_err(|error| wire::store_failure(&error))?;
    let mut shown = Vec::new();
    for domain in domains {
        let kept = kept(store, domain.as_ref()).await?;
        let members = kept.members.iter().map(|(each, kept)| member(domain.as_ref(), each, kept, now));
        shown.push(DomainState {
            domain: domain.domain().to_string(),
            members: members.collect(),
            by_hand: kept.by_hand.iter().map(Into::into).collect(),
        });
    }
    desk.output.show(
        |look| text::state(&shown, look),
        || json::state(&shown, now),
        || json::lines("domain_state", &shown),
    )?;
    Ok(exit::DONE)
}

fn member(domain: &dyn Reconciler, each: &Each, kept: &KeptMember, now: Instant) -> MemberState {
    let begins = domain.policy().start.or(kept.began);
    MemberState {
        each: each.as_str().to_owned(),
        begins,
        clocks: kept.axes.iter().map(|(clock, known)| axis(domain, clock, known, begins)).collect(),
        token: kept.token.as_ref().map(|mark| TokenView {
            feed: mark.feed.clone(),
            run_id: mark.run_id,
            saved_at: mark.saved_at,
        }),
        lease: kept.lease.as_ref().map(|mark| lease(mark, now)),
    }
}

fn axis(domain: &dyn Reconciler, clock: &str, known: &Axis, begins: Option<Instant>) -> AxisView {
    let feed = domain.feed();
    // Another clock than the feed's has a beginning of its own.
    let begins = if clock == feed.clock { begins } else { known.verified.first().map(Window::from) };
    let declared = feed.overlap.filter(|_| clock == feed.clock);
    AxisView {
        clock: clock.to_owned(),
        verified_through: coverage::verified_through(&known.verified, begins),
        verified: known.verified.iter().copied().map(Range::from).collect(),
        holes: coverage::holes(&known.verified, begins).into_iter().map(Range::from).collect(),
        overlap_scan: known.overlap.map(|scan| ScanView {
            through: scan.through,
            completed_at: scan.completed_at,
            back_seconds: declared.map(|declared| declared.back.as_secs()),
            due_at: declared.map(|declared| scan.completed_at + declared.every),
        }),
    }
}

fn lease(mark: &LeaseMark, now: Instant) -> LeaseView {
    LeaseView {
        state: if mark.expires_at > now { LeaseState::Held } else { LeaseState::Lapsed },
        holder: mark.holder.clone(),
        run_id: mark.run_id,
        acquired_at: mark.acquired_at,
        expires_at: mark.expires_at,
    }
}
