//! Walks a slice of a feed, page after page, in a task of its own: the next page is fetched and parsed while the last one
//! is compared.
//!
//! A walk says what it proved: `Complete`, or `Partial` with its reasons. Items that it handed out stay valid either way.
//! After each page it says where it stands, so that it can be carried on from there by another process.

use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tracing::Instrument as _;

use serde::{Deserialize, Serialize};
use tieout_reconcilers::export::{Later, Stage};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::items::Items;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::outline::Outline;
use tieout_reconcilers::page::{Next, Page, PageFault, PageRequest, Target, Unseen};
use tieout_reconcilers::projection::{ItemFault, ShapeFault};
use tieout_reconcilers::reconciler::{Cure, Filter, Reconciler};
use tieout_reconcilers::window::Slice;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;
use url::Url;

use super::error::{NextStep, SourceError, clip};
use super::fetch::Answered;
use super::guard::{Endless, Guard, Step, Trail};
use super::http::{Client, Fetched};
use super::hydrate::hydrate;
use super::patience::Patience;
use super::reason::{ContentType, Reason, Site, What};
use super::room::Held;
use tieout_reconcilers::pace::retry_after;

/// A page that was read.
#[derive(Debug)]
pub struct WalkedPage {
    /// Its place in the walk, from 1.
    pub number: u64,
    /// Its rows, projected.
    pub items: Items,
    /// Its rows that could not be projected.
    pub faults: Vec<ItemFault>,
    /// Items that it names as deleted.
    pub gone: Vec<Key>,
    /// The instant up to which the provider says that its answer is whole.
    pub ceiling: Option<Instant>,
    /// When its answer was complete, by our clock.
    pub fetched_at: SystemTime,
    /// Where the walk stands after it, if it can be carried on from there.
    stands: Option<Stands>,
    /// Its place in the room.
    _held: Held,
}

/// Where a walk stands after a page.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Stands {
    /// What is asked for next.
    next: PageRequest,
    number: u64,
    rows: u64,
    total: Option<u64>,
    unseen: Option<Vec<Unseen>>,
    page: Option<Url>,
    /// What the page adds to the trail.
    #[serde(skip)]
    step: Option<Step>,
}

/// Where a walk can be carried on. It holds no credential and no value of an item.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Waypoint {
    stands: Stands,
    trail: Trail,
}

impl WalkedPage {
    /// How many rows it had, whether or not they could be projected.
    #[must_use]
    pub fn n_rows(&self) -> u64 {
        (self.items.len() + self.faults.len() + self.gone.len()) as u64
    }
}

/// What a walk proved that it saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Coverage {
    /// All of the slice.
    Complete,
    /// Less, or nobody knows.
    Partial(Vec<Reason>),
}

impl Coverage {
    /// What is to be done about the slice instead of taking what was read of it, if anything.
    #[must_use]
    pub fn next_step(&self) -> NextStep {
        match self {
            Self::Complete => NextStep::EndWalk,
            Self::Partial(reasons) => reasons.last().map_or(NextStep::EndWalk, Reason::next_step),
        }
    }
}

/// A walk that came to its end.
#[derive(Debug)]
pub struct Walked {
    /// What it proved.
    pub coverage: Coverage,
    /// What the next run of a change feed goes on from.
    pub token: Option<String>,
}

/// A walk under way. Dropping it cancels its request.
#[derive(Debug)]
pub struct Walk {
    pages: mpsc::Receiver<WalkedPage>,
    task: AbortOnDropHandle<Walked>,
    /// What was seen up to the page that was handed out last.
    trail: Trail,
    /// Where that page leads.
    stands: Option<Stands>,
}

impl Walk {
    /// Starts to read a slice. Must be called inside a tokio runtime.
    #[must_use]
    pub fn start(client: Client, reconciler: Arc<dyn Reconciler>, slice: Slice) -> Self {
        let is_log = reconciler.feed().changes;
        let guard = if is_log { Guard::of_changes(client.caps()) } else { Guard::new(client.caps()) };
        let request = reconciler.first_page(&slice);
        Walker::new(client, reconciler, slice, guard).start(request, Trail::default())
    }

    /// Carries a walk on that stood at a point so long ago. The slice is the one that it was started with. Must be called
    /// inside a tokio runtime.
    #[must_use]
    pub fn carry_on(
        client: Client,
        reconciler: Arc<dyn Reconciler>,
        slice: Slice,
        from: Waypoint,
        age: Duration,
    ) -> Self {
        let Waypoint { stands, trail } = from;
        let Stands { next, number, rows, total, unseen, page, step: _ } = stands;
        let guard = Guard::on(trail.clone(), client.caps());
        let walker = Walker::new(client, reconciler, slice, guard);
        let answered = tokio::time::Instant::now().checked_sub(age);
        Walker { number, rows, total, unseen, page, answered, ..walker }.start(next, trail)
    }

