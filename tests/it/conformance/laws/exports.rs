//! Exports: a job that is begun, asked about, and read.

use std::collections::BTreeSet;

use crate::conformance::play::Act;
use crate::conformance::traffic::{Exchange, leaves, text};

pub(super) fn shows(code: &str, act: &Act) -> Option<bool> {
    let calls = act.calls();
    let job = Job::of(&calls).filter(|_| act.is_complete && act.slice.is_some());
    Some(match code {
        "P12" => job.is_some_and(|job| {
            let at_the_end = job.rest.last().is_some_and(|file| file.method == "GET" && file.status == 200);
            act.items().next().is_some() && job.polls().len() > 1 && !job.polls_last() && at_the_end
        }),
        // The job ends with nothing, after it was asked about more than once, and nothing is fetched.
        "E11" => {
            job.is_some_and(|job| act.items().next().is_none() && job.polls().len() > 1 && job.polls_last())
        }
        "E12" => job.is_some_and(|job| job.refused > 0 && !job.polls().is_empty()),
        _ => return None,
    })
}

/// A job as the requests about it show it.
struct Job<'a> {
    /// How often it was refused before it began.
    refused: usize,
    /// What its beginning was answered with.
    names: BTreeSet<String>,
    /// The requests after it had begun.
    rest: &'a [&'a Exchange],
}

impl<'a> Job<'a> {
    /// The first request posts the job; until it is taken, the same request comes again.
    fn of(calls: &'a [&'a Exchange]) -> Option<Self> {
        let first = calls.first().filter(|call| call.method == "POST")?;
        let refused = calls.iter().take_while(|call| call.status >= 400 && call.repeats(first)).count();
        let (taken, rest) = calls.get(refused..)?.split_first()?;
        if taken.status >= 300 || !taken.repeats(first) {
            return None;
        }
        let said = taken.said();
        let names = leaves(&said).into_iter().map(|(_, leaf)| text(leaf)).filter(|name| name.len() > 2);
        Some(Self { refused, names: names.collect(), rest })
    }

    /// The requests whose path names the job.
    fn polls(&self) -> Vec<&Exchange> {
        let is_poll = |call: &&&Exchange| call.path.split('/').any(|part| self.names.contains(part));
        self.rest.iter().filter(is_poll).copied().collect()
    }

    fn polls_last(&self) -> bool {
        self.polls().last().is_some_and(|poll| std::ptr::eq(*poll, *self.rest.last().unwrap_or(poll)))
    }
}
