//! Bookmarks of slices under way: what is written down of them, how often, and when it is still good. What stands in a bookmark
//! lets a walk be carried on and proves nothing by itself: only the same walk, at its own end, says that it was complete.

use std::sync::Arc;
use std::time::{Duration, Instant as Moment};

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::Each;
use tieout_reconcilers::reconciler::{Feed, Filter, Jobs, Order, Reconciler};
use tieout_reconcilers::spoken::Spoken;
use tieout_reconcilers::window::{Purpose, Slice, Window};
use tokio::task::JoinHandle;

use super::Bookmarks;
use super::stage::RUN_TIME;
use crate::diff::SavedDiff;
use crate::source::{Client, SourceError, Waypoint};
use crate::store::{Bookmark, Fence, KeptBookmark, Store, StoreError};

/// The format of a state.
const FORMAT: i64 = 2;
/// How many times as long as it took to write the last bookmark passes before the next one: at most a tenth of the time is spent on
/// them, by tasks of their own.
const SHARE: u32 = 10;
/// The least time between two bookmarks of a slice.
const LEAST: Duration = Duration::from_millis(20);
/// How long the way to a next page is believed to be known where the feed does not say.
const KNOWN: Duration = Duration::from_hours(1);

/// Whether the slices of a feed can be carried on: its pages lead on by themselves, along the clock.
pub(super) fn can_be_carried_on(feed: &Feed) -> bool {
    let has_windows = feed.filter == Filter::Server && !feed.changes && !feed.timeless;
    has_windows && feed.is_led && feed.order != Order::None && feed.jobs == Jobs::None
}

/// What is written down of a slice.
#[derive(Debug, Serialize, Deserialize)]
struct State {
    /// The window that the walk asks about, in microseconds.
    asked: (i64, i64),
    is_newest: bool,
    /// The ceiling of the run that asked.
    ceiling: i64,
    /// Where that run began to read.
    begins: i64,
    pages: u64,
    n_rows: u64,
    /// Where the walk is carried on; nothing where it came to its end and was complete.
    walk: Option<Waypoint>,
    diff: SavedDiff,
}

/// A slice that can be carried on.
#[derive(Debug)]
pub(super) struct Opened {
    /// Why it is read.
    pub(super) purpose: Purpose,
    /// What of it can be verified.
    pub(super) window: Window,
    /// What its walk asks about.
    pub(super) asked: Window,
    /// Whether it was the newest of its run.
    pub(super) is_newest: bool,
    /// The ceiling of the run that began it.
    pub(super) ceiling: Instant,
    /// Where that run began to read: a first run goes back from its own start.
    pub(super) begins: Instant,
    /// How many pages were taken.
    pub(super) pages: u64,
    /// How many rows they had.
    pub(super) n_rows: u64,
    /// Where its walk is carried on; nothing where it is over.
    pub(super) walk: Option<Waypoint>,
    /// The comparison so far.
    pub(super) diff: SavedDiff,
    /// When that was written down, by the store's clock.
    pub(super) written: Instant,
    /// How long ago that was.
    pub(super) age: Duration,
    /// Whether another process read it for this run.
    pub(super) is_of_others: bool,
}

/// Why a slice cannot be carried on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unusable {
    /// The row is not what was written.
    #[error("its bookmark is damaged")]
    Damaged,
    /// Another program wrote it, or what it is about has changed.
    #[error(
        "its bookmark was written by another version, or the definition, the account or the base has changed since"
    )]
    Other,
    /// It is too old.
    #[error("its bookmark is older than {}", Spoken(*.0))]
    Old(Duration),
}

impl Opened {
    /// Reads a bookmark.
    pub(super) fn read(kept: KeptBookmark, fingerprint: &str, feed: &Feed) -> Result<Self, Unusable> {
        let KeptBookmark { bookmark, written, age, .. } = kept;
        let Bookmark { purpose, window, format, fingerprint: theirs, state } =
            bookmark.ok_or(Unusable::Damaged)?;
        if format != FORMAT || theirs != fingerprint {
            return Err(Unusable::Other);
        }
        let State { asked: (from, to), is_newest, ceiling, begins, pages, n_rows, walk, diff } =
            serde_json::from_str(&state).map_err(|_| Unusable::Damaged)?;
        let good_for = good_for(feed, walk.is_none());
        if age > good_for {
            return Err(Unusable::Old(good_for));
        }
        let asked =
            Window::new(Instant::from_micros(from), Instant::from_micros(to)).ok_or(Unusable::Damaged)?;
        let [ceiling, begins] = [ceiling, begins].map(Instant::from_micros);
        Ok(Self {
            purpose,
            window,
            asked,
            is_newest,
            ceiling,
            begins,
            pages,
            n_rows,
            walk,
            diff,
            written,
            age,
            is_of_others: false,
        })
    }
}

