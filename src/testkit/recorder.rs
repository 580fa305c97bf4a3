//! Listens to a provider while a plan is made, and writes down what it answers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tieout_reconcilers::compare::KEY;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::Each;
use tieout_reconcilers::page::{Page, PageRequest, Response};

use super::exchange::Ask;
use super::staged::Stage;
use crate::source::{Question, SourceError, Witness};

/// Listens, and lets no more than some pages be asked for.
#[derive(Debug)]
pub struct Recorder {
    pages: u32,
    heard: Mutex<Heard>,
}

/// What was heard.
#[derive(Debug, Default)]
pub struct Heard {
    /// The answers, in the order in which they were first asked for.
    pub(super) answers: Vec<Answered>,
    /// The keys that the pages showed, by their members.
    pub keys: BTreeMap<Each, BTreeSet<Key>>,
    /// Whether there were more pages than wanted.
    pub are_more: bool,
    look_ups: Vec<PageRequest>,
    asked_for: Vec<Ask>,
}

/// An answer as it came.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) ask: Ask,
    pub(super) is_page: bool,
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Recorder {
    /// Listens to so many pages.
    #[must_use]
    pub fn new(pages: u32) -> Self {
        Self { pages, heard: Mutex::default() }
    }

    /// What was heard so far; it is forgotten here.
    #[must_use]
    pub fn take(&self) -> Heard {
        std::mem::take(&mut *self.state())
    }

    fn state(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Heard {
    fn is_page(&self, asked: &PageRequest) -> bool {
        asked.asks_for_rows() && !self.look_ups.contains(asked)
    }
}

impl Witness for Recorder {
    fn permits(&self, question: &Question<'_>) -> Result<(), SourceError> {
        let mut heard = self.state();
        let ask = Ask::of(question);
        if !heard.is_page(question.asked) || heard.asked_for.contains(&ask) {
            return Ok(());
        }
        if heard.asked_for.len() >= self.pages as usize {
            heard.are_more = true;
            let why = format!("{} pages are recorded, and no more were wanted", self.pages);
            return Err(SourceError::Refused { status: 0, why });
        }
        heard.asked_for.push(ask);
        Ok(())
    }

    fn heard(&self, question: &Question<'_>, response: &Response<'_>) {
        let mut heard = self.state();
        let is_page = heard.is_page(question.asked);
        let answer = Answered {
            ask: Ask::of(question),
            is_page,
            status: response.status,
            headers: response.headers.to_vec(),
            body: response.body.to_vec(),
        };
        let known = heard.answers.iter_mut().rev().find(|known| known.ask == answer.ask);
        match known {
            // It was asked again because of how that ended.
            Some(known) if !(200..300).contains(&known.status) => *known = answer,
            Some(known) if known.status == answer.status && known.body == answer.body => {}
            _ => heard.answers.push(answer),
        }
    }
}

impl Stage for Recorder {
    fn looks_up(&self, asked: &PageRequest) {
        self.state().look_ups.push(asked.clone());
    }

    fn shows(&self, each: &Each, page: &Page) {
        let keys = page.items.iter().filter_map(|item| Key::from_json(item.slot(KEY)).ok());
        self.state().keys.entry(each.clone()).or_default().extend(keys);
    }

    fn knows(&self, _path: &str) -> bool {
        false
    }

    fn is_from_pages(&self, _asked: &PageRequest) -> bool {
        false
    }

    fn bodies_for(&self, _each: &Each) -> Vec<Vec<u8>> {
        Vec::new()
    }
}
