//! What is true in a case: what the provider has and what the shop knows of it, and what tieout has to make of that. It is laid
//! out from a seed, and shares no code with tieout.

use std::fmt;

use serde_json::{Value, json};

/// Which part of a story it is: before anything was repaired, after the first repairs, and at the very end.
pub(crate) const STAGES: usize = 3;

/// The domains of a case. The events of refunds trip a limit and are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Domain {
    Charges,
    Refunds,
    Contacts,
}

impl Domain {
    pub(crate) const ALL: [Self; 3] = [Self::Charges, Self::Refunds, Self::Contacts];

    /// The name of its feed and of its table.
    pub(crate) const fn feed(self) -> &'static str {
        match self {
            Self::Charges => "charges",
            Self::Refunds => "refunds",
            Self::Contacts => "contacts",
        }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "shop.{}", self.feed())
    }
}

/// What one side has of an item, in the provider's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Body {
    pub(crate) amount: i64,
    pub(crate) status: &'static str,
}

/// What has to be found of an item in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) kind: &'static str,
    pub(crate) state: &'static str,
    pub(crate) episode: u64,
    /// The events that the shop gets, in their order: the last word of their type, and the stage of the item that they carry.
    pub(crate) events: Vec<(&'static str, usize)>,
}

/// One item with everything that happens to it.
#[derive(Debug, Clone)]
pub(crate) struct Thing {
    pub(crate) domain: Domain,
    pub(crate) key: String,
    /// Seconds since the epoch.
    pub(crate) created: i64,
    /// What the provider has of it, stage by stage.
    pub(crate) upstream: [Option<Body>; STAGES],
    /// What the shop knows of it when the story begins.
    pub(crate) local: Option<Body>,
    /// Nothing where the sides agree, or nothing may be concluded yet.
    pub(crate) expected: Option<Expected>,
}

impl Thing {
    /// The item as the provider shows it.
    pub(crate) fn shown(&self, stage: usize) -> Option<Value> {
        let body = self.upstream[stage]?;
        Some(json!({
            "id": self.key, "created": self.created, "amount": body.amount, "currency": "usd", "status": body.status,
        }))
    }
}

/// How a case is laid out.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) things: Vec<Thing>,
    /// Where the coverage of the domains begins.
    pub(crate) start: i64,
}

const DAY: i64 = 86_400;

/// How many items agree in a large world.
const MANY: usize = 900;

/// How many items of one slice are lost where the slice is stored in parts.
const PARTS: usize = 230;

impl World {
    /// The world of a seed as seen at `now`, in seconds. The same seed gives the same keys and values at any time.
    pub(crate) fn lay_out(seed: u64, now: i64, has_parts: bool) -> Self {
        let mut teller = Teller { dice: fastrand::Rng::with_seed(seed), now, things: Vec::new() };
        for domain in Domain::ALL {
            let agreeing = teller.dice.usize(if domain == Domain::Charges { 9..14 } else { 3..6 });
            for _ in 0..agreeing {
                teller.add(domain, "same", |body| ([body; 3], body, None));
            }
        }
        teller.lose_and_bend(has_parts);
        teller.change_later();
        teller.leave_alone();
        Self { things: teller.things, start: now - 4 * DAY }
    }

    /// A world of one large feed, in which nothing changes any more.
    pub(crate) fn lay_out_large(seed: u64, now: i64) -> Self {
        let mut teller = Teller { dice: fastrand::Rng::with_seed(seed), now, things: Vec::new() };
        for _ in 0..MANY {
            teller.add(Domain::Charges, "same", |body| ([body; 3], body, None));
        }
        for _ in 0..MANY / 30 {
            teller.add(Domain::Charges, "lost", |body| {
                ([body; 3], None, found("missing", "emitted", 1, &[("created", 0)]))
            });
            teller.add(Domain::Charges, "bent", |body| {
                ([body; 3], body.map(bend), found("mismatched", "emitted", 1, &[("updated", 0)]))
            });
            teller.add(Domain::Charges, "gone", |body| {
                ([None; 3], body, found("orphaned", "emitted", 1, &[("removed", 0)]))
            });
        }
        Self { things: teller.things, start: now - 4 * DAY }
    }