/// How long a bookmark is good. A walk that is over needs no provider that knows it, only a run that could still be the same.
fn good_for(feed: &Feed, is_over: bool) -> Duration {
    if is_over { RUN_TIME } else { feed.cursor_ttl.map_or(KNOWN, |ttl| ttl.min(KNOWN)) }
}

/// Where the bookmarks of a member of a domain are written.
#[derive(Debug)]
pub(super) struct Marks {
    pub(super) store: Store,
    pub(super) fence: Fence,
    /// Of everything that must be the same for a bookmark to mean something.
    pub(super) fingerprint: String,
    /// Where the run begins to read.
    pub(super) begins: Instant,
    pub(super) often: Bookmarks,
}

/// What must be the same for a bookmark to mean something: the program, the definition and what it makes of the configuration, the
/// account and its base.
pub(super) fn fingerprint(
    client: &Client,
    reconciler: &dyn Reconciler,
    each: &Each,
) -> Result<String, SourceError> {
    let minute = Instant::from_micros(0) + Duration::from_mins(1);
    let first = Window::new(Instant::from_micros(0), minute).map(|window| {
        reconciler.first_page(&Slice { each: each.clone(), ..Slice::new(window, Purpose::Coverage) })
    });
    let first = serde_json::to_string(&first).unwrap_or_default();
    let account = client.account(each)?;
    let mut context = Context::new(&SHA256);
    for text in [env!("CARGO_PKG_VERSION"), &account, each.as_str(), &first, &format!("{reconciler:?}")] {
        context.update(&(text.len() as u64).to_be_bytes());
        context.update(text.as_bytes());
    }
    Ok(STANDARD_NO_PAD.encode(context.finish()))
}

/// How far a slice is, ready to be written down.
pub(super) struct Progressed<'p> {
    /// The slice as the walk asks about it.
    pub(super) asked: &'p Slice,
    /// What of it can be verified.
    pub(super) window: Window,
    pub(super) ceiling: Instant,
    pub(super) pages: u64,
    pub(super) n_rows: u64,
    pub(super) walk: Option<Waypoint>,
    pub(super) diff: SavedDiff,
}

/// Writes the bookmarks of one slice, one after the other and beside the reading.
pub(super) struct Marker {
    marks: Arc<Marks>,
    /// When the last one was begun.
    last: Moment,
    /// How long it took.
    cost: Duration,
    /// A write is never given up half-way: whoever waits for it may be.
    writing: Option<JoinHandle<Result<Duration, StoreError>>>,
    /// Whether nothing can be written any more.
    is_off: bool,
}

impl Marker {
    pub(super) fn new(marks: Arc<Marks>) -> Self {
        Self { marks, last: Moment::now(), cost: Duration::ZERO, writing: None, is_off: false }
    }

    /// Whether it is time for the next bookmark.
    pub(super) async fn is_due(&mut self) -> bool {
        if self.writing.as_ref().is_some_and(|writing| !writing.is_finished()) {
            return self.marks.often == Bookmarks::EveryPage;
        }
        self.settle().await;
        let pause = match self.marks.often {
            Bookmarks::Paced => LEAST.max(self.cost.saturating_mul(SHARE)),
            Bookmarks::EveryPage => Duration::ZERO,
        };
        !self.is_off && self.last.elapsed() >= pause
    }

    /// Waits until the last bookmark is written. One that cannot be written costs a reading from the start, and no more.
    pub(super) async fn settle(&mut self) {
        let Some(writing) = self.writing.take() else { return };
        let Ok(written) = writing.await else { return };
        match written {
            Ok(took) => self.cost += took,
            Err(error) => {
                tracing::warn!(domain = %self.marks.fence.domain(), error = %error.with_causes(), "how far a range is could not be kept");
                self.is_off = true;
            }
        }
    }

    /// That nothing could be written down now, which took its time as well.
    pub(super) fn pass(&mut self, began: Moment) {
        (self.last, self.cost) = (began, began.elapsed());
    }

    /// Writes a bookmark on which work was begun at a moment.
    pub(super) async fn write(&mut self, progressed: Progressed<'_>, began: Moment) {
        self.settle().await;
        let Progressed { asked, window, ceiling, pages, n_rows, walk, diff } = progressed;
        let (from, to) = (asked.window.from().micros(), asked.window.to().micros());
        let (is_newest, ceiling, begins) = (asked.newest, ceiling.micros(), self.marks.begins.micros());
        let state = State { asked: (from, to), is_newest, ceiling, begins, pages, n_rows, walk, diff };
        let Ok(state) = serde_json::to_string(&state) else { return };
        let fingerprint = self.marks.fingerprint.clone();
        let bookmark = Bookmark { purpose: asked.purpose, window, format: FORMAT, fingerprint, state };
        let marks = Arc::clone(&self.marks);
        self.pass(began);
        self.writing =
            Some(tokio::spawn(async move { marks.store.put_bookmark(&marks.fence, &bookmark).await }));
    }
}
