//! What a replay promises, with a queue that answers as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use proptest::prelude::*;
use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::key::Key;
use uuid::Uuid;

use super::*;
use crate::finding::{Identity, State};
use crate::queue::{Crowd, Delivery, Outcome, Queue, QueueFault, Room};
use crate::store::tests::{World, event_id, id, on_both_stores};
use crate::store::{
    Begun, CarriedOn, NewReplay, OutboxState, Outgoing, ReplayRequest, ReplayState, Turn, TurnStanding,
};

on_both_stores!(
    what_was_sent_is_sent_again_with_its_id_and_nothing_changes,
    what_is_over_is_left_out_unless_it_is_wanted,
    a_queue_that_takes_a_part_gets_the_rest_again,
    consumers_that_are_behind_get_no_more_than_they_have_room_for,
    a_limit_and_the_end_of_the_work_stop_it_where_it_says,
    whoever_waits_for_consumers_can_be_ended,
    filters_choose_by_key_type_run_and_time,
    what_stopped_goes_on_behind_the_last_batch_that_was_confirmed,
    a_queue_that_stops_interrupts_a_replay_which_goes_on_once_it_works,
    a_limit_is_of_all_calls_together,
    what_is_left_out_is_counted_once_however_often_it_goes_on,
    a_replay_that_somebody_cancels_ends_between_two_batches,
    a_replay_that_somebody_cancels_ends_in_its_pause,
    whoever_was_taken_for_dead_sends_no_second_batch,
);

type Got = Arc<Mutex<Vec<Uuid>>>;

/// Keeps what it gets; answers with the given deliveries, then acknowledges everything.
struct Keeping {
    got: Got,
    answers: VecDeque<Delivery>,
}

impl Queue for Keeping {
    fn ready(&mut self) -> BoxFuture<'_, Result<(), QueueFault>> {
        async { Ok(()) }.boxed()
    }

    fn send<'a>(&'a mut self, batch: &'a [Outgoing]) -> BoxFuture<'a, Delivery> {
        self.got.lock().unwrap().extend(batch.iter().map(|event| event.event_id));
        let all = || Delivery { outcomes: vec![Outcome::Acknowledged; batch.len()], fault: None };
        let answer = self.answers.pop_front().unwrap_or_else(all);
        async { answer }.boxed()
    }
}

fn keeping(answers: impl IntoIterator<Item = Delivery>) -> (Got, Queues) {
    let got = Got::default();
    let queue = Keeping { got: Arc::clone(&got), answers: answers.into_iter().collect() };
    (got, Queues::from([("billing".to_owned(), Box::new(queue) as Box<dyn Queue>)]))
}

fn order() -> Replay {
    Replay {
        filter: SentFilter::default(),
        over: Over::LeftOut,
        to: None,
        limit: None,
        pause: Duration::ZERO,
        carriage: Carriage { domains: Vec::new(), schemas: Arc::default() },
        going: Going::default(),
        from: Progress::default(),
        turn: None,
    }
}

async fn sent(world: &World, keys: &[&str]) {
    for key in keys {
        world.make_pending(&[*key]).await;
        world.acknowledge(&[key]).await;
    }
}

async fn replayed(
    world: &World,
    order: &Replay,
    answers: impl IntoIterator<Item = Delivery>,
) -> (Replayed, Vec<Uuid>) {
    let (got, mut queues) = keeping(answers);
    let replayed = replay(&world.store, &mut queues, order, &|_| ()).await.unwrap();
    let got = got.lock().unwrap().clone();
    (replayed, got)
}

async fn what_was_sent_is_sent_again_with_its_id_and_nothing_changes(world: World) {
    sent(&world, &["ch_1", "ch_2"]).await;
    world.make_pending(&["ch_3"]).await;
    let before = world.store.show(&id("ch_1")).await.unwrap();
    let (done, got) = replayed(&world, &order(), []).await;
    assert_eq!((done.sent, done.over, done.stopped), (2, 0, None));
    assert_eq!(got, ["ch_1", "ch_2"].map(event_id));
    assert_eq!(world.store.show(&id("ch_1")).await.unwrap(), before);
    assert_eq!(world.event_state("ch_3").await, OutboxState::Pending);
}

