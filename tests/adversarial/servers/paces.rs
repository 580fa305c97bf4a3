//! A provider that permits five requests in each second and says so, in every dialect.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::limits::date;
use crate::api::Paging;
use crate::graphql;
use crate::http::Reply;
use crate::server::Server;

/// How many requests each second of the provider's clock permits.
const PERMITTED: u32 = 5;

/// What a walk and its look-ups may run into before the pace is known, and where two clocks disagree on a second.
const REFUSALS: usize = 6;

pub(super) fn servers() -> Vec<Server> {
    [usual(), declared(), refusals(), doubtful(), absurd()].into_iter().flatten().collect()
}

/// What a provider has counted in the second that passes.
#[derive(Default)]
struct Meter(Mutex<(i64, u32)>);

/// What is left of a second.
#[derive(Clone, Copy)]
struct Left {
    /// Whether the request that asked was one too many.
    is_over: bool,
    rest: u32,
    /// The next second, since 1970.
    until: i64,
}

impl Meter {
    fn count(&self) -> Left {
        let second = Utc::now().timestamp();
        let mut counted = self.0.lock().unwrap();
        if counted.0 != second {
            *counted = (second, 0);
        }
        let is_over = counted.1 >= PERMITTED;
        counted.1 += u32::from(!is_over);
        Left { is_over, rest: PERMITTED - counted.1, until: second + 1 }
    }
}

/// The same server, where each request counts: `tell` writes what is left, `refuse` answers what is too much.
fn metered(server: Server, tell: fn(Reply, Left) -> Reply, refuse: fn(Left) -> Reply) -> Server {
    let (honest, honest_look_up) = server.honest;
    let meter = Arc::new(Meter::default());
    let other = Arc::clone(&meter);
    let server = server.lists(move |api, asked| match meter.count() {
        left if left.is_over => tell(refuse(left), left),
        left => tell(honest(api, asked), left),
    });
    let server = server.looks_up(move |api, asked| match other.count() {
        left if left.is_over => tell(refuse(left), left),
        left => tell(honest_look_up(api, asked), left),
    });
    server.extra(REFUSALS)
}

/// A server that says what is left with each answer, and refuses what is too much with 429.
fn telling(name: &'static str, does: &'static str, tell: fn(Reply, Left) -> Reply) -> Server {
    metered(Server::new(name, does), tell, |_| Reply::says(429, ""))
}

/// A server that says nothing until it refuses.
fn refusing(name: &'static str, does: &'static str, refuse: fn(Left) -> Reply) -> Server {
    metered(Server::new(name, does), |reply, _| reply, refuse)
}

/// A server that permits everything and says something else with each answer.
fn pretending(
    name: &'static str,
    does: &'static str,
    headers: &'static [(&'static str, &'static str)],
) -> Server {
    let tell = move |reply: Reply| headers.iter().fold(reply, |reply, (name, value)| reply.with(name, value));
    Server::new(name, does)
        .lists(move |api, asked| tell(api.honest(asked)))
        .looks_up(move |api, asked| tell(api.look_up(asked)))
}

/// A server that shows one page, has nothing left from then on, and says until when.
fn emptying(name: &'static str, does: &'static str, again: &'static str) -> Server {
    let tell = move |reply: Reply| reply.with("x-left", 0).with("x-again", again);
    Server::new(name, does)
        .lists(move |api, asked| tell(if api.asks == 1 { api.honest(asked) } else { Reply::says(429, "") }))
        .looks_up(move |_, _| tell(Reply::says(429, "")))
}

/// With words about limits in the provider file.
fn limited(server: Server, words: &str) -> Server {
    server.edit("provider.yaml", "feeds:\n", format!("limits: {{{words}}}\nfeeds:\n"))
}

