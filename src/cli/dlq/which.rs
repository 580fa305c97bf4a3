//! Which dead letters a command is about: selected by what they share, or named one by one.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::str::FromStr;

use clap::Args;
use regex_lite::Regex;
use serde::Deserialize;
use uuid::Uuid;

use crate::cli::failure::Failure;
use crate::cli::values::{When, when};
use crate::cli::wire;
use crate::config::Loaded;
use crate::dead_letter::GroupId;
use crate::report::ChosenView;
use crate::run::Carriage;
use crate::store::{DeadFilter, DeadLetter, Fates, Over, Shown, Store, StoreError};

/// How many events can be named one by one.
const MOST: usize = 10_000;

/// How much of standard input is read: that many lines of `dlq list --flat --format jsonl`.
const MOST_BYTES: u64 = 16 << 20;

/// How many unknown ids an error lists.
const LISTED: usize = 5;

/// What dead letters share.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct Filters {
    /// Only these groups: what `dlq list` writes, or its first characters
    #[arg(long, value_name = "GROUP", value_delimiter = ',')]
    pub group: Vec<GroupId>,
    /// Only of these domains, by name, glob or tag (`tag:money`)
    #[arg(long, value_name = "DOMAIN", value_delimiter = ',')]
    pub domain: Vec<String>,
    /// Only for these queues
    #[arg(long, value_name = "QUEUE", value_delimiter = ',')]
    pub queue: Vec<String>,
    /// Only of these classes: exhausted, unroutable, poison, `too_large`, rejected, schema
    #[arg(long, value_name = "CLASS", value_delimiter = ',')]
    pub class: Vec<String>,
    /// Only where the reason matches this expression, such as `stale version \d+`
    #[arg(long, value_name = "REGEX")]
    pub error: Option<Reason>,
    /// Only what died since then: a date, a time with its offset, or so long ago (`24h`)
    #[arg(long, value_name = "WHEN", value_parser = when)]
    pub since: Option<When>,
}

/// What a reason has to match.
#[derive(Debug, Clone)]
pub struct Reason(Regex);

impl FromStr for Reason {
    type Err = regex_lite::Error;

    fn from_str(text: &str) -> Result<Self, regex_lite::Error> {
        Regex::new(text).map(Self)
    }
}

impl PartialEq for Reason {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Reason {}

/// Which dead letters something is done to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct Which {
    /// Events, by their ids; `-` reads ids, or the lines of `dlq list --flat --format jsonl`, from stdin
    #[arg(value_name = "EVENT")]
    pub events: Vec<EventName>,
    /// What they share.
    #[command(flatten)]
    pub filters: Filters,
    /// Every dead letter
    #[arg(long, conflicts_with = "events")]
    pub all: bool,
    /// At most so many, the oldest first
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,
}

/// An event as somebody named it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventName {
    /// By its id.
    Id(Uuid),
    /// More of them are on standard input.
    Stdin,
}

impl FromStr for EventName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "-" => Ok(Self::Stdin),
            id => id.parse().map(Self::Id).map_err(|_| NOT_AN_ID.to_owned()),
        }
    }
}

const NOT_AN_ID: &str =
    "expected the id of an event, as `tieout dlq list --flat` writes it; groups go behind `--group`";

/// Which dead letters were chosen.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    /// In the order of their commit.
    pub(super) ids: Vec<Uuid>,
    /// The queues that they go to.
    pub(super) queues: BTreeSet<String>,
    no_queue: u64,
    beyond_limit: u64,
}

