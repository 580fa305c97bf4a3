//! Leases of domains and slices against a model: whatever several runs do in whatever order, one of them may write, and each slice has
//! one reader.

use proptest::prelude::*;
use tieout_reconcilers::name::Each;
use tieout_reconcilers::window::{Purpose, Slice};
use uuid::Uuid;

use super::world::{World, begin_run, domain, window};
use crate::store::{Bookmark, Commit, Fence, Lease, SliceLease, StoreError};

const RUNS: usize = 3;

/// What one of the runs does.
#[derive(Debug, Clone, Copy)]
enum Act {
    Acquire,
    GiveSign,
    Commit,
    GiveBack,
    Offer(i64),
    Claim,
    WriteSlice,
    GiveSliceBack,
    TakeBack,
    /// Not this run: time passes without a sign of life of anybody, for domains or for slices.
    Silence,
    SliceSilence,
}

/// What is true of an offered slice.
#[derive(Debug, Clone, Copy)]
struct Offered {
    from: i64,
    /// The run that reads it, and which of all claims that is.
    claim: Option<(usize, usize)>,
    is_silent: bool,
}

/// What is true.
#[derive(Debug, Default)]
struct Model {
    holder: Option<(usize, i64)>,
    last_token: i64,
    is_silent: bool,
    offered: Vec<Offered>,
    n_claims: usize,
}

/// What a run believes to hold.
#[derive(Default)]
struct Run {
    id: Uuid,
    lease: Option<Lease>,
    slice: Option<(SliceLease, usize)>,
}

fn acts() -> impl Strategy<Value = Vec<(usize, Act)>> {
    let act = prop_oneof![
        3 => Just(Act::Acquire),
        1 => Just(Act::GiveSign),
        2 => Just(Act::Commit),
        1 => Just(Act::GiveBack),
        3 => (0_i64..4).prop_map(Act::Offer),
        3 => Just(Act::Claim),
        2 => Just(Act::WriteSlice),
        1 => Just(Act::GiveSliceBack),
        1 => Just(Act::TakeBack),
        2 => Just(Act::Silence),
        1 => Just(Act::SliceSilence),
    ];
    proptest::collection::vec((0..RUNS, act), 1..40)
}

fn is_done<T>(result: Result<T, StoreError>) -> bool {
    match result {
        Ok(_) => true,
        Err(StoreError::LeaseLost { .. } | StoreError::Held { .. }) => false,
        Err(error) => panic!("{error}"),
    }
}

impl Model {
    fn holds(&self, run: usize, lease: Option<&Lease>) -> bool {
        lease.is_some_and(|lease| self.holder == Some((run, lease.token())))
    }

    fn reads(&self, number: usize) -> Option<usize> {
        self.offered.iter().position(|offered| offered.claim.is_some_and(|(_, claim)| claim == number))
    }
}

