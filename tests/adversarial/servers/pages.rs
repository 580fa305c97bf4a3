//! Pages that are short, empty, repeated, clamped, or end the list where it does not end.

use serde_json::{Value, json};

use crate::api::{Api, Paging};
use crate::http::{Asked, Reply};
use crate::server::Server;

pub(super) fn servers() -> Vec<Server> {
    [sizes(), ends()].into_iter().flatten().collect()
}

fn sizes() -> Vec<Server> {
    vec![
        Server::new(
            "short_pages",
            "sends between one and nine rows where ten were asked for, and says that more follow",
        )
        .lists(|api, asked| {
            let length = 1 + api.asks % 9;
            short(api, asked, length)
        })
        .extra(20),
        Server::new(
            "empty_pages_in_between",
            "sends an empty page with a cursor before every page with rows",
        )
        .paged(Paging::Cursor)
        .lists(|api, asked| {
            let mut page = api.page(asked);
            let cursor = asked.query("cursor").unwrap_or_else(|| "9999999999~".to_owned());
            if !cursor.ends_with('!') {
                page.rows.clear();
                page.next = Some(format!("{cursor}!"));
            }
            api.deliver(&page)
        })
        .extra(10),
        Server::new(
            "page_size_ignored_and_smaller",
            "sends three rows a page however many are asked for; pages are numbered",
        )
        .paged(Paging::Page)
        .lists(|api, asked| {
            let mut page = api.page(&resized(asked, 3));
            page.more = true;
            api.deliver(&page)
        })
        .extra(20),
        Server::new(
            "page_size_ignored_and_larger",
            "sends everything on one page however few rows are asked for",
        )
        .paged(Paging::Cursor)
        .lists(|api, asked| {
            let page = api.page(&resized(asked, 1_000));
            api.deliver(&page)
        }),
        Server::new(
            "page_size_clamped_under_offsets",
            "sends five rows where ten were asked for; offsets go on by ten",
        )
        .paged(Paging::Offset)
        .lists(|api, asked| short(api, asked, 5))
        .partial("the walk did not show"),
        Server::new(
            "the_last_page_is_exactly_full",
            "ends with a full page and an empty one behind it; pages are numbered",
        )
        .paged(Paging::Page)
        .arranged(|api, local| {
            for id in ["ch_029", "ch_030", "ch_031", "ch_032", "ch_033", "ch_028", "ch_027", "ch_026"] {
                api.delete(id);
                local.retain(|row| row["id"] != id);
            }
        }),
    ]
}

fn ends() -> Vec<Server> {
    vec![
        Server::new("repeated_page", "sends the second page again as the third, under a new cursor")
            .paged(Paging::Cursor)
            .lists(|api, asked| {
                let mut page = api.page(asked);
                if api.asks == 2 {
                    page.next = asked.query("cursor").map(|cursor| format!("{cursor}!"));
                }
                api.deliver(&page)
            })
            .partial("exactly the items of an earlier page"),
        Server::new("clamp_at_the_end", "answers a page beyond the last one with the last one again")
            .paged(Paging::Page)
            .lists(|api, asked| {
                let page = asked.query("page").map_or(1, |page| page.parse::<usize>().unwrap());
                let page = api.page(&asked.with("page", &page.min(4).to_string()));
                api.deliver(&page)
            })
            .partial("exactly the items of an earlier page"),
        Server::new("no_word_on_whether_more_follows", "leaves `has_more` out; pages follow the last row")
            .lists(|api, asked| {
                bend(api, asked, |body| drop(body.as_object_mut().unwrap().remove("has_more")))
            }),
        Server::new("more_follows_and_no_way_to_it", "says that more follows and gives no cursor")
            .paged(Paging::Cursor)
            .edit("provider.yaml", "{cursor: next,", "{cursor: next, more: has_more,")
            .lists(|api, asked| {
                let mut body = api.page(asked).body();
                body["next"] = Value::Null;
                Reply::json(200, body)
            })
            .partial("says that more follows but `next` holds no way to it"),
        Server::new(
            "more_is_not_a_boolean",
            "says 1 and 0 instead of true and false, and stops with a 0 too early",
        )
        .lists(|api, asked| {
            let ends = api.asks == 2;
            bend(api, asked, move |body| body["has_more"] = json!(i32::from(!ends)))
        })
        .extra(2),
        Server::new("the_end_is_an_empty_cursor", "ends the list with an empty text as the cursor")
            .paged(Paging::Cursor)
            .lists(|api, asked| {
                bend(api, asked, |body| {
                    if body["next"].is_null() {
                        body["next"] = json!("");
                    }
                })
            }),
        Server::new("the_end_is_the_word_null", "ends the list with the text `null` as the cursor")
            .paged(Paging::Cursor)
            .lists(|api, asked| {
                bend(api, asked, |body| {
                    if body["next"].is_null() {
                        body["next"] = json!("null");
                    }
                })
            }),
        Server::new(
            "the_last_page_has_a_cursor",
            "says that nothing more follows and gives a cursor all the same",
        )
        .paged(Paging::Cursor)
        .edit("provider.yaml", "{cursor: next,", "{cursor: next, more: has_more,")
        .lists(|api, asked| {
            bend(api, asked, |body| {
                if body["next"].is_null() {
                    body["next"] = json!("9~x");
                }
            })
        }),
        Server::new("the_list_ends_too_early", "says on the second of four pages that nothing more follows")
            .lists(|api, asked| {
                let ends = api.asks == 2;
                bend(api, asked, move |body| {
                    if ends {
                        body["has_more"] = json!(false);
                    }
                })
            })
            .partial("the walk did not show"),
        Server::new("the_cursor_vanishes", "leaves the cursor out on the second of four pages")
            .paged(Paging::Cursor)
            .lists(|api, asked| {
                let ends = api.asks == 2;
                bend(api, asked, move |body| {
                    if ends {
                        body["next"] = Value::Null;
                    }
                })
            })
            .partial("the walk did not show"),
        Server::new("no_content_in_the_middle", "answers the second of four pages with 204")
            .lists(|api, asked| if api.asks == 2 { Reply::says(204, "") } else { api.honest(asked) })
            .partial("not JSON"),
        Server::new(
            "no_content_that_the_definition_takes_for_the_end",
            "answers the second of four pages with 204, which a rule calls empty",
        )
        .rules("  - {when: {status: 204}, do: empty}\n")
        .lists(|api, asked| if api.asks == 2 { Reply::says(204, "") } else { api.honest(asked) })
        .partial("the walk did not show"),
    ]
}

/// The honest page with at most `length` rows.
fn short(api: &mut Api, asked: &Asked, length: usize) -> Reply {
    let page = api.page(&resized(asked, length));
    api.deliver(&page)
}

fn resized(asked: &Asked, size: usize) -> Asked {
    asked.with("limit", &size.to_string())
}

/// The honest page with a body that is bent.
fn bend(api: &mut Api, asked: &Asked, change: impl FnOnce(&mut Value)) -> Reply {
    let page = api.page(asked);
    let mut body = page.body();
    change(&mut body);
    api.deliver_as(&page, body)
}
