//! Lists that change while they are read.

use crate::api::{Api, Item, Paging};
use crate::http::{Asked, Reply};
use crate::server::Server;
use crate::world::charge;

pub(super) fn servers() -> Vec<Server> {
    vec![
        Server::new(
            "inserts_while_paging_by_row",
            "adds a row to the front of the list before each page; pages follow the last row",
        )
        .lists(inserts),
        Server::new(
            "inserts_while_paging_by_cursor",
            "adds a row to the front of the list before each page; pages follow a cursor",
        )
        .paged(Paging::Cursor)
        .lists(inserts),
        Server::new(
            "inserts_while_paging_by_number",
            "adds a row to the front of the list before each page, so that numbered pages repeat rows",
        )
        .paged(Paging::Page)
        .lists(inserts),
        Server::new(
            "inserts_while_paging_by_offset",
            "adds a row to the front of the list before each page, so that offsets repeat rows",
        )
        .paged(Paging::Offset)
        .lists(inserts),
        Server::new(
            "deletes_while_paging_by_row",
            "takes a row that was shown off the list after each page; pages follow the last row",
        )
        .lists(deletes),
        Server::new(
            "deletes_while_paging_by_cursor",
            "takes a row that was shown off the list after each page; pages follow a cursor",
        )
        .paged(Paging::Cursor)
        .lists(deletes),
        Server::new(
            "deletes_while_paging_by_number",
            "takes a row that was shown off the list after each page, so that numbered pages skip rows",
        )
        .paged(Paging::Page)
        .lists(deletes)
        .partial("the walk did not show"),
        Server::new(
            "offset_drift",
            "takes a row that was shown off the list after each page, so that offsets skip rows",
        )
        .paged(Paging::Offset)
        .lists(deletes)
        .partial("the walk did not show"),
        Server::new(
            "anchor_deleted_and_the_list_begins_anew",
            "deletes the row that the next page begins behind, and answers from the beginning",
        )
        .lists(|api, asked| {
            let reply = api.honest(asked);
            if api.asks == 1 {
                let last = api.delivered.last().map(crate::world::id_of).unwrap_or_default();
                api.delete(&last);
            }
            reply
        })
        .extra(1),
        Server::new(
            "anchor_deleted_and_refused",
            "deletes the row that the next page begins behind, and refuses it with 400",
        )
        .lists(|api, asked| if api.asks == 2 { Reply::json(400, "{}") } else { api.honest(asked) })
        .partial("refuses the request (status 400)"),
        Server::new(
            "anchor_deleted_and_the_rest_is_empty",
            "deletes the row that the next page begins behind, and answers with an empty last page",
        )
        .lists(|api, asked| {
            let mut page = api.page(asked);
            if api.asks == 2 {
                page.rows.clear();
                page.more = false;
            }
            api.deliver(&page)
        })
        .partial("the walk did not show"),
        Server::new(
            "ties_across_a_page_edge",
            "gives twelve rows one and the same second, across the edge of a page",
        )
        .arranged(|api, local| tie(api, local)),
        Server::new(
            "ties_are_dropped_at_a_page_edge",
            "gives twelve rows one and the same second, and shows only those of the page where the second begins",
        )
        .paged(Paging::Cursor)
        .arranged(|api, local| tie(api, local))
        .lists(|api, asked| {
            let mut page = api.page(asked);
            if let Some(cursor) = asked.query("cursor") {
                page.rows.retain(|row| !cursor.starts_with(&row["created"].to_string()));
            }
            api.deliver(&page)
        })
        .partial("the walk did not show"),
        Server::new(
            "a_row_changes_between_list_and_look_up",
            "shows another amount in the list than the look-up does, which agrees with the local side",
        )
        .lists(|api, asked| {
            let mut page = api.page(asked);
            for row in page.rows.iter_mut().filter(|row| row["id"] == "ch_005") {
                row["amount"] = 4_711.into();
            }
            api.deliver(&page)
        })
        .extra(1),
    ]
}

fn inserts(api: &mut Api, asked: &Asked) -> Reply {
    if api.asks > 1 {
        let value = charge(&format!("ch_new_{}", api.asks), 110, 5);
        api.items.push(Item { value, listed: true });
    }
    api.honest(asked)
}

fn deletes(api: &mut Api, asked: &Asked) -> Reply {
    let reply = api.honest(asked);
    // One that both sides agree on and that is not the last one of its page.
    let id = format!("ch_{:03}", 10 * (api.asks - 1) + 4);
    api.delete(&id);
    reply
}

/// Twelve rows of one second, the fourth to fifteenth of the list.
fn tie(api: &mut Api, local: &mut [serde_json::Value]) {
    let created = api.find("ch_004").expect("a known item").value["created"].clone();
    for at in 4..16 {
        let id = format!("ch_{at:03}");
        api.value(&id)["created"] = created.clone();
        for row in local.iter_mut().filter(|row| row["id"] == id.as_str()) {
            row["created"] = created.clone();
        }
    }
}
