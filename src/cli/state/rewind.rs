//! `tieout state rewind`: coverage is taken back, and never given.

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::{DomainName, Each};
use tieout_reconcilers::reconciler::Reconciler;
use tieout_reconcilers::window::Window;
use uuid::Uuid;

use super::args::RewindArgs;
use super::{kept, members};
use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::cli::wire;
use crate::coverage;
use crate::report::{Forgotten, Rewound, exit, json, text};
use crate::store::{KeptMember, KeptState, Lease, Rewind, Store, StoreError};

pub(super) async fn rewind(
    desk: &Desk,
    store: &Store,
    domain: &dyn Reconciler,
    args: &RewindArgs,
) -> Result<u8, Failure> {
    let kept = kept(store, domain).await?;
    let forgotten = forgotten(&kept, &members(&kept, args.each.as_deref())?, args.to);
    if forgotten.is_empty() {
        return Err(goes_nowhere(&kept, args));
    }
    if args.yes {
        take_back(store, domain, &forgotten, args.to, &args.actor.name()).await?;
    }
    let rewound = Rewound { domain: domain.domain().to_string(), to: args.to, done: args.yes, forgotten };
    desk.output.show(
        |look| text::rewound(&rewound, look),
        || json::whole("tieout.rewind/v1", &rewound),
        || json::lines("rewound", [&rewound]),
    )?;
    if args.yes || args.dry_run {
        return Ok(exit::DONE);
    }
    Err(Failure::usage(
        "not_confirmed",
        "nothing was changed: say `--yes` to do it, or `--dry-run` to only look",
    ))
}

/// What would not count as verified any more.
fn forgotten(kept: &KeptState, members: &[Each], to: Instant) -> Vec<Forgotten> {
    let of = |each: &Each, known: &KeptMember| {
        let axes = known.axes.iter().flat_map(|(clock, axis)| {
            let ranges = coverage::from_on(&axis.verified, to);
            ranges.into_iter().map(|range| Forgotten {
                each: each.as_str().to_owned(),
                clock: clock.clone(),
                range: range.into(),
            })
        });
        axes.collect::<Vec<_>>()
    };
    let known = members.iter().filter_map(|each| Some((each, kept.members.get(each)?)));
    known.flat_map(|(each, known)| of(each, known)).collect()
}

/// Nothing lies behind the instant: whoever names it means to go forward, or to stay.
fn goes_nowhere(kept: &KeptState, args: &RewindArgs) -> Failure {
    let named = |each: &&Each| args.each.as_deref().is_none_or(|name| name == each.as_str());
    let members = kept.members.iter().filter(|(each, _)| named(each));
    let ends = members.flat_map(|(_, known)| known.axes.values().filter_map(|axis| axis.verified.last()));
    let message = match ends.map(Window::to).max() {
        Some(end) => format!(
            "coverage ends at {end}, which is not after {}: it can only be taken back, and it grows by being read",
            args.to
        ),
        None => "nothing is verified yet, so there is nothing to take back".to_owned(),
    };
    Failure::usage("not_back", message)
}

/// Takes back what is to be forgotten, with all leases of the domain in hand, so that no run commits meanwhile.
async fn take_back(
    store: &Store,
    domain: &dyn Reconciler,
    forgotten: &[Forgotten],
    to: Instant,
    who: &str,
) -> Result<(), Failure> {
    let mut leases = vec![acquire(store, domain.domain(), &Each::default(), who).await?];
    let mut members: Vec<&str> = forgotten.iter().map(|one| one.each.as_str()).collect();
    members.dedup();
    for each in members.into_iter().filter(|each| !each.is_empty()) {
        match acquire(store, domain.domain(), &Each::stored(each), who).await {
            Ok(lease) => leases.push(lease),
            Err(failure) => {
                give_back(store, &leases).await;
                return Err(failure);
            }
        }
    }
    let feed = domain.feed();
    let rewind = Rewind { to, forget_token_of: feed.changes.then(|| feed.name.clone()) };
    let concerned = |lease: &&Lease| forgotten.iter().any(|one| one.each == lease.each().as_str());
    let mut done = Ok(());
    for lease in leases.iter().filter(concerned) {
        done = done.and(store.rewind(lease, &rewind, who).await);
    }
    give_back(store, &leases).await;
    done.map_err(|error| wire::store_failure(&error))
}

async fn acquire(store: &Store, domain: &DomainName, each: &Each, who: &str) -> Result<Lease, Failure> {
    let holder = format!("`state rewind` of {who}");
    store.acquire_by_hand(domain, each, Uuid::now_v7(), &holder).await.map_err(|error| match error {
        StoreError::Held { .. } => Failure::exiting(exit::LOCKED, "locked", error.to_string()),
        other => wire::store_failure(&other),
    })
}

async fn give_back(store: &Store, leases: &[Lease]) {
    for lease in leases {
        if let Err(error) = store.release_lease(lease).await {
            tracing::warn!(domain = %lease.domain(), %error, "the lease could not be given back; it lapses by itself");
        }
    }
}
