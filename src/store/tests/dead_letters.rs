//! Events that were given up: read, put back, dropped, on both databases.

use std::time::Duration;

use tieout_reconcilers::money::Money;
use uuid::Uuid;

use super::on_both_stores;
use super::world::{World, domain, event, event_id, finding, id};
use crate::dead_letter::SCHEMA;
use crate::event::Start;
use crate::finding::{Finding, State};
use crate::store::sql::args;
use crate::store::{
    Approval, By, Commit, DeadFilter, DeadLetter, Fate, OutboxState, Over, PutBack, Ready, Release, Revived,
    Shown, StoreError, as_it_is,
};

on_both_stores!(
    dead_letters_are_read_in_their_order_with_what_is_known_of_them,
    what_is_at_stake_is_known_while_the_finding_is_about_the_event_and_not_over,
    filters_leave_the_others_out,
    a_dead_letter_that_is_put_back_waits_with_its_id_and_its_attempts,
    a_dead_letter_whose_finding_is_over_is_superseded,
    a_dead_letter_whose_finding_has_a_newer_event_is_superseded,
    a_forced_event_is_sent_and_its_finding_stays_what_it_is,
    a_forced_event_goes_out_before_the_newer_one_that_waits,
    what_no_queue_ever_refused_cannot_be_forced,
    whoever_finds_a_dead_letter_superseded_is_in_the_history_once,
    what_is_not_dead_is_left_as_it_is,
    an_event_that_is_not_fit_is_dead_from_its_commit_on_and_no_release_lets_it_go,
    a_dead_letter_that_is_not_fit_stays_dead_with_what_is_wrong_today,
    a_dead_letter_that_is_carried_over_goes_out_with_its_id_and_its_new_data,
    a_dead_letter_of_a_held_finding_waits_for_the_approval,
    a_drift_that_comes_back_unfit_is_dead_again,
    events_that_are_put_back_apart_are_due_one_after_the_other,
    a_dropped_dead_letter_stays_a_tombstone_and_its_finding_is_parked,
    a_dropped_dead_letter_outlasts_the_end_of_its_finding,
    who_did_it_is_in_the_history,
    the_retry_job_takes_what_its_schedule_says,
    the_next_time_of_the_retry_job_is_that_of_the_first_dead_letter_that_it_takes,
    what_another_retry_job_has_put_back_meanwhile_is_left_as_it_is,
    what_the_retry_job_did_is_in_the_history,
);

const HOUR: Duration = Duration::from_hours(1);

/// Gives up events of open findings, committed one after the other.
async fn die(world: &World, keys: &[&str], class: &str, reason: &str) {
    for key in keys {
        world.make_pending(&[*key]).await;
        world.store.bury(event_id(key), class, reason).await.unwrap();
    }
}

async fn dead(world: &World, filter: &DeadFilter) -> Vec<DeadLetter> {
    let mut letters = Vec::new();
    world.store.each_dead_letter(filter, |letter| letters.push(letter)).await.unwrap();
    letters
}

fn keys(letters: &[DeadLetter]) -> Vec<String> {
    letters.iter().map(|letter| letter.id.key.to_string()).collect()
}

async fn letter(world: &World, key: &str) -> DeadLetter {
    world.store.letters(&[event_id(key)]).await.unwrap().pop().unwrap()
}

/// A person wants it, whose time has always come.
fn by_ada(note: Option<&str>) -> PutBack {
    let by = By::Person { name: "ada".to_owned(), note: note.map(str::to_owned) };
    PutBack { by, ..PutBack::default() }
}

async fn put_back(world: &World, keys: &[&str]) -> Vec<Fate> {
    let ids: Vec<Uuid> = keys.iter().map(|key| event_id(key)).collect();
    let fates = world.store.put_back(&ids, &by_ada(None), &as_it_is).await.unwrap();
    ids.iter().map(|id| fates[id]).collect()
}

async fn sql(world: &World, statement: &'static str) -> Result<(), StoreError> {
    let mut tx = world.store.write("test").await?;
    tx.execute(statement, &[]).await?;
    tx.commit().await
}