    /// The next page, or nothing after the last one that could be read.
    pub async fn next(&mut self) -> Option<WalkedPage> {
        let page = self.pages.recv().await?;
        Some(self.hand_out(page))
    }

    /// The next page, if it is there already.
    pub fn next_at_hand(&mut self) -> Option<WalkedPage> {
        let page = self.pages.try_recv().ok()?;
        Some(self.hand_out(page))
    }

    /// Where the walk can be carried on behind the page that was handed out last. Nothing where that was the last one, or
    /// where a walk that is carried on could not prove anything.
    #[must_use]
    pub fn waypoint(&self) -> Option<Waypoint> {
        Some(Waypoint { stands: self.stands.clone()?, trail: self.trail.clone() })
    }

    fn hand_out(&mut self, mut page: WalkedPage) -> WalkedPage {
        self.stands = page.stands.take();
        if let Some(step) = self.stands.as_ref().and_then(|stands| stands.step) {
            self.trail.follow(step);
        }
        page
    }

    /// What the walk proved. Ask after the last page: a walk that is asked earlier is given up.
    pub async fn coverage(self) -> Coverage {
        self.end().await.coverage
    }

    /// What the walk proved and where the next one goes on. Ask after the last page.
    pub async fn end(self) -> Walked {
        let Self { pages, task, .. } = self;
        drop(pages);
        // A mistake in the walk is not the provider's doing: it goes on to whoever asked for the walk.
        task.await.unwrap_or_else(|error| match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Walked { coverage: Coverage::Partial(vec![Reason::Abandoned]), token: None },
        })
    }
}

struct Walker {
    client: Client,
    reconciler: Arc<dyn Reconciler>,
    slice: Slice,
    guard: Guard,
    number: u64,
    rows: u64,
    /// The newest count that the provider gave.
    total: Option<u64>,
    /// What should be on some page and was on none so far; nothing before the first page.
    unseen: Option<Vec<Unseen>>,
    /// Where the last page came from.
    page: Option<Url>,
    /// When the last page was complete.
    answered: Option<tokio::time::Instant>,
    /// Why the pages so far are not all there is, in the provider's own words.
    gaps: Vec<Reason>,
    /// What the next run of a change feed goes on from.
    token: Option<String>,
    /// How long it has waited for an export.
    patience: Patience,
}

impl Walker {
    /// A walker that has not asked for anything yet.
    fn new(client: Client, reconciler: Arc<dyn Reconciler>, slice: Slice, guard: Guard) -> Self {
        Self {
            client,
            reconciler,
            slice,
            guard,
            number: 0,
            rows: 0,
            total: None,
            unseen: None,
            page: None,
            answered: None,
            gaps: Vec::new(),
            token: None,
            patience: Patience::default(),
        }
    }

    fn start(self, request: PageRequest, trail: Trail) -> Walk {
        let (out, pages) = mpsc::channel(self.client.room().ahead());
        let task = AbortOnDropHandle::new(tokio::spawn(self.walk(request, out).in_current_span()));
        Walk { pages, task, trail, stands: None }
    }

    async fn walk(mut self, request: PageRequest, out: mpsc::Sender<WalkedPage>) -> Walked {
        let coverage = self.coverage(request, out).await;
        Walked { coverage, token: self.token }
    }

    async fn coverage(&mut self, first: PageRequest, out: mpsc::Sender<WalkedPage>) -> Coverage {
        let mut request = first;
        loop {
            let (page, next) = match self.read(&request).await {
                Ok(Some(read)) => read,
                Ok(None) => return self.end(&request),
                Err(reason) => return self.partial(reason),
            };
            if let Some(page) = page
                && out.send(page).await.is_err()
            {
                return Coverage::Partial(vec![Reason::Abandoned]);
            }
            if let Some(capped) = self.capped(&request) {
                return self.partial(capped);
            }
            request = match next {
                Next::Page(following) => following,
                Next::End => return self.end(&request),
                Next::Later(later) => match self.wait(&request, &later, &out).await {
                    Ok(()) => later.request,
                    Err(reason) => return self.partial(reason),
                },
            };
        }
    }

