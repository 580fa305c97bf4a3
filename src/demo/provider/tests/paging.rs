//! The lists: every item once, in order, within half-open bounds.

use chrono::{DateTime, SecondsFormat};
use reqwest::StatusCode;
use serde_json::Value;

use super::{Manners, World, ids, now};

#[tokio::test]
async fn walking_charges_by_the_last_id_shows_each_once_newest_first() {
    let world = World::with(Manners::flawless()).await;
    let mut seen = Vec::new();
    loop {
        let last = seen.last().map(|(_, id): &(i64, String)| id.clone());
        let mut query = vec![("limit", "100")];
        query.extend(last.as_deref().map(|id| ("starting_after", id)));
        let page = world.json("/v1/charges", &query).await;
        assert_eq!(page["object"], "list");
        let items = page["data"].as_array().unwrap();
        seen.extend(
            items.iter().map(|it| (it["created"].as_i64().unwrap(), it["id"].as_str().unwrap().to_owned())),
        );
        if page["has_more"] == false {
            break;
        }
    }
    let mut expected: Vec<_> =
        world.population.charges.iter().map(|it| (it.created, it.id.clone())).collect();
    expected.sort();
    expected.reverse();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn walking_refunds_by_their_links_shows_each_once_oldest_first() {
    let world = World::with(Manners::flawless()).await;
    let mut seen = Vec::new();
    let mut target = Some("/v1/refunds?limit=100&since=0".to_owned());
    while let Some(next) = target {
        let response = world.get(&next, &[]).await;
        let link = response.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
        target = link.map(|link| {
            let next = link.split(", ").find(|link| link.ends_with("; rel=\"next\"")).unwrap();
            next[1..next.find('>').unwrap()].to_owned()
        });
        seen.extend(ids(&response.json().await.unwrap()));
    }
    let mut expected: Vec<_> =
        world.population.refunds.iter().map(|it| (it.created, it.id.clone())).collect();
    expected.sort();
    assert_eq!(seen, expected.into_iter().map(|(_, id)| id).collect::<Vec<_>>());
}

#[tokio::test]
async fn walking_customers_by_cursor_shows_each_once_by_last_change() {
    let world = World::with(Manners::flawless()).await;
    let mut seen = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut query = vec![("limit", "30")];
        query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let page = world.json("/v1/customers", &query).await;
        seen.extend(ids(&page["customers"]));
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    let mut expected: Vec<_> =
        world.population.customers.iter().map(|it| (it.updated, it.id.clone())).collect();
    expected.sort();
    assert_eq!(seen, expected.into_iter().map(|(_, id)| id).collect::<Vec<_>>());
}

#[tokio::test]
async fn every_filter_takes_its_lower_bound_and_leaves_its_upper_one() {
    let world = World::with(Manners::flawless()).await;
    let charge = &world.population.charges[0];
    let refund = &world.population.refunds[0];
    let customer = &world.population.customers[0];
    let rfc3339 =
        |epoch_s| DateTime::from_timestamp(epoch_s, 0).unwrap().to_rfc3339_opts(SecondsFormat::Secs, true);

    for (path, rows, id, from, to, bounds) in [
        (
            "/v1/charges",
            "/data",
            &charge.id,
            "created[gte]",
            "created[lt]",
            bounds(charge.created, |at| at.to_string()),
        ),
        ("/v1/refunds", "", &refund.id, "since", "until", bounds(refund.created, |at| at.to_string())),
        (
            "/v1/customers",
            "/customers",
            &customer.id,
            "updated_from",
            "updated_to",
            bounds(customer.updated, rfc3339),
        ),
    ] {
        let [before, at, after] = &bounds;
        let starting = world.json(path, &[(from, at), (to, after)]).await;
        assert!(ids(starting.pointer(rows).unwrap()).contains(id), "{path} leaves its lower bound");
        let ending = world.json(path, &[(from, before), (to, at)]).await;
        assert!(!ids(ending.pointer(rows).unwrap()).contains(id), "{path} takes its upper bound");
    }
}

fn bounds(at: i64, write: impl Fn(i64) -> String) -> [String; 3] {
    [at - 1, at, at + 1].map(write)
}

#[tokio::test]
async fn a_known_id_shows_the_item_of_the_list() {
    let world = World::with(Manners::flawless()).await;
    let charge = &world.population.charges[5];
    assert_eq!(world.json(&format!("/v1/charges/{}", charge.id), &[]).await, charge.json(charge.status));
}

#[tokio::test]
async fn naming_many_customers_leaves_out_the_unknown_and_refuses_more_than_fifty() {
    let world = World::with(Manners::flawless()).await;
    let known: Vec<_> = world.population.customers[..49].iter().map(|customer| customer.id.clone()).collect();
    let named = format!("{},cus_0", known.join(","));
    let mut listed = ids(&world.json("/v1/customers", &[("ids", &named)]).await["customers"]);
    let mut expected = known.clone();
    listed.sort();
    expected.sort();
    assert_eq!(listed, expected);
    let too_many = world.get("/v1/customers", &[("ids", &format!("{named},cus_1"))]).await;
    assert_eq!(too_many.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn newcomers_are_shown_and_replace_who_they_were() {
    let world = World::with(Manners::flawless()).await;
    let arriving = world.population.arriving(7, now(), |_| false);
    world.provider.arrive(&arriving);
    let newest = world.json("/v1/charges", &[("limit", "3")]).await;
    let mut expected: Vec<_> = arriving.charges.iter().map(|charge| charge.id.clone()).collect();
    expected.sort();
    expected.reverse();
    assert_eq!(ids(&newest["data"]), expected);
    let renamed = arriving.customers.last().unwrap();
    let shown = world.json("/v1/customers", &[("ids", &renamed.id)]).await;
    assert_eq!(shown["customers"], Value::Array(vec![renamed.json()]));
}
