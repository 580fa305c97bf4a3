//! Rows that show only a part of their items: thin rows, and lists inside rows that are cut off.

use serde_json::{Value, json};

use crate::api::{Api, Page, Paging};
use crate::http::{Asked, Reply};
use crate::server::Server;
use crate::world::id_of;

pub(super) fn servers() -> Vec<Server> {
    [thin(), cut(), exploded()].into_iter().flatten().collect()
}

/// A server whose list shows ids and creation times alone.
fn thinned(name: &'static str, does: &'static str) -> Server {
    Server::new(name, does)
        .edit(
            "provider.yaml",
            "error.code: resource_missing}}",
            "error.code: resource_missing}}, hydrate: true",
        )
        .lists(|api, asked| {
            let page = api.page(asked);
            let mut body = page.body();
            let thin = |row: &Value| json!({ "id": row["id"], "created": row["created"] });
            body["data"] = page.rows.iter().map(thin).collect();
            api.deliver_as(&page, body)
        })
        .extra(45)
}

fn thin() -> Vec<Server> {
    vec![
        thinned("rows_that_are_ids", "lists ids and creation times, and shows the rest to look-ups"),
        thinned(
            "rows_that_are_ids_and_look_ups_that_fail",
            "lists ids and creation times, and refuses every look-up with 400",
        )
        .looks_up(|_, _| Reply::json(400, "{}"))
        .extra(100)
        .unconfirmed()
        .partial("refuses the request (status 400)"),
        thinned(
            "rows_that_are_ids_and_one_look_up_that_fails",
            "lists ids and creation times, and refuses to look one of them up",
        )
        .looks_up(|api, asked| match looked_up(asked).as_str() {
            "ch_017" => Reply::json(400, "{}"),
            _ => api.look_up(asked),
        })
        .unconfirmed()
        .proving_the_rest()
        .partial("refuses the request (status 400)"),
        thinned("rows_that_are_ids_of_what_is_gone", "deletes an item between the list and its look-up")
            .looks_up(|api, asked| {
                if looked_up(asked) == "ch_012" {
                    api.delete("ch_012");
                }
                api.look_up(asked)
            }),
    ]
}

/// A server of which every charge has a list of refunds, and which shows ten refunds of one charge.
fn refunding(name: &'static str, does: &'static str) -> Server {
    const COMPARED: &str = "  currency: {fold: case}\n";
    Server::new(name, does)
        .edit("charges.yaml", "rows: SELECT id,", "rows: SELECT NULL AS refunds, id,")
        .edit("charges.yaml", "keys: SELECT id,", "keys: SELECT NULL AS refunds, id,")
        .edit("charges.yaml", COMPARED, format!("{COMPARED}  refunds: {{upstream: refunds.data}}\n"))
        .edit(
            "provider.yaml",
            "    rows: data\n",
            "    rows: data\n    nested: [{rows: refunds.data?, more: refunds.has_more}]\n",
        )
        .arranged(|api, _| {
            for item in &mut api.items {
                item.value["refunds"] = json!({ "has_more": false });
            }
        })
        .lists(|api, asked| {
            let page = api.page(asked);
            let mut body = page.body();
            for row in body["data"].as_array_mut().unwrap().iter_mut().filter(|row| row["id"] == "ch_017") {
                row["refunds"] = json!({ "data": vec![7; 10], "has_more": true });
            }
            api.deliver_as(&page, body)
        })
        .extra(1)
}

fn cut() -> Vec<Server> {
    vec![
        refunding(
            "a_nested_list_cut_at_ten",
            "lists ten refunds of a charge and says that there are more; the look-up shows the charge as it is",
        ),
        refunding(
            "a_nested_list_cut_at_ten_and_a_look_up_that_fails",
            "lists ten refunds of a charge and says that there are more; the look-up of that charge fails",
        )
        .looks_up(|api, asked| match looked_up(asked).as_str() {
            "ch_017" => Reply::json(400, "{}"),
            _ => api.look_up(asked),
        })
        .unconfirmed()
        .proving_the_rest()
        .partial("refuses the request (status 400)"),
        refunding(
            "a_nested_list_cut_at_ten_everywhere",
            "lists ten refunds of a charge and says that there are more, in the look-up too",
        )
        .looks_up(|api, asked| {
            let Some(item) = api.find(&looked_up(asked)) else { return crate::api::gone() };
            let mut item = item.value.clone();
            if item["id"] == "ch_017" {
                item["refunds"] = json!({ "data": vec![7; 10], "has_more": true });
            }
            Reply::json(200, item)
        })
        .unreadable(&["ch_017"]),
        refunding(
            "a_nested_list_that_is_missing",
            "leaves out where the refunds of a charge should be; the look-up shows the charge as it is",
        )
        .lists(|api, asked| {
            let page = api.page(asked);
            let mut body = page.body();
            for row in body["data"].as_array_mut().unwrap().iter_mut().filter(|row| row["id"] == "ch_017") {
                row.as_object_mut().unwrap().remove("refunds");
            }
            api.deliver_as(&page, body)
        }),
    ]
}

/// A server that lists charges in batches; a look-up shows the batch around a charge.
fn batched(name: &'static str, does: &'static str, list: fn(&mut Api, &Asked) -> Reply) -> Server {
    Server::new(name, does)
        .paged(Paging::Cursor)
        .speaking(include_str!("../world/provider.yaml"), |api, asked| batches(api, asked, usize::MAX), batch)
        .edit(
            "provider.yaml",
            "    rows: data\n",
            "    rows: data\n    explode: charges.data\n    nested: [{rows: charges.data, more: charges.has_more}]\n",
        )
        .lists(list)
}

/// A page as one batch, of which so many charges are shown.
fn batches(api: &mut Api, asked: &Asked, most: usize) -> Reply {
    let mut page = api.page(asked);
    let is_cut = page.rows.len() > most;
    page.rows.truncate(most);
    let body = around(&page, is_cut);
    api.deliver_as(&page, body)
}

fn around(page: &Page, is_cut: bool) -> Value {
    let mut body = page.body();
    let first = page.rows.first().map(id_of);
    body["data"] = json!([{ "id": format!("batch of {first:?}"), "charges": { "data": page.rows, "has_more": is_cut } }]);
    body
}

fn batch(api: &mut Api, asked: &Asked) -> Reply {
    match api.find(&looked_up(asked)) {
        Some(item) => {
            Reply::json(200, json!({ "id": "batch", "charges": { "data": [item.value], "has_more": false } }))
        }
        None => crate::api::gone(),
    }
}

fn exploded() -> Vec<Server> {
    vec![
        batched("rows_in_lists_inside_rows", "lists charges in batches of ten", |api, asked| {
            batches(api, asked, usize::MAX)
        }),
        batched(
            "rows_in_lists_cut_at_ten",
            "lists charges in batches of fifteen and shows ten of each",
            |api, asked| batches(api, asked, 10),
        )
        .edit("provider.yaml", "size: 10", "size: 15")
        .partial("lists whose elements are the rows are cut off"),
    ]
}

/// The id of a look-up.
fn looked_up(asked: &Asked) -> String {
    asked.url.path_segments().and_then(Iterator::last).unwrap_or_default().to_owned()
}
