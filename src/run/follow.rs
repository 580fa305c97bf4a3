//! Earlier findings are followed: both sides are read again by key, whatever the lists show tonight.

use std::collections::{HashMap, HashSet};

use tieout_reconcilers::compare::Side;
use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::page::Wanted;
use tieout_reconcilers::reconciler::ClockKind;

use super::domain::{Night, Proven};
use super::outcome::Failure;
use crate::confirm::Absence;
use crate::finding::{Finding, State};
use crate::plan::Plan;

impl Night<'_> {
    /// Reads the two sides of earlier findings again and plans how they go on.
    pub(super) async fn follow(&mut self, findings: &[Finding]) -> Result<(), Failure> {
        let now = self.job.store.now().await?;
        let rest = self.rest_needed();
        let rested: HashSet<Key> = findings
            .iter()
            .filter(|known| known.state != State::Suspected || known.first_seen + rest <= now)
            .map(|known| known.id.key.clone())
            .collect();
        let wanted = |finding: &Finding| Wanted { key: finding.id.key.clone(), clock: finding.clock };
        let items: Vec<Wanted> = findings.iter().map(wanted).collect();
        let ahead = self.ahead(findings, now);
        let ahead = |key: &Key| ahead.get(key).copied();
        let absence = self.absence_among(findings);
        let reading = self.reading();
        let rested = |key: &Key| rested.contains(key);
        let confirmation = reading.confirm_known(&items, &rested, &ahead, absence).await?;
        self.doubt_unknown(&confirmation)?;
        self.report.follow_up.checked += confirmation.judged.len() as u64;
        let observations = confirmation.judged.into_iter().map(|judged| judged.observation).collect();
        let plan = self.decide(observations, None).await?;
        self.count_follow_up(&plan);
        self.commit(plan, Proven::default()).await
    }

    /// Whether absence is no surprise for any of some findings.
    pub(super) fn absence_among(&self, findings: &[Finding]) -> Absence {
        let absent = self.direction().kind_of_only(Side::Local);
        let is_gone = |finding: &Finding| finding.kind == absent;
        if findings.iter().any(is_gone) { Absence::Expected } else { Absence::Unexpected }
    }

    /// Where upstream was ahead of the local side long enough ago for every webhook about that to have arrived.
    fn ahead(&self, findings: &[Finding], now: Instant) -> HashMap<Key, Instant> {
        if self.sides.reconciler.feed().clock_kind != Some(ClockKind::Updated) {
            return HashMap::new();
        }
        let wait = self.reading().wait();
        let was_ahead = |known: &&Finding| {
            known.state == State::Suspected
                && matches!(known.kind, Kind::Missing | Kind::Mismatched)
                && known.first_seen + wait <= now
        };
        let clock = |known: &Finding| Some((known.id.key.clone(), known.clock?));
        findings.iter().filter(was_ahead).filter_map(clock).collect()
    }

    fn count_follow_up(&mut self, plan: &Plan) {
        let counts = &mut self.report.follow_up;
        for finding in &plan.findings {
            match finding.state {
                State::Repaired => counts.repaired += 1,
                State::Healed => counts.healed += 1,
                State::Emitted => counts.emitted_not_repaired += 1,
                State::Recurring => counts.recurring += 1,
                _ => {}
            }
        }
    }
}