async fn dead_letters_are_read_in_their_order_with_what_is_known_of_them(world: World) {
    die(&world, &["ch_1", "ch_2"], "poison", "cannot be stored").await;
    let letters = dead(&world, &DeadFilter::default()).await;
    assert_eq!(keys(&letters), ["ch_1", "ch_2"]);
    let first = &letters[0];
    assert_eq!((first.class.as_deref(), first.reason.as_deref()), (Some("poison"), Some("cannot be stored")));
    assert_eq!((first.attempts, first.retries, first.queue.as_str()), (1, 0, "billing"));
    assert!(first.first_failed_at.is_some() && first.first_failed_at == first.finished_at);
    assert_eq!(letters[0].group(), letters[1].group());
    let payloads = world.store.payloads(&[event_id("ch_1"), Uuid::nil()]).await.unwrap();
    assert_eq!(payloads.into_iter().collect::<Vec<_>>(), [(event_id("ch_1"), event("ch_1").payload)]);
}

async fn what_is_at_stake_is_known_while_the_finding_is_about_the_event_and_not_over(world: World) {
    let keys = ["open", "parked", "ignored", "over", "newer", "without"];
    die(&world, &keys, "poison", "no").await;
    let usd = |minor| Money { currency: "USD".into(), minor };
    let worth = |key: &str, state| Finding { amount: Some(usd(-1_250)), ..finding(key, state) };
    let findings = vec![
        worth("open", State::Open),
        worth("parked", State::Recurring),
        worth("ignored", State::Ignored),
        worth("over", State::Healed),
        Finding { event_id: Some(event_id("another")), ..worth("newer", State::Open) },
    ];
    world.store.commit(&world.lease, Commit { findings, ..Commit::default() }).await.unwrap();
    let letters = dead(&world, &DeadFilter::default()).await;
    let stakes: Vec<Option<Money>> = letters.iter().map(|letter| letter.at_stake.clone()).collect();
    assert_eq!(stakes, [Some(usd(-1_250)), Some(usd(-1_250)), None, None, None, None]);
    assert_eq!(letter(&world, "open").await, letters[0]);
}

async fn filters_leave_the_others_out(world: World) {
    die(&world, &["ch_1"], "poison", "no").await;
    die(&world, &["ch_2"], "exhausted", "no").await;
    let now = world.store.now().await.unwrap();
    let all = DeadFilter { domains: vec![domain()], ..DeadFilter::default() };
    let filters = [
        (DeadFilter { classes: vec!["poison".to_owned()], ..all.clone() }, vec!["ch_1"]),
        (DeadFilter { queues: vec!["billing".to_owned()], ..all.clone() }, vec!["ch_1", "ch_2"]),
        (DeadFilter { queues: vec!["other".to_owned()], ..all.clone() }, vec![]),
        (DeadFilter { domains: vec!["shop.refunds".parse().unwrap()], ..all.clone() }, vec![]),
        (DeadFilter { since: Some(now + HOUR), ..all.clone() }, vec![]),
        (DeadFilter { since: Some(now - HOUR), ..all.clone() }, vec!["ch_1", "ch_2"]),
        (DeadFilter { shown: Shown::Dropped, ..all }, vec![]),
    ];
    for (filter, wanted) in filters {
        assert_eq!(keys(&dead(&world, &filter).await), wanted, "{filter:?}");
    }
}

async fn a_dead_letter_that_is_put_back_waits_with_its_id_and_its_attempts(world: World) {
    die(&world, &["ch_1"], "rejected", "a row violates a check").await;
    assert_eq!(put_back(&world, &["ch_1"]).await, [Fate::Eligible]);
    let back = letter(&world, "ch_1").await;
    assert_eq!((back.state, back.attempts, back.retries), (OutboxState::Pending, 1, 1));
    assert_eq!((back.class, back.finished_at), (None, None));
    let claimed = world.store.claim("billing", 0, 10, "relay").await.unwrap();
    assert_eq!((claimed[0].event_id, claimed[0].attempts), (event_id("ch_1"), 1));
    world.store.bury(event_id("ch_1"), "rejected", "again").await.unwrap();
    let again = letter(&world, "ch_1").await;
    assert_eq!((again.state, again.attempts, again.retries), (OutboxState::Dead, 2, 1));
    assert!(again.first_failed_at < again.finished_at);
}

