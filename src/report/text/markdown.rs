//! A run as Markdown, for a ticket or a chat: how it ended, a table of its domains, and what was found.

use crate::report::value::{DomainReport, PlannedFinding, RunReport};

use super::closing::{at_stake, gate, headline, problems};
use super::escape::sides_of;
use super::grid::{counted, figure};
use super::listing::{all_sent, member, money, outcome, returns, symbol};
use super::look::{Look, shell_word};
use super::markup::{code, fenced, row, word};
use super::next_steps::next_steps;
use super::note::note;
use super::run::heading;
use super::show::dearest_first;

/// The report of a run or plan in at most so many bytes; where it is longer, it says how to see the rest.
#[must_use]
pub fn markdown(report: &RunReport, look: &Look, most_bytes: usize) -> String {
    let look = Look { color: false, ..look.clone() };
    let whole = look.command(&format!("report show {} --format md", report.run_id));
    let rest = format!("\nMore does not fit here: {}\n", code(&whole));
    let mut text = String::new();
    for block in blocks(&dearest_first(report), &look) {
        if text.len() + block.len() + rest.len() + 1 > most_bytes {
            return text + &rest;
        }
        text += &block;
        text.push('\n');
    }
    text
}

/// Lines, and blocks of lines that stay together.
fn blocks(report: &RunReport, look: &Look) -> Vec<String> {
    let mut blocks = vec![format!("## {}", headline(report)), String::new(), code(&heading(report, look))];
    let gate = gate(report);
    if !gate.is_empty() {
        blocks.extend([String::new(), code(gate.trim_start_matches("; "))]);
    }
    blocks.extend(table(report, look));
    let stakes = at_stake(report).into_iter();
    blocks.extend(list("At stake", stakes.map(|[money, what]| format!("{} {}", code(&money), code(&what)))));
    for domain in &report.domains {
        blocks.extend(section(report, domain, look));
    }
    let warnings: Vec<String> = report.warnings.iter().map(|warning| look.sentence(warning)).collect();
    blocks.extend(block("Warnings", &warnings));
    let steps = next_steps(report, look).into_iter();
    blocks.extend(list("Next", steps.map(|step| format!("{} {}", code(&step.command), step.why))));
    blocks
}

/// One row per domain.
fn table(report: &RunReport, look: &Look) -> Vec<String> {
    let titles = [
        "Status",
        "Domain",
        "Items",
        "Missing",
        "Mismatched",
        "Orphaned",
        "Emitted",
        "Verified through",
        "Result",
    ];
    let marks = ["---", "---", "--:", "--:", "--:", "--:", "--:", "---", "---"];
    let head = [String::new(), row(&titles.map(str::to_owned)), row(&marks.map(str::to_owned))];
    let cells = |domain: &DomainReport| {
        let items = domain.items;
        let through = domain.verified_through.as_deref().map(|at| code(&look.told(at)));
        row(&[
            domain.status.as_str().to_owned(),
            code(&domain.domain),
            figure(domain.of_truth()),
            figure(items.missing),
            figure(items.mismatched),
            figure(items.orphaned),
            figure(domain.events.emitted),
            through.unwrap_or_else(|| "nothing yet".to_owned()),
            note(domain),
        ])
    };
    head.into_iter().chain(report.domains.iter().map(cells)).collect()
}

/// What a domain has to say: its problems, and its findings.
fn section(report: &RunReport, domain: &DomainReport, look: &Look) -> Vec<String> {
    let troubles: Vec<String> = problems(report, domain, look).into_iter().flatten().collect();
    let listed = findings(report, domain, look);
    if troubles.is_empty() && listed.is_empty() {
        return Vec::new();
    }
    let mut blocks = vec![String::new(), format!("### {}", code(&domain.domain))];
    if !troubles.is_empty() {
        blocks.extend([String::new(), fenced(&troubles)]);
    }
    blocks.extend(listed);
    blocks
}

