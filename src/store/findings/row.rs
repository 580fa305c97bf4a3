//! A finding as a row and back.

use tieout_reconcilers::discrepancy::{Digest, Kind};
use tieout_reconcilers::key::Key;
use tieout_reconcilers::money::Money;
use tieout_reconcilers::name::Each;

use crate::cause::{Cause, Explanation};
use crate::finding::{Finding, Identity, Ignored, State};
use crate::store::error::StoreError;
use crate::store::sql::{Row, Value, args};

/// The columns of `findings` that a run writes, in the order of [`values`]; the first three are the key.
pub(super) const COLUMNS: [&str; 26] = [
    "domain",
    "each_",
    "key",
    "kind",
    "state",
    "episode",
    "reemissions",
    "digest",
    "fields",
    "reason",
    "cause",
    "cause_why",
    "amount_minor",
    "currency",
    "clock_at",
    "first_seen",
    "last_seen",
    "acknowledged_at",
    "closed_at",
    "event_id",
    "run_id",
    "occurred_at",
    "held_by",
    "ignored_until",
    "ignored_why",
    "interventions",
];

/// The parameters of one row.
pub(super) fn values(finding: &Finding) -> Result<[Value<'_>; COLUMNS.len()], serde_json::Error> {
    Ok(args![
        finding.id.domain.as_str(),
        finding.id.each.as_str(),
        finding.id.key.as_str(),
        finding.kind.as_str(),
        finding.state.as_str(),
        finding.episode,
        finding.reemissions,
        finding.digest.as_str(),
        serde_json::to_string(&finding.fields)?,
        finding.reason.as_deref(),
        finding.cause.as_ref().map(|explained| explained.cause.as_str()),
        finding.cause.as_ref().and_then(|explained| explained.why.as_deref()),
        finding.amount.as_ref().map(|money| money.minor.to_string()),
        finding.amount.as_ref().map(|money| &*money.currency),
        finding.clock,
        finding.first_seen,
        finding.last_seen,
        finding.acknowledged_at,
        finding.closed_at,
        finding.event_id.map(|id| id.to_string()),
        finding.run_id,
        finding.occurred_at,
        finding.held_by.map(|run| run.to_string()),
        finding.ignored.as_ref().and_then(|ignored| ignored.until),
        finding.ignored.as_ref().map(|ignored| ignored.why.as_str()),
        finding.interventions,
    ])
}

/// Reads a row that has all [`COLUMNS`].
pub(super) fn finding(row: &Row) -> Result<Finding, StoreError> {
    Ok(Finding {
        id: identity(row)?,
        kind: row.word("kind", Kind::from_word)?,
        state: row.word("state", State::from_word)?,
        episode: row.count("episode")?,
        reemissions: row.count("reemissions")?,
        digest: Digest::stored(&row.text("digest")?),
        fields: row.word("fields", |json| serde_json::from_str(json).ok())?,
        reason: row.text_or_null("reason")?,
        cause: cause(row)?,
        amount: amount(row)?,
        clock: row.time_or_null("clock_at")?,
        first_seen: row.time("first_seen")?,
        last_seen: row.time("last_seen")?,
        acknowledged_at: row.time_or_null("acknowledged_at")?,
        closed_at: row.time_or_null("closed_at")?,
        event_id: row.uuid_or_null("event_id")?,
        run_id: row.uuid("run_id")?,
        occurred_at: row.time_or_null("occurred_at")?,
        held_by: row.uuid_or_null("held_by")?,
        ignored: ignored(row)?,
        owner: row.text_or_null("owner")?,
        interventions: row.count("interventions")?,
    })
}

fn identity(row: &Row) -> Result<Identity, StoreError> {
    Ok(Identity {
        domain: row.word("domain", |name| name.parse().ok())?,
        each: Each::stored(&row.text("each_")?),
        key: row.word("key", |key| Key::checked(key).ok())?,
    })
}

fn cause(row: &Row) -> Result<Option<Explanation>, StoreError> {
    if row.text_or_null("cause")?.is_none() {
        return Ok(None);
    }
    Ok(Some(Explanation { cause: row.word("cause", Cause::from_word)?, why: row.text_or_null("cause_why")? }))
}

fn ignored(row: &Row) -> Result<Option<Ignored>, StoreError> {
    let Some(why) = row.text_or_null("ignored_why")? else { return Ok(None) };
    Ok(Some(Ignored { until: row.time_or_null("ignored_until")?, why }))
}

/// The money that a finding moves, from its columns `amount_minor` and `currency`.
pub(in crate::store) fn amount(row: &Row) -> Result<Option<Money>, StoreError> {
    let Some(currency) = row.text_or_null("currency")? else { return Ok(None) };
    let minor = row.word("amount_minor", |digits| digits.parse().ok())?;
    Ok(Some(Money { currency: currency.into(), minor }))
}