impl Filters {
    /// Calls `take` with each dead letter that is asked for. A group that nothing is in, or a beginning of several, is an error, so nothing
    /// may be done before this returns.
    pub(super) async fn each(
        &self,
        loaded: &Loaded,
        store: &Store,
        shown: Shown,
        mut take: impl FnMut(DeadLetter),
    ) -> Result<(), Failure> {
        let filter = self.filter(loaded, store, shown).await?;
        let mut met: Vec<BTreeSet<GroupId>> = vec![BTreeSet::new(); self.group.len()];
        let walked = store.each_dead_letter(&filter, |letter| {
            let whole = letter.group().id();
            let mut is_wanted = self.group.is_empty();
            for (met, _) in met.iter_mut().zip(&self.group).filter(|(_, group)| group.begins(&whole)) {
                met.insert(whole.clone());
                is_wanted = true;
            }
            if is_wanted && self.fits(&letter) {
                take(letter);
            }
        });
        walked.await.map_err(|error| wire::store_failure(&error))?;
        self.group.iter().zip(&met).try_for_each(|(group, met)| match met.len() {
            0 => Err(no_such_group(group)),
            1 => Ok(()),
            _ => Err(several_groups(group, met)),
        })
    }

    /// Whether the reason is one that is meant.
    fn fits(&self, letter: &DeadLetter) -> bool {
        let reason = letter.reason.as_deref().unwrap_or_default();
        self.error.as_ref().is_none_or(|meant| meant.0.is_match(reason))
    }

    async fn filter(&self, loaded: &Loaded, store: &Store, shown: Shown) -> Result<DeadFilter, Failure> {
        let domains = match self.domain.as_slice() {
            [] => Vec::new(),
            patterns => {
                wire::selected(loaded, patterns)?.iter().map(|domain| domain.domain().clone()).collect()
            }
        };
        let since = match self.since {
            None => None,
            Some(when) => Some(when.before(store.now().await.map_err(|error| wire::store_failure(&error))?)),
        };
        Ok(DeadFilter { domains, queues: self.queue.clone(), classes: self.class.clone(), since, shown })
    }
}

fn several_groups(begun: &GroupId, met: &BTreeSet<GroupId>) -> Failure {
    let ids: Vec<String> = met.iter().map(ToString::to_string).collect();
    Failure::usage("several_groups", format!("several groups begin with `{begun}`: {}", ids.join(", ")))
}

pub(super) fn no_such_group(group: &GroupId) -> Failure {
    let message = format!("no dead letter is in a group `{group}` now; `tieout dlq list` lists the groups");
    Failure::usage("no_such_group", message)
}

