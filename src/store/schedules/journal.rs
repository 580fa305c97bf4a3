//! The journal: what daemons and the retry job did, and what they did not do and why. The newest entries are kept.

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::DomainName;
use uuid::Uuid;

use crate::store::again::Twice;
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::sql::{Row, Tx, args};

/// How many entries are kept.
const JOURNAL_LENGTH: i64 = 10_000;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    /// A daemon began.
    Started,
    /// A daemon ended.
    Stopped,
    /// A run began for a due time.
    Fired,
    /// A run began that goes on with one that was cut off.
    Continued,
    /// A run ended.
    Ended,
    /// Due times passed without a run.
    Skipped,
    /// A due time waits for whoever works on the domain.
    Waits,
    /// The due times of a domain were worked out anew.
    Planned,
    /// Another configuration is used from now on.
    Reloaded,
    /// Another configuration is wrong, and the one before stays.
    ReloadRefused,
    /// The clock shows another time than has passed.
    ClockJumped,
    /// Dead letters that were due were put back and delivered.
    Retried,
    /// Those that were due could not be put back, or nobody knows what became of them.
    RetryFailed,
    /// A person paused a domain.
    Paused,
    /// A person ended a pause.
    Resumed,
}

const WORDS: [(Happened, &str); 15] = [
    (Happened::Started, "started"),
    (Happened::Stopped, "stopped"),
    (Happened::Fired, "fired"),
    (Happened::Continued, "continued"),
    (Happened::Ended, "ended"),
    (Happened::Skipped, "skipped"),
    (Happened::Waits, "waits"),
    (Happened::Planned, "planned"),
    (Happened::Reloaded, "reloaded"),
    (Happened::ReloadRefused, "reload_refused"),
    (Happened::ClockJumped, "clock_jumped"),
    (Happened::Retried, "retried"),
    (Happened::RetryFailed, "retry_failed"),
    (Happened::Paused, "paused"),
    (Happened::Resumed, "resumed"),
];

impl Happened {
    /// The word used in columns, logs and lists.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        WORDS.into_iter().find(|(known, _)| *known == self).map_or("", |(_, word)| word)
    }

    fn from_word(word: &str) -> Option<Self> {
        WORDS.into_iter().find(|(_, known)| *known == word).map(|(happened, _)| happened)
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What.
    pub happened: Happened,
    /// To which domain, where it is about one.
    pub domain: Option<DomainName>,
    /// The due time that it is about.
    pub scheduled_for: Option<Instant>,
    /// The run that it is about.
    pub run_id: Option<Uuid>,
    /// In words.
    pub detail: String,
}

/// An entry as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalRow {
    /// What happened.
    pub entry: Entry,
    /// When, by the store's clock.
    pub at: Instant,
    /// Which process wrote it, a daemon or the retry job; empty where a person did.
    pub daemon: String,
}

impl Store {
    /// Writes an entry down, and forgets the oldest ones.
    pub async fn write_journal(&self, entry: &Entry, daemon: &str) -> Result<(), StoreError> {
        self.again(Twice::IsTwice, || async {
            let mut tx = self.write("journal").await?;
            append(&mut tx, entry, daemon).await?;
            tx.commit().await
        })
        .await
    }

    /// The newest entries, newest first; about some domains alone where they are named.
    pub async fn journal(&self, domains: &[DomainName], limit: u32) -> Result<Vec<JournalRow>, StoreError> {
        let mut tx = self.read().await?;
        let sql =
            "SELECT at, daemon, event, domain, scheduled_for, run_id, detail FROM journal ORDER BY seq DESC";
        let rows = tx.rows(sql, &[]).await?;
        let rows = rows.iter().map(row).collect::<Result<Vec<_>, _>>()?;
        let is_wanted = |row: &JournalRow| {
            domains.is_empty() || row.entry.domain.as_ref().is_some_and(|domain| domains.contains(domain))
        };
        Ok(rows.into_iter().filter(is_wanted).take(limit as usize).collect())
    }
}

pub(super) async fn append(tx: &mut Tx, entry: &Entry, daemon: &str) -> Result<(), StoreError> {
    let now = tx.now().await?;
    tx.execute(
        "INSERT INTO journal (at, daemon, event, domain, scheduled_for, run_id, detail)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &args![
            now,
            daemon,
            entry.happened.as_str(),
            entry.domain.as_ref().map(DomainName::as_str),
            entry.scheduled_for,
            entry.run_id.map(|run| run.to_string()),
            entry.detail.as_str()
        ],
    )
    .await?;
    let forget = "DELETE FROM journal WHERE seq <= (SELECT MAX(seq) FROM journal) - $1";
    tx.execute(forget, &args![JOURNAL_LENGTH]).await.map(drop)
}

fn row(row: &Row) -> Result<JournalRow, StoreError> {
    let name = row.text_or_null("domain")?;
    let domain = name.map(|text| row.known("domain", &text, text.parse::<DomainName>().ok())).transpose()?;
    Ok(JournalRow {
        entry: Entry {
            happened: row.word("event", Happened::from_word)?,
            domain,
            scheduled_for: row.time_or_null("scheduled_for")?,
            run_id: row.uuid_or_null("run_id")?,
            detail: row.text("detail")?,
        },
        at: row.time("at")?,
        daemon: row.text("daemon")?,
    })
}
