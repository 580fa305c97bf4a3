//! What became of the events that were decided in a range of time, counted.

use tieout_reconcilers::name::DomainName;
use tieout_reconcilers::window::Window;

use super::row::OutboxState;
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::sql::args;

/// How many events were decided in a range of time, by what became of them until now. Each counts once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DecidedCount {
    /// Sent, and a later look found their drift repaired.
    pub repaired: u64,
    /// Sent, and nothing is known to be repaired by them yet.
    pub unrepaired: u64,
    /// Given up, dropped ones among them.
    pub dead: u64,
    /// Staged, pending or held.
    pub undelivered: u64,
    /// Not needed any more before they were sent.
    pub superseded: u64,
}

/// An event of an episode that ended `repaired` has repaired it.
const DECIDED: &str = "SELECT state, is_repaired, COUNT(*) AS count FROM (
        SELECT state, CASE WHEN state = 'sent' AND EXISTS (SELECT 1 FROM finding_history AS step
            WHERE step.domain = outbox.domain AND step.each_ = outbox.each_ AND step.key = outbox.key
            AND step.episode = outbox.episode AND step.state = 'repaired')
            THEN CAST(1 AS BIGINT) ELSE 0 END AS is_repaired
        FROM outbox WHERE domain = $1 AND staged_at >= $2 AND staged_at < $3
    ) AS decided GROUP BY state, is_repaired";

impl Store {
    /// Counts the events of a domain that were decided in a range of time. Those that were taken out of the outbox are not among them.
    pub async fn decided(&self, domain: &DomainName, window: Window) -> Result<DecidedCount, StoreError> {
        let mut tx = self.read().await?;
        let rows = tx.rows(DECIDED, &args![domain.as_str(), window.from(), window.to()]).await?;
        let mut decided = DecidedCount::default();
        for row in &rows {
            let is_repaired = row.count::<u8>("is_repaired")? == 1;
            let count: u64 = row.count("count")?;
            *match row.word("state", OutboxState::from_word)? {
                OutboxState::Sent if is_repaired => &mut decided.repaired,
                OutboxState::Sent => &mut decided.unrepaired,
                OutboxState::Dead => &mut decided.dead,
                OutboxState::Staged | OutboxState::Pending | OutboxState::Held => &mut decided.undelivered,
                OutboxState::Superseded => &mut decided.superseded,
            } += count;
        }
        Ok(decided)
    }
}
