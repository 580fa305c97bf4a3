//! Feeds of changes: everything at first, then what changed since the token that the last page gave.

use proptest::prelude::*;

use super::*;

/// What happens to an item: it is there with this clock, or it is gone.
#[derive(Debug, Clone, Copy)]
struct Change {
    id: i64,
    at: Option<i64>,
}

/// How the provider leads through changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// A cursor, and a token of another name that has a parameter of its own.
    Cursor,
    /// Links to the next page and to the next changes.
    Link,
    /// One token for both, with a word on whether more follows.
    OneToken,
}

fn definition(by: By, size: usize) -> Definition {
    let (sent, next) = match by {
        By::Cursor => ("cursor: \"{cursor}\", token: \"{token}\"", "cursor: next, save: token"),
        By::Link => ("by: link", "url: next_link, save: token_link"),
        By::OneToken => ("cursor: \"{cursor}\"", "cursor: cursor, more: more, save: cursor"),
    };
    feed(
        &format!("{{limit: \"{{size}}\", {sent}}}"),
        &format!(
            "    gone_if: {{deleted: true}}
    next: {{{next}, size: {size}}}
    window: {{clock: created_at, \"on\": created, as: epoch, filter: client}}
"
        ),
    )
}

/// The items after the first changes of a log.
fn state(log: &[Change]) -> BTreeMap<i64, i64> {
    let mut held = BTreeMap::new();
    for change in log {
        match change.at {
            Some(at) => held.insert(change.id, at),
            None => held.remove(&change.id),
        };
    }
    held
}

/// The provider: what has happened so far, and what happens before each further request.
struct Provider {
    log: Vec<Change>,
    later: Vec<Change>,
}

impl Provider {
    /// Where in the log a walk stands: from where, up to where, and how many rows were shown.
    fn place(&self, query: &Query) -> [usize; 3] {
        let known = |name: &str| query.get(name).map(|text| numbers(text));
        match known("cursor").or_else(|| known("token")).as_deref() {
            // Everything, as it is now.
            None => [0, self.log.len(), 0],
            // The token of a finished walk: what happened since.
            Some([since]) => [*since, self.log.len(), 0],
            Some([since, until, shown]) => [*since, *until, *shown],
            Some(_) => panic!("{query:?}"),
        }
    }

    fn answer(&mut self, query: &Query) -> (u16, Value) {
        let [since, until, shown] = self.place(query);
        let rows = changed(&self.log, since, until);
        let size = usize::try_from(number(query, "limit").unwrap()).unwrap();
        let page: Vec<Value> = rows.iter().skip(shown).take(size).cloned().collect();
        let end = shown + page.len();
        let more = end < rows.len();
        let (next, token) = (format!("{since}.{until}.{end}"), until.to_string());
        let link = |name: &str, text: &str| format!("/orders?limit={size}&{name}={text}");
        let (name, either) = if more { ("cursor", &next) } else { ("token", &token) };
        let only = |wanted: bool, text: String| wanted.then_some(text);
        let body = json!({
            "data": page, "more": more, "cursor": either,
            "next": only(more, next.clone()), "token": only(!more, token.clone()),
            "next_link": only(more, link(name, either)), "token_link": only(!more, link(name, either)),
        });
        self.log.extend(self.later.pop());
        (200, body)
    }
}

fn numbers(text: &str) -> Vec<usize> {
    text.split('.').map(|part| part.parse().unwrap()).collect()
}

/// What is to be shown of a part of the log: the newest of each item. In the first read there is nothing to be gone.
fn changed(log: &[Change], since: usize, until: usize) -> Vec<Value> {
    let held = state(&log[..until]);
    let touched: BTreeSet<i64> = log[since..until].iter().map(|change| change.id).collect();
    let row = |id: i64| match held.get(&id) {
        Some(&at) => Some(Row { id, at }.json()),
        None if since == 0 => None,
        None => Some(json!({ "id": id, "deleted": true })),
    };
    touched.into_iter().filter_map(row).collect()
}

/// What somebody knows who knew `before` and then saw a walk.
fn learned(mut before: BTreeMap<i64, i64>, walked: &Walked) -> BTreeMap<i64, i64> {
    before.extend(walked.seen.iter().map(|(id, at)| (*id, at.unwrap())));
    before.retain(|id, _| !walked.gone.contains(id));
    before
}

/// The one token of a walk, which its last page has.
fn token(walked: &Walked) -> Option<String> {
    let (last, others) = walked.tokens.split_last()?;
    others.iter().all(Option::is_none).then(|| last.clone())?
}

/// How much of the log a token stands behind.
fn given_at(token: &str) -> usize {
    token.rsplit('=').next().unwrap().parse().unwrap()
}

fn change() -> impl Strategy<Value = Change> {
    (0_i64..12, prop::option::weighted(0.7, 0_i64..100)).prop_map(|(id, at)| Change { id, at })
}

proptest! {
    #[test]
    fn a_walk_from_a_token_shows_exactly_the_changes_since_it_was_given(
        by in prop::sample::select(vec![By::Cursor, By::Link, By::OneToken]),
        size in 1_usize..5,
        // At least one change, since nothing is told apart from everything by where it begins.
        first in prop::collection::vec(change(), 1..20),
        meanwhile in prop::collection::vec(change(), 0..8),
        nights in prop::collection::vec(prop::collection::vec(change(), 0..10), 1..4),
    ) {
        let definition = definition(by, size);
        let mut provider = Provider { log: first, later: meanwhile };
        let (mut saved, mut known, mut through) = (None::<String>, BTreeMap::new(), 0);
        for night in nights {
            let slice = Slice { token: saved.as_deref().map(Into::into), ..seconds(0, 100) };
            let walked = walk(&definition, &slice, |query| provider.answer(query));
            prop_assert_eq!(&walked.end, &End::Whole, "{:?}", walked);
            let token = token(&walked);
            prop_assert!(token.is_some(), "{:?}", walked.tokens);
            let since = through;
            through = given_at(token.as_deref().unwrap());
            known = learned(known, &walked);
            prop_assert_eq!(&known, &state(&provider.log[..through]));
            let mut shown = walked.ids();
            shown.extend(&walked.gone);
            shown.sort_unstable();
            let touched: BTreeSet<i64> = provider.log[since..through].iter().map(|change| change.id).collect();
            if since > 0 {
                prop_assert_eq!(shown, touched.into_iter().collect::<Vec<_>>(), "each once, and nothing else");
            }
            saved = token;
            provider.log.extend(night);
        }
    }
}
