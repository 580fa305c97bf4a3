//! What is different between two runs, as text.

use crate::report::diff::{AmountLine, Change, DomainDiff, FindingChange, ReportDiff};

use super::escape::safe;
use super::grid::{Grid, counted, figure, page};
use super::look::{Look, shell_word};

/// `tieout report diff`: a block per domain, and how many are listed of it at most.
#[must_use]
pub fn diff(diff: &ReportDiff, limit: usize, look: &Look) -> String {
    let mut lines = vec![format!("from run {} to run {}", diff.from, diff.to), String::new()];
    for domain in &diff.domains {
        lines.push(head(domain));
        let mut grid = Grid::new(2);
        domain.findings.iter().take(limit).for_each(|finding| grid.row(row(finding)));
        lines.extend(grid.lines().iter().map(|line| look.paint(line)));
        let more = domain.findings.len().saturating_sub(limit);
        if more > 0 {
            let all = format!("report diff {} {} --limit 0", shell_word(&diff.from.to_string()), diff.to);
            lines.push(format!("  ... {} more; all of them: {}", figure(more as u64), look.command(&all)));
        }
        lines.push(String::new());
    }
    let sum = |of: fn(&DomainDiff) -> u64| diff.domains.iter().map(of).sum::<u64>();
    let (new, gone, changed) =
        (sum(|domain| domain.new), sum(|domain| domain.gone), sum(|domain| domain.changed));
    lines.push(if diff.is_empty() {
        format!("Nothing is different in {}.", counted(diff.domains.len() as u64, "domain"))
    } else {
        format!("Diff: {} new, {} gone, {} changed.", figure(new), figure(gone), figure(changed))
    });
    page(&lines)
}

/// `shop.charges  4 findings before, 5 after: 2 new (USD 10.00), 1 gone (USD 5.00), 1 changed`.
fn head(domain: &DomainDiff) -> String {
    format!(
        "{}  {} before, {} after: {} new{}, {} gone{}, {} changed",
        safe(&domain.domain),
        counted(domain.before, "finding"),
        figure(domain.after),
        figure(domain.new),
        money(&domain.new_amounts),
        figure(domain.gone),
        money(&domain.gone_amounts),
        figure(domain.changed)
    )
}

fn money(amounts: &[AmountLine]) -> String {
    if amounts.is_empty() {
        return String::new();
    }
    let amounts: Vec<String> =
        amounts.iter().map(|line| safe(&format!("{} {}", line.currency, line.amount)).into_owned()).collect();
    format!(" ({})", amounts.join(", "))
}

fn row(finding: &FindingChange) -> [String; 4] {
    let symbol = match finding.change {
        Change::New => '+',
        Change::Gone => '-',
        Change::Changed => '~',
    };
    let member = if finding.each.is_empty() { String::new() } else { format!(" [{}]", safe(&finding.each)) };
    let state = match (finding.before, finding.after) {
        (Some(before), Some(after)) if before == after => {
            format!("{}, in episode {}", after.as_str(), finding.episode)
        }
        (Some(before), Some(after)) => format!("{} -> {}", before.as_str(), after.as_str()),
        (Some(state), None) | (None, Some(state)) => state.as_str().to_owned(),
        (None, None) => String::new(),
    };
    let amount = finding.amount.as_deref().map(|amount| {
        let currency = finding.currency.as_deref().unwrap_or_default();
        safe(&format!("{currency} {amount}")).into_owned()
    });
    [
        format!("{symbol} {}{member}", safe(&finding.key)),
        finding.kind.map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
        amount.unwrap_or_default(),
        state,
    ]
}
