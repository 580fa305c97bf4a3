//! `tieout demo`: what it says to the newcomer, and its verdict on itself. The scene is played elsewhere.

use std::collections::BTreeSet;
use std::path::Path;

use super::failure::Failure;
use crate::demo::truth::UnknownWord;
use crate::demo::{Planted, Verdict};
use crate::report::RunReport;
use crate::report::text::Look;

/// What a report says was found; it must list every finding.
pub fn found(report: &RunReport) -> Result<BTreeSet<Planted>, UnknownWord> {
    let findings = report.domains.iter().flat_map(|domain| {
        domain
            .findings
            .iter()
            .filter(|finding| finding.state != "suspected")
            .map(move |finding| (domain, finding))
    });
    findings
        .map(|(domain, finding)| {
            Ok(Planted {
                domain: domain.domain.parse()?,
                key: finding.key.clone(),
                kind: finding.kind.parse()?,
            })
        })
        .collect()
}

/// Exit code 1 where tieout did not find exactly what the demo had planted.
pub fn judge(verdict: &Verdict) -> Result<(), Failure> {
    if verdict.is_exact() {
        return Ok(());
    }
    let lines = |head: &'static str, planted: &[Planted]| {
        planted.iter().map(|planted| format!("\n{head}: {planted}")).collect::<Vec<_>>().concat()
    };
    Err(Failure::failed(
        "demo_differs",
        format!(
            "what was found is not what was planted; this is a bug in tieout{}{}",
            lines("overlooked", &verdict.overlooked),
            lines("invented", &verdict.invented)
        ),
    ))
}

/// The last words: what was left behind and what to try.
#[must_use]
pub fn farewell(dir: &Path, config: &Path) -> String {
    let look = Look { config: Some(config.display().to_string()), ..Look::default() };
    let steps = [
        ("status", "how far each domain is verified"),
        ("report list", "the runs that you just saw"),
        ("report show latest~1", "the first of them in full"),
        ("findings list --state repaired", "what was found and repaired"),
    ]
    .map(|(rest, why)| [look.command(rest), why.to_owned()]);
    let width = steps.iter().map(|[command, _]| command.len()).max().unwrap_or_default();
    let steps = steps.map(|[command, why]| format!("  {command:<width$}  {why}\n")).concat();
    format!("The definitions and databases are in {}. Look around:\n{steps}", dir.display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::truth::{Domain, Kind};

    #[test]
    fn a_demo_that_finds_anything_else_than_it_planted_fails() {
        assert_eq!(judge(&Verdict::default()), Ok(()));
        let planted = Planted { domain: Domain::Charges, key: "ch_1".into(), kind: Kind::Missing };
        let failure = judge(&Verdict { overlooked: vec![planted], invented: vec![] }).unwrap_err();
        assert_eq!(failure.exit, 1);
        assert!(failure.message.ends_with("\noverlooked: demo.charges missing ch_1"));
    }

    #[test]
    fn the_last_words_are_commands_that_work() {
        use clap::Parser;
        let words = farewell(Path::new("tieout-demo"), Path::new("tieout-demo/tieout.yaml"));
        insta::assert_snapshot!(words);
        for line in words.lines().skip(1) {
            let command = line.trim().split("  ").next().unwrap();
            crate::cli::Cli::try_parse_from(command.split(' ')).unwrap();
        }
    }
}
