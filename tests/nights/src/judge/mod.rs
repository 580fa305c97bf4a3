//! Judges every night by brute force, from the world's own history. It shares no code with the product; `README.md` beside the
//! world says what it holds to be true, and why.

mod causes;
mod coverage;
mod events;
mod evidence;
mod life;
mod lives;
mod people;
mod replay;
mod sums;
mod truth;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use evidence::{Evidence, Ranges, Reads};
use life::Life;
use replay::Made;
use truth::{Bounds, Compared};

use crate::night::Seen;
use crate::story::{Micros, Mood, Name, Variety};
use crate::tray::{Arrived, Refusal};
use crate::world::{Sides, Truth, World};

/// What is wrong with a night.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) is_missed: bool,
    pub(crate) name: Option<Name>,
    pub(crate) says: String,
}

impl Wrong {
    fn untrue(name: Option<&Name>, says: String) -> Self {
        Self { is_missed: false, name: name.cloned(), says }
    }

    fn missed(name: Option<&Name>, says: String) -> Self {
        Self { is_missed: true, name: name.cloned(), says }
    }
}

/// What a plan announced of a key.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    pub(crate) kind: String,
    pub(crate) event_id: Uuid,
    /// What the truth held then.
    pub(crate) truth: Option<Truth>,
}

/// A night as the judge sees it.
pub(crate) struct Night<'a> {
    pub(crate) world: &'a World,
    /// Both sides at every moment of the run: its start, and after each rest.
    pub(crate) moments: &'a [Sides],
    pub(crate) seen: &'a Seen,
    pub(crate) arrived: &'a [Arrived],
    /// Why the queue does not take what is about an item, if it does not.
    pub(crate) refusal: &'a dyn Fn(&Name) -> Option<Refusal>,
    /// The ids of the events that a plan announced just before.
    pub(crate) planned: &'a HashMap<Name, Planned>,
}

impl Night<'_> {
    fn variety(&self) -> &Variety {
        &self.world.story.variety
    }

    fn bounds(&self) -> Bounds {
        Bounds::of(self.variety(), self.moments[0].at)
    }

    fn mood(&self) -> Mood {
        self.world.tonight.night.mood
    }

    fn evidence(&self) -> Evidence {
        Evidence::of(self.world, self.moments, self.seen.report.is_none())
    }
}

/// What the judge knows from the nights before.
#[derive(Default)]
pub(crate) struct Judge {
    lives: BTreeMap<Name, Life>,
    verified: BTreeMap<&'static str, Ranges>,
    overlaps: BTreeMap<&'static str, Option<Micros>>,
    /// The tokens that each member was given at the end of a walk.
    tokens: BTreeMap<&'static str, BTreeSet<usize>>,
    /// What each event id was given to.
    ids: HashMap<Uuid, Drift>,
    drifts: HashMap<Drift, Uuid>,
    arrived_before: HashMap<Uuid, bool>,
    /// Every event that was made, in the order of the nights.
    made: Vec<Made>,
    n_nights: usize,
    /// What a consumer with an inbox did, by what is to be done once.
    effects: HashMap<Drift, Uuid>,
}

/// What must have one id and no other: name, kind, episode, and what upstream has.
type Drift = (Name, &'static str, u32, Option<Compared>);

impl Judge {
    /// Judges a night, and takes it for what the next one begins with.
    pub(crate) fn judge(&mut self, night: &Night<'_>) -> Vec<Wrong> {
        self.n_nights += 1;
        let reads: BTreeMap<&str, Reads> =
            night.variety().members.iter().map(|member| (*member, self.reads(night, member))).collect();
        let mut wrong = self.coverage(night);
        let (mut lives, strange) = self.next_lives(night, &reads);
        wrong.extend(sums::sums(night, &reads, &lives));
        wrong.extend(strange);
        wrong.extend(causes::counts(night, &lives));
        wrong.extend(self.events(night, &mut lives));
        wrong.extend(sums::standing(night, &lives));
        self.lives = lives;
        self.verified = night.seen.verified.clone();
        self.overlaps = night.seen.overlaps.clone();
        wrong
    }

    fn reads(&self, night: &Night<'_>, member: &str) -> Reads {
        let nothing = Vec::new();
        let verified = self.verified.get(member).unwrap_or(&nothing);
        let overlap = self.overlaps.get(member).copied().flatten();
        Reads::of(night.world, night.bounds(), &night.moments[0], member, verified, overlap)
    }
}
