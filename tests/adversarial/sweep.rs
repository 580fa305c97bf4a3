//! A page that breaks off at every one of its bytes, in every way in which HTTP can break off.
//!
//! Thousands of walks are too many for the binary, so they are made with the library that it is made of.

use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tieout::config::Config;
use tieout::source::{Client, Coverage, ProviderSettings, Walk};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::reconciler::Reconciler;
use tieout_reconcilers::window::{Purpose, Slice, Window};

use crate::http::{Listener, Reply, Then};
use crate::server::Server;
use crate::world::{World, charge, runtime};

/// What the server is called.
pub(crate) const NAME: &str = "truncated_body_at_every_byte";
/// What it does.
pub(crate) const DOES: &str = "breaks a page off behind each of its bytes: as if that were all, in front of the length that it announced, and in a chunk";
/// What tieout makes of it.
pub(crate) const SAYS: &str = "the page is not JSON, or reading the body failed; no row of it is used";

/// How a body that breaks off is framed.
#[derive(Debug, Clone, Copy)]
enum Framing {
    AsIfWhole,
    Announced,
    Chunked,
}

/// Walks over the page as often as it has bytes, and once over all of it.
pub(crate) fn survive() -> Result<(), String> {
    let world = World::of(Arc::new(Server::new(NAME, DOES)));
    let rows = [charge("ch_1", 60, 1), charge("ch_2", 120, 2)];
    let body = json!({ "data": rows, "has_more": false }).to_string().into_bytes();
    let cut = Arc::new(Mutex::new((body.len(), Framing::AsIfWhole)));
    let (page, how) = (body.clone(), Arc::clone(&cut));
    let listener = Listener::start(move |_| {
        let (length, framing) = *how.lock().unwrap();
        broken_off(&page, length, framing)
    });
    let reconciler = reconciler(world.folder());
    let walk = |length, framing| {
        *cut.lock().unwrap() = (length, framing);
        runtime().block_on(walk(&listener.uri(), Arc::clone(&reconciler)))
    };
    if walk(body.len(), Framing::AsIfWhole) != (2, true) {
        return Err("the whole page is not read".to_owned());
    }
    for length in 0..body.len() {
        for framing in [Framing::AsIfWhole, Framing::Announced, Framing::Chunked] {
            let (items, is_complete) = walk(length, framing);
            if items > 0 || is_complete {
                return Err(format!("{items} items, complete {is_complete}: {length} bytes, {framing:?}"));
            }
        }
    }
    Ok(())
}

fn broken_off(page: &[u8], length: usize, framing: Framing) -> Reply {
    let part = &page[..length];
    let head =
        |header: String| format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{header}\r\n\r\n");
    match framing {
        Framing::AsIfWhole => Reply::json(200, String::from_utf8_lossy(part)),
        Framing::Announced => {
            let head = head(format!("content-length: {}", page.len()));
            Reply::Bytes([head.as_bytes(), part].concat(), Then::Closes)
        }
        Framing::Chunked => {
            let head = head("transfer-encoding: chunked".to_owned()) + &format!("{:x}\r\n", page.len());
            Reply::Bytes([head.as_bytes(), part].concat(), Then::Closes)
        }
    }
}

fn reconciler(folder: &Path) -> Arc<dyn Reconciler> {
    let loaded = Config::load(&folder.join("tieout.yaml")).unwrap();
    Arc::clone(&loaded.domains[0])
}

/// How many items a walk of one attempt hands out, and whether it says that this is all.
async fn walk(base: &str, reconciler: Arc<dyn Reconciler>) -> (usize, bool) {
    let base: url::Url = base.parse().unwrap();
    let mut settings = ProviderSettings::new("api".parse().unwrap(), base);
    settings.allow_private = true;
    settings.caps.attempts = 1;
    settings.caps.outage = std::time::Duration::ZERO;
    let client = Client::new(&settings).unwrap();
    let now = Instant::from(chrono::Utc::now());
    let window = Window::new(now - std::time::Duration::from_hours(24), now).unwrap();
    let mut walk = Walk::start(client, reconciler, Slice::new(window, Purpose::Coverage));
    let mut items = 0;
    while let Some(page) = walk.next().await {
        items += page.items.len();
    }
    (items, walk.coverage().await == Coverage::Complete)
}
