//! What cannot be read, as it is kept: written with the slice that saw it, accepted by people, and told to whoever asks.

use std::time::Duration;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::{DomainName, Each};
use tieout_reconcilers::window::Window;

use super::database::Store;
use super::error::StoreError;
use super::lease::{Lease, fence};
use super::sql::{Row, Tx, Value, args, params};
use super::{bookmark, by_hand, coverage};
use crate::quarantine::{Acted, Class, Entry, EntryId, Kind, Sighting, State, Weighed};

/// How long it is kept that something was there once.
const KEPT: Duration = Duration::from_hours(90 * 24);

/// Which entries are asked for. An empty list does not restrict.
#[derive(Debug, Clone, Default)]
pub struct QuarantineFilter {
    /// Of these domains.
    pub domains: Vec<DomainName>,
    /// In these states.
    pub states: Vec<State>,
}

/// What a person wants to have read again.
#[derive(Debug, Clone)]
pub struct ReadAgain {
    /// The entries.
    pub entries: Vec<Entry>,
    /// The clock along which their ranges do not count as verified any more.
    pub clock: String,
    /// The change feed whose saved token is forgotten instead, as `provider/feed`: it is read whole again.
    pub forget_token_of: Option<String>,
    /// Who wants it.
    pub who: String,
}

impl Store {
    /// What is in quarantine, oldest first.
    pub async fn quarantined(&self, filter: &QuarantineFilter) -> Result<Vec<Entry>, StoreError> {
        let mut args: Vec<Value<'_>> = Vec::new();
        let mut conditions = vec!["1 = 1".to_owned()];
        let domains = filter.domains.iter().map(DomainName::as_str).collect();
        let states = filter.states.iter().map(|state| state.as_str()).collect();
        for (column, words) in [("domain", domains), ("state", states)] {
            let words: Vec<&str> = words;
            if !words.is_empty() {
                conditions.push(format!("{column} IN ({})", params(words.len(), args.len())));
                args.extend(words.into_iter().map(Value::from));
            }
        }
        let sql =
            format!("SELECT * FROM quarantine WHERE {} ORDER BY first_seen, id", conditions.join(" AND "));
        self.read().await?.rows(sql, &args).await?.iter().map(entry).collect()
    }

    /// What is in quarantine of a member of a domain and not gone.
    pub async fn quarantined_of(&self, domain: &DomainName, each: &Each) -> Result<Vec<Entry>, StoreError> {
        let sql = "SELECT * FROM quarantine WHERE domain = $1 AND each_ = $2 AND state <> 'gone'";
        let rows = self.read().await?.rows(sql, &args![domain.as_str(), each.as_str()]).await?;
        rows.iter().map(entry).collect()
    }

    /// Takes entries for what they are, as long as they stay so, and says how many. What is not open stays as it is; a page is
    /// never accepted.
    pub async fn accept_quarantined(
        &self,
        entries: &[Entry],
        who: &str,
        why: &str,
    ) -> Result<u64, StoreError> {
        let mut tx = self.write("quarantine.accept").await?;
        let now = tx.now().await?;
        let mut accepted = 0;
        for (domain, each, its) in by_member(entries) {
            let mut n = 0;
            for entry in its {
                n += tx
                    .execute(
                        "UPDATE quarantine SET state = 'accepted', accepted_at = $2, accepted_by = $3, accepted_why = $4
                         WHERE id = $1 AND state = 'open' AND kind <> 'page' AND fingerprint IS NOT NULL",
                        &args![entry.seen.id.as_str(), now, who, why],
                    )
                    .await?;
            }
            if n > 0 {
                by_hand::note(&mut tx, domain, each, "quarantine drop", &format!("{n} entries: {why}"), who)
                    .await?;
            }
            accepted += n;
        }
        tx.commit().await?;
        Ok(accepted)
    }

    /// Opens entries of a member and takes their ranges out of its coverage, so that the next run reads them again.
    pub async fn read_quarantined_again(&self, lease: &Lease, again: &ReadAgain) -> Result<(), StoreError> {
        let mut tx = self.write("quarantine.retry").await?;
        fence(&mut tx, lease).await?;
        for entry in &again.entries {
            tx.execute(
                "UPDATE quarantine SET state = 'open', accepted_at = NULL, accepted_by = NULL, accepted_why = NULL
                 WHERE id = $1 AND state <> 'gone'",
                &args![entry.seen.id.as_str()],
            )
            .await?;
            coverage::take_out(&mut tx, lease, &again.clock, entry.window).await?;
        }
        // Whoever asks for a range to be read again does not mean the rest of an old reading.
        bookmark::remove_all(&mut tx, lease).await?;
        if let Some(feed) = &again.forget_token_of {
            let sql = "DELETE FROM saved_tokens WHERE domain = $1 AND each_ = $2 AND feed = $3";
            tx.execute(sql, &args![lease.domain().as_str(), lease.each().as_str(), feed.as_str()]).await?;
        }
        let detail = format!("{} entries", again.entries.len());
        by_hand::note(&mut tx, lease.domain(), lease.each(), "quarantine retry", &detail, &again.who).await?;
        tx.commit().await
    }
}