/// A row for each finding.
fn findings(report: &RunReport, domain: &DomainReport, look: &Look) -> Vec<String> {
    if domain.findings.is_empty() {
        return Vec::new();
    }
    let titles = ["", "Item", "Kind", "Amount", "What happens", "Here -> upstream"];
    let marks = ["---", "---", "---", "--:", "---", "---"];
    let mut blocks = vec![String::new(), row(&titles.map(str::to_owned)), row(&marks.map(str::to_owned))];
    let all_sent = all_sent(domain);
    blocks.extend(domain.findings.iter().map(|finding| {
        row(&[
            symbol(finding).to_string(),
            code(&format!("{}{}", finding.key, member(finding))),
            word(&finding.kind),
            code(&money(finding).unwrap_or_default()),
            code(&(outcome(finding, all_sent) + &returns(finding))),
            changes(finding),
        ])
    }));
    if domain.findings_not_listed > 0 {
        let verb = if report.mode == "plan" { "plan" } else { "findings list" };
        let all = look.command(&format!("{verb} {} --limit 0", shell_word(&domain.domain)));
        let more = counted(domain.findings_not_listed, "more finding");
        blocks.extend([String::new(), format!("... {more}; all of them: {}", code(&all))]);
    }
    blocks
}

/// The fields of a pair that differs.
fn changes(finding: &PlannedFinding) -> String {
    let of_a_pair = finding.fields.iter().filter(|_| finding.kind == "mismatched");
    let told = of_a_pair.map(|diff| {
        let (local, upstream) = sides_of(diff);
        code(&format!("{}: {local} -> {upstream}", diff.field))
    });
    told.collect::<Vec<_>>().join("<br>")
}

/// A list under a word, or nothing where it is empty.
fn list(title: &str, lines: impl IntoIterator<Item = String>) -> Vec<String> {
    let lines: Vec<String> = lines.into_iter().map(|line| format!("- {line}")).collect();
    if lines.is_empty() {
        return lines;
    }
    [vec![String::new(), format!("{title}:"), String::new()], lines].concat()
}

/// Lines in a block under a word, or nothing where there are none.
fn block(title: &str, lines: &[String]) -> Vec<String> {
    if lines.is_empty() {
        return Vec::new();
    }
    vec![String::new(), format!("{title}:"), String::new(), fenced(lines)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::text::samples;

    fn whole(report: &RunReport) -> String {
        markdown(report, &Look::default(), usize::MAX)
    }

    #[test]
    fn a_ticket_says_how_it_ended_which_domains_and_what_was_found() {
        insta::assert_snapshot!(whole(&samples::emitted()));
    }

    #[test]
    fn a_ticket_about_trouble_quotes_it_and_says_what_to_do() {
        let mut report = samples::partial();
        report.domains[1]
            .problems
            .push("the table is not there; create it:\nCREATE TABLE a (\n  seq\n);".into());
        report.warnings.push("the channel `ops` did not take the message".into());
        insta::assert_snapshot!(whole(&report));
    }

    #[test]
    fn nothing_from_outside_is_markup() {
        let told = whole(&samples::hostile());
        assert!(!told.contains(['\u{1b}', '\u{202e}', '\r']), "{told}");
        let mut forged = samples::emitted();
        let evil = "x` | @ada\n\n# all is well <img src=https://example.com/a.png> ```";
        let domain = &mut forged.domains[0];
        domain.problems.push(evil.to_owned());
        domain.findings.truncate(1);
        domain.findings[0].key = evil.to_owned();
        domain.findings[0].event_type = Some(evil.to_owned());
        domain.findings[0].currency = Some(evil.to_owned());
        insta::assert_snapshot!(whole(&forged));
    }

    #[test]
    fn what_is_too_long_ends_with_a_whole_line_and_says_where_the_rest_is() {
        let (report, look) = (samples::emitted(), Look::default());
        let whole = whole(&report);
        assert_eq!(markdown(&report, &look, whole.len() + 200), whole);
        for most in [700, 1_000, 1_500] {
            let cut = markdown(&report, &look, most);
            assert!(
                cut.len() <= most && cut.contains("More does not fit here: `tieout report show"),
                "{cut}"
            );
            let kept = cut.split("\nMore").next().unwrap();
            assert!(whole.starts_with(kept) && kept.ends_with('\n'), "{cut}");
        }
    }
}
