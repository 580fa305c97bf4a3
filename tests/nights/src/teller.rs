//! Makes worlds up: a seed and a number give the same world every time.

use fastrand::Rng;

use crate::story::{
    DAY, Deed, Event, Fault, Feed, HOUR, Item, Letter, Log, MINUTE, Micros, Mood, Name, Night, SECOND, Sent,
    Story, Trail, Variety,
};

/// 2026-01-10T02:00:00Z.
const FIRST_NIGHT: Micros = 1_768_010_400 * SECOND;
const CURRENCIES: [&str; 3] = ["usd", "jpy", "kwd"];
const STATUSES: [&str; 3] = ["open", "paid", "void"];
/// Keys that are written differently in paths, in SQL and in JSON.
const ODD: [&str; 10] = ["a/b", "0012", "12", "é", "e\u{301}", "x'y", "x\"y", "a b", "%2F?#&=", "A/B"];

/// The world of a number.
pub(crate) fn tell(seed: u64, world: u64) -> Story {
    let mut rng = stream(seed, world);
    let mut variety = variety(&mut rng);
    let mut nights = nights(&mut rng, &variety);
    // Draws of its own: without webhooks to trace, a world is the same.
    let mut fates = stream(!seed, world);
    variety.is_outbound = is_outbound(seed, world, &variety);
    variety.trail = trail(&mut fates).filter(|_| !variety.is_outbound);
    if variety.trail.is_some() {
        break_events(&mut fates, &mut nights);
    }
    variety.is_on_postgres = !variety.is_outbound && stream(seed.rotate_left(48), world).u8(..16) == 0;
    variety.has_people = stream(seed.rotate_left(32), world).bool();
    if variety.has_people && stream(seed.rotate_left(40), world).bool() {
        variety.keeps_dead = 2 * DAY;
    }
    variety.has_inbox = stream(seed.rotate_left(24), world).bool();
    // What goes wrong at the third request should go wrong at the same one again.
    let is_calm = nights.iter().all(|night| night.fault.is_none() && night.killed_at.is_none());
    variety.lanes = if is_calm { 3 } else { 1 };
    let mut teller =
        Teller { rng, fates, variety: &variety, nights: &nights, events: Vec::new(), failures: Vec::new() };
    teller.tell();
    let mut events = teller.events;
    events.extend(teller.failures);
    events.sort_by_key(|event| event.at);
    Story { seed, world, variety, events, nights }
}

fn stream(seed: u64, world: u64) -> Rng {
    let mut rng = Rng::with_seed(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ world);
    // What Rng makes of neighbouring seeds is alike at first.
    for _ in 0..8 {
        rng.u64(..);
    }
    rng
}

/// Some worlds with a clock that never moves are turned round.
fn is_outbound(seed: u64, world: u64, variety: &Variety) -> bool {
    let is_drawn = stream(seed.rotate_left(16), world).u8(..3) == 0;
    is_drawn && matches!(variety.feed, Feed::Created | Feed::Client)
}

fn trail(fates: &mut Rng) -> Option<Trail> {
    if fates.bool() {
        return None;
    }
    let log = Log {
        is_of_deliveries: fates.bool(),
        is_ordered: fates.bool(),
        lag: pick(fates, &[0, 0, 5 * MINUTE, 20 * MINUTE]),
        keep: pick(fates, &[None, None, Some(30 * HOUR)]),
    };
    // What was delivered is in the log at once.
    let log = Log { lag: if log.is_of_deliveries { 0 } else { log.lag }, ..log };
    let log = (fates.u8(..6) > 0).then_some(log);
    Some(Trail { log, knows_events: fates.u8(..4) > 0, knows_status: fates.u8(..4) > 0 })
}

