//! Rows that are missing, doubled, nameless, of another type, out of order or out of the window.

use serde_json::{Value, json};

use crate::api::Api;
use crate::http::{Asked, Reply};
use crate::server::Server;
use crate::world::{charge, id_of};

pub(super) fn servers() -> Vec<Server> {
    [shapes(), keys(), windows(), orders()].into_iter().flatten().collect()
}

fn shapes() -> Vec<Server> {
    vec![
        Server::new("rows_key_missing", "leaves the rows out of the second page")
            .lists(|api, asked| second_rows(api, asked, None))
            .partial("`data`"),
        Server::new("rows_are_null", "writes null in place of the rows of the second page")
            .lists(|api, asked| second_rows(api, asked, Some(Value::Null)))
            .partial("`data`"),
        Server::new("rows_are_an_object", "writes an object in place of the rows of the second page")
            .lists(|api, asked| second_rows(api, asked, Some(json!({ "0": { "id": "x" } }))))
            .partial("`data`"),
        Server::new("rows_are_a_text", "writes a text in place of the rows of the second page")
            .lists(|api, asked| second_rows(api, asked, Some(json!("see attachment"))))
            .partial("`data`"),
        Server::new("null_rows", "writes null in place of two rows of the second page")
            .lists(|api, asked| {
                let mut page = api.page(asked);
                if api.asks == 2 {
                    for hidden in [2, 5] {
                        page.rows[hidden] = Value::Null;
                    }
                }
                let body = page.body();
                page.rows.retain(|row| !row.is_null());
                api.deliver_as(&page, body)
            })
            .partial("without a usable key"),
        Server::new(
            "rows_that_are_scalars",
            "mixes a number, a text and a list into the rows of the second page",
        )
        .lists(|api, asked| {
            let page = api.page(asked);
            let mut body = page.body();
            if api.asks == 2 {
                let rows = body["data"].as_array_mut().unwrap();
                rows.splice(0..0, [json!(7), json!("x"), json!([{ "id": "y" }])]);
            }
            api.deliver_as(&page, body)
        })
        .partial("without a usable key"),
    ]
}

fn keys() -> Vec<Server> {
    vec![
        Server::new(
            "ids_that_change_type",
            "writes an id as a number in the list and as a text in the look-up",
        )
        .arranged(|api, local| {
            for (id, is_local) in [(7_001, true), (7_002, false)] {
                let row = charge(&id.to_string(), 310, 42);
                api.insert(row.clone());
                local.extend(is_local.then_some(row));
            }
        })
        .lists(|api, asked| {
            let page = api.page(asked);
            let body = page
                .body()
                .to_string()
                .replace("\"id\":\"7001\"", "\"id\":7001")
                .replace("\"id\":\"7002\"", "\"id\":7002");
            api.deliver_as(&page, body)
        }),
        nameless("null_ids", "writes null as the id of a row", json!(null)),
        nameless("ids_that_are_objects", "writes an object as the id of a row", json!({ "id": "x" })),
        nameless("ids_that_are_booleans", "writes true as the id of a row", json!(true)),
        nameless("empty_ids", "writes an empty text as the id of a row", json!("")),
        nameless("ids_with_fractions", "writes 1.5 as the id of a row", json!(1.5)),
        Server::new("an_id_written_twice", "writes two ids into one row")
            .lists(|api, asked| {
                let mut page = api.page(asked);
                let body = page
                    .body()
                    .to_string()
                    .replace("\"id\":\"ch_012\"", "\"id\":\"ch_012\",\"id\":\"ch_lost_9\"");
                page.rows.retain(|row| row["id"] != "ch_012");
                api.deliver_as(&page, body)
            })
            .partial("without a usable key"),
        Server::new(
            "duplicate_ids_with_different_values",
            "shows two rows with one id and different amounts",
        )
        .lists(|api, asked| {
            let mut page = api.page(asked);
            if let Some(place) = page.rows.iter().position(|row| row["id"] == "ch_012") {
                let mut twin = page.rows[place].clone();
                twin["amount"] = json!(5);
                page.rows.insert(place, twin);
            }
            api.deliver(&page)
        })
        .extra(1)
        .partial("two items with one key and different values"),
        Server::new("duplicate_rows", "shows every row twice").lists(|api, asked| {
            let mut page = api.page(asked);
            page.rows = page.rows.into_iter().flat_map(|row| [row.clone(), row]).collect();
            api.deliver(&page)
        }),
        Server::new("ids_in_another_case", "holds two items whose ids differ in upper and lower case alone")
            .arranged(|api, local| {
                local.push(charge("ch_case", 320, 42));
                api.insert(charge("ch_case", 320, 42));
                api.insert(charge("CH_CASE", 320, 43));
            }),
        Server::new("ids_that_need_escapes", "holds items whose ids are no path segments").arranged(
            |api, local| {
                for (at, id) in ["a/b", "a b", "ä?x=1", "a#b", "%2e%2e", "a'b\"c"].into_iter().enumerate() {
                    api.insert(charge(id, 320, 42));
                    if at % 2 == 0 {
                        local.push(charge(id, 320, 42));
                    }
                }
            },
        ),
    ]
}

