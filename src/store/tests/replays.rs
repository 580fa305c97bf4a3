//! What the state store keeps of replays: one of a kind at a time, how far it is, and who ended it.

use std::time::Duration;

use uuid::Uuid;

use super::on_every_store;
use super::world::World;
use crate::store::sql::args;
use crate::store::{
    Begun, Cancelled, CarriedOn, NewReplay, Progress, ReplayRecord, ReplayRequest, ReplaySelector,
    ReplayState, SentFilter, StoreError, Turn, TurnStanding,
};

on_every_store!(
    a_replay_is_kept_as_it_was_asked_for,
    the_same_is_replayed_by_one_at_a_time,
    what_is_recorded_twice_is_one_replay,
    what_is_silent_or_dead_is_interrupted_and_carried_on_by_one,
    what_runs_twice_after_all_is_refused,
    what_is_done_or_cancelled_is_neither_carried_on_nor_cancelled,
    a_replay_is_found_by_the_beginning_of_its_id,
    old_replays_are_taken_out_and_living_ones_stay,
);

fn new(likeness: u128, who: &str) -> NewReplay {
    NewReplay {
        replay_id: Uuid::now_v7(),
        who: who.to_owned(),
        likeness: Uuid::from_u128(likeness),
        request: ReplayRequest {
            filter: SentFilter { queues: vec!["billing".to_owned()], ..SentFilter::default() },
            to: Some("refill".to_owned()),
            is_forced: true,
            limit: Some(7),
            pause: Duration::from_millis(20),
        },
        eligible: 5,
    }
}

async fn begun(world: &World, new: &NewReplay) -> (Turn, Option<Box<ReplayRecord>>) {
    match world.store.begin_replay(new).await.unwrap() {
        Begun::Now { turn, interrupted } => (turn, interrupted),
        Begun::Runs(running) => panic!("{running:?} runs"),
    }
}

async fn stands(world: &World, id: Uuid) -> ReplayRecord {
    world.store.find_replay(&id.into()).await.unwrap()
}

async fn a_replay_is_kept_as_it_was_asked_for(world: World) {
    let new = new(1, "ada");
    let (turn, interrupted) = begun(&world, &new).await;
    assert_eq!(interrupted, None);
    let kept = stands(&world, new.replay_id).await;
    assert_eq!((&kept.request, kept.eligible), (&new.request, 5));
    assert_eq!(
        (kept.state, kept.progress, kept.finished_at),
        (ReplayState::Running, Progress::default(), None)
    );
    let progress = Progress { after: 9, sent: 1, refused: 2, unfit: 3, over: 4 };
    assert_eq!(world.store.keep_progress(turn, progress).await.unwrap(), TurnStanding::Ours);
    assert_eq!(world.store.beat_replay(turn).await.unwrap(), TurnStanding::Ours);
    assert_eq!(stands(&world, new.replay_id).await.progress, progress);
    let stopped = world.store.end_replay(turn, Some("the queue is down")).await.unwrap();
    let kept = stands(&world, new.replay_id).await;
    assert_eq!((stopped, kept.state), (TurnStanding::Ours, ReplayState::Interrupted));
    assert_eq!((kept.why.as_deref(), kept.progress), (Some("the queue is down"), progress));
}

async fn the_same_is_replayed_by_one_at_a_time(world: World) {
    let first = new(1, "ada");
    let (turn, _) = begun(&world, &first).await;
    let Begun::Runs(running) = world.store.begin_replay(&new(1, "ada")).await.unwrap() else {
        panic!("two of the same")
    };
    assert_eq!(running.replay_id, first.replay_id);
    begun(&world, &new(1, "bob")).await;
    begun(&world, &new(2, "ada")).await;
    world.store.end_replay(turn, Some("full")).await.unwrap();
    let (_, interrupted) = begun(&world, &new(1, "ada")).await;
    assert_eq!(interrupted.unwrap().replay_id, first.replay_id);
    assert_eq!(world.store.replays(u32::MAX).await.unwrap().len(), 4);
}

async fn what_is_recorded_twice_is_one_replay(world: World) {
    let new = new(1, "ada");
    assert_eq!(begun(&world, &new).await, begun(&world, &new).await);
    assert_eq!(world.store.replays(9).await.unwrap().len(), 1);
}

