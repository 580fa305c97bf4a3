//! How one page leads to the next.

use std::collections::BTreeSet;

use super::windows::moved_by_window;
use crate::conformance::play::Act;
use crate::conformance::traffic::{Exchange, leaves, text};

/// Two requests of a walk, one after the other.
pub(super) struct Turn<'a> {
    pub one: &'a Exchange,
    pub other: &'a Exchange,
    /// How many rows the page between them held.
    pub rows: usize,
    /// The key of its last row.
    pub last: Option<&'a str>,
}

/// The turns of a walk; an answer that was asked for again is none.
pub(super) fn turns(act: &Act) -> Vec<Turn<'_>> {
    let calls: Vec<&Exchange> = act.page_calls().into_iter().filter(|call| call.status == 200).collect();
    calls
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| !pair[1].repeats(pair[0]))
        .map(|(at, pair)| {
            let page = act.pages.get(at);
            Turn {
                one: pair[0],
                other: pair[1],
                rows: page.map_or(0, Vec::len),
                last: page.and_then(|page| page.last()).map(|item| &*item.key),
            }
        })
        .collect()
}

pub(super) fn shows(code: &str, act: &Act, before: &[Act]) -> Option<bool> {
    let turns = turns(act);
    let any = |law: fn(&Turn<'_>) -> bool| Some(turns.iter().any(law));
    match code {
        "P1" => any(|turn| changed(turn).any(|(from, to)| number(&to) == number(&from).map(|n| n + 1))),
        "P2" => any(|turn| {
            let rows = turn.rows as u64;
            rows > 1 && changed(turn).any(|(from, to)| number(&to) == number(&from).map(|n| n + rows))
        }),
        "P3" => any(|turn| told(turn, "query ").is_some()),
        "P4" => any(|turn| turn.other.method == "POST" && told(turn, "body ").is_some()),
        "P6" => any(|turn| link(turn.one).is_some_and(|link| leads_to(link, turn.other))),
        "P7" => any(|turn| url_in(turn).is_some()),
        "P8" => any(|turn| turn.last.is_some_and(|last| changed(turn).any(|(_, to)| to == last))),
        "P10" => Some(goes_on_from_token(act, before)),
        "P13" => {
            any(|turn| changed(turn).any(|(from, to)| from.contains(' ') && digits_only_differ(&from, &to)))
        }
        "Q1" => Some(turns.iter().any(|turn| {
            let moved = moved_by_window(act);
            !moved.is_empty() && moved.iter().all(|name| !turn.other.parts().contains_key(name))
        })),
        _ => None,
    }
}

/// The parts of a request that the next one has otherwise, with both values.
fn changed(turn: &Turn<'_>) -> impl Iterator<Item = (String, String)> {
    let from = turn.one.parts();
    turn.other.parts().into_iter().filter_map(move |(name, to)| {
        let from = from.get(&name).cloned().unwrap_or_default();
        (from != to).then_some((from, to))
    })
}

fn number(text: &str) -> Option<u64> {
    text.parse().ok()
}

/// Where in the answer stood what a part of the next request says.
pub(super) fn told(turn: &Turn<'_>, kind: &str) -> Option<String> {
    let from = turn.one.parts();
    let new: BTreeSet<String> = turn
        .other
        .parts()
        .into_iter()
        .filter(|(name, to)| name.starts_with(kind) && from.get(name) != Some(to))
        .map(|(_, to)| to)
        .collect();
    let said = turn.one.said();
    leaves(&said).into_iter().find(|(_, leaf)| new.contains(&text(leaf))).map(|(at, _)| at)
}

/// The `rel="next"` of an answer.
pub(super) fn link(exchange: &Exchange) -> Option<&str> {
    let links = exchange.answered.get("link")?.split(',');
    let next = links.filter(|link| link.contains("next")).find_map(|link| link.split_once('<'));
    next?.1.split_once('>').map(|(url, _)| url)
}

/// Where in the answer stood the address of the next request.
pub(super) fn url_in(turn: &Turn<'_>) -> Option<String> {
    let said = turn.one.said();
    let urls = leaves(&said).into_iter().filter(|(_, leaf)| leaf.is_string());
    urls.filter(|(_, leaf)| leaf.as_str().is_some_and(|url| url.contains('/') && leads_to(url, turn.other)))
        .map(|(at, _)| at)
        .next()
}

fn leads_to(link: &str, request: &Exchange) -> bool {
    let base = url::Url::parse("http://any.invalid/").expect("a base");
    base.join(link).is_ok_and(|url| {
        let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        url.path() == request.path && query == request.query
    })
}

fn digits_only_differ(from: &str, to: &str) -> bool {
    let bare = |text: &str| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    bare(from) == bare(to)
}

/// An earlier walk left a token, and the first request of this one holds it.
fn goes_on_from_token(act: &Act, before: &[Act]) -> bool {
    let Some(token) = act.slice.as_ref().and_then(|slice| slice.token.as_deref()) else { return false };
    let sent = act.calls().first().is_some_and(|call| {
        call.parts().values().any(|value| value == token) || token.contains('/') && leads_to(token, call)
    });
    let left = |earlier: &Act| earlier.is_complete && earlier.token.as_deref() == Some(token);
    sent && before.iter().any(left)
}
