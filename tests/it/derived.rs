//! Fields that are calculated from an item (`jq`), read from the pages of a feed and compared with columns.

use serde_json::json;

use crate::world::{World, charge, set};

/// A world whose rows hold what a charge comes to after its fees, which its items do not.
async fn world(n: i64) -> World {
    let world = World::agreeing(0).await;
    world.edit("provider.yaml", "span: 1d", "span: 40d");
    world.edit(
        "charges.yaml",
        "amount: {upstream: amount, local: amount_minor}",
        "amount: {upstream: {jq: \".amount - ([.fees[]?.amount] | add // 0)\"}, local: amount_minor}",
    );
    for at in 0..n {
        let mut with_fees = charge(&format!("ch_{at:03}"), 2 + at, 1_000 + at);
        world.local(&with_fees).await;
        with_fees["amount"] = json!(1_300 + at);
        with_fees["fees"] = json!([{ "amount": 250 }, { "amount": 50 }]);
        world.upstream(&with_fees);
    }
    world
}

#[tokio::test]
async fn what_is_calculated_from_the_items_of_several_pages_agrees_without_a_look_up() {
    let world = world(25).await;
    let outcome = world.run();
    assert_eq!((outcome.code, outcome.findings()), (0, set([])), "{outcome:?}");
    let items = &outcome.domain()["items"];
    assert_eq!((&items["upstream"], &items["matched"]), (&json!(25), &json!(25)), "{items}");
    world.api.change(|shelf| {
        assert!(shelf.lists.len() >= 3, "{:?}", shelf.lists);
        assert_eq!(shelf.look_ups, Vec::<String>::new());
    });
}

#[tokio::test]
async fn a_part_that_changed_on_any_page_is_a_difference_of_the_whole() {
    let world = world(25).await;
    world.change_upstream("ch_002", |charge| charge["fees"][0]["amount"] = json!(251));
    world.change_upstream("ch_017", |charge| charge["fees"] = json!([]));
    // The parts changed and what they come to did not.
    world.change_upstream("ch_024", |charge| charge["fees"] = json!([{ "amount": 300 }]));
    let outcome = world.run();
    assert_eq!(outcome.findings(), set(["mismatched ch_002", "mismatched ch_017"]), "{outcome:?}");
    assert_eq!(outcome.domain()["amounts"][0]["difference"], "2.99", "{outcome:?}");
    let sent = world.events().await;
    assert_eq!(sent.len(), 2, "{sent:?}");
    assert!(sent.iter().all(|event| event["data"]["fees"].is_array()), "the item is sent as it is: {sent:?}");
}

#[tokio::test]
async fn an_item_that_nothing_can_be_calculated_from_is_unreadable_and_the_others_are_judged() {
    let world = world(25).await;
    world.change_upstream("ch_011", |charge| charge["fees"] = json!([{ "amount": "much" }]));
    world.change_upstream("ch_012", |charge| charge["amount"] = json!(5));
    let outcome = world.run();
    assert_eq!(outcome.findings(), set(["mismatched ch_012", "unreadable ch_011"]), "{outcome:?}");
    assert_eq!(outcome.domain()["items"]["matched"], 23, "{outcome:?}");
}
