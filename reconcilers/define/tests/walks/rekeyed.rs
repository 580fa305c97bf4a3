//! Lists that show no more than a number of rows of one query, and that begin anew behind an id.

use proptest::prelude::*;

use super::*;

/// What leads through the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Cursor,
    Link,
    Page,
    Offset,
}

/// How the provider cuts its list.
#[derive(Debug, Clone, Copy)]
struct Cut {
    by: By,
    size: usize,
    cap: usize,
    /// Whether it refuses what lies behind the cap, or says that there is nothing.
    refuses: bool,
    /// Whether it counts the rows of a query.
    counts: bool,
}

fn definition(cut: Cut) -> Definition {
    let (sent, next) = match cut.by {
        By::Cursor => ("after: \"{cursor}\"", "cursor: next"),
        By::Link => ("sort: id", "url: link"),
        By::Page => ("page: \"{page}\"", "page: 1"),
        By::Offset => ("skip: \"{offset}\"", "offset: 0"),
    };
    let total = if cut.counts { ", total: total" } else { "" };
    feed(
        &format!("{{limit: \"{{size}}\", {sent}, from: \"{{from}}\", to: \"{{to}}\", above: \"{{rekey}}\"}}"),
        &format!(
            "    order: id asc
    next: {{{next}, size: {}{total}}}
    window: {{clock: created_at, \"on\": created, as: epoch, cap: {{rows: {}, then: rekey}}}}
",
            cut.size, cut.cap
        ),
    )
}

/// The list by id, of which a query shows the first rows alone.
fn answer(rows: &[Row], cut: Cut, query: &Query) -> (u16, Value) {
    let (from, to) = (number(query, "from").unwrap(), number(query, "to").unwrap());
    let above = number(query, "above");
    let mut found: Vec<Row> = rows.to_vec();
    found.retain(|row| (from..to).contains(&row.at) && above.is_none_or(|last| row.id > last));
    found.sort_unstable();
    let size = usize::try_from(number(query, "limit").unwrap()).unwrap();
    let place = |name: &str| usize::try_from(number(query, name).unwrap_or_default()).unwrap();
    let start = match cut.by {
        By::Cursor | By::Link => place("after"),
        By::Page => (place("page") - 1) * size,
        By::Offset => place("skip"),
    };
    if cut.refuses && start + size > cut.cap {
        return (400, json!({ "error": "too deep" }));
    }
    let shown = found.len().min(cut.cap);
    let rows: Vec<Value> = found[..shown].iter().skip(start).take(size).map(|row| row.json()).collect();
    let end = start + rows.len();
    let follows = (end < if cut.refuses { found.len() } else { shown }).then_some(end);
    let after = |end: usize| link(query, "after", i64::try_from(end).unwrap());
    let body = json!({ "data": rows, "next": follows, "link": follows.map(after), "total": found.len() });
    (200, body)
}

fn cut() -> impl Strategy<Value = Cut> {
    let by = prop::sample::select(vec![By::Cursor, By::Link, By::Page, By::Offset]);
    (by, 1_usize..7, 1_usize..13, any::<bool>(), any::<bool>()).prop_map(
        |(by, size, cap, refuses, counts)| {
            // A provider that refuses even its first page shows nothing at all.
            let cap = if refuses { cap.max(size) } else { cap };
            Cut { by, size, cap, refuses, counts }
        },
    )
}

proptest! {
    #[test]
    fn every_row_of_the_window_is_seen_once_however_many_share_an_instant(
        rows in prop::collection::btree_map(-50_i64..500, 0_i64..20, 0..60),
        cut in cut(),
        window in (0_i64..15, 1_i64..20),
    ) {
        let rows: Vec<Row> = rows.into_iter().map(|(id, at)| Row { id, at }).collect();
        let (from, to) = (window.0, window.0 + window.1);
        let walked = walk(&definition(cut), &seconds(from, to), |query| answer(&rows, cut, query));
        prop_assert_eq!(&walked.end, &End::Whole, "{:?}", walked);
        let expected: Vec<i64> =
            rows.iter().filter(|row| (from..to).contains(&row.at)).map(|row| row.id).collect();
        prop_assert_eq!(walked.ids(), expected);
        prop_assert!(walked.requests <= rows.len() + 2, "{} requests", walked.requests);
    }
}
