//! Makes worlds up: a seed and a number give the same world every time.

use fastrand::Rng;

use crate::story::{
    DAY, Deed, Event, Fault, Feed, HOUR, Item, MINUTE, Micros, Mood, Name, Night, SECOND, Story, Variety,
};

/// 2026-01-10T02:00:00Z.
const FIRST_NIGHT: Micros = 1_768_010_400 * SECOND;
const CURRENCIES: [&str; 3] = ["usd", "jpy", "kwd"];
const STATUSES: [&str; 3] = ["open", "paid", "void"];
/// Keys that are written differently in paths, in SQL and in JSON.
const ODD: [&str; 10] = ["a/b", "0012", "12", "é", "e\u{301}", "x'y", "x\"y", "a b", "%2F?#&=", "A/B"];

/// The world of a number.
pub(crate) fn tell(seed: u64, world: u64) -> Story {
    let mut rng = Rng::with_seed(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ world);
    // What Rng makes of neighbouring seeds is alike at first.
    for _ in 0..8 {
        rng.u64(..);
    }
    let mut variety = variety(&mut rng);
    let nights = nights(&mut rng, &variety);
    // What goes wrong at the third request should go wrong at the same one again.
    let is_calm = nights.iter().all(|night| night.fault.is_none() && night.killed_at.is_none());
    variety.lanes = if is_calm { 3 } else { 1 };
    let mut teller = Teller { rng, variety: &variety, nights: &nights, events: Vec::new() };
    teller.tell();
    let mut events = teller.events;
    events.sort_by_key(|event| event.at);
    Story { seed, world, variety, events, nights }
}

fn variety(rng: &mut Rng) -> Variety {
    let feed = pick(rng, &[Feed::Created, Feed::Created, Feed::Updated, Feed::Client, Feed::Changes]);
    let order = match feed {
        Feed::Created | Feed::Updated => pick(rng, &[Some("asc"), Some("desc"), None]),
        Feed::Client | Feed::Changes => None,
    };
    let knows_version = rng.bool();
    Variety {
        feed,
        order,
        members: pick(rng, &[&[""] as &[_], &[""], &["north", "south"]]),
        mutable: feed != Feed::Created || rng.u8(..10) > 0,
        settle: pick(rng, &[0, 15 * MINUTE, 15 * MINUTE]),
        lag: pick(rng, &[0, 0, 5 * MINUTE, 40 * MINUTE]),
        reemit_after: 20 * HOUR,
        start: FIRST_NIGHT - rng.i64(2 * DAY..4 * DAY),
        overlap: match feed {
            Feed::Created => pick(rng, &[Some(30 * DAY), Some(30 * DAY), Some(DAY), None]),
            _ => None,
        },
        knows_changed: rng.bool(),
        knows_version,
        is_guarded: knows_version && rng.bool(),
        emits_orphans: rng.bool(),
        max_emits: pick(rng, &[500, 500, 500, 2]),
        page: rng.usize(2..6),
        lanes: 1,
        provider_ahead: pick(rng, &[0, 0, 0, -5 * MINUTE, 4 * MINUTE, -7 * SECOND]),
        shop_ahead: pick(rng, &[0, 0, 2 * MINUTE, -2 * MINUTE]),
        store_ahead: pick(rng, &[0, 0, 7 * MINUTE]),
    }
}

fn nights(rng: &mut Rng, variety: &Variety) -> Vec<Night> {
    let n = rng.usize(3..=8);
    let mut at = FIRST_NIGHT + rng.i64(0..3) * rng.i64(0..SECOND);
    let mut nights = Vec::new();
    for number in 0..n {
        let is_last = number + 1 == n;
        let fault = if is_last || rng.u8(..100) < 60 { None } else { Some(fault(rng, variety)) };
        let mood = if is_last { Mood::Takes } else { mood(rng) };
        let killed_at = (!is_last && rng.u8(..100) < 10).then(|| rng.usize(1..40));
        nights.push(Night { at, fault, mood, killed_at, is_planned: rng.u8(..100) < 10 });
        at += match rng.u8(..10) {
            // Whoever was killed holds its lease for a minute.
            0 if killed_at.is_some() => variety.settle + 2 * MINUTE,
            0 => variety.settle + rng.i64(SECOND..MINUTE),
            1 => rng.i64(8 * HOUR..12 * HOUR),
            2 => variety.reemit_after,
            _ => DAY + rng.i64(-10 * MINUTE..10 * MINUTE),
        };
    }
    nights
}

