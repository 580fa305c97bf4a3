//! Look-ups that say something else than what was asked.

use serde_json::json;

use crate::http::Reply;
use crate::server::Server;

const NEITHER: &str = "in a shape that means neither an item nor its absence";

pub(super) fn servers() -> Vec<Server> {
    vec![
        Server::new(
            "look_ups_answer_404_with_html",
            "answers every look-up with 404 and a page of a load balancer",
        )
        .looks_up(|_, _| Reply::says(404, "<html>no such route</html>").with("content-type", "text/html"))
        .unconfirmed()
        .partial(NEITHER),
        Server::new(
            "look_ups_answer_404_with_another_error",
            "answers every look-up with 404 and an error of another kind",
        )
        .looks_up(|_, _| Reply::json(404, json!({ "error": { "code": "route_not_found" } })))
        .unconfirmed()
        .partial(NEITHER),
        Server::new("look_ups_answer_with_another_item", "answers every look-up with one and the same item")
            .looks_up(|api, _| Reply::json(200, &api.find("ch_000").unwrap().value))
            .unconfirmed()
            .partial("answered with another item than the one asked for"),
        Server::new("look_ups_answer_with_an_empty_object", "answers every look-up with an empty object")
            .looks_up(|_, _| Reply::json(200, "{}"))
            .unconfirmed()
            .partial(NEITHER),
        Server::new("look_ups_answer_with_a_list", "answers every look-up with a list")
            .looks_up(|api, asked| match api.look_up(asked) {
                Reply::Says(says) => Reply::json(200, format!("[{}]", String::from_utf8(says.body).unwrap())),
                bytes @ Reply::Bytes(..) => bytes,
            })
            .unconfirmed()
            .partial("look-up"),
        Server::new("look_ups_answer_with_html", "answers every look-up with status 200 and a login page")
            .looks_up(|_, _| Reply::says(200, "<html>log in</html>").with("content-type", "text/html"))
            .unconfirmed()
            .partial("which looks like a login or error page"),
        Server::new("look_ups_answer_204", "answers every look-up with 204, which a rule calls empty")
            .rules("  - {when: {status: 204}, do: empty}\n")
            .looks_up(|_, _| Reply::says(204, ""))
            .unconfirmed()
            .partial("look-up"),
        Server::new("every_look_up_fails_once", "answers each look-up with 500 before it answers it")
            .looks_up(|api, asked| {
                let is_new = api.known.insert(asked.path().to_owned());
                if is_new { Reply::says(500, "") } else { api.look_up(asked) }
            })
            .extra(20),
        Server::new(
            "look_ups_find_what_is_gone_from_the_list",
            "shows a list without an item that the look-up still finds",
        )
        .arranged(|api, _| {
            api.items.iter_mut().filter(|item| item.id() == "ch_010").for_each(|item| item.listed = false);
        })
        .partial("the walk did not show"),
    ]
}