fn nameless(name: &'static str, does: &'static str, id: Value) -> Server {
    Server::new(name, does)
        .lists(move |api, asked| {
            let mut page = api.page(asked);
            let mut body = page.body();
            for row in body["data"].as_array_mut().unwrap().iter_mut().filter(|row| row["id"] == "ch_012") {
                row["id"] = id.clone();
            }
            page.rows.retain(|row| row["id"] != "ch_012");
            api.deliver_as(&page, body)
        })
        .partial("without a usable key")
}

fn windows() -> Vec<Server> {
    vec![
        Server::new(
            "rows_outside_the_window",
            "ignores the filter and sends what is years old and what is not yet, too",
        )
        .arranged(|api, _| {
            api.insert(charge("ch_old", 365 * 24 * 60, 42));
            api.insert(charge("ch_to_come", -60, 42));
        })
        .lists(|api, asked| {
            let page = api.page(&asked.with("created[gte]", "0").with("created[lt]", "99999999999"));
            api.deliver(&page)
        }),
        Server::new(
            "the_window_is_ignored_for_the_first_bound",
            "leaves out the last hour before its upper bound",
        )
        .lists(|api, asked| {
            let to: i64 = asked.query("created[lt]").unwrap().parse().unwrap();
            let page = api.page(&asked.with("created[lt]", &(to - 3 * 3_600).to_string()));
            api.deliver(&page)
        })
        .partial("the walk did not show"),
        Server::new("rows_without_a_clock", "leaves the creation time out of two rows").lists(
            |api, asked| {
                let page = api.page(asked);
                let mut body = page.body();
                let rows = body["data"].as_array_mut().unwrap();
                for row in rows.iter_mut().filter(|row| ["ch_012", "ch_017"].contains(&id_of(row).as_str())) {
                    row.as_object_mut().unwrap().remove("created");
                }
                api.deliver_as(&page, body)
            },
        ),
        Server::new("a_clock_in_another_unit", "writes the creation time of one row in milliseconds")
            .lists(|api, asked| {
                let mut page = api.page(asked);
                let mut body = page.body();
                for row in body["data"].as_array_mut().unwrap().iter_mut().filter(|row| row["id"] == "ch_012")
                {
                    row["created"] = json!(row["created"].as_i64().unwrap() * 1_000);
                }
                page.rows.retain(|row| row["id"] != "ch_012");
                api.deliver_as(&page, body)
            })
            .partial("the walk did not show"),
        Server::new("a_value_of_another_type", "writes a list where a status belongs")
            .arranged(|api, _| api.value("ch_012")["status"] = json!(["succeeded"]))
            .unreadable(&["ch_012"]),
        Server::new("a_status_that_no_rule_knows", "has a status that the domain does not map")
            .arranged(|api, _| api.value("ch_012")["status"] = json!("on_hold"))
            .unreadable(&["ch_012"]),
    ]
}

fn orders() -> Vec<Server> {
    vec![
        Server::new(
            "sort_that_lies_oldest_first",
            "declares newest first and sends three thousand rows oldest first",
        )
        .edit("provider.yaml", "size: 10", "size: 1000")
        .arranged(many)
        .lists(|api, asked| reordered(api, asked, |rows| rows.reverse()))
        .partial("in another order than the feed declares"),
        Server::new("sort_that_lies_on_every_page", "declares newest first and shuffles three thousand rows")
            .edit("provider.yaml", "size: 10", "size: 1000")
            .arranged(many)
            .lists(|api, asked| {
                reordered(api, asked, |rows| {
                    let middle = rows.len() / 2;
                    rows.rotate_left(middle);
                    rows.chunks_mut(7).for_each(<[Value]>::reverse);
                })
            })
            .partial("in another order than the feed declares"),
        Server::new(
            "sort_that_lies_within_a_page",
            "declares newest first and sends each page of ten oldest first",
        )
        .paged(crate::api::Paging::Cursor)
        .lists(|api, asked| {
            let mut page = api.page(asked);
            page.rows.reverse();
            api.deliver(&page)
        }),
        Server::new("many_rows_in_order", "sends three thousand rows as declared")
            .edit("provider.yaml", "size: 10", "size: 1000")
            .arranged(many),
    ]
}

/// Three thousand items more that both sides agree on.
fn many(api: &mut Api, local: &mut Vec<Value>) {
    for at in 0..3_000 {
        let row = charge(&format!("ch_many_{at:05}"), 130 + at * 12, 1);
        api.insert(row.clone());
        local.push(row);
    }
}

/// A page of a list that is sorted in another way.
fn reordered(api: &mut Api, asked: &Asked, sort: impl Fn(&mut Vec<Value>)) -> Reply {
    let mut all = api.page(&asked.with("limit", "100000").without("starting_after"));
    sort(&mut all.rows);
    let last = asked.query("starting_after");
    let start =
        last.and_then(|id| all.rows.iter().position(|row| id_of(row) == id)).map_or(0, |place| place + 1);
    all.more = start + 1_000 < all.rows.len();
    all.rows = all.rows.into_iter().skip(start).take(1_000).collect();
    api.deliver(&all)
}

/// Honest pages, but the second with other rows, which shows nothing.
fn second_rows(api: &mut Api, asked: &Asked, rows: Option<Value>) -> Reply {
    if api.asks != 2 {
        return api.honest(asked);
    }
    let mut body = api.page(asked).body();
    match rows {
        Some(rows) => body["data"] = rows,
        None => drop(body.as_object_mut().unwrap().remove("data")),
    }
    Reply::json(200, body)
}
