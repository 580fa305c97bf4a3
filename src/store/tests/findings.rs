//! Findings and their history come back as they were written.

use tieout_reconcilers::discrepancy::{FieldDiff, Hidden, Kind};
use tieout_reconcilers::key::Key;
use tieout_reconcilers::money::Money;
use tieout_reconcilers::name::Each;
use uuid::Uuid;

use super::on_both_stores;
use super::world::{World, at, domain, finding, id};
use crate::cause::Explanation;
use crate::finding::{Finding, Ignored, State};
use crate::store::{Commit, FindingFilter};

on_both_stores!(
    a_finding_comes_back_as_it_was_written,
    the_followed_findings_come_oldest_first,
    findings_are_found_by_key,
    a_list_is_restricted_by_domain_state_and_kind,
    history_grows_with_every_change_of_state_and_with_nothing_else,
    findings_are_counted_by_domain_state_and_kind,
);

async fn commit(world: &World, findings: Vec<Finding>) {
    world.store.commit(&world.lease, Commit { findings, ..Commit::default() }).await.unwrap();
}

async fn a_finding_comes_back_as_it_was_written(world: World) {
    let full = Finding {
        kind: Kind::Mismatched,
        episode: 3,
        reemissions: 2,
        fields: vec![
            FieldDiff { field: "amount".into(), upstream: Some("120.00".into()), local: None, hidden: None },
            FieldDiff {
                field: "note".into(),
                upstream: Some(r#""a\u0000b""#.into()),
                local: Some("null".into()),
                hidden: Some(Hidden::Hashed),
            },
        ],
        reason: Some("conflict".to_owned()),
        cause: Some(Explanation::unknown("the log was not read")),
        amount: Some(Money { currency: "USD".into(), minor: -(1_i128 << 100) }),
        clock: Some(at(-5)),
        occurred_at: Some(at(-4)),
        held_by: Some(Uuid::now_v7()),
        ignored: Some(Ignored { until: Some(at(3_000)), why: "known".to_owned() }),
        last_seen: at(2_000),
        acknowledged_at: Some(at(1_500)),
        closed_at: Some(at(2_500)),
        run_id: Uuid::now_v7(),
        ..finding("ключ/1", State::Repaired)
    };
    commit(&world, vec![full.clone()]).await;
    assert_eq!(world.finding("ключ/1").await, full);
}

async fn the_followed_findings_come_oldest_first(world: World) {
    let mut findings: Vec<Finding> =
        State::ALL.into_iter().map(|state| finding(state.as_str(), state)).collect();
    for (age, finding) in findings.iter_mut().enumerate() {
        finding.first_seen = at(1_000 - i64::try_from(age).unwrap());
    }
    commit(&world, findings).await;
    let followed = world.store.followed(&domain(), &Each::default(), 4).await.unwrap();
    let states: Vec<State> = followed.iter().map(|finding| finding.state).collect();
    assert_eq!(states, [State::Recurring, State::Held, State::Emitted, State::Open]);
}

async fn findings_are_found_by_key(world: World) {
    commit(&world, vec![finding("ch_1", State::Repaired), finding("ch_2", State::Open)]).await;
    let keys: Vec<Key> = ["ch_1", "ch_3"].map(|key| Key::checked(key).unwrap()).to_vec();
    let found = world.store.findings_by_key(&domain(), &Each::default(), &keys).await.unwrap();
    assert_eq!(found, vec![finding("ch_1", State::Repaired)]);
}

async fn a_list_is_restricted_by_domain_state_and_kind(world: World) {
    let orphaned = Finding { kind: Kind::Orphaned, ..finding("ch_3", State::Open) };
    commit(&world, vec![finding("ch_1", State::Open), finding("ch_2", State::Held), orphaned]).await;
    let list = async |filter: FindingFilter| {
        let found = world.store.list(&filter).await.unwrap();
        found.into_iter().map(|finding| finding.id.key.as_str().to_owned()).collect::<Vec<_>>()
    };
    let everything = FindingFilter::default();
    assert_eq!(list(everything.clone()).await, ["ch_1", "ch_2", "ch_3"]);
    assert_eq!(list(FindingFilter { limit: Some(1), ..everything.clone() }).await, ["ch_1"]);
    let open = FindingFilter { states: vec![State::Open], kind: Some(Kind::Orphaned), ..everything.clone() };
    assert_eq!(list(open).await, ["ch_3"]);
    let elsewhere = FindingFilter { domains: vec!["shop.refunds".parse().unwrap()], ..everything };
    assert_eq!(list(elsewhere).await, [""; 0]);
}

async fn history_grows_with_every_change_of_state_and_with_nothing_else(world: World) {
    commit(&world, vec![finding("ch_1", State::Suspected)]).await;
    commit(&world, vec![Finding { last_seen: at(5_000), ..finding("ch_1", State::Suspected) }]).await;
    commit(&world, vec![finding("ch_1", State::Healed)]).await;
    commit(&world, vec![Finding { episode: 2, ..finding("ch_1", State::Open) }]).await;
    let steps = [(1, State::Suspected), (1, State::Healed), (2, State::Open)];
    assert_eq!(world.history("ch_1").await, steps);
    assert_eq!(world.store.show(&id("ch_2")).await.unwrap(), None);
}

async fn findings_are_counted_by_domain_state_and_kind(world: World) {
    commit(&world, vec![finding("ch_1", State::Open), finding("ch_2", State::Open)]).await;
    let counts = world.store.finding_counts().await.unwrap();
    assert_eq!(counts.len(), 1);
    assert_eq!((counts[0].state, counts[0].kind, counts[0].count), (State::Open, Kind::Missing, 2));
}
