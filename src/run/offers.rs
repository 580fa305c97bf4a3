//! Slices that a run offers to other processes. They read them, and what they leave is carried on here as what an earlier run would
//! have left: whatever becomes of a reader, this run alone judges, and reads itself what nobody else has read.

use std::mem::take;
use std::sync::Arc;
use std::time::{Duration, Instant as Moment};

use tieout_reconcilers::window::{Purpose, Slice, Window};
use tokio::task::JoinHandle;

use super::bookmark::{Marks, Opened};
use super::outcome::Failure;
use super::panicked::landed;
use super::shape::Shape;
use crate::confirm::Sides;
use crate::coverage::{Around, around};
use crate::store::{KeptBookmark, Lease, StoreError};

/// How often a run looks what became of what it offers. Tests have no slices that take seconds.
pub(super) const LOOK_AGAIN: Duration =
    if cfg!(any(test, feature = "failpoints")) { Duration::from_millis(50) } else { Duration::from_secs(1) };

/// What a run has offered.
pub(super) struct Offers {
    marks: Arc<Marks>,
    lease: Lease,
    sides: Arc<Sides>,
    /// How many slices are offered at a time, and how many are kept for this run.
    most: usize,
    /// What is offered, claimed or not.
    away: Vec<Slice>,
    /// What is being offered now.
    news: Vec<Slice>,
    looked: Option<Moment>,
    /// A look is never given up half-way: whoever waits for it may be.
    look: Option<JoinHandle<Result<Look, StoreError>>>,
}

/// What somebody saw who looked.
struct Look {
    still_away: Vec<(Purpose, Window)>,
    bookmarks: Vec<KeptBookmark>,
}

/// What came back.
#[derive(Default)]
pub(super) struct Back {
    /// What others have read, to its end or up to some page.
    pub(super) carried_on: Vec<(Slice, Opened)>,
    /// What nobody has read.
    pub(super) others: Vec<Slice>,
}

impl Offers {
    /// Nothing offered yet. As many slices as this run reads side by side will be.
    pub(super) const fn of(marks: Arc<Marks>, lease: Lease, sides: Arc<Sides>, most: usize) -> Self {
        Self { marks, lease, sides, most, away: Vec::new(), news: Vec::new(), looked: None, look: None }
    }

    /// How many slices are offered.
    pub(super) const fn len(&self) -> usize {
        self.away.len() + self.news.len()
    }

    /// When to look again; never where nothing is offered.
    pub(super) fn next_look(&self) -> Option<Moment> {
        if self.len() == 0 { None } else { self.looked.map(|at| at + LOOK_AGAIN) }
    }

    /// Takes what came back, and up to `room` slices that nobody has claimed where this run has nothing else to read; offers more
    /// where it has enough. Whoever gives up waiting for it loses nothing.
    pub(super) async fn trade(&mut self, shape: &mut Shape, room: usize) -> Result<Back, Failure> {
        let is_due = self.looked.is_none_or(|at| Moment::now() >= at + LOOK_AGAIN);
        if self.look.is_none() && is_due {
            let wanted = if shape.len() == 0 { room } else { 0 };
            self.begin_look(shape, wanted);
        }
        let Some(look) = self.settle().await.transpose()? else { return Ok(Back::default()) };
        let is_away = |slice: &Slice| look.still_away.contains(&(slice.purpose, slice.window));
        let (away, back): (Vec<Slice>, Vec<Slice>) = take(&mut self.away).into_iter().partition(is_away);
        self.away = away;
        self.away.append(&mut self.news);
        let feed = self.sides.reconciler.feed();
        let mut opened = Vec::new();
        for kept in look.bookmarks {
            match Opened::read(kept, &self.marks.fingerprint, feed) {
                Ok(good) => opened.push(good),
                Err(why) => {
                    tracing::warn!(domain = %self.lease.domain(), %why, "what another process has read cannot be used");
                }
            }
        }
        Ok(sorted(&back, opened))
    }

    fn begin_look(&mut self, shape: &mut Shape, wanted: usize) {
        while self.len() < self.most && shape.len() > self.most {
            let Some(slice) = shape.next_back() else { break };
            self.news.push(slice);
        }
        self.looked = Some(Moment::now());
        if self.len() == 0 {
            return;
        }
        let (marks, lease) = (Arc::clone(&self.marks), self.lease.clone());
        let (n_away, news) = (self.away.len(), self.news.clone());
        self.look = Some(tokio::spawn(async move {
            let mut look = Look { still_away: Vec::new(), bookmarks: Vec::new() };
            if n_away > 0 {
                look.still_away = marks.store.take_back(&lease, wanted).await?;
            }
            if look.still_away.len() < n_away {
                look.bookmarks = marks.store.bookmarks(lease.domain(), lease.each()).await?;
            }
            if !news.is_empty() {
                marks.store.offer(&lease, &news, marks.begins).await?;
            }
            Ok(look)
        }));
    }

    /// Waits for the look that is under way, if there is one.
    async fn settle(&mut self) -> Option<Result<Look, StoreError>> {
        let looked = self.look.as_mut()?.await;
        self.look = None;
        landed(looked)
    }

    /// Takes everything back, so that nothing more is written about it. What was read so far stays for the next run.
    pub(super) async fn recall(&mut self) {
        if self.len() == 0 {
            return;
        }
        let _too_late = self.settle().await;
        if let Err(error) = self.marks.store.recall(&self.lease).await {
            tracing::warn!(domain = %self.lease.domain(), %error, "what was offered to others could not be taken back");
        }
        self.away.clear();
        self.news.clear();
    }
}

/// Which slices were read by others as far as bookmarks tell.
fn sorted(back: &[Slice], opened: Vec<Opened>) -> Back {
    let windows: Vec<(Purpose, Window)> = opened.iter().map(|one| (one.purpose, one.window)).collect();
    let Around { carried_on, others } = around(back, &windows);
    let mut opened: Vec<Option<Opened>> = opened.into_iter().map(Some).collect();
    let open = |(place, slice): (usize, Slice)| {
        let opened = opened.get_mut(place)?.take()?;
        Some((slice, Opened { is_of_others: true, ..opened }))
    };
    Back { carried_on: carried_on.into_iter().filter_map(open).collect(), others }
}
