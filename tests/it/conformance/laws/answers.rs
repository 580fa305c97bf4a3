//! What answers mean that are no pages, how items are looked up, and fan-outs.

use tieout::source::{NextStep, Reason};

use crate::conformance::play::Act;
use crate::conformance::traffic::{Exchange, leaves, text};

pub(super) fn shows(code: &str, act: &Act, before: &[Act]) -> Option<bool> {
    let calls = act.calls();
    let step_before = before.last().and_then(Act::next_step);
    let again = act.is_complete && act.slice.is_some();
    Some(match code {
        // 200 and no success.
        "E2" => {
            let failed = |call: &&Exchange| {
                let said = call.said();
                call.status == 200
                    && (said["ok"] == false || said.get("errors").is_some() || said.get("Fault").is_some())
            };
            !act.is_complete && act.items().next().is_none() && calls.iter().any(failed)
        }
        "E3" => {
            let half = |call: &&Exchange| call.said()["data"].is_object() && call.said()["errors"].is_array();
            !act.is_complete && calls.iter().any(half)
        }
        "E4" => {
            let empty = |call: &&Exchange| matches!(call.status, 204 | 404 | 409 | 410);
            again && act.items().next().is_none() && calls.iter().any(empty)
        }
        "E5" => {
            again
                && matches!(step_before, Some(NextStep::ReadAgain | NextStep::Resync))
                && begins_anew(act, before)
        }
        "E6" => again && step_before == Some(NextStep::ReadAgain) && begins_anew(act, before),
        "E7" => again && before.iter().any(|act| act.next_step() == Some(NextStep::Halve)),
        "E8" => {
            act.items().next().is_some()
                && act.reasons.iter().any(|reason| matches!(reason, Reason::Gap { .. }))
        }
        "C1" => each_key_was_asked_alone(act, &calls, |key| key),
        "C5" => each_key_was_asked_alone(act, &calls, first_part) && lists_one(act, &calls),
        "C2" => names_all_keys(act, &calls, "GET"),
        "C3" => names_all_keys(act, &calls, "POST"),
        "C4" => {
            let is_graphql = |call: &&Exchange| call.sent().is_some_and(|sent| sent["query"].is_string());
            names_all_keys(act, &calls, "POST") && calls.iter().all(is_graphql)
        }
        "X1" => before.iter().any(|other| {
            other.slice.is_some()
                && act.slice.is_some()
                && other.each != act.each
                && asks_otherwise(act, other)
        }),
        _ => return None,
    })
}

/// The walk that lost its way had come further than this one begins.
fn begins_anew(act: &Act, before: &[Act]) -> bool {
    let Some(lost) = before.last() else { return false };
    let failed =
        lost.calls().last().is_some_and(|call| call.status >= 400 || call.said().get("error_code").is_some());
    let first = |act: &Act| act.calls().first().map(|call| call.parts());
    let same_start = first(act) == first(lost);
    failed && (same_start || act.slice.as_ref().is_some_and(|slice| slice.token.is_none()))
}

/// One request for each key; some are there and some are gone.
fn each_key_was_asked_alone(act: &Act, calls: &[&Exchange], named: fn(&str) -> &str) -> bool {
    let has = |call: &Exchange, key: &str| {
        call.path.contains(key) || call.query.iter().any(|(_, value)| value.contains(key))
    };
    let alone = |key: &String| calls.iter().any(|call| call.method == "GET" && has(call, named(key)));
    answered_both_ways(act) && act.asked.iter().all(alone) && calls.len() >= act.asked.len()
}

/// What of a composite key the provider can search by.
fn first_part(key: &str) -> &str {
    key.split(':').next().unwrap_or_default()
}

fn answered_both_ways(act: &Act) -> bool {
    !act.asked.is_empty() && !act.there.is_empty() && (!act.gone.is_empty() || !act.is_complete)
}

/// The item was found in a list, through a filter on its own key.
fn lists_one(act: &Act, calls: &[&Exchange]) -> bool {
    let filters = |call: &&Exchange| {
        call.query.iter().any(|(_, value)| act.asked.iter().any(|key| first_part(key) == value))
    };
    calls.iter().all(filters)
}

/// One request names several keys, and its answer says about each whether it is there.
fn names_all_keys(act: &Act, calls: &[&Exchange], method: &str) -> bool {
    let names = |call: &&Exchange| {
        let in_body =
            call.sent().map(|sent| leaves(&sent).into_iter().map(|(_, leaf)| text(leaf)).collect::<Vec<_>>());
        let words: Vec<String> = in_body
            .unwrap_or_default()
            .into_iter()
            .chain(call.query.iter().map(|(_, v)| v.clone()))
            .collect();
        call.method == method
            && act.asked.iter().all(|key| words.iter().any(|word| word.contains(key.as_str())))
    };
    act.asked.len() > 1 && answered_both_ways(act) && calls.iter().any(names)
}

/// Two members of the fan-out are asked for different things, or with different credentials.
fn asks_otherwise(act: &Act, other: &Act) -> bool {
    let first = |act: &Act| {
        let call = act.calls().first().copied().cloned();
        call.map(|call| (call.parts(), call.headers.get("authorization").cloned()))
    };
    first(act).is_some() && first(act) != first(other)
}
