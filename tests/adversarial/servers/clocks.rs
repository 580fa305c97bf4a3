//! Clocks that differ.

use crate::api::Api;
use crate::http::{Asked, Reply};
use crate::server::Server;
use crate::world::charge;

use super::limits::date;

pub(super) fn servers() -> Vec<Server> {
    vec![
        Server::new(
            "a_clock_that_is_behind",
            "has a clock that is an hour behind, and an item of the last minutes by that clock",
        )
        .arranged(|api, _| api.insert(charge("ch_fresh", 20, 5)))
        .lists(|api, asked| dated(api, asked, &date(-3_600)))
        .unjudged(&["ch_fresh"]),
        Server::new("a_clock_that_is_ahead", "has a clock that is an hour ahead")
            .lists(|api, asked| dated(api, asked, &date(3_600))),
        Server::new("a_clock_of_another_century", "has a clock that stands in 1970")
            .lists(|api, asked| dated(api, asked, "Thu, 01 Jan 1970 00:00:00 GMT"))
            .unconfirmed()
            .partial("clock"),
        Server::new("a_clock_that_is_no_date", "sends `yesterday` as its date")
            .lists(|api, asked| dated(api, asked, "yesterday")),
        Server::new("a_date_of_a_cache", "sends the date of an answer that a cache kept for two days")
            .lists(|api, asked| dated(api, asked, &date(-172_800)).with("age", 172_800)),
    ]
}

fn dated(api: &mut Api, asked: &Asked, date: &str) -> Reply {
    api.honest(asked).with("date", date)
}
