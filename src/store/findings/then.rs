//! How findings stood at an earlier instant, from their history.

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::{DomainName, Each};

use crate::finding::{Identity, State};
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::sql::{Row, Value, params};

/// A finding as it stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stood {
    /// Which finding.
    pub id: Identity,
    /// The life that it was in.
    pub episode: u32,
    /// Its state.
    pub state: State,
}

impl Store {
    /// How the findings of some domains stood at an instant of the store's clock: those that were not over, and those that had ended
    /// after `since`.
    pub async fn stood(
        &self,
        domains: &[DomainName],
        at: Instant,
        since: Instant,
    ) -> Result<Vec<Stood>, StoreError> {
        if domains.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT then_.domain, then_.each_, then_.key, then_.episode, then_.state FROM finding_history then_
             JOIN (SELECT MAX(seq) AS seq FROM finding_history WHERE at <= $1 AND domain IN ({})
                   GROUP BY domain, each_, key) newest ON newest.seq = then_.seq
             WHERE then_.state NOT IN ('repaired', 'healed') OR then_.at > $2",
            params(domains.len(), 2)
        );
        let mut args: Vec<Value<'_>> = vec![at.into(), since.into()];
        args.extend(domains.iter().map(|domain| Value::from(domain.as_str())));
        let mut tx = self.read().await?;
        tx.rows(sql, &args).await?.iter().map(stood).collect()
    }
}

fn stood(row: &Row) -> Result<Stood, StoreError> {
    let id = Identity {
        domain: row.word("domain", |name| name.parse().ok())?,
        each: Each::stored(&row.text("each_")?),
        key: row.word("key", |key| Key::checked(key).ok())?,
    };
    Ok(Stood { id, episode: row.count("episode")?, state: row.word("state", State::from_word)? })
}
