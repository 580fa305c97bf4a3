//! What channels were told about domains. What a trouble is, is not known here.

use std::collections::BTreeMap;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::money::Money;
use tieout_reconcilers::name::DomainName;
use uuid::Uuid;

use super::again::Twice;
use super::database::Store;
use super::error::StoreError;
use super::sql::{Row, args};

/// What a channel was told about a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The channel.
    pub channel: String,
    /// The domain.
    pub domain: String,
    /// Each trouble with the number of digits of how large it was; none where everything is well.
    pub troubles: BTreeMap<String, u32>,
    /// When, by the store's clock.
    pub told_at: Instant,
}

impl Store {
    /// What every channel was told.
    pub async fn notices(&self) -> Result<Vec<Notice>, StoreError> {
        let mut tx = self.read().await?;
        let rows = tx.rows("SELECT channel, domain, troubles, told_at FROM notices", &[]).await?;
        rows.iter().map(notice).collect()
    }

    /// Keeps what channels were told, each in place of what it was told about the same domain. A domain without troubles is forgotten.
    pub async fn keep_notices(&self, run_id: Uuid, notices: &[Notice]) -> Result<(), StoreError> {
        self.again(Twice::IsOnce, || self.keep_notices_once(run_id, notices)).await
    }

    async fn keep_notices_once(&self, run_id: Uuid, notices: &[Notice]) -> Result<(), StoreError> {
        let mut tx = self.write("notices.keep").await?;
        for notice in notices {
            let (channel, domain) = (notice.channel.as_str(), notice.domain.as_str());
            if notice.troubles.is_empty() {
                let forget = "DELETE FROM notices WHERE channel = $1 AND domain = $2";
                tx.execute(forget, &args![channel, domain]).await?;
                continue;
            }
            let troubles: serde_json::Value =
                notice.troubles.iter().map(|(word, digits)| (word.clone(), *digits)).collect();
            tx.execute(
                "INSERT INTO notices (channel, domain, troubles, told_at, run_id) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (channel, domain)
                 DO UPDATE SET troubles = excluded.troubles, told_at = excluded.told_at, run_id = excluded.run_id",
                &args![channel, domain, troubles.to_string(), notice.told_at, run_id],
            )
            .await?;
        }
        tx.commit().await
    }

    /// What the findings of a domain move that are confirmed and not over, per currency; amounts of either sign count as they are large.
    pub async fn stakes(&self, domain: &DomainName) -> Result<Vec<Money>, StoreError> {
        let mut tx = self.read().await?;
        let rows = tx
            .rows(
                "SELECT currency, amount_minor, COUNT(*) AS count FROM findings
                 WHERE domain = $1 AND amount_minor IS NOT NULL AND state IN ('open', 'emitted', 'held', 'recurring')
                 GROUP BY currency, amount_minor",
                &args![domain.as_str()],
            )
            .await?;
        let mut sums: BTreeMap<String, i128> = BTreeMap::new();
        for row in &rows {
            let minor: i128 = row.word("amount_minor", |digits| digits.parse().ok())?;
            let count: u32 = row.count("count")?;
            let sum = sums.entry(row.text("currency")?).or_default();
            *sum = sum.saturating_add(minor.saturating_abs().saturating_mul(count.into()));
        }
        Ok(sums.into_iter().map(|(currency, minor)| Money { currency: currency.into(), minor }).collect())
    }
}

fn notice(row: &Row) -> Result<Notice, StoreError> {
    Ok(Notice {
        channel: row.text("channel")?,
        domain: row.text("domain")?,
        troubles: row.word("troubles", |json| serde_json::from_str(json).ok())?,
        told_at: row.time("told_at")?,
    })
}