    /// What the provider has of a feed at a stage.
    pub(crate) fn of(&self, domain: Domain) -> impl Iterator<Item = &Thing> {
        self.things.iter().filter(move |thing| thing.domain == domain)
    }

    pub(crate) fn thing(&self, domain: Domain, key: &str) -> Option<&Thing> {
        self.of(domain).find(|thing| thing.key == key)
    }
}

struct Teller {
    dice: fastrand::Rng,
    now: i64,
    things: Vec<Thing>,
}

type Sides = ([Option<Body>; STAGES], Option<Body>, Option<Expected>);

fn found(
    kind: &'static str,
    state: &'static str,
    episode: u64,
    events: &[(&'static str, usize)],
) -> Option<Expected> {
    Some(Expected { kind, state, episode, events: events.to_vec() })
}

impl Teller {
    fn add(&mut self, domain: Domain, what: &str, tell: impl FnOnce(Option<Body>) -> Sides) {
        // All older than the provider's lag.
        let created = self.now - self.dice.i64(3 * 3_600..3 * DAY);
        self.add_at(created, domain, what, tell);
    }

    fn add_at(&mut self, created: i64, domain: Domain, what: &str, tell: impl FnOnce(Option<Body>) -> Sides) {
        let body =
            Body { amount: self.dice.i64(100..1_000), status: self.dice.choice(["open", "paid"]).unwrap() };
        let (upstream, local, expected) = tell(Some(body));
        let key = format!("{what}-{:04x}-{}", self.dice.u16(..), self.things.len());
        self.things.push(Thing { domain, key, created, upstream, local, expected });
    }

    /// What is wrong from the beginning.
    fn lose_and_bend(&mut self, has_parts: bool) {
        for (domain, lost, bent) in
            [(Domain::Charges, 3, 2), (Domain::Refunds, 2, 1), (Domain::Contacts, 1, 1)]
        {
            for _ in 0..lost {
                self.add(domain, "lost", |body| {
                    ([body; 3], None, found("missing", "repaired", 1, &[("created", 0)]))
                });
            }
            for _ in 0..bent {
                self.add(domain, "bent", |body| {
                    ([body; 3], body.map(bend), found("mismatched", "repaired", 1, &[("updated", 0)]))
                });
            }
        }
        if has_parts {
            let created = self.now - 30 * 3_600;
            for at in 0..PARTS {
                self.add_at(created + i64::try_from(at).unwrap(), Domain::Charges, "part", |body| {
                    ([body; 3], None, found("missing", "repaired", 1, &[("created", 0)]))
                });
            }
        }
        for domain in [Domain::Charges, Domain::Contacts] {
            self.add(domain, "gone", |body| {
                ([None; 3], body, found("orphaned", "repaired", 1, &[("removed", 0)]))
            });
        }
    }

    /// What goes wrong, or right, later.
    fn change_later(&mut self) {
        self.add(Domain::Charges, "again", |body| {
            let later = body.map(bend);
            let events = [("updated", 0), ("updated", 1)];
            ([body, later, later], body.map(bend).map(bend), found("mismatched", "repaired", 2, &events))
        });
        for domain in [Domain::Charges, Domain::Contacts] {
            self.add(domain, "late", |body| {
                ([None, body, body], None, found("missing", "repaired", 1, &[("created", 1)]))
            });
            self.add(domain, "last", |body| {
                ([None, None, body], None, found("missing", "repaired", 1, &[("created", 2)]))
            });
        }
    }

    /// What must not be concluded from, or needs no event.
    fn leave_alone(&mut self) {
        let in_flight = self.now - 600;
        self.add_at(in_flight, Domain::Charges, "young", |body| ([body; 3], None, None));
        self.add(Domain::Charges, "odd", |body| {
            let odd = body.map(|body| Body { status: "odd", ..body });
            ([odd; 3], body, found("unreadable", "open", 1, &[]))
        });
        self.add(Domain::Charges, "healing", |body| {
            let odd = body.map(|body| Body { status: "odd", ..body });
            ([odd, body, body], body, found("unreadable", "healed", 1, &[]))
        });
    }
}

fn bend(body: Body) -> Body {
    Body { amount: body.amount + 7, ..body }
}
