//! GraphQL, which answers with status 200 whatever happened.

use serde_json::{Value, json};

use crate::api::{Api, Paging};
use crate::graphql::{PROVIDER, body, cursor, deliver, honest, look_up, nodes, page};
use crate::http::{Asked, Reply};
use crate::server::Server;
use crate::world::INVENTED;

pub(super) fn servers() -> Vec<Server> {
    [errors(), throttles(), shapes(), look_ups()].into_iter().flatten().collect()
}

fn speaking(name: &'static str, does: &'static str) -> Server {
    Server::new(name, does).paged(Paging::Cursor).speaking(PROVIDER, honest, look_up)
}

/// A server whose second page is another answer, which shows nothing.
fn second(name: &'static str, does: &'static str, answer: fn() -> Value) -> Server {
    speaking(name, does)
        .lists(move |api, asked| if api.asks == 2 { Reply::json(200, answer()) } else { honest(api, asked) })
}

fn timed_out() -> Value {
    json!([{ "message": "a resolver timed out", "path": ["charges", "nodes", 3] }])
}

fn throttled() -> Value {
    json!({ "errors": [{ "message": "Throttled", "extensions": { "code": "THROTTLED" } }] })
}

fn errors() -> Vec<Server> {
    vec![
        speaking("graphql_without_a_fault", "answers every page and every look-up as GraphQL does"),
        speaking(
            "graphql_data_and_errors_at_once",
            "answers the second page with data and errors at once, without one of its rows; no rule says what that means",
        )
        .lists(|api, asked| if api.asks == 2 { half(api, asked) } else { honest(api, asked) })
        .partial("GraphQL errors, the first of 1: a resolver timed out"),
        speaking(
            "graphql_data_and_errors_on_every_page",
            "answers every page with data and errors at once, and with null in the place of one row",
        )
        .lists(|api, asked| {
            let mut body = body(&page(api, asked));
            body["errors"] = timed_out();
            body["data"]["charges"]["nodes"][3] = Value::Null;
            Reply::json(200, body)
        })
        .partial("GraphQL errors, the first of 1: a resolver timed out"),
        speaking(
            "graphql_data_and_errors_that_a_rule_calls_partial",
            "answers the second page with data and errors at once, without one of its rows; a rule calls that partial",
        )
        .rules("  - {when: {body: {errors: present}}, do: partial}\n")
        .lists(|api, asked| {
            let mut page = page(api, asked);
            if api.asks != 2 {
                return deliver(api, &page);
            }
            let Reply::Says(half) = half(api, asked) else { panic!("a proper answer") };
            page.rows.remove(3);
            api.deliver_as(&page, String::from_utf8(half.body).unwrap())
        })
        .partial("what it left out will be read again"),
        second("graphql_errors_alone", "answers the second page with errors and no data", || {
            json!({ "errors": timed_out() })
        })
        .partial("GraphQL errors, the first of 1: a resolver timed out"),
        second(
            "graphql_errors_with_null_data",
            "answers the second page with errors, and null for its data",
            || json!({ "errors": timed_out(), "data": null }),
        )
        .partial("GraphQL errors, the first of 1: a resolver timed out"),
        beside("graphql_no_errors_in_a_list", "writes an empty list of errors beside every page", || json!([])),
        beside("graphql_null_errors", "writes null for the errors beside every page", || Value::Null),
    ]
}

/// A server that writes something for the errors of every page.
fn beside(name: &'static str, does: &'static str, errors: fn() -> Value) -> Server {
    speaking(name, does).lists(move |api, asked| {
        let page = page(api, asked);
        let mut body = body(&page);
        body["errors"] = errors();
        api.deliver_as(&page, body)
    })
}

/// The honest page without its fourth row, and an error.
fn half(api: &Api, asked: &Asked) -> Reply {
    let mut body = body(&page(api, asked));
    body["errors"] = timed_out();
    body["data"]["charges"]["nodes"].as_array_mut().unwrap().remove(3);
    Reply::json(200, body)
}

