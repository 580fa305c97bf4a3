//! Servers that nobody thought of: random lists, page sizes, ways of paging and faults, judged by the same oracle.
//!
//! Every trial has a seed of its own and is the same each time.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use libtest_mimic::{Failed, Trial};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use serde_json::json;

use crate::api::{Api, Item, Paging, text};
use crate::http::{Asked, Reply, Then};
use crate::oracle;
use crate::server::Server;
use crate::world::{World, charge};

/// Attempts of one request, as the world's `tieout.yaml` says.
const ATTEMPTS: usize = 3;

/// How many servers one trial makes up.
const CASES: u32 = 20;

/// A server that was made up.
#[derive(Debug, Clone)]
struct Model {
    paging: Paging,
    size: usize,
    rows: Vec<Row>,
    /// What happens to the n-th list request, from 1.
    faults: BTreeMap<usize, Fault>,
}

#[derive(Debug, Clone)]
struct Row {
    minutes_ago: i64,
    side: Side,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Both,
    Changed,
    Upstream,
    Local,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// A status that asks for another try.
    Status(u16),
    /// The connection ends within the body.
    Closes,
    /// HTML, an error, a body without rows, or half a body.
    Html,
    Error,
    NoRows,
    Half,
    /// A refusal that no retry helps.
    Refused,
    /// A row becomes null.
    NullRow,
    /// Fewer rows than were asked for.
    Short(usize),
    /// A page without rows that leads on.
    Empty,
    /// A row comes to the front of the list.
    Insert,
    /// A row that was shown goes away.
    Delete,
    /// The list ends here, it says.
    Ends,
}

/// One trial for each way of paging.
pub(crate) fn trials() -> Vec<Trial> {
    [
        ("generated_servers_that_page_by_row", Paging::Keyset),
        ("generated_servers_that_page_by_cursor", Paging::Cursor),
        ("generated_servers_that_page_by_number", Paging::Page),
        ("generated_servers_that_page_by_offset", Paging::Offset),
        ("generated_servers_that_page_by_link", Paging::Url),
    ]
    .into_iter()
    .zip(1_u8..)
    .map(|((name, paging), seed)| Trial::test(name, move || trial(paging, seed)))
    .collect()
}

fn trial(paging: Paging, seed: u8) -> Result<(), Failed> {
    let config =
        Config { cases: CASES, max_shrink_iters: 60, failure_persistence: None, ..Config::default() };
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let mut runner = TestRunner::new_with_rng(config, random);
    let survives = |model: Model| survive(&model).map_err(TestCaseError::fail);
    runner.run(&model(paging), survives).map_err(|error| error.to_string().into())
}

fn model(paging: Paging) -> impl Strategy<Value = Model> {
    let side = prop_oneof![
        6 => Just(Side::Both),
        1 => Just(Side::Changed),
        1 => Just(Side::Upstream),
        1 => Just(Side::Local),
    ];
    // Minutes are drawn from few values, so that rows share a second now and then.
    let row = (0_i64..60, side).prop_map(|(step, side)| Row { minutes_ago: 180 + step * 40, side });
    let faults = prop::collection::btree_map(1_usize..12, fault(paging), 0..4);
    (3_usize..9, prop::collection::vec(row, 1..40), faults).prop_map(move |(size, mut rows, faults)| {
        // Something agrees, or upstream looks empty, which is another story.
        rows[0].side = Side::Both;
        Model { paging, size, rows, faults }
    })
}

/// The faults that make sense for a way of paging.
fn fault(paging: Paging) -> impl Strategy<Value = Fault> {
    let everywhere = vec![
        Fault::Status(429),
        Fault::Status(500),
        Fault::Status(503),
        Fault::Closes,
        Fault::Html,
        Fault::Error,
        Fault::NoRows,
        Fault::Half,
        Fault::Refused,
        Fault::NullRow,
        Fault::Insert,
        Fault::Delete,
    ];
    let own = match paging {
        Paging::Keyset => vec![Fault::Short(1), Fault::Short(2), Fault::Ends],
        Paging::Cursor | Paging::Link | Paging::Url => vec![Fault::Short(1), Fault::Empty, Fault::Ends],
        Paging::Page | Paging::Offset | Paging::Export => Vec::new(),
    };
    prop::sample::select([everywhere, own].concat())
}

fn survive(model: &Model) -> Result<(), String> {
    let broken = Arc::new(AtomicBool::new(false));
    let server = Arc::new(server(model, &broken));
    let world = World::of(Arc::clone(&server));
    let before = world.api.lock().unwrap().items.clone();
    let first = world.night();
    let verdict = oracle::verdict(&server, &world, &before, broken.load(Ordering::SeqCst));
    let mut wrong = match verdict {
        Some(verdict) => oracle::first_night(&server, verdict, &world, &before, &first),
        None => oracle::soundness(&server, &world, &before, &first),
    };
    let mut nights = format!("{first:#?}");
    if first.code != 0 {
        world.make_honest();
        let second = world.night();
        wrong.extend(oracle::second_night(&server, &world, &first, &second));
        let _ = write!(nights, "\n{second:#?}");
    }
    if wrong.is_empty() { Ok(()) } else { Err(format!("{}\n{nights}", wrong.join("\n"))) }
}

