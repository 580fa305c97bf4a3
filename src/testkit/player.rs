//! Answers from a fixture in the place of its provider, and lets go wrong what a test wants to go wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tieout_reconcilers::define::tests_file::{How, Mishap, TestFault};
use tieout_reconcilers::name::Each;
use tieout_reconcilers::page::{Page, PageRequest};

use super::exchange::Ask;
use super::fixture::{Fixture, Recorded};
use super::staged::Stage;
use crate::source::{Question, Reply, SourceError, StandIn};

/// How long somebody is said to have waited for an answer that never came.
const PATIENCE: Duration = Duration::from_mins(1);

/// Empties a page of its rows.
pub(super) type Emptier = Box<dyn Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync>;

/// A provider that knows nothing but a fixture.
pub struct Player {
    recorded: Vec<Recorded>,
    faults: Vec<TestFault>,
    emptier: Emptier,
    state: Mutex<Played>,
}

#[derive(Debug, Default)]
struct Played {
    /// How often each answer was given.
    given: BTreeMap<usize, usize>,
    /// How often each fault happened.
    happened: BTreeMap<usize, u32>,
    /// Requests that nothing answers.
    unanswered: Vec<String>,
    /// Look-ups that are answered from the pages.
    from_pages: Vec<PageRequest>,
    /// To whom which pages were shown.
    shown: Vec<(Each, usize)>,
}

impl Player {
    /// Plays a fixture.
    #[must_use]
    pub fn new(fixture: &Fixture, faults: &[TestFault], emptier: Emptier) -> Self {
        Self { recorded: fixture.recorded.clone(), faults: faults.to_vec(), emptier, state: Mutex::default() }
    }

    /// Faults that are about pages which are not there.
    #[must_use]
    pub fn stray_faults(&self) -> Vec<u32> {
        let pages = self.recorded.iter().filter(|one| one.is_page).count();
        self.faults.iter().map(|fault| fault.page).filter(|page| *page as usize > pages).collect()
    }

    /// What was asked and is in no file.
    #[must_use]
    pub fn unanswered(&self) -> Vec<String> {
        self.state().unanswered.clone()
    }

    /// In which ways something went wrong, each once.
    #[must_use]
    pub fn mishaps(&self) -> BTreeSet<&'static str> {
        let state = self.state();
        let happened = state.happened.iter().filter(|(_, times)| **times > 0);
        happened.filter_map(|(at, _)| Some(self.faults.get(*at)?.how.word())).collect()
    }

    fn state(&self) -> MutexGuard<'_, Played> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The file that answers a request best. Of several that answer it alike each has its turn, and the last one stays.
    fn choose(&self, ask: &Ask, state: &mut Played) -> Option<usize> {
        let fits = self.recorded.iter().enumerate();
        let fits: Vec<(usize, usize)> =
            fits.filter_map(|(place, one)| Some((one.exchange.request.fits(ask)?, place))).collect();
        let best = fits.iter().map(|(fit, _)| *fit).max()?;
        let alike: Vec<usize> =
            fits.into_iter().filter(|(fit, _)| *fit == best).map(|(_, place)| place).collect();
        let given = |place: &usize| state.given.get(place).copied().unwrap_or_default();
        let fewest = alike.iter().copied().find(|place| given(place) == 0);
        let place = fewest.or_else(|| alike.last().copied())?;
        *state.given.entry(place).or_default() += 1;
        Some(place)
    }

    /// What goes wrong with a file now.
    fn mishap(&self, place: usize, state: &mut Played) -> Option<How> {
        let number = self.page_number(place)?;
        for (at, fault) in self.faults.iter().enumerate().filter(|(_, fault)| fault.page == number) {
            let happened = state.happened.entry(at).or_default();
            if fault.times.is_none_or(|times| *happened < times) {
                *happened += 1;
                return Some(fault.how);
            }
        }
        None
    }

    fn page_number(&self, place: usize) -> Option<u32> {
        self.recorded.get(place).filter(|one| one.is_page)?;
        let before = self.recorded.iter().take(place).filter(|one| one.is_page).count();
        u32::try_from(before + 1).ok()
    }

    /// The page before another one.
    fn before(&self, place: usize) -> Option<&Recorded> {
        self.recorded.iter().take(place).rev().find(|one| one.is_page)
    }

    fn instead(&self, place: usize, how: How, reply: Reply) -> Result<Reply, SourceError> {
        Ok(match how {
            How::Status(status) => Reply { status, ..Reply::default() },
            How::Mishap(Mishap::Timeout) => return Err(SourceError::TimedOut(PATIENCE)),
            How::Mishap(Mishap::Truncated) => {
                let half = reply.body.len() / 2;
                Reply { body: reply.body.into_iter().take(half).collect(), ..reply }
            }
            How::Mishap(Mishap::Duplicate) => match self.before(place) {
                Some(page) => page.exchange.response.reply(),
                None => reply,
            },
            How::Mishap(Mishap::Empty) => match (self.emptier)(&reply.body) {
                Some(body) => Reply { body, ..reply },
                None => return Err(unplayable("this page has no place that could be emptied")),
            },
        })
    }
}

