//! `tieout findings`: what was found and what became of it.

use std::time::Duration;

use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::instant::Instant;

use super::failure::Failure;
use super::output::Output;
use crate::cause::Cause;
use crate::finding::{Finding, State};
use crate::report::{FindingView, exit, json, text};

/// Which findings `findings list` is asked for, within the selected domains.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// In one of these states; in any where none is named.
    pub states: Vec<State>,
    /// Of one of these kinds; of any where none is named.
    pub kinds: Vec<Kind>,
    /// With one of these causes; with any or none where none is named.
    pub causes: Vec<Cause>,
    /// What this person takes care of; `-` is nobody.
    pub owner: Option<String>,
    /// First seen at least so long ago.
    pub older_than: Option<Duration>,
}

impl Filter {
    /// Whether a finding is asked for.
    #[must_use]
    pub fn wants(&self, finding: &Finding, now: Instant) -> bool {
        let owner = finding.owner.as_deref();
        let has_cause = || finding.cause.as_ref().is_some_and(|known| self.causes.contains(&known.cause));
        (self.states.is_empty() || self.states.contains(&finding.state))
            && (self.kinds.is_empty() || self.kinds.contains(&finding.kind))
            && (self.causes.is_empty() || has_cause())
            && self.owner.as_deref().is_none_or(|wanted| owner.unwrap_or("-") == wanted)
            && self.older_than.is_none_or(|age| finding.first_seen + age <= now)
    }

    /// The first `limit` of the findings that are asked for (all where it is 0), and how many more there are.
    #[must_use]
    pub fn pick(&self, findings: Vec<Finding>, limit: usize, now: Instant) -> (Vec<Finding>, u64) {
        let mut wanted: Vec<Finding> =
            findings.into_iter().filter(|finding| self.wants(finding, now)).collect();
        let shown = if limit == 0 { wanted.len() } else { limit.min(wanted.len()) };
        let more = (wanted.len() - shown) as u64;
        wanted.truncate(shown);
        (wanted, more)
    }
}

/// Writes `findings list`.
pub fn list(findings: &[Finding], not_listed: u64, output: &Output) -> Result<u8, Failure> {
    write(findings, not_listed, |look| text::findings(findings, not_listed, look), output)
}

/// Writes what findings a person did something to, as they are now.
pub fn did(findings: &[Finding], output: &Output) -> Result<u8, Failure> {
    write(findings, 0, |look| text::findings(findings, 0, look), output)
}

/// Writes what an approval would let go, and the commands that do it.
pub fn held(findings: &[Finding], commands: &[String], output: &Output) -> Result<u8, Failure> {
    let human = |look: &text::Look| format!("{}{}\n", text::findings(findings, 0, look), commands.join("\n"));
    write(findings, 0, human, output)
}

fn write(
    findings: &[Finding],
    not_listed: u64,
    human: impl FnOnce(&text::Look) -> String,
    output: &Output,
) -> Result<u8, Failure> {
    let lines = || json::lines("finding", findings.iter().map(FindingView::from));
    output.show(human, || json::findings(findings, not_listed), lines)?;
    Ok(exit::DONE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cause::Explanation;
    use crate::report::text::samples;

    #[test]
    fn a_cause_leaves_out_the_findings_of_others_and_those_without_any() {
        let now = samples::finding(State::Open).first_seen;
        let caused = |cause| Finding { cause, ..samples::finding(State::Open) };
        let findings = vec![
            caused(Some(Explanation::of(Cause::NeverSent))),
            caused(Some(Explanation::unknown("the log was not read"))),
            caused(None),
        ];
        let picked = |causes: &[Cause]| {
            let filter = Filter { causes: causes.to_vec(), ..Filter::default() };
            filter.pick(findings.clone(), 0, now).0
        };
        assert_eq!(picked(&[Cause::NeverSent]), findings[..1]);
        assert_eq!(picked(&[Cause::Unknown, Cause::NeverSent]), findings[..2]);
        assert_eq!(picked(&[Cause::Conflict]), []);
        assert_eq!(picked(&[]), findings);
    }

    #[test]
    fn a_filter_restricts_and_a_limit_says_what_it_left_out() {
        let findings = vec![samples::finding(State::Open), samples::finding(State::Repaired)];
        let states = |filter: &Filter, limit| {
            let now = findings[0].first_seen + Duration::from_hours(1);
            let (picked, more) = filter.pick(findings.clone(), limit, now);
            (picked.iter().map(|finding| finding.state).collect::<Vec<_>>(), more)
        };
        assert_eq!(states(&Filter::default(), 0), (vec![State::Open, State::Repaired], 0));
        let over = Filter {
            states: vec![State::Repaired],
            kinds: vec![Kind::Mismatched],
            causes: Vec::new(),
            owner: Some("-".to_owned()),
            older_than: Some(Duration::from_hours(1)),
        };
        assert_eq!(states(&over, 20), (vec![State::Repaired], 0));
        assert_eq!(states(&Filter::default(), 1), (vec![State::Open], 1));
        let nothing = [
            Filter { kinds: vec![Kind::Orphaned], ..Filter::default() },
            Filter { owner: Some("ada".to_owned()), ..Filter::default() },
            Filter { older_than: Some(Duration::from_hours(2)), ..Filter::default() },
        ];
        for none in nothing {
            assert_eq!(states(&none, 1), (vec![], 0));
        }
    }
}
