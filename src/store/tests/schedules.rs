//! Due times: of several who decide on the same row one does, and no time has two runs.

use tieout_reconcilers::name::Each;
use uuid::Uuid;

use super::on_both_stores;
use super::world::{World, at, domain};
use crate::report::Status;
use crate::store::sql::args;
use crate::store::{Claim, Claimed, CutOff, Entry, Happened, Next, Resumed, RunMode, RunRow, StoreError};

on_both_stores!(
    a_row_is_changed_by_whoever_decided_on_what_stands_there,
    a_due_time_has_one_run_and_what_comes_next_is_written_with_it,
    a_claim_that_was_not_answered_is_the_same_claim,
    a_domain_that_a_run_is_done_with_is_at_work_no_more,
    a_run_that_was_cut_off_is_gone_on_with_by_one_other,
    a_run_that_came_through_with_a_domain_or_did_not_want_to_is_not_cut_off,
    a_paused_domain_is_claimed_and_led_by_nobody,
    the_journal_is_read_newest_first_and_by_domain,
    the_journal_forgets_its_oldest_entries,
);

fn next(due: i64, revision: Option<i64>) -> Next {
    let schedule = "0 2 * * * UTC".to_owned();
    Next { domain: domain(), schedule, due_at: at(due), starts_at: at(due + 5), revision, forgets: None }
}

fn entry(detail: &str) -> Entry {
    let detail = detail.to_owned();
    Entry {
        happened: Happened::Planned,
        domain: Some(domain()),
        scheduled_for: Some(at(1)),
        run_id: None,
        detail,
    }
}

fn run() -> RunRow {
    RunRow {
        run_id: Uuid::now_v7(),
        started_at: at(0),
        mode: RunMode::Run,
        trigger: "schedule".to_owned(),
        args_json: "{}".to_owned(),
        version: "1".to_owned(),
        resumes: None,
    }
}

fn claim(due: i64, then: i64, revision: i64) -> [Claim; 1] {
    let next = next(then, Some(revision));
    [Claim { scheduled_for: at(due), next, detail: "on time".to_owned(), resumes: None }]
}

async fn a_row_is_changed_by_whoever_decided_on_what_stands_there(world: World) {
    let store = &world.store;
    assert!(store.plan_due(&next(100, None), &entry("a"), "one").await.unwrap());
    assert!(!store.plan_due(&next(200, None), &entry("b"), "two").await.unwrap());
    assert!(store.plan_due(&next(300, Some(1)), &entry("c"), "two").await.unwrap());
    assert!(!store.plan_due(&next(400, Some(1)), &entry("d"), "one").await.unwrap());
    let kept = store.agenda(at(0)).await.unwrap().due[&domain()].clone();
    assert_eq!((kept.due_at, kept.starts_at, kept.revision), (at(300), at(305), 2));
    let journal = store.journal(&[domain()], 10).await.unwrap();
    let said: Vec<_> = journal.iter().map(|row| (row.entry.detail.as_str(), row.daemon.as_str())).collect();
    assert_eq!(said, [("c", "two"), ("a", "one")]);
}

async fn a_due_time_has_one_run_and_what_comes_next_is_written_with_it(world: World) {
    let store = &world.store;
    store.plan_due(&next(100, None), &entry("new"), "one").await.unwrap();
    let (first, second) = (run(), run());
    let claims = claim(100, 200, 1);
    let (one, two) =
        tokio::join!(store.claim_due(&first, &claims, "one"), store.claim_due(&second, &claims, "two"));
    let mut both = [one.unwrap(), two.unwrap()].concat();
    both.sort_by_key(|claimed| *claimed != Claimed::Ours);
    assert_eq!(both, [Claimed::Ours, Claimed::Theirs]);
    let known = [&first, &second].map(|run| run.run_id);
    let known = [store.run(known[0]).await.is_ok(), store.run(known[1]).await.is_ok()];
    assert_eq!(
        known.iter().filter(|is_known| **is_known).count(),
        1,
        "a run that has nothing to do has no row"
    );
    // The clock went back, and somebody planned the time again.
    store.plan_due(&next(100, Some(2)), &entry("back"), "one").await.unwrap();
    let agenda = store.agenda(at(0)).await.unwrap();
    assert_eq!(agenda.due[&domain()].ran, [at(100)].into());
    assert_eq!(store.claim_due(&run(), &claim(100, 300, 3), "one").await.unwrap(), [Claimed::RanBefore]);
    assert_eq!(store.agenda(at(0)).await.unwrap().due[&domain()].due_at, at(300));
}