pub(super) fn no_such_event(ids: &[Uuid]) -> Failure {
    let listed: Vec<String> = ids.iter().take(LISTED).map(ToString::to_string).collect();
    let more = ids.len().saturating_sub(LISTED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let message = format!("no event has the id {}{more}; nothing was changed", listed.join(", "));
    Failure::usage("no_such_event", message)
}

impl Which {
    /// The events that are meant and have a queue, as far as `has_queue` says so. An unknown id is an error.
    pub(super) async fn choose(
        &self,
        loaded: &Loaded,
        store: &Store,
        has_queue: impl Fn(&str) -> bool,
    ) -> Result<Chosen, Failure> {
        if self.events.is_empty() && self.filters == Filters::default() && !self.all {
            let message = "say which: a group (`--group 7f3a`), `--domain`, `--queue`, `--class`, `--error`, `--since`, events by \
                 their ids, or `--all`";
            return Err(Failure::usage("which", message));
        }
        let mut chosen = Chosen::default();
        let limit = self.limit.unwrap_or(u64::MAX);
        let mut take = |letter: DeadLetter| {
            if !has_queue(&letter.queue) {
                chosen.no_queue += 1;
            } else if chosen.ids.len() as u64 >= limit {
                chosen.beyond_limit += 1;
            } else {
                chosen.ids.push(letter.event_id);
                chosen.queues.insert(letter.queue);
            }
        };
        if self.events.is_empty() {
            self.filters.each(loaded, store, Shown::Dead, take).await?;
        } else {
            self.named(store).await?.into_iter().for_each(&mut take);
        }
        Ok(chosen)
    }

    async fn named(&self, store: &Store) -> Result<Vec<DeadLetter>, Failure> {
        if self.filters != Filters::default() {
            let message = "events are chosen by their ids or by what they share, not by both";
            return Err(Failure::usage("usage", message));
        }
        let mut ids = BTreeSet::new();
        for event in &self.events {
            match event {
                EventName::Id(id) => ids.extend([*id]),
                EventName::Stdin => ids.extend(lines(&read()?)?),
            }
        }
        if ids.len() > MOST {
            return Err(Failure::usage("too_many", format!("at most {MOST} events can be named at once")));
        }
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let letters = store.letters(&ids).await.map_err(|error| wire::store_failure(&error))?;
        let known: BTreeSet<Uuid> = letters.iter().map(|letter| letter.event_id).collect();
        let unknown: Vec<Uuid> = ids.into_iter().filter(|id| !known.contains(id)).collect();
        if unknown.is_empty() { Ok(letters) } else { Err(no_such_event(&unknown)) }
    }
}

impl Chosen {
    /// Those that nobody had to choose.
    pub(super) fn of(letters: Vec<DeadLetter>) -> Self {
        let mut chosen = Self::default();
        for letter in letters {
            chosen.ids.push(letter.event_id);
            chosen.queues.insert(letter.queue);
        }
        chosen
    }

    /// What may become of them.
    pub(super) async fn judged(&self, store: &Store) -> Result<ChosenView, Failure> {
        self.told(store.fates(&self.ids).await)
    }

    /// What may become of them when they are sent.
    pub(super) async fn judged_to_send(
        &self,
        store: &Store,
        over: Over,
        carriage: &Carriage,
    ) -> Result<ChosenView, Failure> {
        self.told(store.fates_put_back(&self.ids, over, &|revived| carriage.ready(revived)).await)
    }

    fn told(&self, fates: Result<Fates, StoreError>) -> Result<ChosenView, Failure> {
        let fates = fates.map_err(|error| wire::store_failure(&error))?;
        Ok(self.with_those_left_out(ChosenView::of(&fates)))
    }

    /// Adds what the selection itself left out.
    pub(super) const fn with_those_left_out(&self, view: ChosenView) -> ChosenView {
        ChosenView { no_queue: self.no_queue, beyond_limit: self.beyond_limit, ..view }
    }
}

fn read() -> Result<String, Failure> {
    let mut text = String::new();
    let read = std::io::stdin().take(MOST_BYTES + 1).read_to_string(&mut text);
    read.map_err(|error| Failure::usage("stdin", format!("standard input cannot be read: {error}")))?;
    if text.len() as u64 > MOST_BYTES {
        return Err(Failure::usage(
            "stdin",
            format!("standard input is longer than {} MiB", MOST_BYTES >> 20),
        ));
    }
    Ok(text)
}

/// What is used of a line of `dlq list --flat --format jsonl`.
#[derive(Deserialize)]
struct Line {
    event_id: Uuid,
}

/// The ids on lines; empty ones say nothing.
fn lines(text: &str) -> Result<Vec<Uuid>, Failure> {
    let numbered = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    numbered
        .filter(|(_, line)| !line.is_empty())
        .map(|(at, line)| {
            let id = match serde_json::from_str::<Line>(line) {
                Ok(line) => Some(line.event_id),
                Err(_) => line.parse().ok(),
            };
            id.ok_or_else(|| Failure::usage("stdin", format!("line {at}: {NOT_AN_ID}")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_ids_or_what_the_flat_list_writes() {
        let id = Uuid::from_u128(7);
        let text =
            format!("{id}\n\n {{\"type\":\"dead_letter\",\"event_id\":\"{id}\",\"class\":\"poison\"}}\n");
        assert_eq!(lines(&text).unwrap(), [id, id]);
        assert!(lines("\nnonsense").unwrap_err().message.starts_with("line 2: expected the id of an event"));
    }
}