async fn what_is_over_is_left_out_unless_it_is_wanted(world: World) {
    sent(&world, &["ch_1", "ch_2"]).await;
    let mut over = world.finding("ch_1").await;
    over.state = State::Repaired;
    let commit = crate::store::Commit { findings: vec![over], ..crate::store::Commit::default() };
    world.store.commit(&world.lease, commit).await.unwrap();
    let (done, got) = replayed(&world, &order(), []).await;
    assert_eq!((done.sent, done.over, got), (1, 1, vec![event_id("ch_2")]));
    let (forced, _) = replayed(&world, &Replay { over: Over::Sent, ..order() }, []).await;
    assert_eq!((forced.sent, forced.over), (2, 0));
    assert_eq!(world.finding("ch_1").await.state, State::Repaired);
}

async fn a_queue_that_takes_a_part_gets_the_rest_again(world: World) {
    sent(&world, &["ch_1", "ch_2", "ch_3"]).await;
    let part = Delivery {
        outcomes: vec![
            Outcome::Acknowledged,
            Outcome::NotNow("full".to_owned()),
            Outcome::Dead { class: "poison", reason: "no".to_owned() },
        ],
        fault: None,
    };
    let (done, got) = replayed(&world, &order(), [part]).await;
    assert_eq!((done.sent, done.refused, done.stopped), (2, 1, None));
    assert_eq!(done.refusals, BTreeMap::from([("poison: no".to_owned(), 1)]));
    assert_eq!(got, ["ch_1", "ch_2", "ch_3", "ch_2"].map(event_id));
}

#[test]
fn refusals_are_counted_by_class_and_reason_and_there_is_an_end_to_reasons() {
    let mut replayed = Replayed::default();
    for number in 0..2 {
        replayed.refuse("too_large", &format!("it has {number} bytes,\n and 'ch_{number}' no more"));
    }
    assert_eq!(
        replayed.refusals,
        BTreeMap::from([("too_large: it has <n> bytes, and <word> no more".to_owned(), 2)])
    );
    for letter in ('a'..='z').chain('A'..='Z') {
        replayed.refuse("rejected", &format!("reason {letter}"));
    }
    assert_eq!((replayed.refused, replayed.refusals.len()), (54, MOST_REASONS + 1));
    assert_eq!(replayed.refusals[OTHER_REASONS], 23);
    assert_eq!(replayed.refusals.values().sum::<u64>(), replayed.refused);
}

/// Leaves room as it is told, and then for everything; notes how many events came at a time.
struct Narrow {
    rooms: VecDeque<Room>,
    lots: Arc<Mutex<Vec<usize>>>,
    going: Going,
}

impl Queue for Narrow {
    fn ready(&mut self) -> BoxFuture<'_, Result<(), QueueFault>> {
        async { Ok(()) }.boxed()
    }

    fn room(&mut self, wanted: u32) -> BoxFuture<'_, Room> {
        let room = self.rooms.pop_front().unwrap_or(Room::For(wanted));
        if self.rooms.is_empty() && matches!(room, Room::Crowded { .. }) {
            self.going.end();
        }
        async move { room }.boxed()
    }

    fn send<'a>(&'a mut self, batch: &'a [Outgoing]) -> BoxFuture<'a, Delivery> {
        self.lots.lock().unwrap().push(batch.len());
        let all = Delivery { outcomes: vec![Outcome::Acknowledged; batch.len()], fault: None };
        async { all }.boxed()
    }
}

const CROWDED: Room = Room::Crowded { crowd: Crowd { behind: 7, max: 5 }, again: Duration::from_millis(1) };

async fn narrow(world: &World, rooms: impl IntoIterator<Item = Room>) -> (Replayed, Vec<usize>) {
    let (lots, order) = (Arc::default(), order());
    let (rooms, going) = (rooms.into_iter().collect(), order.going.clone());
    let queue = Narrow { rooms, lots: Arc::clone(&lots), going };
    let mut queues = Queues::from([("billing".to_owned(), Box::new(queue) as Box<dyn Queue>)]);
    let replayed = replay(&world.store, &mut queues, &order, &|_| ()).await.unwrap();
    let lots = lots.lock().unwrap().clone();
    (replayed, lots)
}

