//! How the findings of a domain stand, counted by the database.

use std::collections::BTreeMap;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::DomainName;

use crate::finding::State;
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::sql::args;

/// How the findings of a domain stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StandingCount {
    /// How many are in each state that is not over.
    pub states: BTreeMap<State, u64>,
    /// How many of those that are followed were first seen before an instant.
    pub before: u64,
    /// When the oldest of those that are followed was first seen.
    pub oldest: Option<Instant>,
    /// Who takes care of how many of those that are followed, most first.
    pub owners: Vec<(String, u64)>,
    /// How many open findings have an event that was given up and that nobody dropped.
    pub dead_letters: u64,
}

impl Store {
    /// Counts the findings of a domain that are not over, of all its members.
    pub async fn standing(&self, domain: &DomainName, before: Instant) -> Result<StandingCount, StoreError> {
        let mut tx = self.read().await?;
        let rows = tx
            .rows(
                "SELECT state, COUNT(*) AS count, MIN(first_seen) AS oldest,
                     SUM(CASE WHEN first_seen < $2 THEN 1 ELSE 0 END) AS earlier
                 FROM findings WHERE domain = $1 AND state NOT IN ('repaired', 'healed') GROUP BY state",
                &args![domain.as_str(), before],
            )
            .await?;
        let mut standing = StandingCount::default();
        for row in &rows {
            let state = row.word("state", State::from_word)?;
            standing.states.insert(state, row.count("count")?);
            if state.is_followed() {
                standing.before += row.count::<u64>("earlier")?;
                let oldest = row.time("oldest")?;
                standing.oldest = Some(standing.oldest.map_or(oldest, |known| known.min(oldest)));
            }
        }
        let rows = tx
            .rows(
                "SELECT owner, COUNT(*) AS count FROM findings
                 WHERE domain = $1 AND owner IS NOT NULL AND state NOT IN ('repaired', 'healed', 'ignored')
                 GROUP BY owner ORDER BY count DESC, owner",
                &args![domain.as_str()],
            )
            .await?;
        for row in &rows {
            standing.owners.push((row.text("owner")?, row.count("count")?));
        }
        let rows = tx
            .rows(
                "SELECT COUNT(*) AS count FROM outbox JOIN findings ON findings.domain = outbox.domain
                     AND findings.each_ = outbox.each_ AND findings.key = outbox.key
                     AND findings.event_id = outbox.event_id
                 WHERE outbox.aside = 'dead' AND outbox.dropped_at IS NULL AND outbox.domain = $1
                     AND findings.state = 'open'",
                &args![domain.as_str()],
            )
            .await?;
        for row in &rows {
            standing.dead_letters = row.count("count")?;
        }
        Ok(standing)
    }
}
