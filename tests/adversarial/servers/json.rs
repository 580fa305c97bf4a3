//! JSON that is none, or that parsers read differently.

use serde_json::json;

use crate::api::Api;
use crate::http::{Asked, Reply};
use crate::server::Server;
use crate::world::charge;

pub(super) fn servers() -> Vec<Server> {
    [broken(), odd()].into_iter().flatten().collect()
}

fn broken() -> Vec<Server> {
    vec![
        Server::new("nan_in_a_page", "writes NaN as an amount")
            .lists(|api, asked| {
                second_page_as(api, asked, |text| {
                    text.replacen("\"amount\":1010", "\"amount\":NaN", 1).into()
                })
            })
            .partial("not JSON"),
        Server::new("a_comma_too_many", "writes a comma behind the last row")
            .lists(|api, asked| second_page_as(api, asked, |text| text.replacen("}],", "},],", 1).into()))
            .partial("not JSON"),
        Server::new("invalid_utf_8", "sends a byte that is no UTF-8 in a text")
            .lists(|api, asked| {
                second_page_as(api, asked, |text| {
                    let mut bytes = text.as_bytes().to_vec();
                    let place = text.find("order-").unwrap();
                    bytes[place] = 0xff;
                    bytes
                })
            })
            .partial("UTF-8"),
        Server::new("utf_16", "sends its page in UTF-16")
            .lists(|api, asked| {
                second_page_as(api, asked, |text| text.encode_utf16().flat_map(u16::to_le_bytes).collect())
            })
            .partial("not"),
        Server::new("deep_nesting", "nests a list a hundred thousand times").lists(|api, asked| {
            let page = api.page(asked);
            let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
            let body = page.body().to_string().replacen("\"order-ch_010\"", &deep, 1);
            api.deliver_as(&page, body)
        }),
        Server::new("the_rows_twice", "writes its rows twice on the second page, under one name")
            .lists(|api, asked| {
                second_page_as(api, asked, |text| {
                    let rows = text.find("\"data\":").unwrap();
                    format!("{{\"data\":[],{}", &text[rows..]).into()
                })
            })
            .partial("`data`"),
        Server::new("more_follows_twice", "writes `has_more` twice on the second page: true, and then false")
            .lists(|api, asked| {
                second_page_as(api, asked, |text| {
                    format!("{},\"has_more\":false}}", &text[..text.len() - 1]).into()
                })
            })
            .partial("the walk did not show"),
    ]
}

fn odd() -> Vec<Server> {
    vec![
        Server::new("byte_order_mark", "begins the second page with a byte order mark")
            .lists(|api, asked| second_page_as(api, asked, |text| format!("\u{feff}{text}").into()))
            .partial("not JSON"),
        written_as(
            "a_number_that_no_integer_holds",
            "writes an amount of forty digits",
            "1234567890123456789012345678901234567890",
        ),
        written_as("a_number_that_no_float_holds", "writes 1e400 as an amount", "1e400"),
        Server::new(
            "whole_numbers_with_fractions",
            "writes 1012.0 for an amount that agrees, and 1013.5 for one that does not",
        )
        .arranged(|api, _| {
            api.value("ch_012")["amount"] = json!(1_012.0);
            api.value("ch_013")["amount"] = json!(1_013.5);
        })
        .extra(1),
        Server::new("ids_of_sixty_four_bits", "gives numbers as ids that no float can tell apart").arranged(
            |api, local| {
                for (number, is_local) in [(9_007_199_254_740_993_u64, true), (9_007_199_254_740_992, false)]
                {
                    let mut row = charge("", 300, 42);
                    row["id"] = json!(number);
                    api.insert(row.clone());
                    local.extend(is_local.then_some(row));
                }
            },
        ),
        Server::new("a_lone_surrogate", "writes half of a character in a text that nobody compares").lists(
            |api, asked| {
                let page = api.page(asked);
                let body = page.body().to_string().replace("order-ch_010", "\\ud800");
                api.deliver_as(&page, body)
            },
        ),
        Server::new(
            "white_space_and_escapes",
            "writes every id in escapes, with white space around everything",
        )
        .lists(|api, asked| {
            let page = api.page(asked);
            let body = page.body().to_string().replace(":\"ch_", "\n:\t\"\\u0063\\u0068\\u005f");
            api.deliver_as(&page, format!("\r\n {body} \n\n"))
        }),
    ]
}

/// A server that writes the amount of `ch_012` in its own way.
fn written_as(name: &'static str, does: &'static str, number: &'static str) -> Server {
    const AMOUNT: i64 = 120_120_120;
    let write = move |body: String| body.replace(&AMOUNT.to_string(), number);
    Server::new(name, does)
        .arranged(|api, _| api.value("ch_012")["amount"] = json!(AMOUNT))
        .lists(move |api, asked| {
            let page = api.page(asked);
            api.deliver_as(&page, write(page.body().to_string()))
        })
        .looks_up(move |api, asked| {
            let Reply::Says(mut says) = api.look_up(asked) else { panic!("an honest look-up") };
            says.body = write(String::from_utf8(says.body).unwrap()).into_bytes();
            Reply::Says(says)
        })
        .rewriting("ch_012", number)
}

/// An honest first page; the second one is written in another way, and shows nothing.
fn second_page_as(api: &mut Api, asked: &Asked, write: impl Fn(String) -> Vec<u8>) -> Reply {
    if api.asks != 2 {
        return api.honest(asked);
    }
    let text = api.page(asked).body().to_string();
    Reply::says(200, write(text)).with("content-type", "application/json")
}
