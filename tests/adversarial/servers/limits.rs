//! Pauses that a provider asks for, in every dialect, and storms that do not end.

use chrono::{TimeDelta, Utc};

use crate::http::Reply;
use crate::server::Server;

pub(super) fn servers() -> Vec<Server> {
    [pauses(), storms()].into_iter().flatten().collect()
}

/// A server that asks for a pause in front of the second page, once.
fn pausing(
    name: &'static str,
    does: &'static str,
    ask: impl Fn(Reply) -> Reply + Send + Sync + 'static,
) -> Server {
    Server::new(name, does)
        .lists(move |api, asked| if api.asks == 2 { ask(Reply::says(429, "")) } else { api.honest(asked) })
        .extra(1)
}

fn pauses() -> Vec<Server> {
    vec![
        pausing("429_without_a_word", "asks for a pause and does not say how long", |reply| reply),
        pausing("429_with_seconds", "asks for a pause of one second", |reply| reply.with("retry-after", 1)),
        pausing("429_with_nothing", "asks for a pause of no seconds", |reply| reply.with("retry-after", 0)),
        pausing("429_with_a_date", "asks for a pause until a date", |reply| {
            reply.with("retry-after", date(1))
        }),
        pausing(
            "429_with_a_date_of_another_clock",
            "asks for a pause until a date by a clock that is an hour ahead",
            |reply| reply.with("date", date(3_600)).with("retry-after", date(3_601)),
        ),
        pausing("429_with_a_date_that_is_past", "asks for a pause until yesterday", |reply| {
            reply.with("retry-after", date(-86_400))
        }),
        pausing("429_with_garbage", "asks for a pause of `soon`", |reply| reply.with("retry-after", "soon")),
        pausing("429_with_a_negative_pause", "asks for a pause of minus one second", |reply| {
            reply.with("retry-after", -1)
        }),
        pausing("429_with_a_day", "asks for a pause of a day", |reply| reply.with("retry-after", 86_400))
            .unconfirmed()
            .partial("the provider asks for a pause of 86400s"),
        pausing("429_with_an_absurd_pause", "asks for a pause of thirty digits of seconds", |reply| {
            reply.with("retry-after", "9".repeat(30))
        })
        .unconfirmed()
        .partial("the provider asks for a pause of"),
        pausing("429_with_a_date_in_a_thousand_years", "asks for a pause until the year 3025", |reply| {
            reply.with("retry-after", "Mon, 21 Nov 3025 00:00:00 GMT")
        })
        .unconfirmed()
        .partial("the provider asks for a pause of"),
    ]
}

fn storms() -> Vec<Server> {
    vec![
        Server::new("429_for_ever", "asks for a pause from the second page on, for ever")
            .lists(|api, asked| if api.asks >= 2 { Reply::says(429, "") } else { api.honest(asked) })
            .extra(2)
            .partial("gave up after 3 attempts: the provider asks for fewer requests (status 429)"),
        Server::new("503_for_ever", "cannot answer from the second page on")
            .lists(|api, asked| if api.asks >= 2 { Reply::says(503, "") } else { api.honest(asked) })
            .extra(2)
            .partial("gave up after 3 attempts: the provider is out of service for now (status 503)"),
        Server::new("every_page_fails_once", "answers each page with 500 before it sends it")
            .lists(|api, asked| if api.asks % 2 == 1 { Reply::says(500, "") } else { api.honest(asked) })
            .extra(5),
        Server::new(
            "every_status_of_a_bad_night",
            "answers the second page with 408, the third with 502, the fourth with 504 first",
        )
        .lists(|api, asked| match api.asks {
            2 => Reply::says(408, ""),
            4 => Reply::says(502, "<html>bad gateway</html>"),
            6 => Reply::says(504, ""),
            _ => api.honest(asked),
        })
        .extra(3),
        Server::new("429_for_look_ups", "shows every page and asks for a pause at every look-up, for ever")
            .looks_up(|_, _| Reply::says(429, ""))
            .extra(20)
            .unconfirmed()
            .partial("the provider asks for fewer requests (status 429)"),
        Server::new(
            "a_retry_that_is_asked_for_by_a_header",
            "answers the second page with 409 and a header that asks for another try",
        )
        .rules("  - {when: {header: {x-should-retry: \"true\"}}, do: retry}\n")
        .lists(|api, asked| match api.asks {
            2 => Reply::json(409, "{}").with("x-should-retry", "true"),
            _ => api.honest(asked),
        })
        .extra(1),
    ]
}

/// The date some seconds from now, as HTTP writes it.
pub(super) fn date(seconds: i64) -> String {
    (Utc::now() + TimeDelta::seconds(seconds)).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
