//! Counts that lie.

use serde_json::Value;

use crate::api::{Api, Paging};
use crate::http::{Asked, Reply};
use crate::server::Server;

pub(super) fn servers() -> Vec<Server> {
    vec![
        counted("total_too_high", "counts twelve items more than there are", Paging::Cursor)
            .lists(|api, asked| {
                count(api, asked, |body| body["total"] = (body["total"].as_u64().unwrap() + 12).into())
            })
            .partial("the provider counts 50 items and the walk saw 38"),
        counted("total_too_low", "counts fewer items than there are; pages follow a cursor", Paging::Cursor)
            .lists(|api, asked| count(api, asked, |body| body["total"] = 10.into()))
            .partial("the provider counts 10 items and the walk saw 38"),
        counted(
            "total_too_low_under_numbered_pages",
            "counts twenty of thirty-eight items, which ends the numbered pages",
            Paging::Page,
        )
        .lists(|api, asked| count(api, asked, |body| body["total"] = 20.into()))
        .partial("the walk did not show"),
        counted(
            "total_too_high_under_numbered_pages",
            "counts twelve items more than there are; pages are numbered",
            Paging::Page,
        )
        .lists(|api, asked| count(api, asked, |body| body["total"] = 50.into()))
        .extra(2)
        .partial("the provider counts 50 items and the walk saw 38"),
        counted("total_changes_while_paging", "counts one item more with every page", Paging::Cursor)
            .lists(|api, asked| {
                let asks = api.asks;
                count(api, asked, move |body| {
                    body["total"] = (usize::try_from(body["total"].as_u64().unwrap()).unwrap() + asks).into();
                })
            })
            .partial("the provider counts 42 items and the walk saw 38"),
        counted("total_is_a_text", "writes its count as a text", Paging::Cursor)
            .lists(|api, asked| count(api, asked, |body| body["total"] = body["total"].to_string().into())),
        counted("total_is_negative", "counts minus one items", Paging::Cursor)
            .lists(|api, asked| count(api, asked, |body| body["total"] = (-1).into()))
            .partial("no page of the list says anything at `total`"),
        counted(
            "total_is_nowhere",
            "does not count, although the definition says that it does",
            Paging::Cursor,
        )
        .lists(|api, asked| count(api, asked, |body| drop(body.as_object_mut().unwrap().remove("total"))))
        .partial("no page of the list says anything at `total`"),
        counted("total_on_one_page", "counts on its first page alone", Paging::Cursor).lists(|api, asked| {
            let is_first = api.asks == 1;
            count(api, asked, move |body| {
                if !is_first {
                    drop(body.as_object_mut().unwrap().remove("total"));
                }
            })
        }),
        counted(
            "total_that_may_be_left_out",
            "does not count, which the definition says may be",
            Paging::Cursor,
        )
        .edit("provider.yaml", "total: total,", "total: \"total?\",")
        .lists(|api, asked| count(api, asked, |body| drop(body.as_object_mut().unwrap().remove("total")))),
        Server::new("too_few_pages_promised", "says that there are two pages, and there are four")
            .paged(Paging::Page)
            .edit("provider.yaml", "{page: 1,", "{page: 1, pages: pages,")
            .lists(|api, asked| count(api, asked, |body| body["pages"] = 2.into()))
            .partial("the walk did not show"),
        Server::new("too_many_pages_promised", "says that there are nine pages, and there are four")
            .paged(Paging::Page)
            .edit("provider.yaml", "{page: 1,", "{page: 1, pages: pages,")
            .lists(|api, asked| count(api, asked, |body| body["pages"] = 9.into()))
            .extra(2),
    ]
}

fn counted(name: &'static str, does: &'static str, paging: Paging) -> Server {
    let (from, to) = match paging {
        Paging::Page => ("{page: 1,", "{page: 1, total: total,"),
        _ => ("{cursor: next,", "{cursor: next, total: total,"),
    };
    Server::new(name, does).paged(paging).edit("provider.yaml", from, to)
}

fn count(api: &mut Api, asked: &Asked, change: impl FnOnce(&mut Value)) -> Reply {
    let page = api.page(asked);
    let mut body = page.body();
    change(&mut body);
    api.deliver_as(&page, body)
}