async fn act(world: &World, model: &mut Model, runs: &mut [Run], (at, act): (usize, Act)) {
    let (store, run) = (&world.store, &mut runs[at]);
    let holds = model.holds(at, run.lease.as_ref());
    match act {
        Act::Acquire => {
            let is_free = model.holder.is_none() || model.is_silent;
            let acquired = store.acquire(&domain(), &Each::default(), run.id, "somebody").await;
            assert_eq!(acquired.is_ok(), is_free, "{acquired:?}");
            let Ok(lease) = acquired else { return };
            assert!(lease.token() > model.last_token);
            model.last_token = lease.token();
            (model.holder, model.is_silent) = (Some((at, lease.token())), false);
            model.offered.clear();
            run.lease = Some(lease);
        }
        Act::GiveSign => {
            let kept = store.beat(run.id).await.unwrap().kept;
            let claims: Vec<Uuid> = run.slice.iter().map(|(lease, _)| lease.claim()).collect();
            store.keep_slices(&claims).await.unwrap();
            assert_eq!(!kept.is_empty(), model.holder.is_some_and(|(holder, _)| holder == at));
            model.is_silent &= kept.is_empty();
            let kept = run.slice.as_ref().and_then(|(_, number)| model.reads(*number));
            if let Some(place) = kept {
                model.offered[place].is_silent = false;
            }
        }
        Act::Commit => {
            let Some(lease) = &run.lease else { return };
            assert_eq!(is_done(store.commit(lease, Commit::default()).await), holds);
        }
        Act::GiveBack => {
            let Some(lease) = &run.lease else { return };
            assert_eq!(is_done(store.release_lease(lease).await), holds);
            if holds {
                model.holder = None;
            }
        }
        Act::Offer(from) => {
            let Some(lease) = &run.lease else { return };
            let slice = Slice::new(window(from, from + 1), Purpose::Coverage);
            assert_eq!(is_done(store.offer(lease, &[slice], window(0, 1).from()).await), holds);
            if holds && !model.offered.iter().any(|offered| offered.from == from) {
                model.offered.push(Offered { from, claim: None, is_silent: false });
            }
        }
        Act::Claim => {
            let claimed = store.claim_slice(&domain(), run.id, "somebody").await.unwrap();
            let free = model.offered.iter_mut().filter(|offered| offered.claim.is_none());
            let is_led = model.holder.is_some() && !model.is_silent;
            let oldest = free.min_by_key(|offered| offered.from).filter(|_| is_led);
            let window = oldest.as_ref().map(|offered| window(offered.from, offered.from + 1));
            assert_eq!(claimed.as_ref().map(|lease| lease.slice().window), window);
            let Some((lease, offered)) = claimed.zip(oldest) else { return };
            model.n_claims += 1;
            offered.claim = Some((at, model.n_claims));
            run.slice = Some((lease, model.n_claims));
        }
        Act::WriteSlice => {
            let Some((lease, number)) = &run.slice else { return };
            let (purpose, window) = (Purpose::Coverage, lease.slice().window);
            let (fingerprint, state) = ("same".to_owned(), "{}".to_owned());
            let bookmark = Bookmark { purpose, window, format: 1, fingerprint, state };
            let written = store.put_bookmark(&Fence::Slice(lease.clone()), &bookmark).await;
            assert_eq!(is_done(written), model.reads(*number).is_some());
        }
        Act::GiveSliceBack => {
            let Some((lease, number)) = &run.slice else { return };
            let place = model.reads(*number);
            assert_eq!(is_done(store.give_back_slice(lease).await), place.is_some());
            place.map(|place| model.offered.remove(place));
        }
        Act::TakeBack => {
            let Some(lease) = &run.lease else { return };
            let away = store.take_back(lease, 1).await;
            assert_eq!(away.is_ok(), holds);
            let Ok(away) = away else { return };
            model.offered.retain(|offered| !offered.is_silent);
            let free = model.offered.iter().enumerate().filter(|(_, offered)| offered.claim.is_none());
            let newest = free.max_by_key(|(_, offered)| offered.from).map(|(place, _)| place);
            newest.map(|place| model.offered.remove(place));
            assert_eq!(away.len(), model.offered.len());
        }
        Act::Silence => {
            world.age("leases", "expires_at").await;
            model.is_silent = model.holder.is_some();
        }
        Act::SliceSilence => {
            world.age("slice_leases", "expires_at").await;
            for offered in model.offered.iter_mut().filter(|offered| offered.claim.is_some()) {
                offered.is_silent = true;
            }
        }
    }
}

async fn play(world: World, acts: Vec<(usize, Act)>) {
    world.store.release_lease(&world.lease).await.unwrap();
    let mut model = Model { last_token: world.lease.token(), ..Model::default() };
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        runs.push(Run { id: begin_run(&world.store).await, ..Run::default() });
    }
    for one in acts {
        act(&world, &mut model, &mut runs, one).await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_runs_do_one_holds_a_domain_and_one_reads_a_slice(acts in acts()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(World::on_sqlite(async |world| play(world, acts).await));
    }
}