fn usual() -> Vec<Server> {
    vec![
        telling(
            "pace_in_epoch_seconds",
            "counts in `X-RateLimit-Remaining` and `-Reset`, in seconds since 1970",
            |reply, left| {
                reply.with("x-ratelimit-remaining", left.rest).with("x-ratelimit-reset", left.until)
            },
        ),
        telling(
            "pace_in_epoch_milliseconds",
            "counts in `X-RateLimit-Remaining` and `-Reset`, in milliseconds since 1970",
            |reply, left| {
                reply.with("x-ratelimit-remaining", left.rest).with("x-ratelimit-reset", left.until * 1_000)
            },
        ),
        telling(
            "pace_in_seconds_to_go",
            "counts in `X-RateLimit-Remaining` and `-Reset`, in seconds from now",
            |reply, left| reply.with("x-ratelimit-remaining", left.rest).with("x-ratelimit-reset", 1),
        ),
        telling(
            "pace_as_an_instant",
            "counts in `X-Rate-Limit-Remaining` and `-Reset`, as a date of ISO 8601",
            |reply, left| {
                let until = DateTime::from_timestamp(left.until, 0).unwrap();
                let until = until.to_rfc3339_opts(SecondsFormat::Secs, true);
                reply.with("x-rate-limit-remaining", left.rest).with("x-rate-limit-reset", until)
            },
        ),
        telling(
            "pace_in_the_older_triple",
            "counts in `RateLimit-Limit`, `-Remaining` and `-Reset`",
            |reply, left| {
                let reply = reply.with("ratelimit-limit", format!("{PERMITTED}, {PERMITTED};w=1"));
                reply.with("ratelimit-remaining", left.rest).with("ratelimit-reset", 1)
            },
        ),
        telling(
            "pace_in_ratelimit_of_the_ietf",
            "counts in `RateLimit`, under a policy of `RateLimit-Policy`",
            |reply, left| {
                let reply = reply.with("ratelimit-policy", format!("\"second\";q={PERMITTED};w=1"));
                reply.with("ratelimit", format!("\"second\";r={};t=1", left.rest))
            },
        ),
        telling(
            "pace_in_two_policies",
            "counts in `RateLimit` by the hour and by the second, of which the second is the narrower",
            |reply, left| {
                let reply = reply.with(
                    "ratelimit-policy",
                    format!("\"hour\";q=5000;w=3600, \"second\";q={PERMITTED};w=1"),
                );
                reply.with("ratelimit", format!("\"hour\";r=4900;t=1800, \"second\";r={};t=1", left.rest))
            },
        ),
        telling(
            "pace_in_an_earlier_ratelimit",
            "counts in `RateLimit` as an earlier draft of the IETF wrote it",
            |reply, left| {
                reply.with("ratelimit", format!("limit={PERMITTED}, remaining={}, reset=1", left.rest))
            },
        ),
    ]
}

fn declared() -> Vec<Server> {
    let in_headers = telling(
        "pace_in_headers_of_its_own",
        "counts in headers of its own, in milliseconds since 1970, which the definition names",
        |reply, left| reply.with("x-left", left.rest).with("x-again", left.until * 1_000),
    );
    let used = metered(
        Server::new(
            "pace_as_a_fraction",
            "writes `3/5` of what was used of how many, which the definition names",
        ),
        |reply, left| reply.with("x-calls", format!("{}/{PERMITTED}", PERMITTED - left.rest)),
        |_| Reply::says(429, "").with("retry-after", "1.0"),
    );
    let cost = metered(
        Server::new(
            "pace_as_a_cost_in_the_body",
            "counts points beside the data of GraphQL, which the definition names",
        )
        .paged(Paging::Cursor)
        .speaking(graphql::PROVIDER, graphql::honest, graphql::look_up),
        with_cost,
        |_| Reply::json(200, json!({ "errors": [{ "extensions": { "code": "THROTTLED" } }] })),
    );
    vec![
        limited(in_headers, "left: \"header:X-Left\", reset: \"header:X-Again\", as: epoch_ms"),
        limited(used, "used: \"header:X-Calls\""),
        limited(
            cost,
            "cost: {left: extensions.cost.left, refill: extensions.cost.refill, ask: extensions.cost.asked}",
        )
        .rules("  - {when: {body: {\"errors[*].extensions.code\": THROTTLED}}, do: wait, at_least: 1s}\n"),
    ]
}

/// Ten points for a request, of fifty that come back within a second.
fn with_cost(reply: Reply, left: Left) -> Reply {
    let Reply::Says(mut says) = reply else { panic!("a proper answer") };
    let mut body: Value = serde_json::from_slice(&says.body).unwrap();
    body["extensions"] = json!({ "cost": { "left": left.rest * 10, "refill": PERMITTED * 10, "asked": 10 } });
    says.body = body.to_string().into_bytes();
    Reply::Says(says)
}

