//! Where the rows of an answer are.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::conformance::play::Act;
use crate::conformance::traffic::{Exchange, leaves, text};

pub(super) fn shows(code: &str, act: &Act) -> Option<bool> {
    let places = places(act);
    Some(match code {
        "F1" => places.iter().any(|at| starts_with_index(at)),
        "F2" => places.iter().any(|at| !starts_with_index(at) && below_row(at).is_some()),
        "F4" => places.iter().any(|at| below_row(at).is_some_and(|below| below.matches('/').count() > 1)),
        "F5" => lists(act).len() > 1 || has_tombstone(act),
        "F14" => was_completed(act),
        "F16" => {
            act.slice.is_some()
                && act.is_complete
                && act.calls().iter().any(|call| call.status == 200 && has_no_list(call))
        }
        _ => return None,
    })
}

/// Where the keys of the items stand in the answers.
fn places(act: &Act) -> Vec<String> {
    let keys: BTreeSet<&str> = act.items().flat_map(|item| item.key.split(':').chain([&*item.key])).collect();
    let found = |call: &&Exchange| {
        let said = call.said();
        leaves(&said)
            .into_iter()
            .filter(|(_, leaf)| keys.contains(&*text(leaf)))
            .map(|(at, _)| at)
            .collect::<Vec<_>>()
    };
    act.calls().iter().flat_map(found).collect()
}

fn is_index(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())
}

fn starts_with_index(at: &str) -> bool {
    at.trim_start_matches('/').split('/').next().is_some_and(is_index)
}

/// What follows the index of a row.
fn below_row(at: &str) -> Option<String> {
    let parts: Vec<&str> = at.split('/').collect();
    let index = parts.iter().position(|part| is_index(part))?;
    Some(format!("/{}", parts[index + 1..].join("/")))
}

/// The lists of the answers that hold items or say that some are gone.
fn lists(act: &Act) -> BTreeSet<String> {
    let all: BTreeSet<&str> =
        act.items().map(|item| &*item.key).chain(act.gone.iter().map(String::as_str)).collect();
    let mut lists = BTreeSet::new();
    for call in act.calls() {
        let said = call.said();
        for (at, leaf) in leaves(&said) {
            if all.contains(&*text(leaf)) {
                lists.extend(at.split_once("/0").map(|(list, _)| list.to_owned()));
            }
        }
    }
    lists
}

/// A row that is there to say that its item is not.
fn has_tombstone(act: &Act) -> bool {
    let is_named = |gone: &String| {
        act.calls().iter().any(|call| leaves(&call.said()).iter().any(|(_, leaf)| text(leaf) == *gone))
    };
    !act.gone.is_empty() && act.gone.iter().all(is_named)
}

/// A look-up brings the whole of an item that a page showed in part.
fn was_completed(act: &Act) -> bool {
    let members = |value: &Value| value.as_object().map_or(0, serde_json::Map::len);
    let calls = act.calls();
    let shown = |key: &str| {
        let rows = calls.iter().flat_map(|call| call.said()["value"].as_array().cloned().unwrap_or_default());
        rows.filter(|row| row["id"] == key).map(|row| members(&row)).min()
    };
    let whole =
        |key: &str| calls.iter().find(|call| call.path.ends_with(key)).map(|call| members(&call.said()));
    act.items()
        .any(|item| shown(&item.key).zip(whole(&item.key)).is_some_and(|(partial, whole)| partial < whole))
}

fn has_no_list(call: &Exchange) -> bool {
    fn any_list(value: &Value) -> bool {
        match value {
            Value::Array(_) => true,
            Value::Object(map) => map.values().any(any_list),
            _ => false,
        }
    }
    call.said().is_object() && !any_list(&call.said())
}
