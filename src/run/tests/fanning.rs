//! A feed that is read for several accounts, each by itself.

use std::sync::Arc;

use tieout_reconcilers::fan_out::{FanOut, Member, Parents};
use tieout_reconcilers::reconciler::Local;

use super::double::Double;
use super::world::{Item, World, at, findings, item, set};
use crate::report::Status;

fn member(account: &str) -> Member {
    Member::new([("account".into(), account.into())].into()).unwrap()
}

fn of(fan_out: FanOut) -> Double {
    let double = Double::new(at(0));
    let sql = "SELECT id, amount, at FROM items WHERE account = :each.account AND";
    let local = Local {
        rows: format!("{sql} at >= :from AND at < :to"),
        keys: format!("{sql} id IN (:keys)"),
        ..double.local.clone()
    };
    Double { fan_out, local, ..double }
}

pub(super) fn accounts(names: &[&str]) -> Double {
    of(FanOut::Members(names.iter().map(|name| member(name)).collect()))
}

/// The same keys in two accounts, each with a trouble of its own.
async fn world() -> World {
    let world = World::new().await;
    for account in ["red", "blue"] {
        let items: Vec<Item> = (0..5).map(|n| Item { account, ..item(&format!("i{n}"), n) }).collect();
        world.both(&items).await;
    }
    world.upstream(&[Item { account: "red", ..item("lost", 9) }]);
    world.local(&[Item { account: "blue", ..item("lost", 9) }]).await;
    world
}

#[tokio::test]
async fn every_member_is_compared_with_its_own_rows() {
    let world = world().await;
    let report = world.run(accounts(&["red", "blue"])).await;
    assert_eq!(findings(&report), set(["missing lost [red]", "orphaned lost [blue]"]), "{report:?}");
    assert_eq!((report.status, report.items.matched), (Status::Done, 10));
    assert_eq!(report.members.map(|members| members.all), Some(2));
}

#[tokio::test]
async fn a_member_that_fails_makes_the_domain_partial_and_stops_no_other() {
    let world = world().await;
    world.change(|shelf| shelf.refuses = [("red", 400)].into());
    let report = world.run(accounts(&["red", "blue"])).await;
    assert_eq!(report.status, Status::Partial, "{report:?}");
    assert_eq!(findings(&report), set(["orphaned lost [blue]"]));
    assert!(report.problems.iter().all(|problem| problem.starts_with("red: ")), "{report:?}");
    assert_eq!(report.verified_through, None, "a domain is verified as far as its last member");
}

#[tokio::test]
async fn a_member_that_is_gone_keeps_its_findings() {
    let world = world().await;
    world.run(accounts(&["red", "blue"])).await;
    let report = world.run(accounts(&["red"])).await;
    assert_eq!(findings(&report), set(["missing lost [red]"]), "{report:?}");
    let key = tieout_reconcilers::key::Key::checked("lost").unwrap();
    let known = world.store.of_every_member(&accounts(&[]).domain, &key).await.unwrap();
    assert_eq!(known.len(), 2);
}

#[tokio::test]
async fn members_may_be_the_items_of_another_feed_which_is_read_first() {
    let world = world().await;
    // The items of nobody in particular name the members.
    let named = [("red", 1), ("blue", 2)];
    world.upstream(&named.map(|(name, second)| item(name, second)));
    let parents = Parents { feed: Arc::new(Double::naming_its_items(at(0))), name: "account".into() };
    let report = world.run(of(FanOut::Feed(parents))).await;
    assert_eq!(findings(&report), set(["missing lost [red]", "orphaned lost [blue]"]), "{report:?}");
}

#[tokio::test]
async fn sql_that_is_about_all_members_is_refused_before_anything_is_read() {
    let world = world().await;
    let both = FanOut::Members(vec![member("red")]);
    let report = world.run(Double { fan_out: both, ..Double::new(at(0)) }).await;
    assert_eq!((report.status, report.exit_code), (Status::Failed, 2), "{report:?}");
    assert!(report.problems.iter().any(|problem| problem.contains(":each.account")), "{report:?}");
    assert!(world.lists().is_empty());
}