async fn what_is_silent_or_dead_is_interrupted_and_carried_on_by_one(world: World) {
    let new = new(1, "ada");
    let (first, _) = begun(&world, &new).await;
    let id: ReplaySelector = new.replay_id.into();
    let pause = Duration::from_secs(3);
    let runs = world.store.carry_replay_on(&id, pause).await.unwrap();
    assert!(matches!(runs, CarriedOn::Runs(_)), "{runs:?}");
    world.age("replays", "heartbeat_at").await;
    let kept = stands(&world, new.replay_id).await;
    assert_eq!(kept.state, ReplayState::Interrupted);
    assert!(kept.why.unwrap().contains("no sign of life"));
    let CarriedOn::Now(turn, _) = world.store.carry_replay_on(&id, pause).await.unwrap() else {
        panic!("nobody carries it out")
    };
    let progress = Progress { after: 3, sent: 1, ..Progress::default() };
    assert_eq!(world.store.keep_progress(first, progress).await.unwrap(), TurnStanding::Lost);
    assert_eq!(world.store.end_replay(first, None).await.unwrap(), TurnStanding::Lost);
    let kept = stands(&world, new.replay_id).await;
    assert_eq!(
        (kept.state, kept.progress, kept.request.pause),
        (ReplayState::Running, Progress::default(), pause)
    );
    assert_eq!(world.store.end_replay(turn, None).await.unwrap(), TurnStanding::Ours);
    let mut tx = world.store.write("test").await.unwrap();
    let dead = "UPDATE replays SET state = 'running', process = $1";
    let process = crate::process::Process::this().unwrap().to_string();
    let (place, _) = process.rsplit_once(' ').unwrap();
    tx.execute(dead, &args![format!("{place} 0")]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        stands(&world, new.replay_id).await.state,
        ReplayState::Interrupted,
        "its number is another's"
    );
}

async fn what_runs_twice_after_all_is_refused(world: World) {
    let (first, second) = (new(1, "ada"), new(1, "ada"));
    let (turn, _) = begun(&world, &first).await;
    world.store.end_replay(turn, Some("full")).await.unwrap();
    begun(&world, &second).await;
    let pause = Duration::ZERO;
    let CarriedOn::Runs(other) = world.store.carry_replay_on(&first.replay_id.into(), pause).await.unwrap()
    else {
        panic!("two of the same")
    };
    assert_eq!(other.replay_id, second.replay_id);
}

async fn what_is_done_or_cancelled_is_neither_carried_on_nor_cancelled(world: World) {
    for is_done in [true, false] {
        let new = new(1, "ada");
        let id: ReplaySelector = new.replay_id.into();
        let (turn, _) = begun(&world, &new).await;
        if is_done {
            world.store.end_replay(turn, None).await.unwrap();
        } else {
            let now = world.store.cancel_replay(&id, "bob").await.unwrap();
            assert!(matches!(now, Cancelled::Now { was: ReplayState::Running, .. }), "{now:?}");
            let by_bob = TurnStanding::CancelledBy("bob".to_owned());
            assert_eq!(world.store.beat_replay(turn).await.unwrap(), by_bob);
            assert_eq!(world.store.end_replay(turn, None).await.unwrap(), by_bob);
        }
        let before = stands(&world, new.replay_id).await;
        let again = world.store.cancel_replay(&id, "eve").await.unwrap();
        assert_eq!(again, Cancelled::Already(Box::new(before.clone())));
        let on = world.store.carry_replay_on(&id, Duration::ZERO).await.unwrap();
        assert_eq!(on, CarriedOn::Over(Box::new(before)));
    }
}

async fn a_replay_is_found_by_the_beginning_of_its_id(world: World) {
    let named = |text: &str| text.parse::<ReplaySelector>().unwrap();
    let none = world.store.find_replay(&named("latest")).await;
    assert!(matches!(none, Err(StoreError::NoSuchReplay(_))), "{none:?}");
    let (first, second) = (new(1, "ada"), new(2, "ada"));
    begun(&world, &first).await;
    begun(&world, &second).await;
    assert_eq!(world.store.find_replay(&named("latest")).await.unwrap().replay_id, second.replay_id);
    assert_eq!(
        world.store.find_replay(&named(&first.replay_id.to_string())).await.unwrap().replay_id,
        first.replay_id
    );
    let both = world.store.find_replay(&named("0")).await;
    assert!(matches!(both, Err(StoreError::AmbiguousReplay(_))), "{both:?}");
    let nobody = world.store.find_replay(&named("ffff")).await;
    assert!(matches!(nobody, Err(StoreError::NoSuchReplay(_))), "{nobody:?}");
}

async fn old_replays_are_taken_out_and_living_ones_stay(world: World) {
    let (old, living) = (new(1, "ada"), new(2, "ada"));
    begun(&world, &old).await;
    world.age("replays", "heartbeat_at").await;
    begun(&world, &living).await;
    assert_eq!(world.store.prune_replays(Duration::from_hours(2)).await.unwrap(), 0);
    assert_eq!(world.store.prune_replays(Duration::from_mins(30)).await.unwrap(), 1);
    let left = world.store.replays(9).await.unwrap();
    assert_eq!(left.iter().map(|one| one.replay_id).collect::<Vec<_>>(), [living.replay_id]);
}
