//! Sealed tokens of providers, with one writer per credential: a claim with a number that only grows. What is sealed is
//! not known here.

use std::time::Duration;

use tieout_reconcilers::instant::Instant;

use super::again::Twice;
use super::database::Store;
use super::error::StoreError;
use super::lease::is_dead;
use super::sql::{Row, Tx, args};
use crate::process::Process;

/// How long a claim lives: longer than a token endpoint is asked and a new token is tried to be kept.
pub const TOKEN_CLAIM_TIME: Duration = Duration::from_mins(2);

/// What came of the wish to be the one who refreshes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenClaim {
    /// It is ours, under this number, over what is kept.
    Ours(i64, Option<String>),
    /// Somebody else is at it.
    Busy,
}

impl Store {
    /// What is kept of a credential.
    pub async fn token(&self, credential: &str) -> Result<Option<String>, StoreError> {
        let mut tx = self.read().await?;
        let row = tx.row("SELECT sealed FROM tokens WHERE credential = $1", &args![credential]).await?;
        row.map_or(Ok(None), |row| row.text_or_null("sealed"))
    }

    /// Takes the claim where it is free, has run out, or belongs to a process that is dead.
    pub async fn claim_token(&self, credential: &str) -> Result<TokenClaim, StoreError> {
        self.again(Twice::IsTwice, || self.claim_token_once(credential)).await
    }

    async fn claim_token_once(&self, credential: &str) -> Result<TokenClaim, StoreError> {
        let mut tx = self.write("token.claim").await?;
        let now = tx.now().await?;
        tx.execute(
            "INSERT INTO tokens (credential, claim, claimed, expires_at) VALUES ($1, 0, 0, $2)
             ON CONFLICT (credential) DO NOTHING",
            &args![credential, now],
        )
        .await?;
        let Some(row) = locked(&mut tx, credential).await? else { return Ok(TokenClaim::Busy) };
        if row.int("claimed")? != 0 && (bug!("token_claim_for_ever") || is_claimed(&row, now)?) {
            return Ok(TokenClaim::Busy);
        }
        let claim = row.int("claim")? + 1;
        let process = Process::this().map(|process| process.to_string());
        tx.execute(
            "UPDATE tokens SET claim = $2, claimed = 1, expires_at = $3, process = $4, process_claim = $2 WHERE credential = $1",
            &args![credential, claim, now + TOKEN_CLAIM_TIME, process],
        )
        .await?;
        let sealed = row.text_or_null("sealed")?;
        tx.commit().await?;
        Ok(TokenClaim::Ours(claim, sealed))
    }

    /// Keeps tokens and gives the claim back; false where somebody else has taken it over.
    ///
    /// A claim that ran out while nobody took it over is still good: nobody else can have refreshed.
    pub async fn keep_token(&self, credential: &str, claim: i64, sealed: &str) -> Result<bool, StoreError> {
        self.again(Twice::IsOnce, || self.keep_token_once(credential, claim, sealed)).await
    }

    async fn keep_token_once(&self, credential: &str, claim: i64, sealed: &str) -> Result<bool, StoreError> {
        let mut tx = self.write("token.keep").await?;
        let now = tx.now().await?;
        let kept = tx
            .execute(
                "UPDATE tokens SET sealed = $3, changed_at = $4, claimed = 0 WHERE credential = $1 AND claim = $2",
                &args![credential, claim, sealed, now],
            )
            .await?;
        tx.commit().await?;
        Ok(kept == 1)
    }

    /// Gives the claim back without new tokens.
    pub async fn release_token(&self, credential: &str, claim: i64) -> Result<(), StoreError> {
        let mut tx = self.write("token.release").await?;
        tx.execute(
            "UPDATE tokens SET claimed = 0 WHERE credential = $1 AND claim = $2",
            &args![credential, claim],
        )
        .await?;
        tx.commit().await
    }
}

/// Whether whoever refreshes is alive as far as anybody knows.
fn is_claimed(row: &Row, now: Instant) -> Result<bool, StoreError> {
    let names_its_process = row.int_or_null("process_claim")? == Some(row.int("claim")?);
    Ok(row.time("expires_at")? > now && !(names_its_process && is_dead(row)?))
}

async fn locked(tx: &mut Tx, credential: &str) -> Result<Option<Row>, StoreError> {
    let sql = format!(
        "SELECT sealed, claim, claimed, expires_at, process, process_claim FROM tokens WHERE credential = $1 {}",
        tx.dialect().for_update
    );
    tx.row(sql, &args![credential]).await
}
