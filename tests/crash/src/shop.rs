//! The shop: takes what is in the queue, counts an event once by its id, and applies it. It is the consumer that tieout's
//! promises are made to.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::place::{EVENTS, Place, put};
use crate::sql::quoted;
use crate::world::{Body, Domain};

/// An event as it stands in the queue.
#[derive(Debug, Clone)]
pub(crate) struct Delivered {
    pub(crate) id: String,
    pub(crate) domain: Option<Domain>,
    pub(crate) key: String,
    /// The last word of its type.
    pub(crate) word: String,
    pub(crate) event: Value,
}

impl Delivered {
    fn read(text: &str) -> Self {
        let event: Value = serde_json::from_str(text).unwrap_or(Value::Null);
        let word = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let source = word("source");
        let domain = Domain::ALL.into_iter().find(|domain| source == format!("/tieout/{domain}"));
        let last = word("type").rsplit('.').next().unwrap_or_default().to_owned();
        Self { id: word("id"), domain, key: word("subject"), word: last, event }
    }
}

impl Place {
    /// Everything that was ever put into the queue, in its order.
    pub(crate) async fn delivered(&self) -> Vec<Delivered> {
        let texts = match &self.events {
            Some(events) => {
                events.try_rows(&format!("SELECT event FROM {EVENTS} ORDER BY seq")).await.map_or_else(
                    // SQLite's table is made by the first delivery.
                    |error| if events.is_postgres() { panic!("{error}") } else { Vec::new() },
                    |rows| rows.into_iter().filter_map(|mut row| row.swap_remove(0)).collect(),
                )
            }
            None => lines(&std::fs::read(self.file("events.ndjson")).unwrap_or_default()),
        };
        texts.iter().map(|text| Delivered::read(text)).collect()
    }

    /// The queue loses everything that it has.
    pub(crate) async fn lose_the_queue(&self) {
        match &self.events {
            Some(events) => events.run(&format!("DELETE FROM {EVENTS}")).await,
            None => std::fs::write(self.file("events.ndjson"), "").unwrap(),
        }
    }

    /// Applies what was not applied yet, each event in a transaction with its entry in the inbox.
    pub(crate) async fn consume(&self) {
        let known: BTreeSet<String> =
            self.app.texts("SELECT event_id FROM inbox").await.into_iter().collect();
        let mut seq = known.len();
        let mut seen = known;
        let mut statements = String::new();
        for event in self.delivered().await {
            if !seen.insert(event.id.clone()) {
                continue;
            }
            seq += 1;
            statements += &apply(&event, seq);
        }
        if !statements.is_empty() {
            self.app.run(&format!("BEGIN; {statements} COMMIT;")).await;
        }
    }
}

/// Whole lines; the rest of one that a crash has cut off was never acknowledged.
fn lines(bytes: &[u8]) -> Vec<String> {
    let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    String::from_utf8_lossy(&bytes[..end]).lines().map(str::to_owned).collect()
}

fn apply(event: &Delivered, seq: usize) -> String {
    let domain = event.domain.map_or("", Domain::feed);
    let noted = format!(
        "INSERT INTO inbox (seq, event_id, domain, key, event) VALUES ({seq}, {}, {}, {}, {});\n",
        quoted(&event.id),
        quoted(domain),
        quoted(&event.key),
        quoted(&event.event.to_string()),
    );
    let Some(domain) = event.domain else { return noted };
    let data = &event.event["data"];
    let effect = match (event.word.as_str(), data["amount"].as_i64(), data["created"].as_i64()) {
        ("removed", ..) => format!("DELETE FROM {} WHERE id = {};\n", domain.feed(), quoted(&event.key)),
        (_, Some(amount), Some(created)) => {
            let status = if data["status"] == "paid" { "paid" } else { "open" };
            put(domain, &event.key, created, Body { amount, status })
        }
        _ => String::new(),
    };
    noted + &effect
}
