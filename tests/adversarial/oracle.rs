//! Judges a night by brute force from what the API really holds, what it really delivered and what the local side holds.
//!
//! It shares no code with the product. It knows three things that the product cannot know: the truth, which rows left the
//! server whole, and every request that anybody received.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::api::{Item, text};
use crate::server::{Server, Verdict};
use crate::world::{CANARY, Night, World};

/// What is known to be there is looked up before absences and after them, so that an outage does not look like deletions.
const SENTINELS: usize = 2;

/// What a finding is about: its kind and its key.
type Pair = (&'static str, String);

/// Everything that can be known about the two sides.
struct Truth {
    /// The differences, by key.
    differences: BTreeMap<String, &'static str>,
    /// Keys of items that were there all the time and lie in the window.
    lasting: BTreeSet<String>,
    /// Keys that only the local side ever had.
    invented: BTreeSet<String>,
    /// Keys of delivered rows that differ from the local side, as they were delivered.
    shown_to_differ: BTreeSet<String>,
    delivered: BTreeSet<String>,
}

/// What was wrong with the first night; nothing is what it should be.
pub(crate) fn first_night(
    server: &Server,
    verdict: Verdict,
    world: &World,
    before: &[Item],
    night: &Night,
) -> Vec<String> {
    let truth = Truth::of(server, world, before, &server.unreadable);
    let mut wrong = Vec::new();
    let expected = verdict.exit_code();
    if night.code != expected {
        wrong.push(format!("exit code {} instead of {expected}", night.code));
    }
    wrong.extend(coverage(server, verdict, &truth, night));
    wrong.extend(findings(server, verdict, &truth, night));
    wrong.extend(events(server, &truth, world));
    wrong.extend(secrets(world, night));
    let asked = world.listener.asked().len();
    let pages = before.len().max(truth.delivered.len()).div_ceil(10) + 1;
    // A row that a walk did not show is looked up, which is what gives such a walk away.
    let unseen = truth.lasting.difference(&truth.delivered).count();
    let differences = truth.differences.len() + server.unreadable.len();
    let most = pages + unseen + differences + SENTINELS + server.extra_requests;
    if asked > most {
        wrong.push(format!("{asked} requests, and {most} would do"));
    }
    wrong
}

/// What the night must come to with a server that breaks off or hides rows at random: nothing where nobody could know.
pub(crate) fn verdict(server: &Server, world: &World, before: &[Item], is_broken: bool) -> Option<Verdict> {
    let truth = Truth::of(server, world, before, &server.unreadable);
    let mut unseen = truth.lasting.difference(&truth.delivered);
    if is_broken || unseen.any(|key| world.local.iter().any(|row| text(&row["id"]) == *key)) {
        return Some(Verdict::Partial(""));
    }
    // What was hidden and is not in the local side either leaves no trace.
    let hides_nothing = truth.lasting.is_subset(&truth.delivered);
    hides_nothing.then_some(Verdict::Whole)
}

/// What must never be, whatever the night came to.
pub(crate) fn soundness(server: &Server, world: &World, before: &[Item], night: &Night) -> Vec<String> {
    let truth = Truth::of(server, world, before, &server.unreadable);
    let mut wrong = false_findings(&truth, &told(night, &["suspected"]), "");
    wrong.extend(events(server, &truth, world));
    wrong.extend(secrets(world, night));
    wrong
}

/// What was wrong with the second night, for which the API was honest: nothing may have been lost for ever.
pub(crate) fn second_night(server: &Server, world: &World, first: &Night, night: &Night) -> Vec<String> {
    let now = world.api.lock().unwrap().items.clone();
    // An honest night can read everything.
    let truth = Truth::of(server, world, &now, &[]);
    let mut wrong = Vec::new();
    // What a limit holds stays held until a person approves it, and nights say so.
    let stays_held = first.code == 5 && night.code == 5;
    if night.code != 0 && !stays_held || night.domain["complete"] != true {
        wrong.push(format!("the second night ended with exit code {}", night.code));
    }
    let found: BTreeSet<Pair> = told(first, &[]).into_iter().chain(told(night, &[])).collect();
    for (key, kind) in &truth.differences {
        if !found.contains(&(*kind, key.clone())) {
            wrong.push(format!("{kind} {key} was lost for ever"));
        }
    }
    wrong.extend(false_findings(&truth, &told(night, &["held"]), "the second night: "));
    wrong.extend(events(server, &truth, world));
    wrong.extend(secrets(world, night));
    wrong
}

impl Truth {
    /// Nothing is known of the keys that are `unreadable`.
    fn of(server: &Server, world: &World, before: &[Item], unreadable: &[&str]) -> Self {
        let api = world.api.lock().unwrap();
        let local: BTreeMap<String, &Value> = world.local.iter().map(|row| (text(&row["id"]), row)).collect();
        let judged = |id: &str| !server.unjudged.contains(&id) && !unreadable.contains(&id);
        let in_window = |item: &&Item| is_in_window(item) && judged(&item.id());
        let upstream: BTreeMap<String, &Value> =
            api.items.iter().filter(in_window).map(|item| (item.id(), &item.value)).collect();
        let mut differences = BTreeMap::new();
        for (id, item) in &upstream {
            match local.get(id) {
                None => differences.insert(id.clone(), "missing"),
                Some(row) if !is_alike(item, row) => differences.insert(id.clone(), "mismatched"),
                Some(_) => None,
            };
        }
        for id in local.keys().filter(|id| judged(id) && api.find(id).is_none()) {
            differences.insert(id.clone(), "orphaned");
        }
        let was_there = |id: &String| before.iter().any(|item| item.id() == *id);
        let never = local.keys().filter(|id| !was_there(id) && api.find(id).is_none());
        let differs = |row: &&Value| local.get(&text(&row["id"])).is_none_or(|local| !is_alike(row, local));
        Self {
            lasting: upstream.keys().filter(|id| was_there(id)).cloned().collect(),
            invented: never.cloned().collect(),
            shown_to_differ: api.delivered.iter().filter(differs).map(|row| text(&row["id"])).collect(),
            delivered: api.delivered.iter().map(|row| text(&row["id"])).collect(),
            differences,
        }
    }

    fn has(&self, (kind, key): &Pair) -> bool {
        self.differences.get(key) == Some(kind)
    }
}

/// A first run judges the last thirty days.
fn is_in_window(item: &Item) -> bool {
    let now = chrono::Utc::now().timestamp();
    (now - 29 * 86_400..=now - 60).contains(&item.created())
}

fn is_alike(item: &Value, row: &Value) -> bool {
    item["amount"].as_f64() == row["amount"].as_f64()
        && ["currency", "status"].iter().all(|field| item[field] == row[field])
}

fn coverage(server: &Server, verdict: Verdict, truth: &Truth, night: &Night) -> Vec<String> {
    let mut wrong = Vec::new();
    let domain = &night.domain;
    let is_held = matches!(verdict, Verdict::Held(_));
    let is_whole = verdict == Verdict::Whole;
    let unseen: Vec<_> = truth.lasting.difference(&truth.delivered).collect();
    if domain["complete"] == true && !unseen.is_empty() && !is_held {
        wrong.push(format!("it says complete and never saw {unseen:?}"));
    }
    if is_whole && !unseen.is_empty() {
        wrong.push(format!("the table is wrong: nobody can be whole without {unseen:?}"));
    }
    if domain["complete"] != (is_whole || is_held) {
        wrong.push(format!("complete is {} instead of {is_whole}", domain["complete"]));
    }
    if domain["verified_through"].is_null() == is_whole && !server.proves_the_rest {
        wrong.push(format!("verified through {}", domain["verified_through"]));
    }
    let said = format!("{} {}", domain["problems"], domain["limits"]).replace("\\\"", "\"");
    match verdict.says() {
        Some(says) if !said.contains(says) => wrong.push(format!("it does not say {says:?}: {said}")),
        None if said != "[] []" => wrong.push(format!("it complains: {said}")),
        _ => {}
    }
    wrong
}

fn findings(server: &Server, verdict: Verdict, truth: &Truth, night: &Night) -> Vec<String> {
    let unproven: &[&str] = match verdict {
        // What a limit holds was not concluded, and nothing is sent.
        Verdict::Held(_) => &["suspected", "held"],
        _ => &["suspected"],
    };
    let (unreadable, found): (BTreeSet<Pair>, BTreeSet<Pair>) =
        told(night, unproven).into_iter().partition(|(kind, _)| *kind == "unreadable");
    let mut wrong = false_findings(truth, &found, "");
    for (_, key) in &unreadable {
        if !server.unreadable.contains(&key.as_str()) {
            wrong.push(format!("{key} is called unreadable"));
        }
    }
    if verdict != Verdict::Whole && !server.proves_the_rest {
        wrong.extend(
            found
                .iter()
                .filter(|(kind, _)| *kind == "orphaned")
                .map(|(_, key)| format!("{key} is called orphaned although not everything was seen")),
        );
    }
    let must = |(key, kind): &(&String, &&str)| match verdict {
        Verdict::Whole => {
            let was_shown = **kind != "orphaned" && truth.shown_to_differ.contains(*key);
            was_shown || truth.lasting.contains(*key) || truth.invented.contains(*key)
        }
        Verdict::Partial(_) => {
            !server.unconfirmed && **kind != "orphaned" && truth.shown_to_differ.contains(*key)
        }
        Verdict::Rejected(_) | Verdict::Held(_) => false,
    };
    for (key, kind) in truth.differences.iter().filter(must) {
        if !found.contains(&(*kind, key.clone())) {
            wrong.push(format!("{kind} {key} was seen and not found"));
        }
    }
    for key in server.unreadable.iter().filter(|key| truth.delivered.contains(**key)) {
        if !unreadable.contains(&("unreadable", (*key).to_owned())) {
            wrong.push(format!("{key} is not called unreadable"));
        }
    }
    wrong
}

fn false_findings(truth: &Truth, found: &BTreeSet<Pair>, when: &str) -> Vec<String> {
    let is_false = |pair: &&Pair| pair.0 != "unreadable" && !truth.has(pair);
    found.iter().filter(is_false).map(|(kind, key)| format!("{when}a false finding: {kind} {key}")).collect()
}

/// The findings of a report in other states than these.
fn told(night: &Night, but: &[&str]) -> BTreeSet<Pair> {
    let all = night.domain["findings"].as_array().map_or(&[][..], Vec::as_slice);
    let is_told = |finding: &&Value| !but.iter().any(|state| finding["state"] == *state);
    let kind = |finding: &Value| {
        let kinds = ["missing", "mismatched", "orphaned", "unreadable"];
        *kinds.iter().find(|kind| finding["kind"] == **kind).expect("a known kind")
    };
    all.iter().filter(is_told).map(|finding| (kind(finding), text(&finding["key"]))).collect()
}

/// Events carry what upstream holds, once for each key that is missing or differs.
fn events(server: &Server, truth: &Truth, world: &World) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut sent = BTreeSet::new();
    for (key, data) in world.events() {
        if !matches!(truth.differences.get(&key), Some(&("missing" | "mismatched"))) {
            wrong.push(format!("an event for {key}, which is as it should be"));
        }
        let carries = match server.rewrites {
            Some((rewritten, number)) if rewritten == key => data.contains(number),
            _ => {
                let value: Option<Value> = serde_json::from_str(&data).ok();
                world.api.lock().unwrap().find(&key).map(|item| &item.value) == value.as_ref()
            }
        };
        if !carries {
            wrong.push(format!("the event for {key} carries {data}"));
        }
        if !sent.insert(key.clone()) {
            wrong.push(format!("two events for {key}"));
        }
    }
    wrong
}

/// The credential goes to the configured origin and nowhere else: not to another server, not to a text, not to a file.
fn secrets(world: &World, night: &Night) -> Vec<String> {
    let mut wrong = Vec::new();
    for asked in world.elsewhere.asked() {
        wrong.push(format!("another origin was asked: {} {}", asked.method, asked.url));
        if asked.headers.iter().any(|(_, value)| value.contains(CANARY))
            || asked.url.as_str().contains(CANARY)
        {
            wrong.push("another origin was given the credential".to_owned());
        }
    }
    if night.stdout.contains(CANARY) || night.stderr.contains(CANARY) {
        wrong.push("the credential was printed".to_owned());
    }
    wrong.extend(world.leaks().into_iter().map(|file| format!("the credential is in {file}")));
    wrong
}