async fn a_dead_letter_whose_finding_is_over_is_superseded(world: World) {
    die(&world, &["ch_1", "ch_2"], "exhausted", "no").await;
    let findings = vec![finding("ch_1", State::Healed)];
    world.store.commit(&world.lease, Commit { findings, ..Commit::default() }).await.unwrap();
    let fates = world.store.fates(&[event_id("ch_1"), event_id("ch_2")]).await.unwrap();
    assert_eq!(fates[&event_id("ch_1")], Fate::Superseded);
    assert_eq!(world.event_state("ch_1").await, OutboxState::Dead, "looking changes nothing");
    assert_eq!(put_back(&world, &["ch_1", "ch_2"]).await, [Fate::Superseded, Fate::Eligible]);
    assert_eq!(world.event_state("ch_1").await, OutboxState::Superseded);
    assert_eq!(world.store.claim("billing", 0, 10, "relay").await.unwrap().len(), 1);
}

async fn a_dead_letter_whose_finding_has_a_newer_event_is_superseded(world: World) {
    die(&world, &["ch_1"], "exhausted", "no").await;
    let mut newer = event("ch_1");
    newer.id = event_id("newer");
    let mut about_newer = finding("ch_1", State::Open);
    about_newer.event_id = Some(newer.id);
    let commit = Commit { findings: vec![about_newer], events: vec![newer], ..Commit::default() };
    world.store.commit(&world.lease, commit).await.unwrap();
    world.store.release(&world.lease, |_| Release::Pending).await.unwrap();
    assert_eq!(put_back(&world, &["ch_1"]).await, [Fate::Superseded]);
    let claimed = world.store.claim("billing", 0, 10, "relay").await.unwrap();
    assert_eq!(claimed.iter().map(|event| event.event_id).collect::<Vec<_>>(), [event_id("newer")]);
}

fn forced() -> PutBack {
    PutBack { over: Over::Sent, ..by_ada(Some("the ledger wants all")) }
}

/// The last thing that a person did about a key.
async fn last_act(world: &World, key: &str) -> [String; 3] {
    let history = world.store.show(&id(key)).await.unwrap().unwrap().history;
    let entry = history.into_iter().rfind(|entry| entry.act.is_some()).unwrap();
    [entry.act, entry.actor, entry.note].map(Option::unwrap)
}

async fn a_forced_event_is_sent_and_its_finding_stays_what_it_is(world: World) {
    let keys = ["needed", "healed", "superseded", "unfit"];
    die(&world, &keys, "rejected", "no").await;
    let findings = ["healed", "superseded", "unfit"].map(|key| finding(key, State::Healed)).to_vec();
    let supersede = vec![event_id("superseded")];
    world.store.commit(&world.lease, Commit { findings, supersede, ..Commit::default() }).await.unwrap();
    let ids = keys.map(event_id);
    let check = |revived: &Revived| {
        let is_unfit = revived.payload == event("unfit").payload;
        if is_unfit { Ready::Unfit { reason: "it breaks charge/v2".to_owned() } } else { Ready::AsItIs }
    };
    let wanted = [Fate::Eligible, Fate::Forced, Fate::Forced, Fate::Unfit];
    let looked = world.store.fates_put_back(&ids, Over::Sent, &check).await.unwrap();
    assert_eq!(ids.map(|id| looked[&id]), wanted);
    let fates = world.store.put_back(&ids, &forced(), &check).await.unwrap();
    assert_eq!(ids.map(|id| fates[&id]), wanted);
    assert_eq!(world.event_state("unfit").await, OutboxState::Dead);
    let claimed = world.store.claim("billing", 0, 10, "relay").await.unwrap();
    let claimed: Vec<Uuid> = claimed.iter().map(|event| event.event_id).collect();
    assert_eq!(claimed, ["needed", "healed", "superseded"].map(event_id), "with their ids, in their order");
    world.acknowledge(&["needed", "healed", "superseded"]).await;
    for (key, state) in [("needed", State::Emitted), ("healed", State::Healed), ("superseded", State::Healed)]
    {
        assert_eq!(
            (world.event_state(key).await, world.finding(key).await.state),
            (OutboxState::Sent, state)
        );
    }
    let told = ["retry", "ada", "forced: the ledger wants all"].map(str::to_owned);
    assert_eq!(
        [last_act(&world, "healed").await, last_act(&world, "superseded").await],
        [told.clone(), told]
    );
    assert_eq!(last_act(&world, "needed").await[2], "the ledger wants all");
}