fn throttles() -> Vec<Server> {
    const RULE: &str = "  - {when: {body: {\"errors[*].extensions.code\": THROTTLED}}, do: wait}\n";
    vec![
        speaking(
            "graphql_throttled_inside_200",
            "answers the second page with status 200 and the error THROTTLED, once; a rule calls it a pause",
        )
        .rules(RULE)
        .lists(|api, asked| if api.asks == 2 { Reply::json(200, throttled()) } else { honest(api, asked) })
        .extra(1),
        speaking(
            "graphql_throttled_for_ever",
            "answers with status 200 and the error THROTTLED from the second page on; a rule calls it a pause",
        )
        .rules(RULE)
        .lists(|api, asked| if api.asks >= 2 { Reply::json(200, throttled()) } else { honest(api, asked) })
        .extra(2)
        .partial("gave up after 3 attempts: the provider asks for fewer requests (status 200)"),
        second(
            "graphql_throttled_without_a_rule",
            "answers the second page with status 200 and the error THROTTLED, of which no rule knows",
            throttled,
        )
        .partial("GraphQL errors, the first of 1: Throttled"),
    ]
}

fn shapes() -> Vec<Server> {
    vec![
        second("graphql_null_data", "answers the second page with null for its data", || json!({ "data": null }))
            .partial("`data"),
        second("graphql_null_connection", "answers the second page with null in the place of the list", || {
            json!({ "data": { "charges": null } })
        })
        .partial("`data"),
        second("graphql_null_nodes", "answers the second page with null in the place of the rows", || {
            json!({ "data": { "charges": { "nodes": null, "pageInfo": { "hasNextPage": false, "endCursor": null } } } })
        })
        .partial("`data"),
        speaking("graphql_null_node", "writes null in the place of a row, and no error").lists(|api, asked| {
            let mut page = page(api, asked);
            let mut body = body(&page);
            if api.asks == 2 {
                body["data"]["charges"]["nodes"][3] = Value::Null;
                page.rows.remove(3);
            }
            api.deliver_as(&page, body)
        })
        .partial("without a usable key"),
        speaking(
            "graphql_cursor_that_does_not_move",
            "gives the cursor that it was asked with once more, and says that more follows",
        )
        .lists(stuck)
        .partial("leads to a request that this walk has sent before"),
        second(
            "graphql_more_without_a_cursor",
            "says on the second page, which is empty, that more follows, and gives no cursor",
            || {
                let info = json!({ "hasNextPage": true, "endCursor": null });
                json!({ "data": { "charges": { "nodes": [], "pageInfo": info } } })
            },
        )
        .partial("says that more follows but"),
    ]
}

fn stuck(api: &mut Api, asked: &Asked) -> Reply {
    let page = page(api, asked);
    let mut body = body(&page);
    if let Some(cursor) = cursor(asked) {
        body["data"]["charges"]["pageInfo"] = json!({ "hasNextPage": true, "endCursor": cursor });
    }
    api.deliver_as(&page, body)
}

fn look_ups() -> Vec<Server> {
    vec![
        speaking(
            "graphql_look_ups_of_null_beside_errors",
            "answers every look-up with null in the place of each item, and with errors",
        )
        .looks_up(|api, asked| {
            let nulls = vec![Value::Null; nodes(api, asked).len()];
            Reply::json(200, json!({ "data": { "nodes": nulls }, "errors": timed_out() }))
        })
        .unconfirmed()
        .partial("GraphQL errors, the first of 1: a resolver timed out"),
        speaking("graphql_look_ups_of_too_few", "leaves out of every look-up what it does not find")
            .looks_up(|api, asked| {
                let mut found = nodes(api, asked);
                found.retain(|node| !node.is_null());
                Reply::json(200, json!({ "data": { "nodes": found } }))
            })
            .unreadable(&INVENTED)
            .partial("whose look-up by id cannot be read"),
    ]
}
