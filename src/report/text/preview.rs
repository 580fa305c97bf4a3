//! One page of a feed: what was asked, what came, what is understood, what comes next.

use super::escape::safe;
use super::grid::{Grid, counted, figure, page};
use crate::probe::{Preview, Row};

/// How many rows are listed.
const LISTED: usize = 20;

/// `tieout preview`.
#[must_use]
pub fn preview(preview: &Preview) -> String {
    let mut lines = preview.member.as_deref().map(|member| block("for", member)).unwrap_or_default();
    lines.extend(block("asked", &preview.request));
    let kind = preview.content_type.as_deref().unwrap_or("no content type");
    let bytes = figure(preview.bytes as u64);
    lines.push(format!("came     status {}, {}, {bytes} bytes", preview.status, safe(kind)));
    lines.extend(preview.raw.lines().map(|line| format!("  {}", safe(line))));
    lines.push(understood(preview));
    lines.extend(rows(&preview.rows));
    let bad = preview.unreadable.iter();
    lines.extend(bad.map(|(index, reason)| format!("  ! row {index}: {}", safe(reason))));
    lines.extend(preview.unseen.iter().map(|place| format!("  ! nothing at `{}`", safe(place))));
    lines.extend(preview.gaps.iter().map(|gap| format!("  ! only a part: {}", safe(gap))));
    lines.extend(preview.gone.iter().map(|key| format!("  - deleted: {}", safe(key))));
    match &preview.next {
        Some(next) => lines.extend(block("next", next)),
        None => lines.push("next     nothing: this is the end of the list".to_owned()),
    }
    page(&lines)
}

fn block(name: &str, text: &str) -> Vec<String> {
    let lines = text.lines().enumerate();
    lines
        .map(|(at, line)| {
            let name = if at == 0 { name } else { "" };
            format!("{name:<8} {}", safe(line))
        })
        .collect()
}

fn understood(preview: &Preview) -> String {
    let total = preview.total.map(|total| format!(" of {}", figure(total))).unwrap_or_default();
    format!("means    {}{total}", counted(preview.rows.len() as u64, "row"))
}

fn rows(rows: &[Row]) -> Vec<String> {
    let mut grid = Grid::new(2).titles(["key", "clock", "version"]);
    let cell = |value: &Option<String>| safe(value.as_deref().unwrap_or("(absent)")).into_owned();
    for row in rows.iter().take(LISTED) {
        grid.row([cell(&row.key), cell(&row.clock), cell(&row.version)]);
    }
    let mut lines = grid.lines();
    if rows.len() > LISTED {
        lines.push(format!("  ... {}", counted((rows.len() - LISTED) as u64, "more row")));
    }
    lines
}
