//! Answers with status 200 that are not what was asked for.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use crate::http::Reply;
use crate::server::Server;

pub(super) fn servers() -> Vec<Server> {
    [meanings(), packings()].into_iter().flatten().collect()
}

fn meanings() -> Vec<Server> {
    vec![
        Server::new("an_error_with_status_200", "answers the second page with status 200 and an error")
            .lists(|api, asked| match api.asks {
                2 => Reply::json(200, json!({ "error": { "message": "try again later" } })),
                _ => api.honest(asked),
            })
            .partial("`data`"),
        Server::new(
            "an_error_beside_an_empty_list",
            "answers the second page with an error beside an empty list; a rule says what that means",
        )
        .rules("  - {when: {body: {error: present}}, do: fail}\n")
        .lists(|api, asked| match api.asks {
            2 => Reply::json(200, json!({ "error": "overloaded", "data": [], "has_more": false })),
            _ => api.honest(asked),
        })
        .partial("refuses the request (status 200)"),
        Server::new(
            "an_undeclared_error_beside_an_empty_list",
            "answers the second page with an error beside an empty list, of which no rule knows",
        )
        .lists(|api, asked| match api.asks {
            2 => Reply::json(200, json!({ "error": "overloaded", "data": [], "has_more": false })),
            _ => api.honest(asked),
        })
        .partial("the walk did not show"),
        Server::new(
            "half_a_graphql_answer",
            "answers the second page with data and errors at once; a rule says what that means",
        )
        .rules("  - {when: {body: {errors: present}}, do: fail}\n")
        .lists(|api, asked| {
            let page = api.page(asked);
            let mut body = page.body();
            if api.asks == 2 {
                body["errors"] = json!([{ "message": "a resolver timed out", "path": ["data", 3] }]);
                body["data"][3] = json!(null);
                return Reply::json(200, body);
            }
            api.deliver_as(&page, body)
        })
        .partial("refuses the request (status 200)"),
        Server::new("html_with_status_200", "answers the second page with a login page")
            .lists(|api, asked| match api.asks {
                2 => Reply::says(200, "<html>please log in</html>").with("content-type", "text/html"),
                _ => api.honest(asked),
            })
            .partial("it is text/html, which looks like a login or error page"),
        Server::new(
            "html_under_the_content_type_of_json",
            "answers the second page with a login page that calls itself JSON",
        )
        .lists(|api, asked| if api.asks == 2 { Reply::json(200, "<html></html>") } else { api.honest(asked) })
        .partial("not JSON"),
        Server::new("json_under_another_content_type", "sends JSON and calls it plain text").lists(
            |api, asked| {
                let Reply::Says(mut says) = api.honest(asked) else { panic!("an honest page") };
                says.headers = vec![("content-type".to_owned(), "text/plain".to_owned())];
                Reply::Says(says)
            },
        ),
        Server::new("an_empty_body", "answers the second page with status 200 and nothing")
            .lists(|api, asked| if api.asks == 2 { Reply::json(200, "") } else { api.honest(asked) })
            .partial("not JSON"),
        Server::new("two_documents_in_one_body", "sends the page twice in one body")
            .lists(|api, asked| {
                let body = api.page(asked).body();
                if api.asks == 2 { Reply::json(200, format!("{body}{body}")) } else { api.honest(asked) }
            })
            .partial("not JSON"),
        Server::new(
            "a_list_of_another_feed",
            "answers the second page with rows of another kind, without ids",
        )
        .lists(|api, asked| match api.asks {
            2 => Reply::json(200, json!({ "data": [{ "uuid": "x", "kind": "refund" }], "has_more": true })),
            _ => api.honest(asked),
        })
        .partial("says that more follows but `last:id` holds no way to it"),
        Server::new("partial_content", "answers the second page with status 206")
            .lists(|api, asked| {
                let Reply::Says(mut says) = api.honest(asked) else { panic!("an honest page") };
                if api.asks == 2 {
                    says.status = 206;
                }
                Reply::Says(says)
            })
            .partial("status 206"),
        Server::new(
            "not_modified",
            "answers the second page with 304, although nobody asked whether it changed",
        )
        .lists(|api, asked| if api.asks == 2 { Reply::says(304, "") } else { api.honest(asked) })
        .partial("refuses the request (status 304)"),
    ]
}

fn packings() -> Vec<Server> {
    vec![
        Server::new("gzip_bomb", "sends a few kilobytes that unpack to a hundred megabytes")
            .lists(|api, asked| match api.asks {
                2 => packed(&vec![b' '; 100 << 20]),
                _ => api.honest(asked),
            })
            .partial("the body is larger than 4000000 bytes"),
        Server::new("gzip_that_nobody_asked_for", "packs its pages although identity was asked for").lists(
            |api, asked| {
                let Reply::Says(says) = api.honest(asked) else { panic!("an honest page") };
                packed(&says.body)
            },
        ),
        Server::new("gzip_that_breaks_off", "sends half of a packed page, as if it were all")
            .lists(|api, asked| {
                let body = api.page(asked).body().to_string();
                let Reply::Says(mut half) = packed(body.as_bytes()) else { panic!("a packed page") };
                half.body.truncate(half.body.len() / 2);
                Reply::Says(half)
            })
            .extra(2)
            .partial("gave up after 3 attempts"),
        Server::new("gzip_that_is_none", "says that a plain page is packed")
            .lists(|api, asked| Reply::json(200, api.page(asked).body()).with("content-encoding", "gzip"))
            .extra(2)
            .partial("gave up after 3 attempts"),
        Server::new(
            "a_packing_of_its_own",
            "says that a page is packed in a way that nobody knows, and it is",
        )
        .lists(|_, _| {
            Reply::says(200, vec![0x28, 0xb5, 0x2f, 0xfd, 0, 1, 2]).with("content-encoding", "zstd")
        })
        .partial("not"),
        Server::new("a_huge_body", "sends a page of five megabytes where four are the cap")
            .lists(|api, asked| {
                let mut body = api.page(asked).body();
                body["junk"] = "x".repeat(5_000_000).into();
                if api.asks == 2 { Reply::json(200, body) } else { api.honest(asked) }
            })
            .partial("the body is larger than 4000000 bytes"),
        Server::new("too_many_rows_on_a_page", "sends a page of ten thousand and one rows")
            .lists(|_, _| {
                Reply::json(200, json!({ "data": vec![json!({ "id": 1 }); 10_001], "has_more": false }))
            })
            .partial("10000"),
    ]
}

fn packed(body: &[u8]) -> Reply {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(body).unwrap();
    Reply::says(200, packer.finish().unwrap())
        .with("content-type", "application/json")
        .with("content-encoding", "gzip")
}
