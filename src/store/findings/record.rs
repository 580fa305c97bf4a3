//! Writes down what people did, many findings to a statement, inside a transaction of the caller that holds their locks.

use tieout_reconcilers::instant::Instant;

use super::write::{BATCH, HISTORY_OF_ACTS, insert};
use crate::finding::Finding;
use crate::plan::{Act, Acted};
use crate::store::error::StoreError;
use crate::store::outbox;
use crate::store::sql::{Tx, Value, args, params};

/// What was done, by whom and when.
pub(super) struct Done<'a> {
    pub(super) what: &'a Act,
    pub(super) actor: &'a str,
    pub(super) now: Instant,
}

impl Done<'_> {
    /// Writes findings as they stand after the act. `before` and `acted` are about the same findings, in one order.
    pub(super) async fn record(
        &self,
        tx: &mut Tx,
        before: &[Finding],
        acted: &[Acted],
    ) -> Result<(), StoreError> {
        for (before, acted) in before.chunks(BATCH).zip(acted.chunks(BATCH)) {
            let withdrawn = before.iter().zip(acted).filter(|(_, acted)| acted.withdraws);
            let withdrawn: Vec<Value<'_>> =
                withdrawn.filter_map(|(before, _)| before.event_id).map(Value::from).collect();
            if !withdrawn.is_empty() {
                outbox::withdraw(tx, &withdrawn, self.now).await?;
            }
            let findings: Vec<Finding> = acted.iter().map(|acted| acted.finding.clone()).collect();
            insert(tx, &findings).await?;
            self.record_owner(tx, &findings).await?;
            self.append_history(tx, &findings).await?;
        }
        Ok(())
    }

    /// The one column that no run writes.
    async fn record_owner(&self, tx: &mut Tx, findings: &[Finding]) -> Result<(), StoreError> {
        let owner = match self.what {
            Act::Assign { to } => Some(to.as_str()),
            Act::Unassign => None,
            Act::Ignore(_) | Act::Reopen { .. } | Act::Note { .. } => return Ok(()),
        };
        for member in
            findings.chunk_by(|one, next| (&one.id.domain, &one.id.each) == (&next.id.domain, &next.id.each))
        {
            let Some(first) = member.first() else { continue };
            let mut args = args![owner, first.id.domain.as_str(), first.id.each.as_str()].to_vec();
            args.extend(member.iter().map(|finding| Value::from(finding.id.key.as_str())));
            let keys = params(member.len(), 3);
            let sql = format!(
                "UPDATE findings SET owner = $1 WHERE domain = $2 AND each_ = $3 AND key IN ({keys})"
            );
            tx.execute(sql, &args).await?;
        }
        Ok(())
    }

    async fn append_history(&self, tx: &mut Tx, findings: &[Finding]) -> Result<(), StoreError> {
        let values = findings.iter().flat_map(|finding| self.history_values(finding));
        let args: Vec<Value<'_>> = values.collect();
        tx.insert(HISTORY_OF_ACTS, 10, &args, "").await
    }

    fn history_values<'f>(&'f self, finding: &'f Finding) -> [Value<'f>; 10] {
        args![
            finding.id.domain.as_str(),
            finding.id.each.as_str(),
            finding.id.key.as_str(),
            finding.episode,
            finding.state.as_str(),
            self.now,
            finding.run_id,
            self.what.told(),
            self.what.as_str(),
            self.actor,
        ]
    }
}
