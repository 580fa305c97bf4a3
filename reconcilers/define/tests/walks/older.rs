//! Lists that no window filters, newest first: a page of older rows ends the walk.

use proptest::prelude::*;

use super::*;

/// What leads through the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Cursor,
    LastRow,
    Link,
    Page,
    Offset,
}

fn definition(by: By, size: usize) -> Definition {
    let (sent, next) = match by {
        By::Cursor => ("after: \"{cursor}\"", "cursor: next"),
        By::LastRow => ("behind: \"{cursor}\"", "cursor: \"last:id\", more: more"),
        By::Link => ("sort: newest", "url: link"),
        By::Page => ("page: \"{page}\"", "page: 0"),
        By::Offset => ("skip: \"{offset}\"", "offset: 0, step: rows"),
    };
    let stop = if matches!(by, By::Page | By::Offset) { "[older, empty]" } else { "[older]" };
    feed(
        &format!("{{limit: \"{{size}}\", {sent}}}"),
        &format!(
            "    order: created desc
    next: {{{next}, size: {size}, stop: {stop}}}
    window: {{clock: created_at, as: epoch, filter: client}}
"
        ),
    )
}

/// All rows, newest first; `hides` are those that do not show their clock.
fn answer(rows: &[Row], hides: &BTreeSet<i64>, by: By, query: &Query) -> (u16, Value) {
    let mut found = rows.to_vec();
    found.sort_unstable_by_key(|row| std::cmp::Reverse((row.at, row.id)));
    let size = usize::try_from(number(query, "limit").unwrap()).unwrap();
    let place = |name: &str| usize::try_from(number(query, name).unwrap_or_default()).unwrap();
    let start = match by {
        By::Cursor | By::Link => place("after"),
        By::LastRow => {
            number(query, "behind").map_or(0, |last| found.iter().position(|row| row.id == last).unwrap() + 1)
        }
        By::Page => place("page") * size,
        By::Offset => place("skip"),
    };
    let shown: Vec<Row> = found.iter().skip(start).take(size).copied().collect();
    let end = start + shown.len();
    let follows = (end < found.len()).then_some(end);
    let row = |row: &Row| if hides.contains(&row.id) { json!({ "id": row.id }) } else { row.json() };
    let after = |end: usize| link(query, "after", i64::try_from(end).unwrap());
    let data: Vec<Value> = shown.iter().map(row).collect();
    (200, json!({ "data": data, "next": follows, "link": follows.map(after), "more": follows.is_some() }))
}

proptest! {
    #[test]
    fn every_row_of_the_window_is_seen_and_hardly_an_older_one(
        rows in prop::collection::btree_map(0_i64..500, 0_i64..40, 0..60),
        hidden in prop::collection::btree_set(0_i64..500, 0..40),
        hides in any::<bool>(),
        by in prop::sample::select(vec![By::Cursor, By::LastRow, By::Link, By::Page, By::Offset]),
        size in 1_usize..8,
        window in (0_i64..35, 1_i64..40),
    ) {
        let rows: Vec<Row> = rows.into_iter().map(|(id, at)| Row { id, at }).collect();
        let hides = if hides { hidden } else { BTreeSet::new() };
        let (from, to) = (window.0, window.0 + window.1);
        let walked = walk(&definition(by, size), &seconds(from, to), |query| answer(&rows, &hides, by, query));
        prop_assert_eq!(&walked.end, &End::Whole, "{:?}", walked);
        let shown: BTreeSet<i64> = walked.ids().into_iter().collect();
        for row in rows.iter().filter(|row| (from..to).contains(&row.at)) {
            prop_assert!(shown.contains(&row.id), "{row:?} was not seen: {walked:?}");
        }
        prop_assert_eq!(walked.seen.len(), shown.len(), "no row comes twice");
        if hides.is_empty() {
            let needed = rows.iter().filter(|row| row.at >= from).count().div_ceil(size);
            prop_assert!(walked.requests <= needed + 1, "{} requests, {needed} pages", walked.requests);
        }
    }
}
