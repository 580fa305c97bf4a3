//! Look-ups by key: what is asked, and what the answers prove.

use super::{definition, line, ok};
use crate::compare::{FIELDS, KEY};
use crate::define::definition::Definition;
use crate::instant::TimeFormat;
use crate::key::Key;
use crate::page::{Answer, PageFault, Response, Seen, Wanted};
use crate::reconciler::{LookUpBy, Reconciler};

const MANY: (&str, &str) = (
    "{one: \"GET /orders/{id}\", gone: 404}",
    "{one: \"GET /orders/{id}\", many: {request: GET /orders, query: {ids: \"{ids:csv}\"}, max: 3, rows: data}, gone: [404, 410]}",
);

const UNKNOWN: &str = "an item of the answer cannot be read";

fn keys(texts: &[&str]) -> Vec<Wanted> {
    texts.iter().map(|text| Key::checked(text).unwrap().into()).collect()
}

fn asked(definition: &Definition, texts: &[&str]) -> Vec<String> {
    definition
        .confirm(&crate::name::Each::default(), &keys(texts))
        .iter()
        .map(|confirm| line(&confirm.request))
        .collect()
}

/// What the first look-up of some keys finds in a response, in words.
fn found(definition: &Definition, texts: &[&str], response: &Response<'_>) -> Result<Vec<String>, PageFault> {
    let confirm = &definition.confirm(&crate::name::Each::default(), &keys(texts))[0];
    let confirmed = definition.read_confirm(confirm, response)?;
    assert_eq!(confirmed.len(), confirm.keys.len());
    Ok(confirmed
        .into_iter()
        .map(|confirmed| match confirmed.seen {
            Seen::Item(items, raw) => {
                let item = items.get(0).unwrap();
                format!("{} {} of {raw}", item.slot(KEY).unwrap(), item.slot(FIELDS).unwrap_or("-"))
            }
            Seen::Gone => "gone".to_owned(),
            Seen::Unreadable(why) => why,
        })
        .collect())
}

fn status(status: u16, body: &str) -> Response<'_> {
    Response { status, headers: &[], body: body.as_bytes() }
}

#[test]
fn one_key_is_asked_for_in_the_path_and_several_together_up_to_the_maximum() {
    let one = definition(&[]);
    assert_eq!(asked(&one, &["a/b", "c"]), ["/orders/a%2Fb?", "/orders/c?"]);
    let many = definition(&[MANY]);
    assert_eq!(asked(&many, &["a"]), ["/orders/a?"]);
    assert_eq!(asked(&many, &["a", "b", "c", "d"]), ["/orders?ids=a,b,c", "/orders/d?"]);
    assert_eq!(
        asked(&many, &["a", "x,y", "b"]),
        ["/orders?ids=a,b", "/orders/x%2Cy?"],
        "a comma would be two keys"
    );
    assert!(asked(&many, &[]).is_empty());
}

#[test]
fn an_item_is_kept_whole_as_it_was_sent() {
    let body = "\n{\"id\":\"a\",\"amount\":1.50, \"x\":{\"y\":[1]}}\n";
    let found = found(&definition(&[]), &["a"], &ok(body.as_bytes())).unwrap();
    assert_eq!(found, [format!("\"a\" 1.50 of {}", body.trim())]);
}

