//! How the end of a walk is known.

use serde_json::Value;

use super::paging::{Turn, link, told, turns, url_in};
use crate::conformance::play::Act;
use crate::conformance::traffic::{Exchange, leaves};

pub(super) fn shows(code: &str, act: &Act) -> Option<bool> {
    let turns = turns(act);
    let (Some(first), Some(last)) = (turns.first(), act.page_calls().last().copied()) else {
        return Some(code == "S9" && ends_with_token(act));
    };
    let ended = act.is_complete;
    Some(
        ended
            && match code {
                "S1" => no_way_on(first, last),
                "S2" => has_flag_that_turns(first.one, last),
                "S3" => act.pages.last().is_some_and(Vec::is_empty) && !says_how_many(act, last),
                "S4" => {
                    let rows = |at: Option<&Vec<_>>| at.map_or(0, Vec::len);
                    rows(act.pages.last()) < rows(act.pages.first()) && !says_how_many(act, last)
                }
                "S5" => says_how_many(act, last),
                "S9" => ends_with_token(act),
                _ => return None,
            },
    )
}

/// What led from the first page to the second is absent, null or empty on the last.
fn no_way_on(first: &Turn<'_>, last: &Exchange) -> bool {
    if link(first.one).is_some() {
        return link(last).is_none();
    }
    let at = told(first, "query ").or_else(|| told(first, "body ")).or_else(|| url_in(first));
    at.is_some_and(|at| match last.said().pointer(&at) {
        None | Some(Value::Null) => true,
        Some(value) => value.as_str().is_some_and(|text| text.is_empty() || text == "null"),
    })
}

/// A flag that says on the first page the contrary of what it says on the last.
fn has_flag_that_turns(first: &Exchange, last: &Exchange) -> bool {
    let last = last.said();
    leaves(&first.said()).into_iter().any(|(at, leaf)| {
        matches!((leaf, last.pointer(&at)), (Value::Bool(one), Some(Value::Bool(other))) if one != other)
    })
}

/// The number of rows or pages stands in the answer, as text or as a number.
fn says_how_many(act: &Act, last: &Exchange) -> bool {
    let rows = act.items().count();
    let counts = [rows.to_string(), act.pages.len().to_string()];
    let named = |name: &str| {
        let name = name.to_lowercase();
        name.contains("total") || name.contains("pages") || name.contains("count")
    };
    let said = last.said();
    let in_body =
        leaves(&said).into_iter().any(|(at, leaf)| named(&at) && counts.contains(&leaf.to_string()));
    in_body || last.answered.iter().any(|(name, value)| named(name) && counts.contains(value))
}

/// The last answer, and no earlier one, holds an address or token that is no way to another page.
fn ends_with_token(act: &Act) -> bool {
    let calls = act.page_calls();
    let Some((last, earlier)) = calls.split_last() else { return false };
    let tokens = |call: &Exchange| -> Vec<String> {
        leaves(&call.said())
            .into_iter()
            .filter(|(at, leaf)| {
                leaf.is_string() && (at.to_lowercase().contains("delta") || at.contains("Sync"))
            })
            .map(|(at, _)| at)
            .collect()
    };
    act.is_complete && !tokens(last).is_empty() && earlier.iter().all(|call| tokens(call).is_empty())
}
