//! What tests touch, as a table: a line for each domain, and behind it what no test of it ever touches.

use crate::report::touched::{Reached, Touched};

use super::escape::safe;
use super::grid::{Grid, figure};

/// The lines of `tieout test --coverage`.
#[must_use]
pub(super) fn touched(domains: &[Touched]) -> Vec<String> {
    let titles = ["COVERAGE", "TESTS", "KINDS", "FIELDS", "FAULTS", "NEVER"];
    let mut grid = Grid::new(0).titles(titles).figures([1]).hidden_where_empty([5]);
    for domain in domains {
        grid.row([
            safe(&domain.domain).into_owned(),
            figure(domain.tests as u64),
            share(&domain.kinds),
            share(&domain.fields),
            share(&domain.faults),
            never(domain),
        ]);
    }
    grid.lines()
}

fn share(Reached { touched, never }: &Reached) -> String {
    format!("{} of {}", touched.len(), touched.len() + never.len())
}

fn never(domain: &Touched) -> String {
    let parts = [("", &domain.kinds), ("fields ", &domain.fields), ("faults ", &domain.faults)];
    let parts = parts.iter().filter(|(_, reached)| !reached.never.is_empty());
    let parts = parts.map(|(what, reached)| format!("{what}{}", reached.never.join(", ")));
    safe(&parts.collect::<Vec<_>>().join("; ")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_domain_has_a_line_and_what_is_never_touched_stands_behind_it() {
        let reached = |touched: &[&str], never: &[&str]| Reached {
            touched: touched.iter().map(ToString::to_string).collect(),
            never: never.iter().map(ToString::to_string).collect(),
        };
        let some = Touched {
            domain: "stripe.charges".to_owned(),
            tests: 2,
            kinds: reached(&["missing", "mismatched"], &["orphaned", "unreadable"]),
            fields: reached(&["status"], &["amount", "cur\u{1b}[2Jrency"]),
            faults: reached(&["status"], &["timeout"]),
        };
        let all = Touched {
            domain: "shop.orders".to_owned(),
            kinds: reached(&["missing"], &[]),
            fields: reached(&["amount"], &[]),
            faults: reached(&["status"], &[]),
            ..some.clone()
        };
        insta::assert_snapshot!(touched(&[some, all.clone()]).join("\n"));
        assert!(!touched(&[all]).join("\n").contains("NEVER"));
    }
}