async fn a_claim_that_was_not_answered_is_the_same_claim(world: World) {
    let store = &world.store;
    store.plan_due(&next(100, None), &entry("new"), "one").await.unwrap();
    let run = run();
    for _ in 0..2 {
        assert_eq!(store.claim_due(&run, &claim(100, 200, 1), "one").await.unwrap(), [Claimed::Ours]);
    }
    let agenda = store.agenda(at(0)).await.unwrap();
    assert_eq!(agenda.due[&domain()].revision, 2);
    assert!(agenda.works.contains_key(&domain()), "its run has begun");
}

async fn a_domain_that_a_run_is_done_with_is_at_work_no_more(world: World) {
    let store = &world.store;
    store.release_lease(&world.lease).await.unwrap();
    store.plan_due(&next(100, None), &entry("new"), "one").await.unwrap();
    let run = run();
    store.claim_due(&run, &claim(100, 200, 1), "one").await.unwrap();
    assert!(store.agenda(at(0)).await.unwrap().works.contains_key(&domain()));
    store.end_domain(run.run_id, domain().as_str(), "{}").await.unwrap();
    assert_eq!(store.agenda(at(0)).await.unwrap().works.len(), 0, "others of the run may take all night");
}

/// A run that had the time 100, and ended in some way.
async fn ended_with(world: &World, report: &str) -> Uuid {
    let store = &world.store;
    store.plan_due(&next(100, None), &entry("new"), "one").await.unwrap();
    let run = run();
    store.claim_due(&run, &claim(100, 200, 1), "one").await.unwrap();
    assert_eq!(store.agenda(at(0)).await.unwrap().cut_off, [].into(), "it is under way");
    store.finish_run(run.run_id, Status::Interrupted, 143, report, &[]).await.unwrap();
    run.run_id
}