async fn consumers_that_are_behind_get_no_more_than_they_have_room_for(world: World) {
    sent(&world, &["ch_1", "ch_2", "ch_3", "ch_4"]).await;
    let (done, lots) = narrow(&world, [CROWDED, CROWDED, Room::For(1), CROWDED, Room::For(2)]).await;
    assert_eq!((done.sent, done.stopped, lots), (4, None, vec![1, 2, 1]));
}

async fn whoever_waits_for_consumers_can_be_ended(world: World) {
    sent(&world, &["ch_1", "ch_2"]).await;
    let (done, lots) = narrow(&world, [Room::For(1), CROWDED]).await;
    assert_eq!((done.sent, lots), (1, vec![1]));
    let stopped = done.stopped.unwrap();
    assert!(stopped.contains("7 behind, and at most 5 may be"), "{stopped}");
}

async fn a_limit_and_the_end_of_the_work_stop_it_where_it_says(world: World) {
    sent(&world, &["ch_1", "ch_2", "ch_3"]).await;
    let (done, got) = replayed(&world, &Replay { limit: Some(2), ..order() }, []).await;
    assert_eq!((done.sent, got.len()), (2, 2));
    let ended = order();
    ended.going.end();
    let (done, got) = replayed(&world, &ended, []).await;
    assert_eq!((done.sent, got.len()), (0, 0));
    assert!(done.stopped.is_some());
}

async fn filters_choose_by_key_type_run_and_time(world: World) {
    sent(&world, &["ch_1", "ch_2"]).await;
    let now = world.store.now().await.unwrap();
    let hour = Duration::from_hours(1);
    let all = SentFilter::default;
    let filters = [
        (SentFilter { keys: vec![Key::checked("ch_1").unwrap()], ..all() }, 1),
        (SentFilter { types: vec!["com.example.charge.created".to_owned()], ..all() }, 2),
        (SentFilter { types: vec!["other".to_owned()], ..all() }, 0),
        (SentFilter { run_id: Some(world.lease.run_id()), ..all() }, 2),
        (SentFilter { run_id: Some(Uuid::nil()), ..all() }, 0),
        (SentFilter { since: Some(now - hour), until: Some(now + hour), ..all() }, 2),
        (SentFilter { until: Some(now - hour), ..all() }, 0),
        (SentFilter { queues: vec!["other".to_owned()], ..all() }, 0),
    ];
    for (filter, wanted) in filters {
        let counted: u64 =
            world.store.sent_counts(&filter, 0).await.unwrap().iter().map(|count| count.count).sum();
        let (done, _) = replayed(&world, &Replay { filter: filter.clone(), ..order() }, []).await;
        assert_eq!((done.sent, counted), (wanted, wanted), "{filter:?}");
    }
}

async fn begun(world: &World) -> Turn {
    let new = NewReplay {
        replay_id: Uuid::now_v7(),
        who: "ada".to_owned(),
        likeness: Uuid::nil(),
        request: ReplayRequest {
            filter: SentFilter::default(),
            to: None,
            is_forced: false,
            limit: None,
            pause: Duration::ZERO,
        },
        eligible: 3,
    };
    let Begun::Now { turn, .. } = world.store.begin_replay(&new).await.unwrap() else { panic!("it runs") };
    turn
}

/// One event to a batch, without a pause that anybody would notice.
fn one_by_one() -> Replay {
    Replay { pause: Duration::from_micros(1), ..order() }
}

async fn carried_out(
    world: &World,
    order: Replay,
    turn: Turn,
    answers: impl IntoIterator<Item = Delivery>,
) -> (Replayed, TurnStanding, Vec<Uuid>) {
    let (got, mut queues) = keeping(answers);
    let (came, standing) = carry_out(&world.store, &mut queues, order, turn, &|_| ()).await.unwrap();
    let got = got.lock().unwrap().clone();
    (came, standing, got)
}

