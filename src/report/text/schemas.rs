//! The registry of schemas as tables: what it holds, what breaks, and how large events are.

use crate::report::schemas::SchemaLine;
use crate::schemas::compat::Compared;
use crate::schemas::{Carries, Measured, Mode};

use super::escape::safe;
use super::grid::{Grid, counted, figure, page};
use super::look::Look;

/// `tieout schemas list`.
#[must_use]
pub fn schemas(lines: &[SchemaLine]) -> String {
    if lines.is_empty() {
        return "No schemas: write one as `schemas/NAME/v1.json`, and name it as `schema: NAME/v1` beside an event's `type`.\n"
            .to_owned();
    }
    let mut grid = Grid::new(0).titles(["SCHEMA", "VERSIONS", "COMPATIBLE", "UPCASTERS", "USED BY"]);
    for line in lines {
        let versions = line.versions.iter().map(|version| format!("v{version}"));
        let upcasters = line.upcasters.iter().map(|from| format!("v{from}-v{}", from + 1));
        grid.row([
            line.name.clone(),
            versions.collect::<Vec<_>>().join(" "),
            line.mode.as_str().to_owned(),
            or_none(&upcasters.collect::<Vec<_>>().join(" ")),
            or_none(&line.used_by.join(", ")),
        ]);
    }
    page(&grid.lines())
}

fn or_none(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { text.to_owned() }
}

/// `tieout schemas check`.
#[must_use]
pub fn compared(pairs: &[Compared], quiet: bool, look: &Look) -> String {
    let is_told = |pair: &&Compared| !quiet || !pair.differences.is_empty();
    let mut lines: Vec<String> = pairs.iter().filter(is_told).flat_map(|pair| of_pair(pair, look)).collect();
    let breaking = pairs.iter().filter(|pair| !pair.differences.is_empty()).count() as u64;
    lines.push(match (pairs.len(), breaking) {
        (0, _) => "schemas check: no version has an older one to compare with".to_owned(),
        (_, 0) => format!("schemas check: nothing breaks in {}", counted(pairs.len() as u64, "comparison")),
        (all, breaking) => {
            format!("schemas check: {breaking} of {} break", counted(all as u64, "comparison"))
        }
    });
    page(&lines)
}

fn of_pair(pair: &Compared, look: &Look) -> Vec<String> {
    let breaks = !pair.differences.is_empty();
    let word = if breaks { "failed" } else { "ok" };
    let versions = if pair.from == pair.to {
        format!("v{} as published", pair.from)
    } else {
        format!("v{} to v{}", pair.from, pair.to)
    };
    let wanted = match pair.mode {
        Mode::None => "nothing is promised".to_owned(),
        mode => format!("{} is promised, {} holds", mode.as_str(), holding(pair.holds)),
    };
    let head = look.paint(&format!("{word:<7} {}  {versions}  {wanted}", pair.name));
    let told = pair.differences.iter().map(|difference| {
        let undecided = if difference.undecided { "undecided: " } else { "" };
        let path = if difference.path.is_empty() { "/" } else { &difference.path };
        format!(
            "          {}  {}  {undecided}{}",
            difference.direction.as_str(),
            safe(path),
            safe(&difference.why)
        )
    });
    std::iter::once(head).chain(told).collect()
}

const fn holding(mode: Mode) -> &'static str {
    match mode {
        Mode::None => "neither",
        mode => mode.as_str(),
    }
}

/// `tieout schemas sizes`.
#[must_use]
pub fn sizes(domain: &str, measured: &Measured) -> String {
    if measured.sizes.is_empty() {
        return format!("No events of {domain} are kept: sizes are those of events that were made.\n");
    }
    let mut grid = Grid::new(0).titles(["DATA", "EVENTS", "P50", "P99", "MAX"]).figures([1, 2, 3, 4]);
    for line in &measured.sizes {
        let figures = [line.events, line.p50_bytes, line.p99_bytes, line.max_bytes].map(figure);
        let [events, p50, p99, max] = figures;
        grid.row([line.data.as_str().to_owned(), events, p50, p99, max]);
    }
    let mut lines = grid.lines();
    lines.push("Bytes of `data` alone; the envelope adds some 500.".to_owned());
    if measured.underivable > 0 {
        lines.push(format!("The expression makes nothing of {}.", counted(measured.underivable, "item")));
    }
    if !measured.sizes.iter().any(|sizes| sizes.data == Carries::Full) {
        lines.push("No event carried a whole item, so nobody knows how large those are.".to_owned());
    }
    page(&lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schemas::Sizes;
    use crate::schemas::compat::{Difference, Direction};

    #[test]
    fn the_registry_is_told_with_what_breaks_and_how_large_events_are() {
        let line = SchemaLine {
            name: "charge".to_owned(),
            versions: vec![1, 2],
            mode: Mode::Full,
            upcasters: vec![1],
            used_by: vec!["shop.charges (v2)".to_owned()],
        };
        let bare = SchemaLine { upcasters: Vec::new(), used_by: Vec::new(), ..line.clone() };
        let difference = Difference {
            direction: Direction::Backward,
            path: "/properties/amount/type".to_owned(),
            why: "no longer allowed here: string".to_owned(),
            undecided: false,
        };
        let unknown = Difference { path: String::new(), undecided: true, ..difference.clone() };
        let well = Compared {
            name: "charge".to_owned(),
            from: 1,
            to: 2,
            mode: Mode::Backward,
            holds: Mode::Full,
            differences: Vec::new(),
        };
        let edited =
            Compared { from: 2, holds: Mode::None, differences: vec![difference, unknown], ..well.clone() };
        let free = Compared { mode: Mode::None, ..well.clone() };
        let large =
            Sizes { data: Carries::Full, events: 1_200, p50_bytes: 900, p99_bytes: 1_000, max_bytes: 70_000 };
        let measured = Measured { sizes: vec![large], underivable: 1 };
        let thin = Measured { sizes: vec![Sizes { data: Carries::Thin, ..large }], underivable: 0 };
        let look = Look::default();
        let told = [
            schemas(&[line, bare]),
            schemas(&[]),
            compared(&[well.clone(), edited.clone(), free], false, &look),
            compared(&[well.clone(), edited], true, &look),
            compared(&[well], false, &look),
            compared(&[], false, &look),
            sizes("shop.charges", &measured),
            sizes("shop.charges", &thin),
            sizes("shop.charges", &Measured { sizes: Vec::new(), underivable: 0 }),
        ];
        insta::assert_snapshot!(told.join("---\n"));
    }
}