async fn a_forced_event_goes_out_before_the_newer_one_that_waits(world: World) {
    die(&world, &["ch_1"], "rejected", "no").await;
    let newer = crate::event::Event { id: event_id("newer"), ..event("ch_1") };
    let about_newer = Finding { event_id: Some(newer.id), ..finding("ch_1", State::Open) };
    let commit = Commit { findings: vec![about_newer], events: vec![newer], ..Commit::default() };
    world.store.commit(&world.lease, commit).await.unwrap();
    world.store.release(&world.lease, |_| Release::Pending).await.unwrap();
    world.store.put_back(&[event_id("ch_1")], &forced(), &as_it_is).await.unwrap();
    for key in ["ch_1", "newer"] {
        let claimed = world.store.claim("billing", 0, 10, "relay").await.unwrap();
        assert_eq!(claimed.iter().map(|event| event.event_id).collect::<Vec<_>>(), [event_id(key)]);
        assert_eq!(world.finding("ch_1").await.state, State::Open, "its own event is not sent yet");
        world.acknowledge(&[key]).await;
    }
    assert_eq!(world.finding("ch_1").await.state, State::Emitted);
    assert_eq!(last_act(&world, "ch_1").await[2], "forced: the ledger wants all");
}

async fn whoever_finds_a_dead_letter_superseded_is_in_the_history_once(world: World) {
    die(&world, &["retried", "dropped", "due"], "exhausted", "no").await;
    died_ago(&world, "due", HOUR * 2).await;
    let newer = Finding { event_id: Some(event_id("newer")), ..finding("due", State::Open) };
    let findings = vec![finding("retried", State::Healed), finding("dropped", State::Healed), newer];
    world.store.commit(&world.lease, Commit { findings, ..Commit::default() }).await.unwrap();
    for _ in 0..2 {
        let how = by_ada(Some("the queue is back"));
        world.store.put_back(&[event_id("retried")], &how, &as_it_is).await.unwrap();
        world.store.drop_dead_letters(&[event_id("dropped")], "grace", "closed").await.unwrap();
        world.store.put_back(&[event_id("due")], &PutBack::default(), &as_it_is).await.unwrap();
    }
    let wanted = [
        ("retried", ["retry", "ada", "superseded: the queue is back"]),
        ("dropped", ["drop", "grace", "superseded: closed"]),
        ("due", ["retry", "tieout", "superseded: by itself"]),
    ];
    for (key, told) in wanted {
        assert_eq!(last_act(&world, key).await, told);
        let history = world.store.show(&id(key)).await.unwrap().unwrap().history;
        assert_eq!(history.iter().filter(|entry| entry.act.is_some()).count(), 1);
    }
}

async fn what_no_queue_ever_refused_cannot_be_forced(world: World) {
    stage_unfit(&world, "unfit", State::Healed).await;
    world.stage(&world.lease, &["staged"]).await;
    let supersede = vec![event_id("staged")];
    let findings = vec![finding("staged", State::Healed)];
    world.store.commit(&world.lease, Commit { findings, supersede, ..Commit::default() }).await.unwrap();
    die(&world, &["dropped"], "rejected", "no").await;
    world.store.drop_dead_letters(&[event_id("dropped")], "ada", "closed").await.unwrap();
    let ids = ["unfit", "staged", "dropped"].map(event_id);
    let fates = world.store.put_back(&ids, &forced(), &as_it_is).await.unwrap();
    let wanted = [Fate::Superseded, Fate::SupersededBefore, Fate::Dropped];
    assert_eq!(ids.map(|id| fates[&id]), wanted, "no limit ever let it go, or a person decided");
    assert!(world.store.claim("billing", 0, 10, "relay").await.unwrap().is_empty());
}