/// In some nights, and not in the last one, the list of events fails from some request on.
fn break_events(fates: &mut Rng, nights: &mut [Night]) {
    let Some((_, others)) = nights.split_last_mut() else { return };
    for night in others {
        night.no_events_from = (fates.u8(..8) == 0).then(|| fates.usize(0..4));
    }
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
        is_outbound: false,
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
        trail: None,
        is_on_postgres: false,
        has_people: false,
        has_inbox: false,
        keeps_dead: 90 * DAY,
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
        let is_planned = rng.u8(..100) < 10;
        nights.push(Night { at, fault, mood, killed_at, is_planned, no_events_from: None });
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
    match rng.u8(..13) {
        1 => Fault::CutOnce(n),
        2 if variety.feed != Feed::Changes => Fault::ExpiredOnce(n),
        3 => Fault::ErrorsFrom(n),
        4 => Fault::RepeatsFrom(n),
        5 => Fault::NoCursors,
        6 if matches!(variety.feed, Feed::Created | Feed::Client) => Fault::Omits,
        7 => Fault::NoLookUps,
        8 => Fault::NotFound,
        9 => Fault::LookUpsNotFound,
        11 => Fault::SeesNothing,
        12 => Fault::SomeNotFound,
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
    /// Decides how what is lost is lost, and nothing else.
    fates: Rng,
    variety: &'a Variety,
    nights: &'a [Night],
    events: Vec<Event>,
    /// What the shop's handler fails at.
    failures: Vec<Event>,
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
        if self.variety.trail.is_some() && self.fates.u8(..4) == 0 {
            self.goes_back(name);
        }
        (!is_deleted).then_some((at, item))
    }

    /// In the second half of a world the shop makes one more mistake: what was repaired by then goes back.
    fn goes_back(&mut self, name: &Name) {
        let [middle, last] =
            [self.nights.len() / 2, self.nights.len() - 1].map(|night| self.nights[night].at);
        let deed = if self.fates.bool() { Deed::Lose } else { Deed::Spoil(self.fates.i64(1..100)) };
        self.failures.push(Event { at: self.fates.i64(middle..last), name: name.clone(), deed });
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
        let delays = match self.rng.u8(..100) {
            0..70 => vec![self.rng.i64(0..MINUTE)],
            70..78 => vec![self.rng.i64(0..30 * HOUR)],
            78..84 => vec![self.rng.i64(0..MINUTE), self.rng.i64(0..DAY)],
            84..88 => vec![self.rng.i64(0..self.variety.settle.max(MINUTE) * 2)],
            _ => Vec::new(),
        };
        let sent = self.variety.trail.and_then(|trail| self.sent(trail, at, &delays));
        let letter = |is_handled| sent.as_ref().map(|sent| Letter { event: sent.event.clone(), is_handled });
        let fails = if delays.is_empty() { 2 } else { 8 };
        if let Some((arrived, true)) = sent.as_ref().and_then(|sent| sent.tries.first().copied())
            && self.fates.u8(..fails) == 0
        {
            let again = if delays.is_empty() { 0 } else { self.fates.i64(0..HOUR) };
            let deed = Deed::Webhook { item: item.clone(), letter: letter(false) };
            self.failures.push(Event { at: arrived + again, name: name.clone(), deed });
        }
        let webhooks = delays.into_iter().map(|delay| {
            let deed = Deed::Webhook { item: item.clone(), letter: letter(true) };
            Event { at: at + delay, name: name.clone(), deed }
        });
        let webhooks: Vec<Event> = webhooks.collect();
        self.events.push(Event { at, name: name.clone(), deed: Deed::Upstream { item, listed, sent } });
        self.events.extend(webhooks);
    }

    /// The provider's event about a change whose webhooks come so long after it; none where nobody makes one.
    fn sent(&mut self, trail: Trail, at: Micros, delays: &[Micros]) -> Option<Sent> {
        let event = format!("evt_{:08x}", self.fates.u32(..));
        let lag = trail.log.map_or(0, |log| log.lag);
        let is_late = lag > 0 && self.fates.u8(..3) == 0;
        let listed = if is_late { at + self.fates.i64(0..=lag) } else { at };
        let first = at + self.fates.i64(0..MINUTE);
        let mut tries: Vec<(Micros, bool)> = delays.iter().map(|delay| (at + delay, true)).collect();
        match (delays.iter().min(), self.fates.u8(..6)) {
            // It was tried at once, and again later.
            (Some(delay), _) if *delay >= MINUTE => tries.push((first, false)),
            (Some(_), _) => {}
            (None, 0 | 1) => return None,
            (None, 2 | 3) => tries.extend([(first, false), (first + self.fates.i64(MINUTE..DAY), false)]),
            // It arrives, and the shop fails before it has written it down, or after.
            (None, _) => tries.push((first, true)),
        }
        tries.sort_unstable();
        Some(Sent { event, listed, tries })
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