    /// Waits for an export, as long as somebody wants it.
    async fn wait(
        &mut self,
        request: &PageRequest,
        later: &Later,
        out: &mpsc::Sender<WalkedPage>,
    ) -> Result<(), Reason> {
        let at = self.site(request);
        tokio::select! {
            waited = self.patience.pause(&self.client, later) => waited.map_err(|error| Reason::of(at, error)),
            () = out.closed() => Err(Reason::Abandoned),
        }
    }

    /// Reads one answer: a page, or no page where it is about a job. Nothing where the provider says that there is none.
    async fn read(&mut self, request: &PageRequest) -> Result<Option<(Option<WalkedPage>, Next)>, Reason> {
        self.number += u64::from(request.asks_for_rows());
        let fetched = match self.fetch(request).await? {
            Answered::Read(fetched) => fetched,
            Answered::Partly(fetched, why) => {
                self.gap(request, why);
                fetched
            }
            Answered::Empty(_) => return Ok(None),
        };
        self.answered = Some(tokio::time::Instant::now());
        let page = self.reconciler.read_page(&self.slice, request, &fetched.response());
        let page = page.map_err(|fault| not_a_page(self.site(request), fault, &fetched))?;
        if request.asks_for_rows() {
            let (page, next) = self.take(request, fetched, page).await?;
            return Ok(Some((Some(page), next)));
        }
        let mut next = page.next;
        if let Next::Later(later) = &mut next {
            let asked = retry_after(&fetched.response(), SystemTime::now());
            later.after = later.after.max(asked.unwrap_or_default());
        }
        // Links are relative to the answer that gave them, and not to one that says "not yet".
        if !matches!(&next, Next::Later(later) if later.request == *request) {
            self.page = Some(fetched.url);
        }
        Ok(Some((None, next)))
    }

    /// Takes out of a page what is wanted of it.
    async fn take(
        &mut self,
        request: &PageRequest,
        mut fetched: Fetched,
        page: Page,
    ) -> Result<(WalkedPage, Next), Reason> {
        let fetched_at = SystemTime::now();
        let rows = page.items.len() + page.faults.len() + page.gone.len();
        let more_follows = matches!(page.next, Next::Page(_));
        let step = self.guard.after(&page.items, rows, more_follows);
        let step = step.map_err(|endless| self.endless(request, endless))?;
        if !page.partial.is_empty() {
            // Look-ups take room of their own, and whoever waits for room must hold none.
            fetched.held.leave();
        }
        let page = hydrate(&self.client, self.reconciler.as_ref(), &self.slice.each, page).await?;
        let Page { items, faults, next, total_rows, gone, gaps, ceiling, token, unseen, partial: _ } = page;
        if let Some(first) = faults.first() {
            let at = self.site(request);
            tracing::warn!(%at, rows = faults.len(), %first, "rows of a page cannot be used");
        }
        for why in gaps {
            self.gap(request, why);
        }
        let kept = token.and_then(|token| self.client.without_keys(&request.each, &token).ok());
        self.token = kept.or(self.token.take());
        self.rows += rows as u64;
        self.miss(unseen);
        self.total = total_rows.or(self.total);
        if !matches!(request.stage(), Some(Stage::File(_))) {
            self.page = Some(fetched.url);
        }
        // The body is not needed any more, and what waits for the comparison is much smaller.
        drop(fetched.body);
        fetched.held.shrink(items.size_bytes());
        let (number, stands) = (self.number, self.stands(&next, step));
        let page =
            WalkedPage { number, items, faults, gone, ceiling, fetched_at, stands, _held: fetched.held };
        Ok((page, next))
    }

    /// Where the walk can be carried on. One that is not all there is any more, or part of an export, is begun again instead.
    fn stands(&self, next: &Next, step: Step) -> Option<Stands> {
        let Next::Page(next) = next else { return None };
        if !self.reconciler.feed().is_led || !self.gaps.is_empty() || next.position.export.is_some() {
            return None;
        }
        let target = match &next.target {
            Target::Link(link) => Target::Link(self.client.without_keys(&next.each, link).ok()?),
            path @ Target::Path { .. } => path.clone(),
        };
        let (number, rows, total) = (self.number, self.rows, self.total);
        let (unseen, page, step) = (self.unseen.clone(), self.page.clone(), Some(step));
        Some(Stands { next: PageRequest { target, ..next.clone() }, number, rows, total, unseen, page, step })
    }

