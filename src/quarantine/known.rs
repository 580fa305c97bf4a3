//! What is in quarantine of a member of a domain, and what the reading of a slice changes of that.

use std::collections::{BTreeMap, BTreeSet};

use tieout_reconcilers::window::Window;

use super::entry::{Class, Entry, EntryId, Kind, Sighting, State};

/// How many entries of a member are kept at a time. Where there are more, it is the definition that is wrong, and not the items.
pub const MOST: usize = 1_000;

/// How a slice was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read {
    /// Its range.
    pub window: Window,
    /// Whether everything that lies in the range was read: what was not seen is not there any more.
    pub is_whole: bool,
}

/// What is known of an entry while a run works.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mark {
    kind: Kind,
    class: Class,
    place: String,
    state: State,
    window: Window,
}

/// What is in quarantine, open or accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    marks: BTreeMap<EntryId, Mark>,
    left_out: u64,
}

/// What is to be written down of a slice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Weighed {
    /// What was seen, each once, with the range in which it was.
    pub seen: Vec<(Sighting, Window)>,
    /// What is not there any more.
    pub gone: Vec<EntryId>,
    /// What can only be in a smaller range than it was seen in.
    pub narrowed: Vec<(EntryId, Window)>,
}

impl Weighed {
    /// Whether there is nothing to write down.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.seen.is_empty() && self.gone.is_empty() && self.narrowed.is_empty()
    }
}

impl Known {
    /// What is known at the start of a run.
    #[must_use]
    pub fn of(entries: impl IntoIterator<Item = Entry>) -> Self {
        let marks = entries.into_iter().filter(|entry| entry.state != State::Gone).map(|entry| {
            let Sighting { id, kind, class, place, .. } = entry.seen;
            (id, Mark { kind, class, place, state: entry.state, window: entry.window })
        });
        Self { marks: marks.collect(), left_out: 0 }
    }

    /// Whether a person said to go on without it.
    #[must_use]
    pub fn accepts(&self, id: &EntryId) -> bool {
        self.marks.get(id).is_some_and(|mark| mark.state == State::Accepted)
    }

    /// Takes over what is known of another member.
    pub fn absorb(&mut self, other: Self) {
        self.marks.extend(other.marks);
        self.left_out += other.left_out;
    }

    /// How many entries are in a state.
    #[must_use]
    pub fn count(&self, state: State) -> u64 {
        self.marks.values().filter(|mark| mark.state == state).count() as u64
    }

    /// How many are not kept, because there are too many.
    #[must_use]
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// The entries, those that are open first: id, kind, class, place and state.
    pub fn list(&self) -> impl Iterator<Item = (&EntryId, Kind, Class, &str, State)> {
        let of = |state: State| self.marks.iter().filter(move |(_, mark)| mark.state == state);
        of(State::Open)
            .chain(of(State::Accepted))
            .map(|(id, mark)| (id, mark.kind, mark.class, mark.place.as_str(), mark.state))
    }

    /// Takes in what a slice saw, and says what is to be written down. `untold` is how many more it saw and did not tell.
    pub fn take(&mut self, read: Read, sightings: Vec<Sighting>, untold: u64) -> Weighed {
        let by_id: BTreeMap<EntryId, Sighting> =
            sightings.into_iter().map(|sighting| (sighting.id.clone(), sighting)).collect();
        let mut weighed = if read.is_whole { self.settle(read.window, &by_id) } else { Weighed::default() };
        self.left_out += untold;
        for (id, sighting) in by_id {
            if !self.marks.contains_key(&id) && self.marks.len() >= MOST {
                self.left_out += 1;
                continue;
            }
            let state = if self.accepts(&id) { State::Accepted } else { State::Open };
            let (kind, class, place) = (sighting.kind, sighting.class, sighting.place.clone());
            self.marks.insert(id, Mark { kind, class, place, state, window: read.window });
            weighed.seen.push((sighting, read.window));
        }
        weighed
    }

    /// What a range that was read whole says about what it did not show.
    fn settle(&mut self, read: Window, seen: &BTreeMap<EntryId, Sighting>) -> Weighed {
        let unseen: BTreeSet<EntryId> =
            self.marks.keys().filter(|id| !seen.contains_key(*id)).cloned().collect();
        let mut weighed = Weighed::default();
        for id in unseen {
            let Some(mark) = self.marks.get_mut(&id) else { continue };
            match left_of(mark.window, read) {
                None => {
                    self.marks.remove(&id);
                    weighed.gone.push(id);
                }
                Some(left) if left != mark.window => {
                    mark.window = left;
                    weighed.narrowed.push((id, left));
                }
                Some(_) => {}
            }
        }
        weighed
    }
}

/// Where something can still be that was seen in a range and not in a part of it. A part in the middle says nothing: two ranges are
/// left, and nobody knows which of them it is in.
fn left_of(window: Window, read: Window) -> Option<Window> {
    let before = Window::new(window.from(), window.to().min(read.from()));
    let after = Window::new(window.from().max(read.to()), window.to());
    match (before, after) {
        (Some(_), Some(_)) => Some(window),
        (one, other) => one.or(other),
    }
}