impl Stage for Player {
    fn knows(&self, path: &str) -> bool {
        self.recorded.iter().any(|one| one.exchange.request.path == path)
    }

    fn shows(&self, _each: &Each, _page: &Page) {}

    /// It is answered from the pages from now on, unless some file answers it.
    fn looks_up(&self, asked: &PageRequest) {
        let ask = Ask::of_request(asked);
        let is_answered =
            |ask: &Ask| self.recorded.iter().any(|one| one.exchange.request.fits(ask).is_some());
        let mut state = self.state();
        if !ask.as_ref().is_some_and(is_answered) && !state.from_pages.contains(asked) {
            state.from_pages.push(asked.clone());
        }
    }

    fn is_from_pages(&self, asked: &PageRequest) -> bool {
        self.state().from_pages.contains(asked)
    }

    /// All pages, where there are no members.
    fn bodies_for(&self, each: &Each) -> Vec<Vec<u8>> {
        let shown = self.state().shown.clone();
        let is_theirs = |place: usize| *each == Each::default() || shown.contains(&(each.clone(), place));
        let pages = self.recorded.iter().enumerate().filter(|(place, one)| one.is_page && is_theirs(*place));
        let pages = pages.filter(|(_, one)| one.exchange.response.is_success());
        pages.map(|(_, one)| one.exchange.response.reply().body).collect()
    }
}

fn unplayable(why: &str) -> SourceError {
    SourceError::Refused { status: 404, why: why.to_owned() }
}

impl StandIn for Player {
    fn answer(&self, question: &Question<'_>) -> Result<Reply, SourceError> {
        let ask = Ask::of(question);
        let mut state = self.state();
        if state.from_pages.contains(question.asked) {
            return Ok(Reply { status: 200, body: b"{}".to_vec(), ..Reply::default() });
        }
        let Some(place) = self.choose(&ask, &mut state) else {
            state.unanswered.push(ask.line());
            return Err(unplayable("no file of the fixture answers it"));
        };
        let how = self.mishap(place, &mut state);
        if how.is_some()
            && let Some(given) = state.given.get_mut(&place)
        {
            // What did not arrive is still to come.
            *given -= 1;
        }
        state.shown.push((question.asked.each.clone(), place));
        drop(state);
        let Some(recorded) = self.recorded.get(place) else { return Err(unplayable("it is not there")) };
        let reply = recorded.exchange.response.reply();
        match how {
            Some(how) => self.instead(place, how, reply),
            None => Ok(reply),
        }
    }
}

impl std::fmt::Debug for Player {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Player").field("files", &self.recorded.len()).finish_non_exhaustive()
    }
}