    async fn fetch(&mut self, request: &PageRequest) -> Result<Answered, Reason> {
        self.client.ready(&request.each).await.map_err(|error| Reason::of(self.site(request), error))?;
        let from = self.page.as_ref();
        let to = self.client.resolve(request, from).map_err(|error| Reason::of(self.site(request), error))?;
        // Asking about a job again and again is how it goes, and has an end of its own.
        if request.asks_for_rows() {
            self.guard.before(to.url(), request).map_err(|endless| self.endless(request, endless))?;
        }
        let going_on = self.answered.filter(|_| request.position.page > 0);
        let client = match going_on.zip(self.reconciler.feed().cursor_ttl) {
            Some((since, ttl)) => &self.client.going_on(since, ttl),
            None => &self.client,
        };
        client
            .fetch_page(self.reconciler.as_ref(), request, from)
            .await
            .map_err(|error| Reason::of(self.site(request), of_file(request, error)))
    }

    /// Why the range has to be read in halves: the provider counts more rows than it hands out, or has handed out as many.
    fn capped(&self, request: &PageRequest) -> Option<Reason> {
        let cap = self.reconciler.feed().cap.filter(|cap| cap.then == Cure::Halve)?;
        let is_reached = self.rows >= cap.rows || self.total.is_some_and(|total| total > cap.rows);
        is_reached.then(|| Reason::Capped { at: Box::new(self.site(request)), rows: cap.rows })
    }

    /// The end that the provider marked, if its own count agrees.
    fn end(&mut self, last: &PageRequest) -> Coverage {
        // A feed that we filter may hand out only the rows of the window, while the provider counts all.
        let feed = self.reconciler.feed();
        // A count that stops at the cap says that there are at least as many.
        let is_cut_off =
            |total: u64| feed.cap.is_some_and(|cap| cap.then == Cure::Rekey && cap.rows == total);
        let counted = self.total.filter(|total| feed.filter == Filter::Server && !is_cut_off(*total));
        let at = Box::new(self.site(last));
        // A list without rows need not say anything else.
        let unseen = self.unseen.as_mut().filter(|_| self.rows > 0).and_then(Vec::pop);
        match (counted, unseen) {
            (Some(said), _) if said != self.rows => {
                let seen = self.rows;
                self.partial(Reason::TotalMismatch { at, said, seen })
            }
            (_, Some(Unseen { place, .. })) => self.partial(Reason::Unseen { at, place }),
            _ if !self.gaps.is_empty() => Coverage::Partial(std::mem::take(&mut self.gaps)),
            _ => Coverage::Complete,
        }
    }

    /// Remembers what no page has shown so far.
    fn miss(&mut self, unseen: Vec<Unseen>) {
        match &mut self.unseen {
            Some(all) => all.retain(|one| unseen.contains(one)),
            None => self.unseen = Some(unseen.into_iter().filter(|one| one.is_proof).collect()),
        }
    }

    /// A page may be used and still not be all that the provider has.
    fn gap(&mut self, request: &PageRequest, why: String) {
        let gap = Reason::Gap { at: Box::new(self.site(request)), why };
        self.gaps.push(gap);
    }

    fn partial(&mut self, reason: Reason) -> Coverage {
        // Whoever asked for the walk says it once; here it only helps to see when it happened.
        tracing::debug!(%reason, "the walk is partial");
        let mut reasons = std::mem::take(&mut self.gaps);
        reasons.push(reason);
        Coverage::Partial(reasons)
    }

    fn endless(&self, request: &PageRequest, endless: Endless) -> Reason {
        Reason::Endless { at: Box::new(self.site(request)), endless }
    }

    fn site(&self, request: &PageRequest) -> Site {
        Site {
            domain: self.reconciler.domain().clone(),
            provider: self.client.provider().clone(),
            what: if request.asks_for_rows() { What::Page(self.number) } else { What::Job },
            request: self.client.describe(request, self.page.as_ref()),
        }
    }
}

/// What went wrong with a request, where it is one for a file: a file has no smaller pages.
fn of_file(request: &PageRequest, error: SourceError) -> SourceError {
    match (request.stage(), error) {
        (Some(Stage::File(_)), SourceError::BodyTooLarge { cap }) => SourceError::FileTooLarge { cap },
        (_, error) => error,
    }
}

/// A page that cannot be used; its content type helps only where it is not in the format that was expected.
pub(super) fn not_a_page(at: Site, fault: PageFault, fetched: &Fetched) -> Reason {
    let is_format = matches!(fault, PageFault::Shape(ShapeFault::NotJson(_) | ShapeFault::Format(_)));
    let response = fetched.response();
    let seen = response.header("content-type").filter(|_| is_format).map(clip);
    let outline = Box::new(Outline::of(response.body));
    Reason::NotAPage { at: Box::new(at), fault, seen: ContentType(seen), outline }
}