fn fault(rng: &mut Rng, variety: &Variety) -> Fault {
    let n = rng.usize(0..6);
    match rng.u8(..11) {
        1 => Fault::CutOnce(n),
        2 if variety.feed != Feed::Changes => Fault::ExpiredOnce(n),
        3 => Fault::ErrorsFrom(n),
        4 => Fault::RepeatsFrom(n),
        5 => Fault::NoCursors,
        6 if matches!(variety.feed, Feed::Created | Feed::Client) => Fault::Omits,
        7 => Fault::NoLookUps,
        8 => Fault::NotFound,
        9 => Fault::LookUpsNotFound,
        10 if variety.feed == Feed::Changes => Fault::ForgetsToken,
        _ => Fault::ErrorOnce(n),
    }
}

fn mood(rng: &mut Rng) -> Mood {
    match rng.u8(..20) {
        0 | 1 => Mood::Refuses,
        2 => Mood::Mumbles,
        _ => Mood::Takes,
    }
}

fn pick<T: Copy>(rng: &mut Rng, of: &[T]) -> T {
    of[rng.usize(..of.len())]
}

struct Teller<'a> {
    rng: Rng,
    variety: &'a Variety,
    nights: &'a [Night],
    events: Vec<Event>,
}

impl Teller<'_> {
    fn tell(&mut self) {
        for member in self.variety.members {
            let n = self.rng.usize(6..18);
            let mut names: Vec<Name> = Vec::new();
            for number in 0..n {
                let is_odd = self.rng.u8(..8) == 0;
                let id = if is_odd {
                    format!("{}_{}", pick(&mut self.rng, &ODD), number % 3)
                } else {
                    format!("it_{number:02}")
                };
                let name = Name { member, id };
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            let mut living: Vec<(Micros, Name, Item)> = Vec::new();
            for name in names {
                living.extend(self.life(&name).map(|(at, item)| (at, name, item)));
            }
            if self.rng.u8(..3) == 0
                && let [one, .., other] = living.as_slice()
            {
                self.merge(one.clone(), other.clone());
            }
            for number in 0..self.rng.usize(0..3) {
                self.invention(Name { member, id: format!("own_{number}") });
            }
        }
    }

    /// One item from its creation on; what it is in the end, if it still is.
    fn life(&mut self, name: &Name) -> Option<(Micros, Item)> {
        let mut at = self.instant();
        let mut item = Item {
            amount: self.rng.i64(1..5_000),
            currency: pick(&mut self.rng, &CURRENCIES),
            status: "open",
            created: self.their_second(at),
            updated: self.their_second(at),
            version: 1,
        };
        self.upstream(at, name, Some(item.clone()));
        let changes = if self.variety.mutable { self.rng.usize(0..4) } else { 0 };
        for _ in 0..changes {
            at = self.after(at);
            item.version += 1;
            item.updated = self.their_second(at);
            match self.rng.u8(..4) {
                0 => item.status = pick(&mut self.rng, &STATUSES),
                // It is touched and stays as it is.
                1 => {}
                _ => item.amount = self.rng.i64(1..5_000),
            }
            self.upstream(at, name, Some(item.clone()));
        }
        let is_deleted = self.rng.u8(..6) == 0;
        if is_deleted {
            at = self.after(at);
            self.upstream(at, name, None);
        }
        while self.rng.u8(..5) == 0 {
            let at = self.after(at);
            let deed = if self.rng.bool() { Deed::Lose } else { Deed::Spoil(self.rng.i64(1..100)) };
            self.events.push(Event { at, name: name.clone(), deed });
        }
        (!is_deleted).then_some((at, item))
    }

    /// The provider makes one item of two, in one instant.
    fn merge(
        &mut self,
        (at, goes, gone): (Micros, Name, Item),
        (other_at, stays, item): (Micros, Name, Item),
    ) {
        if !self.variety.mutable {
            return;
        }
        let at = self.after(at.max(other_at));
        let updated = self.their_second(at);
        let both = Item { amount: item.amount + gone.amount, updated, version: item.version + 1, ..item };
        self.upstream(at, &goes, None);
        self.upstream(at, &stays, Some(both));
    }

    fn invention(&mut self, name: Name) {
        let at = self.instant();
        let second = self.their_second(at);
        let item = Item {
            amount: self.rng.i64(1..900),
            currency: "usd",
            status: "open",
            created: second,
            updated: second,
            version: 1,
        };
        self.events.push(Event { at, name, deed: Deed::Invent(item) });
    }

    /// The provider changes something, and says so or not.
    fn upstream(&mut self, at: Micros, name: &Name, item: Option<Item>) {
        let is_late = self.variety.lag > 0 && self.rng.u8(..3) == 0;
        let listed = if is_late { at + self.rng.i64(0..=self.variety.lag) } else { at };
        self.events.push(Event {
            at,
            name: name.clone(),
            deed: Deed::Upstream { item: item.clone(), listed },
        });
        let delays = match self.rng.u8(..100) {
            0..70 => vec![self.rng.i64(0..MINUTE)],
            70..78 => vec![self.rng.i64(0..30 * HOUR)],
            78..84 => vec![self.rng.i64(0..MINUTE), self.rng.i64(0..DAY)],
            84..88 => vec![self.rng.i64(0..self.variety.settle.max(MINUTE) * 2)],
            _ => Vec::new(),
        };
        for delay in delays {
            let deed = Deed::Webhook(item.clone());
            self.events.push(Event { at: at + delay, name: name.clone(), deed });
        }
    }

    /// The second that the provider writes for an instant.
    fn their_second(&self, at: Micros) -> i64 {
        (at + self.variety.provider_ahead).div_euclid(SECOND)
    }

    /// Some instant of the world; often one at which something else happens too, or a bound.
    fn instant(&mut self) -> Micros {
        let last = self.nights.last().map_or(FIRST_NIGHT, |night| night.at);
        match self.rng.u8(..10) {
            0..3 => self.bound(),
            3 | 4 if !self.events.is_empty() => self.events[self.rng.usize(..self.events.len())].at,
            _ => self.rng.i64(self.variety.start - 6 * HOUR..last + self.variety.settle),
        }
    }

    fn after(&mut self, at: Micros) -> Micros {
        let last = self.nights.last().map_or(FIRST_NIGHT, |night| night.at) + self.variety.settle;
        let other = self.instant();
        if other > at { other } else { self.rng.i64(at..last.max(at + 1)) }
    }

    /// An instant at or beside a bound: of a night, of what may be judged, of where coverage begins, of a day.
    fn bound(&mut self) -> Micros {
        let night = self.nights[self.rng.usize(..self.nights.len())].at;
        let ahead = self.variety.provider_ahead;
        let bound = match self.rng.u8(..6) {
            0 => night,
            1 => night + self.variety.settle / 2,
            5 => night - self.rng.i64(0..=self.variety.settle),
            2 => self.variety.start - ahead,
            3 => (night - ahead).div_euclid(DAY) * DAY - ahead,
            _ => self.variety.ceiling(night) - ahead,
        };
        bound + pick(&mut self.rng, &[-SECOND, -1, 0, 0, 0, 1, SECOND])
    }
}