async fn a_run_that_was_cut_off_is_gone_on_with_by_one_other(world: World) {
    let store = &world.store;
    let first = ended_with(&world, r#"{"domains": []}"#).await;
    let cut = store.agenda(at(0)).await.unwrap().cut_off[&domain()];
    assert_eq!(cut, CutOff { run: first, scheduled_for: at(100), continued: 0 });
    let resumes = |revision| [Claim { resumes: Some(first), ..claim(100, 200, revision)[0].clone() }];
    let (second, third) = (run(), run());
    let (claims, late) = (resumes(2), resumes(2));
    assert_eq!(store.claim_due(&second, &claims, "one").await.unwrap(), [Claimed::Ours]);
    assert_eq!(
        store.claim_due(&second, &claims, "one").await.unwrap(),
        [Claimed::Ours],
        "it is the same claim"
    );
    assert_eq!(store.claim_due(&third, &late, "two").await.unwrap(), [Claimed::Theirs]);
    let agenda = store.agenda(at(0)).await.unwrap();
    assert_eq!((agenda.cut_off.len(), agenda.due[&domain()].due_at), (0, at(200)));
    store.finish_run(second.run_id, Status::Interrupted, 143, r#"{"domains": []}"#, &[]).await.unwrap();
    let cut = store.agenda(at(0)).await.unwrap().cut_off[&domain()];
    assert_eq!(cut, CutOff { run: second.run_id, scheduled_for: at(100), continued: 1 });
    // Nobody goes on with it any more.
    let forgets = Next { forgets: Some(second.run_id), ..next(200, Some(3)) };
    assert!(store.plan_due(&forgets, &entry("left"), "one").await.unwrap());
    assert_eq!(store.agenda(at(0)).await.unwrap().cut_off, [].into());
}

async fn a_run_that_came_through_with_a_domain_or_did_not_want_to_is_not_cut_off(world: World) {
    let store = &world.store;
    let domain = domain();
    for (status, failure, is_cut_off) in [
        ("done", "null", false),
        ("failed", "\"unreachable\"", false),
        ("interrupted", "\"stalled\"", false),
        ("interrupted", "\"paused\"", false),
        ("interrupted", "\"interrupted\"", true),
    ] {
        let ended = format!(r#"{{"domain": "{domain}", "status": "{status}", "failure": {failure}}}"#);
        let mut tx = store.write("test").await.unwrap();
        for table in ["scheduled_runs", "schedules"] {
            tx.execute(format!("DELETE FROM {table}"), &[]).await.unwrap();
        }
        tx.commit().await.unwrap();
        ended_with(&world, &format!(r#"{{"domains": [{ended}]}}"#)).await;
        assert_eq!(store.agenda(at(0)).await.unwrap().cut_off.contains_key(&domain), is_cut_off, "{ended}");
    }
}

async fn a_paused_domain_is_claimed_and_led_by_nobody(world: World) {
    let store = &world.store;
    store.plan_due(&next(100, None), &entry("new"), "one").await.unwrap();
    assert_eq!(store.pause(&domain(), "ada", "the bank is closed").await.unwrap(), None);
    let before = store.pause(&domain(), "bob", "").await.unwrap().unwrap();
    assert_eq!((before.who.as_str(), before.reason.as_str()), ("ada", "the bank is closed"));
    assert_eq!(store.claim_due(&run(), &claim(100, 200, 1), "one").await.unwrap(), [Claimed::Theirs]);
    let signs = store.beat(world.lease.run_id()).await.unwrap();
    assert_eq!(signs.paused[&domain()], "ada: the bank is closed");
    store.release_lease(&world.lease).await.unwrap();
    let refused = store.acquire(&domain(), &Each::default(), world.lease.run_id(), "a run").await;
    assert!(matches!(refused, Err(StoreError::Paused { .. })), "{refused:?}");
    store.acquire_by_hand(&domain(), &Each::default(), Uuid::now_v7(), "a person").await.unwrap();
    assert_eq!(store.resume(&domain(), "bob", "").await.unwrap(), Resumed::After(before));
    assert_eq!(store.resume(&domain(), "bob", "").await.unwrap(), Resumed::WasNotPaused);
    let acts = store.kept_state(&domain()).await.unwrap().by_hand;
    assert_eq!(acts.iter().map(|act| act.act.as_str()).collect::<Vec<_>>(), ["resume", "pause"]);
}

async fn the_journal_is_read_newest_first_and_by_domain(world: World) {
    let store = &world.store;
    for n in 0..3 {
        store.write_journal(&entry(&n.to_string()), "one").await.unwrap();
    }
    let newest = store.journal(&[], 2).await.unwrap();
    assert_eq!(newest.iter().map(|row| row.entry.detail.as_str()).collect::<Vec<_>>(), ["2", "1"]);
    assert_eq!(store.journal(&["shop.other".parse().unwrap()], 10).await.unwrap(), []);
}

async fn the_journal_forgets_its_oldest_entries(world: World) {
    let store = &world.store;
    let mut tx = store.write("test").await.unwrap();
    let full = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
         INSERT INTO journal (at, daemon, event, detail) SELECT $1, 'one', 'planned', CAST(i AS TEXT) FROM n";
    tx.execute(full, &args![at(1)]).await.unwrap();
    tx.commit().await.unwrap();
    store.write_journal(&entry("newest"), "one").await.unwrap();
    let kept = store.journal(&[], u32::MAX).await.unwrap();
    let details = [&kept[0], &kept[kept.len() - 1]].map(|row| row.entry.detail.as_str());
    assert_eq!((kept.len(), details), (10_000, ["newest", "2"]));
}