#[test]
fn only_the_providers_own_word_makes_an_item_gone() {
    let definition = definition(&[]);
    let one = |response: &Response<'_>| found(&definition, &["a"], response);
    assert_eq!(one(&status(404, r#"{"error":"no such order"}"#)).unwrap(), ["gone"]);
    assert_eq!(one(&status(404, r#"[{"errorCode":"NOT_FOUND"}]"#)).unwrap(), ["gone"]);
    for no_error in ["[]", "[null]", "[\"gone\"]", "[{}, 1]", "[{}"] {
        assert_eq!(one(&status(404, no_error)), Err(PageFault::NeitherItemNorGone(404)), "{no_error}");
    }
    assert_eq!(one(&status(404, "<html>not found</html>")), Err(PageFault::NeitherItemNorGone(404)));
    assert_eq!(one(&status(404, "")), Err(PageFault::NeitherItemNorGone(404)));
    assert_eq!(one(&status(404, r#""gone""#)), Err(PageFault::NeitherItemNorGone(404)));
    assert_eq!(one(&status(200, r#"{"error":"no"}"#)), Err(PageFault::NeitherItemNorGone(200)));
    assert_eq!(one(&status(200, r#"{"id":"b"}"#)), Err(PageFault::WrongItem));
    assert!(matches!(one(&status(200, "<html>log in</html>")), Err(PageFault::Shape(_))));
    assert_eq!(one(&status(200, r#"{"id":"a","id":"a"}"#)).unwrap(), ["it names one member twice"]);
}

#[test]
fn gone_can_be_told_by_the_body() {
    let definition = definition(&[(
        "gone: 404",
        "gone: [{status: 404, body: {code: missing}}, {body: {deleted: \"true\"}}]",
    )]);
    let one = |response: &Response<'_>| found(&definition, &["a"], response);
    assert_eq!(one(&status(404, r#"{"code":"missing"}"#)).unwrap(), ["gone"]);
    assert_eq!(one(&status(404, r#"{"code":"no_route"}"#)), Err(PageFault::NeitherItemNorGone(404)));
    assert_eq!(one(&ok(br#"{"id":"a","deleted":true}"#)).unwrap(), ["gone"]);
    assert_eq!(one(&ok(br#"{"id":"a","deleted":false}"#)).unwrap().len(), 1);
}

#[test]
fn statuses_that_say_gone_are_read_and_an_empty_list_is_no_answer_to_a_look_up() {
    let definition = definition(&[("gone: 404", "gone: 410")]);
    let asked = definition.confirm(&crate::name::Each::default(), &keys(&["a"])).remove(0);
    let answer = |response: &Response<'_>| definition.confirm_answer(&asked, response);
    assert_eq!(answer(&status(410, "")), Answer::Read);
    assert_eq!(
        answer(&status(404, "{}")),
        Answer::Fail("status 404".to_owned()),
        "a rule says empty, for lists"
    );
    assert_eq!(answer(&status(200, "{}")), Answer::Read);
    assert_eq!(answer(&status(401, "{}")), Answer::Refresh("status 401".to_owned()));
}

#[test]
fn what_a_whole_list_does_not_name_is_gone() {
    let definition = definition(&[MANY]);
    let many = |body: &str| found(&definition, &["a", "b", "c"], &ok(body.as_bytes()));
    assert_eq!(
        many(r#"{"data":[{"id":"c","amount":3},{"id":"a"}]}"#).unwrap(),
        ["\"a\" - of {\"id\":\"a\"}", "gone", "\"c\" 3 of {\"id\":\"c\",\"amount\":3}"]
    );
}

#[test]
fn a_list_that_is_not_whole_proves_no_absence() {
    let more = ("next_cursor,", "next_cursor, more: has_more,");
    let definition = definition(&[MANY, more]);
    let many = |body: &str| found(&definition, &["a", "b"], &ok(body.as_bytes()));
    let unreadable = "an item of the answer cannot be read";
    assert_eq!(many(r#"{"data":[7,{"id":"b"}]}"#).unwrap(), [unreadable, "\"b\" - of {\"id\":\"b\"}"]);
    assert_eq!(many(r#"{"data":[{"x":1},{"id":"b"}]}"#).unwrap()[0], unreadable);
    assert_eq!(many(r#"{"data":[],"has_more":true}"#).unwrap()[0], "the answer says that more follows");
    assert_eq!(many(r#"{"data":[{"id":"z"}]}"#), Err(PageFault::WrongItem), "the filter was ignored");
    assert_eq!(
        many(r#"{"data":[{"id":"a"},{"id":"a"}]}"#).unwrap(),
        ["two items of the answer have this key", "gone"]
    );
    assert!(matches!(many(r#"{"rows":[]}"#), Err(PageFault::Shape(_))));
    let confirm = &definition.confirm(&crate::name::Each::default(), &keys(&["a", "b"]))[0];
    assert_eq!(
        definition.read_confirm(confirm, &status(404, "{}")).unwrap_err(),
        PageFault::NeitherItemNorGone(404),
        "a list has no status for gone"
    );
}

#[test]
fn a_hostile_depth_is_unreadable_and_not_handed_on() {
    let deep = format!("{{\"id\":\"a\",\"x\":{}{}}}", "[".repeat(80), "]".repeat(80));
    let seen = found(&definition(&[]), &["a"], &ok(deep.as_bytes())).unwrap();
    assert_eq!(seen, ["a value nests deeper than 64 levels"]);
}

fn looked_up(confirm: &str) -> Definition {
    definition(&[("{one: \"GET /orders/{id}\", gone: 404}", confirm)])
}

#[test]
fn several_keys_are_posted_together_each_in_the_shape_that_the_provider_wants() {
    let definition = looked_up(
        "{many: {request: POST /orders/batch, body: {inputs: \"{ids}\"}, ids_as: {id: \"{id}\"}, max: 2, rows: data}}",
    );
    let asked = definition.confirm(&crate::name::Each::default(), &keys(&["a", "b,c", "d"]));
    let bodies: Vec<String> = asked.iter().map(|asked| asked.request.body.clone().unwrap().text).collect();
    assert_eq!(bodies, [r#"{"inputs":[{"id":"a"},{"id":"b,c"}]}"#, r#"{"inputs":[{"id":"d"}]}"#]);
}

#[test]
fn a_multi_status_or_an_error_beside_the_rows_proves_no_absence() {
    let definition = looked_up("{many: {request: GET /orders, query: {ids: \"{ids:csv}\"}, rows: data}}");
    let many = |response: &Response<'_>| found(&definition, &["a", "b"], response).unwrap();
    let rows = r#"{"data":[{"id":"a"}],"errors":[]}"#;
    assert_eq!(many(&status(200, rows))[1], "gone");
    assert_eq!(many(&status(207, rows))[1], "the answer says that some of the call may have failed");
    let failed = r#"{"data":[{"id":"a"}],"errors":[{"code":"try later"}]}"#;
    assert_eq!(many(&status(200, failed)), ["\"a\" - of {\"id\":\"a\"}", "the answer reports errors"]);
    assert_eq!(
        many(&status(200, r#"{"data":[],"next_cursor":"x"}"#))[0],
        "the answer says that more follows"
    );
}

#[test]
fn a_null_in_the_place_of_a_node_says_that_it_is_gone() {
    let definition = looked_up(
        "{many: {request: POST /graphql, graphql: \"query($ids: [ID!]!) { nodes(ids: $ids) { id } }\", vars: {ids: \"{ids}\"}, rows: data.nodes}, gone: null-slot}",
    );
    let nodes = |nodes: &str| {
        found(&definition, &["a", "b"], &ok(format!(r#"{{"data":{{"nodes":{nodes}}}}}"#).as_bytes())).unwrap()
    };
    assert_eq!(nodes(r#"[null,{"id":"b"}]"#), ["gone", "\"b\" - of {\"id\":\"b\"}"]);
    assert_eq!(nodes(r#"[{"id":"b"},null]"#)[0], "the answer holds another item in the place of this key");
    assert_eq!(nodes(r#"[{"id":"b"}]"#)[0], "the answer has not one place for each key");
    let errors = ok(br#"{"data":{"nodes":[null,null]},"errors":[{"message":"timeout"}]}"#);
    assert_eq!(found(&definition, &["a", "b"], &errors).unwrap()[0], "the answer reports errors");
}

#[test]
fn a_graphql_look_up_that_reports_errors_decides_nothing_even_of_what_it_shows() {
    for look_up in [
        "{many: {request: POST /graphql, graphql: \"query($ids: [ID!]!) { nodes(ids: $ids) { id } }\", vars: {ids: \"{ids}\"}, rows: data.nodes}, gone: {body: {\"errors[*].type\": NOT_FOUND}}}",
        "{one: {request: POST /graphql, graphql: \"query($id: ID!) { order(id: $id) { id } }\", vars: {id: \"{id}\"}}, unwrap: data.order, gone: {body: {\"errors[*].type\": NOT_FOUND}}}",
    ] {
        let definition = looked_up(look_up);
        let [confirm] = definition.confirm(&crate::name::Each::default(), &keys(&["a"])).try_into().unwrap();
        let half =
            ok(br#"{"data":{"nodes":[{"id":"a"}],"order":{"id":"a"}},"errors":[{"message":"timeout"}]}"#);
        let why = "status 200: GraphQL errors, the first of 1: timeout".to_owned();
        assert_eq!(definition.confirm_answer(&confirm, &half), Answer::Fail(why));
        let gone = ok(br#"{"data":null,"errors":[{"type":"NOT_FOUND"}]}"#);
        assert_eq!(definition.confirm_answer(&confirm, &gone), Answer::Read);
    }
}

#[test]
fn a_graphql_look_up_decides_the_items_that_its_errors_are_not_about_and_takes_no_null_beside_them_for_gone()
{
    let definition = looked_up(
        "{many: {request: POST /graphql, graphql: \"query($ids: [ID!]!) { nodes(ids: $ids) { id } }\", vars: {ids: \"{ids}\"}, rows: data.nodes}, gone: null-slot}",
    );
    let keys_of = ["a", "b", "c"];
    let [confirm] = definition.confirm(&crate::name::Each::default(), &keys(&keys_of)).try_into().unwrap();
    let half = |nodes: &str, path: &str| {
        format!(r#"{{"data":{{"nodes":{nodes}}},"errors":[{{"message":"timeout","path":{path}}}]}}"#)
    };
    let a = "\"a\" - of {\"id\":\"a\"}";
    for (nodes, path, expected) in [
        (r#"[{"id":"a"},null,null]"#, r#"["nodes",1]"#, [a, UNKNOWN, UNKNOWN]),
        (
            r#"[{"id":"a"},{"id":"b"},{"id":"c"}]"#,
            r#"["nodes",1,"total"]"#,
            [a, UNKNOWN, "\"c\" - of {\"id\":\"c\"}"],
        ),
        (r#"[{"id":"a"}]"#, r#"["nodes",7]"#, [a, "the answer reports errors", "the answer reports errors"]),
    ] {
        let body = half(nodes, path);
        assert_eq!(definition.confirm_answer(&confirm, &ok(body.as_bytes())), Answer::Read, "{body}");
        assert_eq!(found(&definition, &keys_of, &ok(body.as_bytes())).unwrap(), expected, "{body}");
    }
    for path in ["null", "[]", r#"["nodes"]"#, r#"["others",1]"#, r#"["nodes","1"]"#] {
        let body = half(r#"[{"id":"a"},null,null]"#, path);
        assert!(
            matches!(definition.confirm_answer(&confirm, &ok(body.as_bytes())), Answer::Fail(_)),
            "{body}"
        );
        assert_eq!(
            found(&definition, &keys_of, &ok(body.as_bytes())).unwrap(),
            ["the answer reports errors"; 3]
        );
    }
}

#[test]
fn a_null_in_the_place_of_one_item_says_that_it_is_gone() {
    let definition = looked_up(
        "{one: {request: POST /graphql, graphql: \"query($id: ID!) { order(id: $id) { id } }\", vars: {id: \"{id}\"}}, unwrap: data.order, gone: null-slot}",
    );
    let one = |body: &str| found(&definition, &["a"], &ok(body.as_bytes()));
    assert_eq!(one(r#"{"data":{"order":null}}"#).unwrap(), ["gone"]);
    assert_eq!(one(r#"{"data":{"order":{"id":"a"}}}"#).unwrap(), ["\"a\" - of {\"id\":\"a\"}"]);
    assert_eq!(
        one(r#"{"data":{"order":null},"errors":[{"message":"no"}]}"#),
        Err(PageFault::NeitherItemNorGone(200))
    );
}

#[test]
fn a_search_asks_the_list_for_one_key_and_overlooks_its_neighbours() {
    let changes = [
        ("    id: id\n", "    id: [id, line]\n"),
        (
            "{one: \"GET /orders/{id}\", gone: 404}",
            "{search: {query: {number: \"{id[0]}\", limit: \"5\"}}, gone: 404}",
        ),
    ];
    let definition = definition(&changes);
    assert_eq!(asked(&definition, &["7:1"]), ["/orders?number=7&limit=5"]);
    let search = |body: &str| found(&definition, &["7:2"], &ok(body.as_bytes())).unwrap();
    let both = r#"{"data":[{"id":7,"line":1},{"id":7,"line":2}]}"#;
    assert_eq!(search(both), [r#""7:2" - of {"id":7,"line":2}"#]);
    assert_eq!(search(r#"{"data":[{"id":7,"line":1}]}"#), ["gone"]);
    assert_eq!(
        search(r#"{"data":[{"id":7,"line":1}],"next_cursor":"x"}"#),
        ["the answer says that more follows"]
    );
}

#[test]
fn a_search_within_a_range_looks_as_far_around_the_clock_as_a_slice_or_the_definition_reaches() {
    let within = |words: &str, span: &str| {
        let search = format!("{{search: {{query: {{number: \"{{id}}\"}}, within: {words}}}}}");
        definition(&[
            ("{one: \"GET /orders/{id}\", gone: 404}", &search),
            ("grain: 1s}", &format!("grain: 1s, span: {span}}}")),
        ])
    };
    let at = |text: &str| TimeFormat::Rfc3339.read(text);
    let dated = Wanted { clock: at("2025-11-21T08:00:00Z"), ..keys(&["a"]).remove(0) };
    let asked = |definition: &Definition| {
        line(
            &definition
                .confirm(&crate::name::Each::default(), std::slice::from_ref(&dated))
                .remove(0)
                .request,
        )
    };
    let days = "/orders?limit=100&from=2025-11-20T08:00:00Z&to=2025-11-22T08:00:00Z&number=a";
    assert_eq!(asked(&within("window", "1d")), days);
    assert_eq!(
        asked(&within("window", "{prefer: 1d, max: 1d}")),
        "/orders?limit=100&from=2025-11-20T20:00:01Z&to=2025-11-21T19:59:59Z&number=a",
        "the whole range is one that the provider takes"
    );
    let hours = within("2h", "1d");
    assert_eq!(asked(&hours), "/orders?limit=100&from=2025-11-21T06:00:00Z&to=2025-11-21T10:00:00Z&number=a");
    assert_eq!(hours.feed().look_up_by, LookUpBy::KeyAndClock);
    assert!(
        hours.confirm(&crate::name::Each::default(), &keys(&["a"])).is_empty(),
        "nobody knows where to look"
    );
}

#[test]
fn keys_that_an_answer_lists_as_gone_are_gone_and_no_other_absence_is_proven_by_it() {
    let definition = looked_up(
        "{many: {request: GET /orders, query: {ids: \"{ids:csv}\"}, rows: data}, gone: {keys: \"errors[code=NOT_FOUND].context.ids[*]\"}}",
    );
    let many = |body: &str| found(&definition, &["a", "2"], &status(207, body)).unwrap();
    let not_found = r#"{"data":[{"id":"a"}],"errors":[{"code":"NOT_FOUND","context":{"ids":[2]}}]}"#;
    assert_eq!(many(not_found), ["\"a\" - of {\"id\":\"a\"}", "gone"]);
    let other = r#"{"data":[{"id":"a"}],"errors":[{"code":"TIMEOUT","context":{"ids":["2"]}}]}"#;
    assert_eq!(many(other)[1], "the answer says that some of the call may have failed");
    let silent = r#"{"data":[],"errors":[{"code":"NOT_FOUND","context":{"ids":["2"]}}]}"#;
    assert_eq!(many(silent), ["the answer says that some of the call may have failed", "gone"]);
    let both = r#"{"data":[{"id":"a"}],"errors":[{"code":"NOT_FOUND","context":{"ids":["a"]}}]}"#;
    assert_eq!(many(both)[0], "the answer shows the item and says that it is gone");
}

#[test]
fn absence_is_believed_only_after_the_delay_of_the_definition() {
    let definition = looked_up("{one: \"GET /orders/{id}\", gone: 404, after: 10m}");
    assert_eq!(definition.feed().confirm_after, std::time::Duration::from_mins(10));
}