fn server(model: &Model, broken: &Arc<AtomicBool>) -> Server {
    let (arranged, faults, size) = (model.rows.clone(), model.faults.clone(), model.size);
    let (broken, failures) = (Arc::clone(broken), AtomicUsize::new(0));
    Server::new("generated", "does what nobody thought of")
        .paged(model.paging)
        .edit("provider.yaml", "size: 10", format!("size: {size}"))
        .extra(model.rows.len() + 20)
        .arranged(move |api, local| arrange(api, local, &arranged))
        .lists(move |api, asked| {
            let fault = faults.get(&api.asks).copied();
            if matches!(fault, Some(Fault::Status(_) | Fault::Closes)) {
                if failures.fetch_add(1, Ordering::SeqCst) + 1 >= ATTEMPTS {
                    broken.store(true, Ordering::SeqCst);
                }
            } else {
                failures.store(0, Ordering::SeqCst);
            }
            bend(api, asked, fault, &broken)
        })
}

fn arrange(api: &mut Api, local: &mut Vec<serde_json::Value>, rows: &[Row]) {
    api.items.clear();
    local.clear();
    for (at, row) in rows.iter().enumerate() {
        let mut value = charge(&format!("ch_{at:03}"), row.minutes_ago, 1_000);
        if row.side != Side::Upstream {
            local.push(value.clone());
        }
        if row.side == Side::Changed {
            value["amount"] = json!(2_000);
        }
        if row.side != Side::Local {
            api.items.push(Item { value, listed: true });
        }
    }
}

fn bend(api: &mut Api, asked: &Asked, fault: Option<Fault>, broken: &AtomicBool) -> Reply {
    let mut page = api.page(asked);
    let breaks = |reply: Reply| {
        broken.store(true, Ordering::SeqCst);
        reply
    };
    match fault {
        None => api.deliver(&page),
        Some(Fault::Status(status)) => Reply::says(status, ""),
        Some(Fault::Closes) => {
            let mut bytes = Reply::json(200, page.body()).bytes();
            bytes.truncate(bytes.len() - 10);
            Reply::Bytes(bytes, Then::Closes)
        }
        Some(Fault::Html) => breaks(Reply::says(200, "<html></html>").with("content-type", "text/html")),
        Some(Fault::Error) => breaks(Reply::json(200, json!({ "error": "overloaded" }))),
        Some(Fault::NoRows) => {
            let mut body = page.body();
            body["data"] = json!(null);
            breaks(Reply::json(200, body))
        }
        Some(Fault::Half) => {
            let body = page.body().to_string();
            breaks(Reply::json(200, &body[..body.len() / 2]))
        }
        Some(Fault::Refused) => breaks(Reply::json(400, "{}")),
        Some(Fault::NullRow) => {
            if page.rows.is_empty() {
                return api.deliver(&page);
            }
            let mut body = page.body();
            body["data"][0] = json!(null);
            let is_last = page.rows.len() == 1;
            page.rows.remove(0);
            // Where the next page begins behind the last row, that row must be there.
            if is_last { breaks(Reply::json(200, body)) } else { breaks(api.deliver_as(&page, body)) }
        }
        Some(Fault::Short(size)) => api.honest(&asked.with("limit", &size.to_string())),
        Some(Fault::Empty) => {
            let cursor = asked.query("cursor").unwrap_or_else(|| "9999999999~".to_owned());
            let url = asked.with("cursor", &format!("{cursor}!")).url;
            page.rows.clear();
            page.next = Some(format!("{cursor}!"));
            page.next_url = Some(format!("{}{}?{}", api.origin, url.path(), url.query().unwrap_or_default()));
            api.deliver(&page)
        }
        Some(Fault::Insert) => {
            let id = format!("ch_new_{}", api.asks);
            api.insert(charge(&id, 170, 5));
            api.honest(asked)
        }
        Some(Fault::Delete) => delete(api, asked),
        Some(Fault::Ends) => {
            page.more = false;
            (page.next, page.next_url) = (None, None);
            api.deliver(&page)
        }
    }
}

/// Takes the first row of the page away once it was shown. A later page may be told by the last row, so that one stays.
fn delete(api: &mut Api, asked: &Asked) -> Reply {
    let page = api.page(asked);
    let reply = api.deliver(&page);
    if page.rows.len() > 1 {
        api.delete(&text(&page.rows[0]["id"]));
    }
    reply
}