/// Entries by the member that they belong to.
fn by_member(entries: &[Entry]) -> Vec<(&DomainName, &Each, Vec<&Entry>)> {
    let mut members: Vec<(&DomainName, &Each, Vec<&Entry>)> = Vec::new();
    for entry in entries {
        match members.iter_mut().find(|(domain, each, _)| (*domain, *each) == (&entry.domain, &entry.each)) {
            Some((_, _, its)) => its.push(entry),
            None => members.push((&entry.domain, &entry.each, vec![entry])),
        }
    }
    members
}

/// Writes down what a slice says. What a person accepted stays accepted; what was gone and comes again is open.
pub(super) async fn record(
    tx: &mut Tx,
    lease: &Lease,
    weighed: &Weighed,
    now: Instant,
) -> Result<(), StoreError> {
    let rows: Vec<Value<'_>> =
        weighed.seen.iter().flat_map(|(seen, window)| row(lease, seen, *window, now)).collect();
    if !rows.is_empty() {
        tx.insert(
            "INSERT INTO quarantine (id, domain, each_, kind, class, place, key, reason, fingerprint, from_at, to_at, state,
             first_seen, last_seen, times, first_run, last_run)",
            COLUMNS,
            &rows,
            "ON CONFLICT (id) DO UPDATE SET
             place = excluded.place, key = excluded.key, reason = excluded.reason, class = excluded.class,
             fingerprint = excluded.fingerprint, from_at = excluded.from_at, to_at = excluded.to_at,
             state = CASE quarantine.state WHEN 'accepted' THEN 'accepted' ELSE 'open' END,
             accepted_at = CASE quarantine.state WHEN 'accepted' THEN quarantine.accepted_at END,
             accepted_by = CASE quarantine.state WHEN 'accepted' THEN quarantine.accepted_by END,
             accepted_why = CASE quarantine.state WHEN 'accepted' THEN quarantine.accepted_why END,
             last_seen = excluded.last_seen,
             times = quarantine.times + CASE WHEN quarantine.last_run = excluded.last_run THEN 0 ELSE 1 END,
             last_run = excluded.last_run",
        )
        .await?;
    }
    for id in &weighed.gone {
        tx.execute("UPDATE quarantine SET state = 'gone' WHERE id = $1", &args![id.as_str()]).await?;
    }
    for (id, window) in &weighed.narrowed {
        let sql = "UPDATE quarantine SET from_at = $2, to_at = $3 WHERE id = $1";
        tx.execute(sql, &args![id.as_str(), window.from(), window.to()]).await?;
    }
    let sql = "DELETE FROM quarantine WHERE domain = $1 AND each_ = $2 AND state = 'gone' AND last_seen < $3";
    tx.execute(sql, &args![lease.domain().as_str(), lease.each().as_str(), now - KEPT]).await?;
    Ok(())
}

/// How many values a row has.
const COLUMNS: usize = 17;

fn row<'v>(lease: &'v Lease, seen: &'v Sighting, window: Window, now: Instant) -> [Value<'v>; COLUMNS] {
    args![
        seen.id.as_str(),
        lease.domain().as_str(),
        lease.each().as_str(),
        seen.kind.as_str(),
        seen.class.as_str(),
        seen.place.as_str(),
        seen.key.as_ref().map(Key::as_str),
        seen.reason.as_str(),
        seen.fingerprint.as_deref(),
        window.from(),
        window.to(),
        State::Open.as_str(),
        now,
        now,
        1_i64,
        lease.run_id(),
        lease.run_id(),
    ]
}

fn entry(row: &Row) -> Result<Entry, StoreError> {
    let accepted = match (row.time_or_null("accepted_at")?, row.text_or_null("accepted_by")?) {
        (Some(at), Some(by)) => {
            Some(Acted { at, by, why: row.text_or_null("accepted_why")?.unwrap_or_default() })
        }
        _ => None,
    };
    let key = row.text_or_null("key")?;
    Ok(Entry {
        domain: row.word("domain", |text| text.parse().ok())?,
        each: Each::stored(&row.text("each_")?),
        seen: Sighting {
            id: row.word("id", |text| text.parse::<EntryId>().ok())?,
            kind: row.word("kind", Kind::from_word)?,
            class: row.word("class", Class::from_word)?,
            place: row.text("place")?,
            key: key.map(|key| row.known("key", &key, Key::checked(&key).ok())).transpose()?,
            reason: row.text("reason")?,
            fingerprint: row.text_or_null("fingerprint")?,
        },
        window: coverage::window(row)?,
        state: row.word("state", State::from_word)?,
        first_seen: row.time("first_seen")?,
        last_seen: row.time("last_seen")?,
        times: row.count("times")?,
        first_run: row.uuid("first_run")?,
        last_run: row.uuid("last_run")?,
        accepted,
    })
}