fn unfit(key: &str) -> crate::event::Event {
    let start =
        Start::Dead { class: SCHEMA, reason: "the data breaks charge/v1 at /amount: type".to_owned() };
    crate::event::Event { start, ..event(key) }
}

async fn stage_unfit(world: &World, key: &str, state: State) {
    let (findings, events) = (vec![finding(key, state)], vec![unfit(key)]);
    world.store.commit(&world.lease, Commit { findings, events, ..Commit::default() }).await.unwrap();
}

async fn an_event_that_is_not_fit_is_dead_from_its_commit_on_and_no_release_lets_it_go(world: World) {
    stage_unfit(&world, "ch_1", State::Open).await;
    world.stage(&world.lease, &["ch_2"]).await;
    let released = world.store.release(&world.lease, |_| Release::Pending).await.unwrap();
    assert_eq!(released.staged.count, 1, "it counts for no limit");
    let dead = dead(&world, &DeadFilter::default()).await;
    let [letter] = &dead[..] else { panic!("{dead:?}") };
    assert_eq!((letter.id.key.as_str(), letter.class.as_deref()), ("ch_1", Some("schema")));
    assert_eq!(
        (letter.attempts, letter.reason.as_deref()),
        (0, Some("the data breaks charge/v1 at /amount: type"))
    );
    assert!(letter.first_failed_at.is_some() && letter.finished_at.is_some());
    assert_eq!(world.store.claim("billing", 0, 10, "relay").await.unwrap().len(), 1);
}

async fn a_dead_letter_that_is_not_fit_stays_dead_with_what_is_wrong_today(world: World) {
    stage_unfit(&world, "ch_1", State::Open).await;
    let ids = [event_id("ch_1")];
    let still = |_: &Revived| Ready::Unfit { reason: "the data breaks charge/v2 at /id: type".to_owned() };
    let looked = world.store.fates_put_back(&ids, Over::LeftOut, &still).await.unwrap();
    assert_eq!(looked[&ids[0]], Fate::Unfit);
    assert_eq!(
        letter(&world, "ch_1").await.reason.as_deref(),
        Some("the data breaks charge/v1 at /amount: type")
    );
    let fates = world.store.put_back(&ids, &by_ada(None), &still).await.unwrap();
    let after = letter(&world, "ch_1").await;
    assert_eq!((fates[&ids[0]], after.state, after.retries), (Fate::Unfit, OutboxState::Dead, 0));
    assert_eq!(after.reason.as_deref(), Some("the data breaks charge/v2 at /id: type"));
    assert_eq!(put_back(&world, &["ch_1"]).await, [Fate::Eligible]);
    assert_eq!(world.event_state("ch_1").await, OutboxState::Pending);
}

