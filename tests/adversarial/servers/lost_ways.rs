//! Cursors and saved tokens that the provider does not know any more.

use serde_json::json;

use crate::api::{Api, Paging};
use crate::changes::{PROVIDER, deliver, honest, page};
use crate::http::{Asked, Reply};
use crate::server::Server;
use crate::world::{CHANGED, LOST, charge};

pub(super) fn servers() -> Vec<Server> {
    [cursors(), tokens()].into_iter().flatten().collect()
}

fn expired() -> Reply {
    Reply::json(410, json!({ "error": "cursor_expired" }))
}

fn paged(name: &'static str, does: &'static str, paging: Paging) -> Server {
    Server::new(name, does)
        .paged(paging)
        .rules("  - {when: {status: 410, body: {error: cursor_expired}}, do: restart}\n")
}

fn cursors() -> Vec<Server> {
    vec![
        paged("a_cursor_expires_once", "forgets its cursor in front of the third page, once", Paging::Cursor)
            .lists(|api, asked| if api.asks == 3 { expired() } else { api.honest(asked) })
            .extra(3),
        paged(
            "a_link_expires_once",
            "forgets where its link leads in front of the last page, once",
            Paging::Url,
        )
        .lists(|api, asked| if api.asks == 4 { expired() } else { api.honest(asked) })
        .extra(4),
        paged(
            "a_cursor_expires_and_the_list_has_changed",
            "forgets its cursor in front of the third page, once, and has a row more and a row less then",
            Paging::Cursor,
        )
        .lists(|api, asked| {
            if api.asks != 3 {
                return api.honest(asked);
            }
            api.insert(charge("ch_new", 110, 5));
            api.delete("ch_020");
            expired()
        })
        .extra(3),
        paged("every_cursor_expires", "forgets every cursor before it is used", Paging::Cursor)
            .lists(|api, asked| if asked.query("cursor").is_some() { expired() } else { api.honest(asked) })
            .extra(8)
            .partial("does not know the way through these pages any more"),
        paged(
            "a_way_that_never_begins",
            "says even to the first request that its cursor has expired",
            Paging::Cursor,
        )
        .lists(|_, _| expired())
        .extra(4)
        .partial("does not know the way through these pages any more"),
    ]
}

/// A feed of changes on which both sides agreed in the night before.
fn fed(name: &'static str, does: &'static str) -> Server {
    Server::new(name, does)
        .speaking(PROVIDER, honest, |api, asked| api.look_up(asked))
        .arranged(|api, local| {
            let agreed = |id: &str| !LOST.contains(&id);
            api.items.retain(|item| agreed(&item.id()));
            local.retain(|row| !row["id"].as_str().unwrap().starts_with("ch_invented"));
            for item in &mut api.items {
                item.value = local.iter().find(|row| row["id"] == item.value["id"]).unwrap().clone();
            }
        })
        .after_a_night(changed)
}

/// What the other servers show from the beginning, as changes.
fn changed(api: &mut Api) {
    for (id, minutes_ago) in LOST.into_iter().zip([150, 1_110, 2_190]) {
        api.insert(charge(id, minutes_ago, 77));
    }
    for id in CHANGED {
        api.value(id)["amount"] = json!(9_000);
    }
}

/// Whether a request goes on from a saved token.
fn has_token(asked: &Asked) -> bool {
    asked.query("token").is_some()
}

fn gone() -> Reply {
    Reply::json(410, json!({ "error": "sync_token_expired" }))
}

fn tokens() -> Vec<Server> {
    vec![
        fed(
            "changes_since_a_token",
            "shows in the second run what changed since the token that the first one saved, and what was deleted",
        )
        .after_a_night(|api| {
            changed(api);
            api.delete("ch_009");
        }),
        fed("a_token_beside_every_page", "shows a token beside every page, and says which one is the last")
            .edit("provider.yaml", "{cursor: next, save: token", "{cursor: next, more: more, save: token")
            .lists(|api, asked| {
                let (page, token) = page(api, asked);
                let body = json!({
                    "data": page.rows, "next": page.next, "more": page.more,
                    "token": token.unwrap_or_else(|| "t_of_no_use".to_owned()),
                });
                api.deliver_as(&page, body)
            }),
        fed(
            "a_token_expires_once",
            "does not know the saved token any more, which a rule calls a reason to read everything",
        )
        .lists(|api, asked| if has_token(asked) { gone() } else { honest(api, asked) })
        .extra(1),
        fed(
            "a_token_expires_on_the_way",
            "does not know the saved token any more in front of the second page of changes",
        )
        .edit("provider.yaml", "size: 10", "size: 2")
        .lists(|api, asked| {
            let is_second = has_token(asked) && asked.query("cursor").is_some();
            if is_second { gone() } else { honest(api, asked) }
        })
        .extra(20),
        fed("no_token_and_no_beginning", "knows no token any more, and does not read everything either")
            .lists(|_, _| gone())
            .extra(1)
            .proving_the_rest()
            .partial("does not know the saved token any more"),
        fed("a_token_that_is_not_given", "shows changes, and gives no token to go on from").lists(
            |api, asked| {
                let (page, _) = page(api, asked);
                deliver(api, &page, None)
            },
        ),
        fed(
            "changes_that_break_off",
            "refuses the second page of changes, so that the old token must be kept",
        )
        .edit("provider.yaml", "size: 10", "size: 2")
        .lists(
            |api, asked| {
                if asked.query("cursor").is_some() { Reply::json(400, "{}") } else { honest(api, asked) }
            },
        )
        .proving_the_rest()
        .partial("refuses the request (status 400)"),
    ]
}
