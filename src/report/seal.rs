//! The last look at a report before it is written: sums that do not add up make it a failed run that says so.

use super::exit::{self, decide};
use super::invariants::check;
use super::value::{RunReport, Status};

/// The report, or the same report marked as failed where it contradicts itself.
#[must_use]
pub fn seal(mut report: RunReport) -> RunReport {
    let mut broken = Vec::new();
    for domain in &mut report.domains {
        if let Err(contradiction) = check(domain) {
            domain.status = Status::Failed;
            note(&mut domain.problems, contradiction.to_string());
            broken.push(format!("contradiction:{}", domain.domain));
        }
    }
    if !broken.is_empty() {
        report.status = Status::Failed;
        let codes = [report.exit.code, exit::FAILED].map(|code| (code, String::new()));
        report.exit.code = decide(&codes).code;
        for reason in broken {
            note(&mut report.exit.reasons, reason);
        }
    }
    report
}

/// Notes a text once, so that a sealed report can be sealed again.
fn note(texts: &mut Vec<String>, text: String) {
    if !texts.contains(&text) {
        texts.push(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::text::samples;

    #[test]
    fn a_report_that_contradicts_itself_is_a_failed_run() {
        let mut report = samples::in_sync();
        report.domains[0].items.matched += 1;
        let sealed = seal(report);
        assert_eq!((sealed.status, sealed.exit.code), (Status::Failed, exit::FAILED));
        assert_eq!(sealed.exit.reasons, ["contradiction:stripe.charges"]);
        assert_eq!(sealed.domains[0].status, Status::Failed);
        assert_eq!(seal(sealed.clone()), sealed);
        assert!(sealed.domains[0].problems[0].contains("do not add up"));
    }

    #[test]
    fn a_report_that_adds_up_passes_unchanged() {
        assert_eq!(seal(samples::partial()), samples::partial());
    }
}
