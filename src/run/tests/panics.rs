//! Mistakes of the program itself: each ends its domain with a report that says where it was made, and nothing else.

use super::double::Double;
use super::world::{World, at, findings, item, set};
use crate::report::{RunReport, Status, exit};
use crate::store::FindingFilter;

/// Two domains that lost an item each, and what becomes of a run in which the first one makes a mistake.
async fn run(world: &World, blunders: Option<&'static str>) -> RunReport {
    let domain = |name: &str| Double { domain: name.parse().unwrap(), ..Double::new(at(0)) };
    let first = Double { blunders, ..domain("shop.first") };
    world.run_together(vec![first, domain("shop.second")]).await
}

async fn a_mistake(blunders: &'static str) {
    let world = World::new().await;
    world.upstream(&[item("i1", 1)]);
    let report = run(&world, Some(blunders)).await;
    let [first, second] = report.domains.as_slice() else { panic!("{report:?}") };
    assert_eq!((first.status, first.failure.as_deref()), (Status::Failed, Some("panic")));
    assert!(first.problems[0].contains("src/run/tests/double.rs:"), "{:?}", first.problems);
    assert!(first.problems[0].contains("that nobody thought of"), "{:?}", first.problems);
    assert_eq!((second.status, findings(second)), (Status::Done, set(["missing i1"])));
    assert_eq!((report.status, report.exit.code), (Status::Failed, exit::FAILED));
    // The report is final, and nothing of the first domain was half written.
    let kept = world.store.find_run(&"latest".parse().unwrap()).await.unwrap();
    assert_eq!((kept.summary.status, kept.summary.exit_code), (Status::Failed, Some(1)));
    assert_eq!(kept.report_json, Some(serde_json::to_string(&report).unwrap()));
    let found = world.store.list(&FindingFilter::default()).await.unwrap();
    assert_eq!(found.iter().map(|one| one.id.domain.as_str()).collect::<Vec<_>>(), ["shop.second"]);
    // Its lease is free at once.
    assert_eq!(run(&world, None).await.domains[0].status, Status::Done);
}

#[tokio::test]
async fn a_mistake_in_the_reading_of_a_page_ends_its_domain_and_no_other() {
    a_mistake("page").await;
}

#[tokio::test]
async fn a_mistake_in_the_planning_ends_its_domain_and_no_other() {
    a_mistake("remedy").await;
}
