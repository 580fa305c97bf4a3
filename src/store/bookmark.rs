//! Bookmarks: where the walks of slices under way can be carried on. What a state means is not known here.
//!
//! No two of a domain's member and purpose overlap: a new one takes the place of all that it touches, as the commit of a slice does.

use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::{DomainName, Each};
use tieout_reconcilers::window::{Purpose, Window};
use uuid::Uuid;

use super::again::Twice;
use super::coverage::window;
use super::database::Store;
use super::error::StoreError;
use super::lease::{Lease, fence};
use super::slice_lease::Fence;
use super::sql::{Row, Tx, args};

/// How far a slice is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bookmark {
    /// Why the slice is read.
    pub purpose: Purpose,
    /// What of the slice can be verified by carrying it on.
    pub window: Window,
    /// The format of the state.
    pub format: i64,
    /// Of everything that must be the same for the state to mean something.
    pub fingerprint: String,
    /// The state, as JSON.
    pub state: String,
}

/// A bookmark that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptBookmark {
    /// What was written, unless the row is damaged.
    pub bookmark: Option<Bookmark>,
    /// The run that wrote it, as it stands there.
    pub run_id: String,
    /// When it was written, by the store's clock.
    pub written: Instant,
    /// How long ago that was.
    pub age: Duration,
}

impl Bookmark {
    /// Of everything that a row holds, so that a damaged one is noticed.
    fn checksum(&self) -> String {
        let mut context = Context::new(&SHA256);
        let range = [self.window.from(), self.window.to()].map(|at| at.micros().to_string());
        let [from, to] = &range;
        let format = self.format.to_string();
        for text in [word(self.purpose), from, to, &format, &self.fingerprint, &self.state] {
            context.update(&(text.len() as u64).to_be_bytes());
            context.update(text.as_bytes());
        }
        STANDARD_NO_PAD.encode(context.finish())
    }
}

impl Store {
    /// Writes a bookmark in the place of all that it overlaps, if its fence still holds. Says how long that took once it was its turn.
    pub async fn put_bookmark(&self, of: &Fence, bookmark: &Bookmark) -> Result<Duration, StoreError> {
        self.again(Twice::IsOnce, || self.put_bookmark_once(of, bookmark)).await
    }

    async fn put_bookmark_once(&self, of: &Fence, bookmark: &Bookmark) -> Result<Duration, StoreError> {
        let mut tx = self.write_lazily("bookmark.put").await?;
        let began = std::time::Instant::now();
        of.check(&mut tx).await?;
        let now = tx.now().await?;
        remove(&mut tx, (of.domain(), of.each()), bookmark.purpose, bookmark.window).await?;
        tx.execute(
            "INSERT INTO bookmarks (domain, each_, purpose, from_at, to_at, run_id, format, fingerprint, state, checksum, written_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            &args![
                of.domain().as_str(),
                of.each().as_str(),
                word(bookmark.purpose),
                bookmark.window.from(),
                bookmark.window.to(),
                of.run_id(),
                bookmark.format,
                bookmark.fingerprint.as_str(),
                bookmark.state.as_str(),
                bookmark.checksum(),
                now
            ],
        )
        .await?;
        tx.commit().await?;
        Ok(began.elapsed())
    }

    /// The bookmarks of a member of a domain, oldest range first. A damaged row is told and makes no error.
    pub async fn bookmarks(&self, domain: &DomainName, each: &Each) -> Result<Vec<KeptBookmark>, StoreError> {
        let mut tx = self.read().await?;
        let now = tx.now().await?;
        let rows = tx
            .rows(
                "SELECT purpose, from_at, to_at, run_id, format, fingerprint, state, checksum, written_at
                 FROM bookmarks WHERE domain = $1 AND each_ = $2 ORDER BY from_at",
                &args![domain.as_str(), each.as_str()],
            )
            .await?;
        Ok(rows.iter().map(|row| kept(row, now)).collect())
    }

    /// Removes the bookmarks of a member of a domain, but for those of some windows.
    pub async fn keep_bookmarks(
        &self,
        lease: &Lease,
        wanted: &[(Purpose, Window)],
    ) -> Result<(), StoreError> {
        let mut tx = self.write("bookmark.drop").await?;
        fence(&mut tx, lease).await?;
        let of = args![lease.domain().as_str(), lease.each().as_str()];
        let rows = tx
            .rows("SELECT purpose, from_at, to_at FROM bookmarks WHERE domain = $1 AND each_ = $2", &of)
            .await?;
        let is_wanted = |row: &Row| place(row).is_ok_and(|place| wanted.contains(&place));
        if rows.iter().all(is_wanted) {
            return Ok(());
        }
        let all_readable = rows.iter().all(|row| place(row).is_ok());
        if all_readable {
            for row in rows.iter().filter(|row| !is_wanted(row)) {
                let (purpose, window) = place(row)?;
                remove(&mut tx, (lease.domain(), lease.each()), purpose, window).await?;
            }
        } else {
            // Nothing names a row whose own place cannot be read.
            tx.execute("DELETE FROM bookmarks WHERE domain = $1 AND each_ = $2", &of).await?;
        }
        tx.commit().await
    }
}

/// Removes the bookmarks that overlap a range.
pub(super) async fn remove(
    tx: &mut Tx,
    (domain, each): (&DomainName, &Each),
    purpose: Purpose,
    range: Window,
) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM bookmarks WHERE domain = $1 AND each_ = $2 AND purpose = $3 AND from_at < $5 AND to_at > $4",
        &args![domain.as_str(), each.as_str(), word(purpose), range.from(), range.to()],
    )
    .await?;
    Ok(())
}

/// Removes all bookmarks of a member of a domain.
pub(super) async fn remove_all(tx: &mut Tx, lease: &Lease) -> Result<(), StoreError> {
    let of = args![lease.domain().as_str(), lease.each().as_str()];
    tx.execute("DELETE FROM bookmarks WHERE domain = $1 AND each_ = $2", &of).await?;
    Ok(())
}

fn kept(row: &Row, now: Instant) -> KeptBookmark {
    let whole = || -> Result<Option<Bookmark>, StoreError> {
        let (purpose, window) = place(row)?;
        let (format, fingerprint) = (row.int("format")?, row.text("fingerprint")?);
        let bookmark = Bookmark { purpose, window, format, fingerprint, state: row.text("state")? };
        let is_whole = row.text("checksum")? == bookmark.checksum() && row.uuid("run_id").is_ok();
        Ok(is_whole.then_some(bookmark))
    };
    let written = row.time("written_at").ok();
    let ago = |at: Instant| Duration::from_micros(u64::try_from(now.micros() - at.micros()).unwrap_or(0));
    KeptBookmark {
        bookmark: whole().ok().flatten().filter(|_| written.is_some()),
        run_id: row.text("run_id").unwrap_or_else(|_| Uuid::nil().to_string()),
        written: written.unwrap_or(now),
        age: written.map(ago).unwrap_or_default(),
    }
}

pub(super) fn place(row: &Row) -> Result<(Purpose, Window), StoreError> {
    let purpose = row.word("purpose", |text| {
        [Purpose::Coverage, Purpose::Overlap].into_iter().find(|known| word(*known) == text)
    })?;
    Ok((purpose, window(row)?))
}

/// What stands for a purpose.
pub(super) const fn word(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Coverage => "coverage",
        Purpose::Overlap => "overlap",
    }
}