async fn gone_on(world: &World, turn: Turn) -> (Turn, Progress) {
    match world.store.carry_replay_on(&turn.replay_id.into(), Duration::ZERO).await.unwrap() {
        CarriedOn::Now(turn, record) => (turn, record.progress),
        other => panic!("{other:?}"),
    }
}

async fn what_stopped_goes_on_behind_the_last_batch_that_was_confirmed(world: World) {
    sent(&world, &["ch_1", "ch_2", "ch_3"]).await;
    let turn = begun(&world).await;
    let first = one_by_one();
    let going = first.going.clone();
    let (got, mut queues) = keeping([]);
    let ends = |sent: u64| {
        if sent == 1 {
            going.end();
        }
    };
    let came = carry_out(&world.store, &mut queues, first, turn, &ends).await.unwrap();
    assert_eq!((came.0.sent, came.1), (1, TurnStanding::Ours));
    assert_eq!(*got.lock().unwrap(), ["ch_1"].map(event_id));
    let kept = world.store.find_replay(&turn.replay_id.into()).await.unwrap();
    assert_eq!(
        (kept.state, kept.progress.sent, kept.why.as_deref()),
        (ReplayState::Interrupted, 1, Some(ASKED))
    );

    let (turn, from) = gone_on(&world, turn).await;
    let (came, standing, got) = carried_out(&world, Replay { from, ..order() }, turn, []).await;
    assert_eq!((came.sent, came.stopped, standing), (2, None, TurnStanding::Ours));
    assert_eq!(got, ["ch_2", "ch_3"].map(event_id));
    let kept = world.store.find_replay(&turn.replay_id.into()).await.unwrap();
    assert_eq!((kept.state, kept.progress.sent), (ReplayState::Done, 3));
}

async fn a_queue_that_stops_interrupts_a_replay_which_goes_on_once_it_works(world: World) {
    sent(&world, &["ch_1", "ch_2", "ch_3"]).await;
    let turn = begun(&world).await;
    let yes = Delivery { outcomes: vec![Outcome::Acknowledged], fault: None };
    let full = || Delivery { outcomes: vec![Outcome::NotNow("the disk is full".to_owned())], fault: None };
    let answers = std::iter::once(yes).chain(std::iter::repeat_with(full).take(6));
    let (came, standing, got) = carried_out(&world, one_by_one(), turn, answers).await;
    assert_eq!((came.sent, standing, got.len()), (1, TurnStanding::Ours, 7));
    let kept = world.store.find_replay(&turn.replay_id.into()).await.unwrap();
    assert_eq!((kept.state, kept.why.as_deref()), (ReplayState::Interrupted, Some("the disk is full")));
    let (turn, from) = gone_on(&world, turn).await;
    let (came, standing, got) = carried_out(&world, Replay { from, ..order() }, turn, []).await;
    assert_eq!((came.stopped, standing), (None, TurnStanding::Ours));
    assert_eq!(got, ["ch_2", "ch_3"].map(event_id));
}

async fn a_limit_is_of_all_calls_together(world: World) {
    sent(&world, &["ch_1", "ch_2", "ch_3", "ch_4"]).await;
    let (first, _) = replayed(&world, &Replay { limit: Some(1), ..order() }, []).await;
    assert_eq!(first.sent, 1);
    let turn = begun(&world).await;
    let (_, _, got) = carried_out(&world, Replay { limit: Some(1), ..order() }, turn, []).await;
    assert_eq!(got, ["ch_1"].map(event_id));
    let from = world.store.find_replay(&turn.replay_id.into()).await.unwrap().progress;
    let (came, got) = replayed(&world, &Replay { from, limit: Some(3), ..order() }, []).await;
    assert_eq!((came.sent, got), (2, ["ch_2", "ch_3"].map(event_id).into()));
}

