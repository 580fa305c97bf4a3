//! Connections that break, trickle, hang and speak no HTTP.

use std::time::Duration;

use crate::api::Api;
use crate::http::{Asked, Reply, Then};
use crate::server::Server;

pub(super) fn servers() -> Vec<Server> {
    [for_ever(), once()].into_iter().flatten().collect()
}

fn for_ever() -> Vec<Server> {
    vec![
        Server::new("early_close", "closes the connection in the middle of the second page, each time")
            .lists(|api, asked| from_second(api, asked, half))
            .extra(2)
            .partial("gave up after 3 attempts: reading the body failed"),
        Server::new(
            "close_without_a_word",
            "closes the connection without an answer, each time from the second page on",
        )
        .lists(|api, asked| from_second(api, asked, |_| Reply::Bytes(Vec::new(), Then::Closes)))
        .extra(2)
        .partial("gave up after 3 attempts: sending the request failed"),
        Server::new("drip_feed", "sends one byte every twenty milliseconds")
            .cap(
                "request_time: 10s",
                "request_time: 10s\n      throughput: {bytes_per_second: 10000, over: 200ms}",
            )
            .lists(|api, asked| {
                from_second(api, asked, |_| {
                    Reply::Bytes(head("content-length: 900000"), Then::Drips(Duration::from_millis(20)))
                })
            })
            .extra(2)
            .partial("gave up after 3 attempts: the answer came slower than 10000 bytes per second"),
        Server::new("flood", "sends spaces as fast as they are taken, for ever")
            .lists(|api, asked| {
                from_second(api, asked, |_| {
                    Reply::Bytes(head("connection: close"), Then::Floods(vec![b' '; 65_536]))
                })
            })
            .partial("the body is larger than 4000000 bytes"),
        Server::new("chunked_without_end", "sends chunks that are no page yet, and never the last one")
            .cap("request_time: 10s", "request_time: 300ms")
            .lists(|api, asked| {
                from_second(api, asked, |_| {
                    Reply::Bytes(
                        [head("transfer-encoding: chunked"), b"3\r\n{\"d\r\n".to_vec()].concat(),
                        Then::Hangs,
                    )
                })
            })
            .extra(2)
            .partial("gave up after 3 attempts: there was no complete answer within 300ms"),
        Server::new("chunked_and_cut", "closes the connection after a chunk, without the last one")
            .lists(|api, asked| {
                from_second(api, asked, |_| {
                    Reply::Bytes(
                        [head("transfer-encoding: chunked"), b"3\r\n{\"d\r\n".to_vec()].concat(),
                        Then::Closes,
                    )
                })
            })
            .extra(2)
            .partial("gave up after 3 attempts: reading the body failed"),
        Server::new("no_answer_at_all", "takes the request and never answers")
            .cap("request_time: 10s", "request_time: 300ms")
            .lists(|api, asked| from_second(api, asked, |_| Reply::Bytes(Vec::new(), Then::Hangs)))
            .extra(2)
            .partial("gave up after 3 attempts: there was no complete answer within 300ms"),
        Server::new("giant_header", "sends a header of thirty kilobytes where twenty are the cap")
            .lists(|api, asked| from_second(api, asked, |reply| reply.with("x-long", "y".repeat(30_000))))
            .partial("the headers are larger than 20000 bytes"),
        Server::new("a_thousand_headers", "sends a thousand headers")
            .lists(|api, asked| {
                from_second(api, asked, |reply| {
                    (0..1_000).fold(reply, |reply, n| reply.with(&format!("x-{n}"), n))
                })
            })
            .extra(2)
            .partial("gave up after 3 attempts: sending the request failed"),
        Server::new("no_http", "answers in a protocol of its own")
            .lists(|api, asked| {
                from_second(api, asked, |_| {
                    Reply::Bytes(b"220 mail.example.com ESMTP\r\n".to_vec(), Then::Closes)
                })
            })
            .extra(2)
            .partial("gave up after 3 attempts: sending the request failed"),
        Server::new("content_length_too_short", "announces fewer bytes than its page has")
            .lists(|api, asked| {
                from_second(api, asked, |reply| {
                    let Reply::Says(says) = reply else { panic!("an honest page") };
                    let length = format!("content-length: {}", says.body.len() - 7);
                    Reply::Bytes([head(&length), says.body].concat(), Then::Closes)
                })
            })
            .partial("not JSON"),
        Server::new("two_lengths", "announces two different lengths for one page")
            .lists(|api, asked| {
                from_second(api, asked, |reply| {
                    let Reply::Says(says) = reply else { panic!("an honest page") };
                    let lengths = format!("content-length: {}\r\ncontent-length: 12", says.body.len());
                    Reply::Bytes([head(&lengths), says.body].concat(), Then::Closes)
                })
            })
            .extra(2)
            .partial("gave up after 3 attempts"),
    ]
}

fn once() -> Vec<Server> {
    vec![
        Server::new(
            "early_close_once",
            "closes the connection in the middle of the second page, and sends it whole the next time",
        )
        .lists(|api, asked| {
            if api.asks == 2 {
                let body = api.page(asked).body();
                return half(Reply::json(200, body));
            }
            api.honest(asked)
        })
        .extra(1),
        Server::new("keep_alive_reset", "promises to keep each connection and closes it after the answer")
            .lists(|api, asked| Reply::Bytes(api.honest(asked).bytes(), Then::Closes))
            .looks_up(|api, asked| Reply::Bytes(api.look_up(asked).bytes(), Then::Closes))
            .extra(20),
        Server::new("no_length_and_closed", "says no length and closes the connection behind the page")
            .lists(|api, asked| {
                let Reply::Says(says) = api.honest(asked) else { panic!("an honest page") };
                Reply::Bytes([head("connection: close"), says.body].concat(), Then::Closes)
            }),
        Server::new("http_1_0", "answers in HTTP/1.0").lists(|api, asked| {
            let Reply::Says(says) = api.honest(asked) else { panic!("an honest page") };
            let head = format!(
                "HTTP/1.0 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                says.body.len()
            );
            Reply::Bytes([head.as_bytes(), &says.body].concat(), Then::Closes)
        }),
        Server::new("early_hints", "sends 103 Early Hints before each answer").lists(|api, asked| {
            let hints = b"HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n";
            Reply::Bytes([&hints[..], &api.honest(asked).bytes()].concat(), Then::Goes)
        }),
    ]
}

fn head(header: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{header}\r\n\r\n").into_bytes()
}

/// Half of an answer, and then nothing.
fn half(reply: Reply) -> Reply {
    let mut bytes = reply.bytes();
    bytes.truncate(bytes.len() - bytes.len() / 4);
    Reply::Bytes(bytes, Then::Closes)
}

/// An honest first page; later ones are bent and show nothing.
fn from_second(api: &mut Api, asked: &Asked, bend: impl Fn(Reply) -> Reply) -> Reply {
    if api.asks == 1 {
        return api.honest(asked);
    }
    let body = api.page(asked).body();
    bend(Reply::json(200, body))
}
