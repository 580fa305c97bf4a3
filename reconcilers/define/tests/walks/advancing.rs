//! Lists that are walked along their clock: each page says where the next one begins, and rows at that edge come again.

use proptest::prelude::*;

use super::*;

/// Who says where the next page begins, and how the last page is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    /// The page, with a word on whether it is the last one.
    ByThePage,
    /// The page, until it says nothing any more.
    UntilNothing,
    /// The last row; a short page is the last one.
    ByTheLastRow,
}

fn definition(said: Said, size: usize) -> Definition {
    let next = match said {
        Said::ByThePage => "cursor: next_start, done: end_of_stream",
        Said::UntilNothing => "cursor: start_unless_done",
        Said::ByTheLastRow => "cursor: \"last:created_at\", stop: [short]",
    };
    feed(
        "{limit: \"{size}\", start: \"{cursor}\"}",
        &format!(
            "    order: created asc
    next: {{{next}, first: \"{{from}}\", size: {size}}}
    window: {{clock: created_at, as: epoch, edges: \"[\"}}
"
        ),
    )
}

/// The rows from an instant on, oldest first.
fn answer(rows: &[Row], query: &Query) -> (u16, Value) {
    let start = number(query, "start").unwrap();
    let size = usize::try_from(number(query, "limit").unwrap()).unwrap();
    let mut found: Vec<Row> = rows.iter().filter(|row| row.at >= start).copied().collect();
    found.sort_unstable_by_key(|row| (row.at, row.id));
    found.truncate(size);
    let next = found.last().map_or(start, |row| row.at);
    let is_last = found.len() < size;
    let data: Vec<Value> = found.iter().map(|row| row.json()).collect();
    let unless_done = (!is_last).then_some(next);
    (
        200,
        json!({ "data": data, "next_start": next, "start_unless_done": unless_done, "end_of_stream": is_last }),
    )
}

/// Whether a page can hold nothing but rows of one instant, behind which such a provider leads nobody.
fn is_stuck(rows: &[Row], from: i64, size: usize) -> bool {
    let sharing = |at: i64| rows.iter().filter(|row| row.at == at).count();
    rows.iter().any(|row| row.at >= from && sharing(row.at) >= size)
}

proptest! {
    #[test]
    fn every_row_of_the_window_is_seen_or_the_walk_never_says_that_it_is_whole(
        rows in prop::collection::btree_map(0_i64..500, 0_i64..40, 0..60),
        said in prop::sample::select(vec![Said::ByThePage, Said::UntilNothing, Said::ByTheLastRow]),
        size in 1_usize..8,
        window in (0_i64..35, 1_i64..40),
    ) {
        let rows: Vec<Row> = rows.into_iter().map(|(id, at)| Row { id, at }).collect();
        let (from, to) = (window.0, window.0 + window.1);
        let walked = walk(&definition(said, size), &seconds(from, to), |query| answer(&rows, query));
        if is_stuck(&rows, from, size) {
            prop_assert_eq!(&walked.end, &End::Repeated, "{:?}", walked);
            return Ok(());
        }
        prop_assert_eq!(&walked.end, &End::Whole, "{:?}", walked);
        let expected = rows.iter().filter(|row| (from..to).contains(&row.at)).map(|row| row.id).collect();
        prop_assert_eq!(walked.ids_within(from..to), expected);
        prop_assert!(walked.requests <= rows.len() + 2, "{} requests", walked.requests);
    }
}