async fn a_dead_letter_that_is_carried_over_goes_out_with_its_id_and_its_new_data(world: World) {
    die(&world, &["ch_1"], "exhausted", "no").await;
    let anew = |revived: &Revived| {
        assert_eq!(
            (revived.domain.as_str(), revived.payload.as_str()),
            ("shop.charges", event("ch_1").payload.as_str())
        );
        Ready::Anew(r#"{"data":2}"#.to_owned())
    };
    let looked = world.store.fates_put_back(&[event_id("ch_1")], Over::LeftOut, &anew).await.unwrap();
    assert_eq!(looked[&event_id("ch_1")], Fate::Eligible);
    world.store.put_back(&[event_id("ch_1")], &by_ada(None), &anew).await.unwrap();
    let claimed = world.store.claim("billing", 0, 10, "relay").await.unwrap();
    assert_eq!((claimed[0].event_id, claimed[0].payload.as_str()), (event_id("ch_1"), r#"{"data":2}"#));
}

async fn a_dead_letter_of_a_held_finding_waits_for_the_approval(world: World) {
    stage_unfit(&world, "ch_1", State::Held).await;
    sql(&world, "UPDATE findings SET held_by = run_id").await.unwrap();
    assert_eq!(put_back(&world, &["ch_1"]).await, [Fate::NotReleased]);
    assert_eq!(world.event_state("ch_1").await, OutboxState::Dead);
    let approved =
        world.store.approve(std::slice::from_ref(&world.lease), Uuid::nil(), 0, "ada").await.unwrap();
    assert_eq!(approved, Approval::Released { events: 0, findings: 1 }, "what may not be sent is not let go");
    assert_eq!(world.event_state("ch_1").await, OutboxState::Dead);
    assert_eq!(put_back(&world, &["ch_1"]).await, [Fate::Eligible]);
}

async fn a_drift_that_comes_back_unfit_is_dead_again(world: World) {
    world.stage(&world.lease, &["ch_1"]).await;
    let supersede = vec![event_id("ch_1")];
    world.store.commit(&world.lease, Commit { supersede, ..Commit::default() }).await.unwrap();
    stage_unfit(&world, "ch_1", State::Open).await;
    let again = letter(&world, "ch_1").await;
    assert_eq!((again.state, again.class.as_deref()), (OutboxState::Dead, Some("schema")));
    let supersede = vec![event_id("ch_1")];
    world.store.commit(&world.lease, Commit { supersede, ..Commit::default() }).await.unwrap();
    world.stage(&world.lease, &["ch_1"]).await;
    let mended = letter(&world, "ch_1").await;
    assert_eq!(
        (mended.state, mended.class, mended.reason, mended.finished_at),
        (OutboxState::Staged, None, None, None)
    );
}

async fn what_is_not_dead_is_left_as_it_is(world: World) {
    world.make_pending(&["sent", "waiting"]).await;
    world.acknowledge(&["sent"]).await;
    die(&world, &["dropped"], "poison", "no").await;
    world.store.drop_dead_letters(&[event_id("dropped")], "ada", "closed").await.unwrap();
    world.stage(&world.lease, &["staged"]).await;
    let keys = ["sent", "waiting", "dropped", "staged"];
    let fates = put_back(&world, &keys).await;
    assert_eq!(fates, [Fate::Sent, Fate::Waiting, Fate::Dropped, Fate::NotReleased]);
    let mut states = Vec::new();
    for key in keys {
        states.push(world.event_state(key).await);
    }
    let wanted = [OutboxState::Sent, OutboxState::Pending, OutboxState::Dead, OutboxState::Staged];
    assert_eq!(states, wanted);
    let ids = keys.map(event_id);
    let dropped = world.store.drop_dead_letters(&ids, "ada", "closed").await.unwrap();
    assert!(!dropped.values().any(|fate| *fate == Fate::Eligible), "{dropped:?}");
}

async fn events_that_are_put_back_apart_are_due_one_after_the_other(world: World) {
    die(&world, &["ch_1", "ch_2", "ch_3"], "exhausted", "no").await;
    let how = PutBack { pause: HOUR, ..by_ada(None) };
    let ids = ["ch_1", "ch_2", "ch_3"].map(event_id);
    world.store.put_back(&ids, &how, &as_it_is).await.unwrap();
    let letters = world.store.letters(&ids).await.unwrap();
    let due: Vec<_> = letters.iter().map(|letter| letter.due_at).collect();
    assert_eq!(due, [due[0], due[0] + HOUR, due[0] + HOUR * 2]);
    assert_eq!(keys(&letters), ["ch_1", "ch_2", "ch_3"]);
    assert_eq!(world.store.claim("billing", 0, 10, "relay").await.unwrap().len(), 1);
}

async fn a_dropped_dead_letter_stays_a_tombstone_and_its_finding_is_parked(world: World) {
    die(&world, &["ch_1", "ch_2"], "poison", "no").await;
    let fates = world.store.drop_dead_letters(&[event_id("ch_1")], "ada", "closed").await.unwrap();
    assert_eq!(fates[&event_id("ch_1")], Fate::Eligible);
    let parked = world.finding("ch_1").await;
    assert_eq!(parked.state, State::Recurring);
    assert_eq!(parked.reason.as_deref(), Some("its event was dropped: closed"));
    assert_eq!(parked.interventions, 1);
    assert_eq!(keys(&dead(&world, &DeadFilter::default()).await), ["ch_2"]);
    let dropped = dead(&world, &DeadFilter { shown: Shown::Dropped, ..DeadFilter::default() }).await;
    assert_eq!(keys(&dropped), ["ch_1"]);
    let why = dropped[0].dropped.as_ref().unwrap();
    assert_eq!((why.by.as_str(), why.why.as_str()), ("ada", "closed"));
    assert_eq!(put_back(&world, &["ch_1"]).await, [Fate::Dropped]);
    let unsent: Vec<_> =
        world.store.unsent().await.unwrap().iter().map(|row| (row.state, row.count)).collect();
    assert_eq!(unsent, [(OutboxState::Dead, 1)]);
}

async fn a_dropped_dead_letter_outlasts_the_end_of_its_finding(world: World) {
    die(&world, &["ch_1"], "poison", "no").await;
    world.store.drop_dead_letters(&[event_id("ch_1")], "ada", "closed").await.unwrap();
    let healed = crate::finding::Finding { interventions: 1, ..finding("ch_1", State::Healed) };
    let commit = Commit { findings: vec![healed], supersede: vec![event_id("ch_1")], ..Commit::default() };
    world.store.commit(&world.lease, commit).await.unwrap();
    assert_eq!(world.finding("ch_1").await.state, State::Healed);
    assert_eq!(world.event_state("ch_1").await, OutboxState::Dead);
    // The same drift once more has the same id, and what was dropped is not sent.
    world.make_pending(&["ch_1"]).await;
    assert_eq!(world.store.claim("billing", 0, 10, "relay").await.unwrap().len(), 0);
}

async fn who_did_it_is_in_the_history(world: World) {
    die(&world, &["ch_1", "ch_2"], "exhausted", "no").await;
    let how = by_ada(Some("the queue is back"));
    world.store.put_back(&[event_id("ch_1")], &how, &as_it_is).await.unwrap();
    world.store.drop_dead_letters(&[event_id("ch_2")], "grace", "closed").await.unwrap();
    let mut told = Vec::new();
    for key in ["ch_1", "ch_2"] {
        let history = world.store.show(&id(key)).await.unwrap().unwrap().history;
        let entry = history.into_iter().find(|entry| entry.act.is_some()).unwrap();
        told.push((entry.act.unwrap(), entry.actor.unwrap(), entry.note.unwrap(), entry.state));
    }
    let entry = |act: &str, actor: &str, note: &str, state| {
        (act.to_owned(), actor.to_owned(), note.to_owned(), state)
    };
    let wanted = [
        entry("retry", "ada", "the queue is back", State::Open),
        entry("drop", "grace", "closed", State::Recurring),
    ];
    assert_eq!(told, wanted);
}

async fn the_retry_job_takes_what_its_schedule_says(world: World) {
    die(&world, &["ch_1"], "exhausted", "no").await;
    die(&world, &["ch_2"], "poison", "no").await;
    die(&world, &["ch_3"], "unroutable", "no").await;
    let name = domain();
    let due = async || {
        let due = world.store.due_dead_letters(&[&name], &["billing"]).await.unwrap();
        keys(&world.store.letters(&due).await.unwrap())
    };
    assert_eq!(due().await, [""; 0], "nothing is due right after its death");
    world.age("outbox", "finished_at").await;
    assert_eq!(due().await, ["ch_1", "ch_3"]);
    assert!(world.store.due_dead_letters(&[&name], &["other"]).await.unwrap().is_empty());
    assert!(world.store.due_dead_letters(&[], &["billing"]).await.unwrap().is_empty());
    sql(&world, "UPDATE outbox SET retries = 1 WHERE class = 'exhausted'").await.unwrap();
    assert_eq!(due().await, ["ch_3"], "its second pause is longer");
    sql(&world, "UPDATE outbox SET retries = 3").await.unwrap();
    let mut tx = world.store.write("test").await.unwrap();
    let long_ago = tx.now().await.unwrap() - HOUR * 1_000;
    tx.execute("UPDATE outbox SET finished_at = $1", &args![long_ago]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(due().await, [""; 0], "after three times it waits for a person");
}

/// Makes a dead letter one that died so long ago.
async fn died_ago(world: &World, key: &str, ago: Duration) {
    let mut tx = world.store.write("test").await.unwrap();
    let at = tx.now().await.unwrap() - ago;
    tx.execute("UPDATE outbox SET finished_at = $1 WHERE key = $2", &args![at, key]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn the_next_time_of_the_retry_job_is_that_of_the_first_dead_letter_that_it_takes(world: World) {
    let name = domain();
    let within = async || {
        let next = world.store.next_retry(&[&name], &["billing"]).await.unwrap();
        // What passes while this test works is less than a minute.
        next.map(|next| next.within.as_secs().div_ceil(60))
    };
    assert_eq!(within().await, None, "nothing is dead");
    die(&world, &["ch_1"], "poison", "no").await;
    assert_eq!(within().await, None, "only a person sends it");
    die(&world, &["ch_2", "ch_3"], "exhausted", "no").await;
    assert_eq!(within().await, Some(60));
    died_ago(&world, "ch_3", HOUR / 2).await;
    assert_eq!(within().await, Some(30), "the older one comes first");
    sql(&world, "UPDATE outbox SET retries = 1 WHERE key = 'ch_3'").await.unwrap();
    died_ago(&world, "ch_3", HOUR * 2).await;
    assert_eq!(within().await, Some(60), "its second pause is longer");
    died_ago(&world, "ch_2", HOUR * 2).await;
    assert_eq!(within().await, Some(0), "its time has come");
    assert_eq!(world.store.next_retry(&[&name], &["other"]).await.unwrap(), None);
    assert_eq!(world.store.next_retry(&[], &["billing"]).await.unwrap(), None);
    world.store.drop_dead_letters(&[event_id("ch_2")], "ada", "closed").await.unwrap();
    sql(&world, "UPDATE outbox SET retries = 3 WHERE key = 'ch_3'").await.unwrap();
    assert_eq!(within().await, None, "one is dropped, and one was put back often enough");
}

async fn what_another_retry_job_has_put_back_meanwhile_is_left_as_it_is(world: World) {
    die(&world, &["ch_1", "ch_2"], "exhausted", "no").await;
    died_ago(&world, "ch_1", HOUR * 2).await;
    died_ago(&world, "ch_2", HOUR * 2).await;
    let name = domain();
    let due = world.store.due_dead_letters(&[&name], &["billing"]).await.unwrap();
    let itself = PutBack::default();
    let first = world.store.put_back(&due, &itself, &as_it_is).await.unwrap();
    assert_eq!(first.into_values().collect::<Vec<_>>(), [Fate::Eligible; 2]);
    // One waits, and the other one has died again before the second job comes to it.
    world.store.bury(event_id("ch_2"), "exhausted", "still no").await.unwrap();
    assert!(world.store.put_back(&due, &itself, &as_it_is).await.unwrap().is_empty());
    assert_eq!(world.event_state("ch_1").await, OutboxState::Pending);
    let again = letter(&world, "ch_2").await;
    assert_eq!((again.state, again.retries), (OutboxState::Dead, 1));
    assert_eq!(put_back(&world, &["ch_2"]).await, [Fate::Eligible], "a person waits for no time");
}

async fn what_the_retry_job_did_is_in_the_history(world: World) {
    die(&world, &["ch_1"], "exhausted", "no").await;
    died_ago(&world, "ch_1", HOUR * 2).await;
    world.store.put_back(&[event_id("ch_1")], &PutBack::default(), &as_it_is).await.unwrap();
    let history = world.store.show(&id("ch_1")).await.unwrap().unwrap().history;
    let entry = history.into_iter().find(|entry| entry.act.is_some()).unwrap();
    let told = (entry.act.unwrap(), entry.actor.unwrap(), entry.note.unwrap());
    assert_eq!(told, ("retry".to_owned(), "tieout".to_owned(), "by itself".to_owned()));
}