async fn what_is_left_out_is_counted_once_however_often_it_goes_on(world: World) {
    sent(&world, &["ch_1", "ch_2", "ch_3", "ch_4"]).await;
    let mut findings = Vec::new();
    for key in ["ch_1", "ch_4"] {
        let mut over = world.finding(key).await;
        over.state = State::Healed;
        findings.push(over);
    }
    let commit = crate::store::Commit { findings, ..crate::store::Commit::default() };
    world.store.commit(&world.lease, commit).await.unwrap();
    let turn = begun(&world).await;
    let (came, ..) = carried_out(&world, Replay { limit: Some(1), ..order() }, turn, []).await;
    assert_eq!((came.sent, came.over), (1, 1), "what lies behind it is not looked at yet");
    let from = world.store.find_replay(&turn.replay_id.into()).await.unwrap().progress;
    assert_eq!((from.sent, from.over), (1, 1));
    let (came, _) = replayed(&world, &Replay { from, ..order() }, []).await;
    assert_eq!((came.sent, came.over), (1, 1));
}

async fn a_replay_that_somebody_cancels_ends_between_two_batches(world: World) {
    sent(&world, &["ch_1", "ch_2"]).await;
    let turn = begun(&world).await;
    world.store.cancel_replay(&turn.replay_id.into(), "bob").await.unwrap();
    let (came, standing, got) = carried_out(&world, one_by_one(), turn, []).await;
    assert_eq!((came.sent, standing), (1, TurnStanding::CancelledBy("bob".to_owned())));
    assert_eq!(got, ["ch_1"].map(event_id));
    let kept = world.store.find_replay(&turn.replay_id.into()).await.unwrap();
    assert_eq!((kept.state, kept.progress.sent), (ReplayState::Cancelled, 1), "what was sent counts");
}

async fn a_replay_that_somebody_cancels_ends_in_its_pause(world: World) {
    sent(&world, &["ch_1", "ch_2"]).await;
    let turn = begun(&world).await;
    let order = Replay { pause: Duration::from_hours(1), ..order() };
    let (first, sent_one) = tokio::sync::oneshot::channel();
    let first = Mutex::new(Some(first));
    let moved = |_| {
        if let Some(first) = first.lock().unwrap().take() {
            first.send(()).unwrap();
        }
    };
    let (_, mut queues) = keeping([]);
    let carried = carry_out(&world.store, &mut queues, order, turn, &moved);
    let cancelled = async {
        sent_one.await.unwrap();
        world.store.cancel_replay(&turn.replay_id.into(), "bob").await.unwrap();
    };
    let (carried, ()) = tokio::join!(carried, cancelled);
    let (came, standing) = carried.unwrap();
    assert_eq!((came.sent, standing), (1, TurnStanding::CancelledBy("bob".to_owned())));
}

async fn whoever_was_taken_for_dead_sends_no_second_batch(world: World) {
    sent(&world, &["ch_1", "ch_2"]).await;
    let turn = begun(&world).await;
    world.age("replays", "heartbeat_at").await;
    let (other, from) = gone_on(&world, turn).await;
    let (came, standing, _) = carried_out(&world, one_by_one(), turn, []).await;
    assert_eq!((came.sent, standing), (1, TurnStanding::Lost));
    let (came, standing, _) = carried_out(&world, Replay { from, ..order() }, other, []).await;
    assert_eq!((came.sent, standing), (2, TurnStanding::Ours), "what one without the turn says is not kept");
}

proptest! {
    #[test]
    fn lots_keep_every_event_in_its_order_and_no_key_twice(keys in prop::collection::vec((0_u8..5, 0_u8..2), 0..40), most in 1_usize..7) {
        let events: Vec<SentEvent> = keys.iter().zip(1..).map(|((key, queue), seq)| SentEvent {
            queue: format!("queue {queue}"),
            is_needed: true,
            kind: Kind::Missing,
            event: Outgoing {
                seq,
                event_id: Uuid::nil(),
                id: id(&format!("ch_{key}")),
                source: String::new(),
                event_type: String::new(),
                subject: String::new(),
                payload: String::new(),
                attempts: 0,
            },
        }).collect();
        let lots = lots(events.clone(), most);
        for lot in &lots {
            let keys: BTreeSet<&Identity> = lot.iter().map(|sent| &sent.event.id).collect();
            let queues: BTreeSet<&str> = lot.iter().map(|sent| sent.queue.as_str()).collect();
            prop_assert!(!lot.is_empty() && lot.len() <= most && keys.len() == lot.len() && queues.len() == 1);
        }
        prop_assert_eq!(lots.concat(), events);
    }
}
