//! Walks that would never end.

use serde_json::{Value, json};

use crate::api::{Api, Paging};
use crate::http::{Asked, Reply};
use crate::server::Server;
use crate::world::charge;

pub(super) fn servers() -> Vec<Server> {
    let cycles = [
        ("cursor_cycle_of_period_1", "gives the same cursor with every page", 1),
        ("cursor_cycle_of_period_2", "gives two cursors in turn", 2),
        ("cursor_cycle_of_period_3", "gives three cursors in turn", 3),
        ("cursor_cycle_of_period_7", "gives seven cursors in turn", 7),
        ("cursor_cycle_of_period_50", "gives fifty cursors in turn", 50),
        ("cursor_cycle_of_period_1000", "gives a thousand cursors in turn", 1_000),
    ];
    let cycles = cycles.into_iter().map(|(name, does, period)| {
        Server::new(name, does)
            .paged(Paging::Cursor)
            .lists(move |api, _| {
                let cursor = format!("c{}", api.asks % period);
                strange(api.asks, &cursor)
            })
            .extra(period)
            .partial("leads to a request that this walk has sent before")
    });
    cycles.chain(others()).collect()
}

fn others() -> Vec<Server> {
    vec![
        Server::new("endless_fresh_cursors", "gives a new cursor with every page, and a new row, for ever")
            .paged(Paging::Cursor)
            .cap("pages: 2000", "pages: 60")
            .lists(|api, _| strange(api.asks, &format!("c{}", api.asks)))
            .extra(60)
            .partial("more than 60 pages"),
        Server::new("endless_empty_pages", "gives a new cursor with every page and never a row")
            .paged(Paging::Cursor)
            .lists(|api, _| Reply::json(200, json!({ "data": [], "next": format!("c{}", api.asks) })))
            .extra(20)
            .partial("20 pages in a row are empty and still say that more follows"),
        Server::new("endless_numbered_pages", "answers every page number with a new row, for ever")
            .paged(Paging::Page)
            .cap("pages: 2000", "pages: 60")
            .lists(|api, _| strange(api.asks, "unused"))
            .extra(60)
            .partial("more than 60 pages"),
        Server::new(
            "the_same_page_under_ever_new_cursors",
            "sends the first page again and again, under a new cursor each time",
        )
        .paged(Paging::Cursor)
        .lists(|api, asked| {
            let mut page = api.page(&asked.with("cursor", "9999999999~"));
            page.next = Some(format!("c{}", api.asks));
            api.deliver(&page)
        })
        .partial("exactly the items of an earlier page"),
        Server::new(
            "more_follows_for_ever",
            "says on the last page that more follows; pages follow the last row",
        )
        .lists(|api, asked| {
            let page = api.page(asked);
            let mut body = page.body();
            body["has_more"] = json!(true);
            api.deliver_as(&page, body)
        })
        .extra(1)
        .partial("says that more follows but `last:id` holds no way to it"),
        Server::new(
            "the_next_link_leads_to_itself",
            "gives the link of the page itself as the link of the next one",
        )
        .paged(Paging::Url)
        .lists(|api, asked| {
            linking(api, asked, |asked, _| format!("/v1/charges?{}", asked.url.query().unwrap_or_default()))
        })
        .partial("leads to a request that this walk has sent before"),
        Server::new(
            "the_link_header_leads_to_itself",
            "names the page itself as the next one in its `Link` header",
        )
        .paged(Paging::Link)
        .lists(|api, asked| {
            let page = api.page(asked);
            let own = format!("<{}?{}>; rel=\"next\"", asked.path(), asked.url.query().unwrap_or_default());
            let reply = Reply::json(200, page.body()).with("link", own);
            api.delivered.extend(page.rows);
            reply
        })
        .partial("leads to a request that this walk has sent before"),
        Server::new("redirects_in_a_circle", "answers with a redirect to the page that was asked for")
            .lists(|_, asked| {
                let own = format!("{}?{}", asked.path(), asked.url.query().unwrap_or_default());
                Reply::says(302, "").with("location", own)
            })
            .extra(10)
            .partial("more than 3 redirects in a row"),
    ]
}

/// A page with a row from long ago, which no window holds.
fn strange(number: usize, cursor: &str) -> Reply {
    let row = charge(&format!("old_{number}"), 90 * 24 * 60, 1);
    Reply::json(200, json!({ "data": [row], "has_more": true, "next": cursor }))
}

/// The honest page with another link to the next one, where there is one.
pub(super) fn linking(api: &mut Api, asked: &Asked, link: impl Fn(&Asked, &Api) -> String) -> Reply {
    let page = api.page(asked);
    let mut body = page.body();
    if !body["next_url"].is_null() {
        body["next_url"] = Value::String(link(asked, api));
    }
    api.deliver_as(&page, body)
}