fn refusals() -> Vec<Server> {
    vec![
        refusing("429_that_a_limit_means", "refuses what is too much with 429 and `Retry-After` in seconds", |_| {
            Reply::says(429, "").with("retry-after", 1)
        }),
        refusing("429_with_a_date_that_a_limit_means", "refuses what is too much with 429 and `Retry-After` as a date", |_| {
            Reply::says(429, "").with("retry-after", date(1))
        }),
        refusing("429_with_a_fraction_of_a_second", "refuses what is too much with 429 and `Retry-After: 1.5`", |_| {
            Reply::says(429, "").with("retry-after", "1.5")
        }),
        refusing("429_with_a_reset_alone", "refuses what is too much with 429 and when it counts anew", |left| {
            Reply::says(429, "").with("x-ratelimit-remaining", 0).with("x-ratelimit-reset", left.until)
        }),
        refusing("503_that_a_limit_means", "refuses what is too much with 503 and `Retry-After`", |_| {
            Reply::says(503, "").with("retry-after", 1)
        }),
        refusing("403_that_a_limit_means", "refuses what is too much with 403 and nothing left, which a rule calls a pause", |left| {
            Reply::json(403, json!({ "message": "rate limit exceeded" }))
                .with("x-ratelimit-remaining", 0)
                .with("x-ratelimit-reset", left.until)
        })
        .rules("  - {when: {status: [403, 429], header: {x-ratelimit-remaining: \"0\"}}, do: wait}\n"),
        refusing("420_that_a_limit_means", "refuses what is too much with 420, which a rule calls a pause of a second", |_| {
            Reply::says(420, "")
        })
        .rules("  - {when: {status: 420}, do: wait, at_least: 1s}\n"),
        refusing("529_that_a_limit_means", "refuses what is too much with 529, which a rule calls a pause of a second", |_| {
            Reply::json(529, json!({ "error": "overloaded" }))
        })
        .rules("  - {when: {status: 529}, do: wait, at_least: 1s}\n"),
        refusing("200_that_a_limit_means", "refuses what is too much with status 200 and an error, which a rule calls a pause of a second", |_| {
            Reply::json(200, json!({ "ok": false, "error": "ratelimited" }))
        })
        .rules("  - {when: {status: 200, body: {error: ratelimited}}, do: wait, at_least: 1s}\n"),
        refusing("200_with_retry_after", "refuses what is too much with status 200, an error and `Retry-After`; a rule says what that means", |_| {
            Reply::json(200, json!({ "ok": false, "error": "ratelimited" })).with("retry-after", 1)
        })
        .rules("  - {when: {status: 200, body: {error: ratelimited}}, do: wait}\n"),
    ]
}

/// Numbers that mean nothing, or nothing that can be true, and that no definition names.
fn doubtful() -> Vec<Server> {
    vec![
        pretending(
            "pace_of_garbage",
            "writes words where numbers belong",
            &[
                ("x-ratelimit-remaining", "many"),
                ("x-ratelimit-reset", "soon"),
                ("ratelimit", "(((("),
                ("ratelimit-policy", ";;"),
            ],
        ),
        pretending(
            "pace_below_zero",
            "says that minus three requests are left",
            &[("x-ratelimit-remaining", "-3"), ("x-ratelimit-reset", "-1")],
        ),
        pretending(
            "pace_without_an_end",
            "says that nothing is left, for a thousand years, and answers all the same",
            &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "33320000000")],
        ),
        pretending(
            "pace_of_the_ietf_without_an_end",
            "says in `RateLimit` that nothing is left, for three thousand years, and answers all the same",
            &[("ratelimit", "\"p\";r=0;t=99999999999")],
        ),
        limited(
            pretending(
                "a_declared_pace_that_nobody_keeps",
                "says in a header that the definition names that nothing is left, for a thousand years, and would answer all the same",
                &[("x-left", "0"), ("x-again", "33320000000")],
            ),
            "left: \"header:X-Left\", reset: \"header:X-Again\", as: epoch",
        )
        .unconfirmed()
        .partial("the provider asks for a pause of"),
        limited(
            pretending(
                "fraction_of_garbage",
                "writes `many/few` where the definition expects a fraction",
                &[("x-calls", "many/few")],
            ),
            "used: \"header:X-Calls\"",
        ),
        limited(
            pretending(
                "fraction_of_nothing",
                "writes `0/0` where the definition expects a fraction",
                &[("x-calls", "0/0")],
            ),
            "used: \"header:X-Calls\"",
        ),
    ]
}

/// Pauses that no run makes. It ends politely: it says so, and asks nothing more.
fn absurd() -> Vec<Server> {
    let left = "left: \"header:X-Left\", reset: \"header:X-Again\"";
    let polite = |server: Server| server.unconfirmed().partial("the provider asks for a pause of");
    let second = |name, does, refuse: fn() -> Reply| {
        polite(
            Server::new(name, does)
                .lists(move |api, asked| if api.asks == 2 { refuse() } else { api.honest(asked) }),
        )
    };
    vec![
        polite(limited(
            emptying(
                "a_declared_pace_without_an_end",
                "says in a header that the definition names that nothing is left, for a thousand years, and refuses the next page",
                "33320000000",
            ),
            &format!("{left}, as: epoch"),
        )),
        polite(limited(
            emptying(
                "a_reset_in_another_unit_than_declared",
                "writes seconds since 1970 where the definition says seconds from now, with nothing left, and refuses the next page",
                "1795000000",
            ),
            &format!("{left}, as: seconds"),
        )),
        second(
            "429_with_a_reset_in_a_thousand_years",
            "refuses the second page with nothing left, for a thousand years",
            || {
                Reply::says(429, "")
                    .with("x-ratelimit-remaining", 0)
                    .with("x-ratelimit-reset", 33_320_000_000_i64)
            },
        ),
        second(
            "503_with_a_day",
            "cannot answer the second page, and asks to be left alone for a day",
            || Reply::says(503, "").with("retry-after", 86_400),
        ),
        second(
            "a_rule_that_waits_an_hour",
            "refuses the second page with 420, which a rule calls a pause of an hour",
            || Reply::says(420, ""),
        )
        .rules("  - {when: {status: 420}, do: wait, at_least: 1h}\n"),
    ]
}
