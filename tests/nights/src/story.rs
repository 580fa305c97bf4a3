//! What a world is made of: two sides, what happens to them and when, and how the nights go. Nothing here happens yet.

/// Microseconds since 1970.
pub(crate) type Micros = i64;

pub(crate) const SECOND: Micros = 1_000_000;
pub(crate) const MINUTE: Micros = 60 * SECOND;
pub(crate) const HOUR: Micros = 60 * MINUTE;
pub(crate) const DAY: Micros = 24 * HOUR;

/// Whom an item belongs to, and its key there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Name {
    pub(crate) member: &'static str,
    pub(crate) id: String,
}

/// An item as the provider has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) amount: i64,
    pub(crate) currency: &'static str,
    pub(crate) status: &'static str,
    /// Seconds, by the provider's clock.
    pub(crate) created: i64,
    /// Seconds, by the provider's clock.
    pub(crate) updated: i64,
    pub(crate) version: i64,
}

/// A row of the shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) status: String,
    /// The instant that the feed's window runs on.
    pub(crate) clock: Micros,
    /// When the shop last wrote it, by the shop's clock.
    pub(crate) changed: Micros,
    pub(crate) version: i64,
}

/// Something that happens. Where the shop is the truth, the sides are the other way round: it has the item, what is told is told to
/// the provider, and the mistakes are the provider's.
#[derive(Debug, Clone)]
pub(crate) enum Deed {
    /// The provider has an item from now on, or none. Its list shows that from another moment on. It makes an event of it, or not.
    Upstream { item: Option<Item>, listed: Micros, sent: Option<Sent> },
    /// The shop's handler is told what the provider had at some moment: by a webhook, or by an event of its own queue.
    Webhook { item: Option<Item>, letter: Option<Letter> },
    /// A mistake of the shop changes an amount.
    Spoil(i64),
    /// A mistake of the shop deletes a row.
    Lose,
    /// The shop writes a row that the provider never had.
    Invent(Item),
}

/// The provider's event about a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) event: String,
    /// From when on the list of events shows it.
    pub(crate) listed: Micros,
    /// When it was tried to deliver it, and whether it arrived.
    pub(crate) tries: Vec<(Micros, bool)>,
}

/// A webhook as the shop writes it into its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Letter {
    pub(crate) event: String,
    /// Whether the handler comes to its end.
    pub(crate) is_handled: bool,
}

/// When something happens, and to what.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) at: Micros,
    pub(crate) name: Name,
    pub(crate) deed: Deed,
}

/// What the list runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Feed {
    /// A window on the creation clock.
    Created,
    /// A window on the clock of the last change.
    Updated,
    /// No window: the list is read whole.
    Client,
    /// Changes since a token, with what was deleted.
    Changes,
}

/// What there is to say where a change was lost: the shop's table of webhooks, and what the provider keeps of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trail {
    pub(crate) log: Option<Log>,
    /// Whether the table has the ids of the provider's events.
    pub(crate) knows_events: bool,
    /// Whether the table says what was applied.
    pub(crate) knows_status: bool,
}

/// The provider's list of its own events, or its log of their deliveries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Log {
    pub(crate) is_of_deliveries: bool,
    pub(crate) is_ordered: bool,
    pub(crate) lag: Micros,
    /// How far back it goes.
    pub(crate) keep: Option<Micros>,
}

/// How the domain is defined, and how the two systems are.
#[derive(Debug, Clone)]
pub(crate) struct Variety {
    pub(crate) feed: Feed,
    /// Whether the shop's rows are the truth and the provider has the copies.
    pub(crate) is_outbound: bool,
    /// `asc`, `desc` or none that is promised.
    pub(crate) order: Option<&'static str>,
    pub(crate) members: &'static [&'static str],
    pub(crate) mutable: bool,
    pub(crate) settle: Micros,
    pub(crate) lag: Micros,
    pub(crate) reemit_after: Micros,
    /// Where coverage begins.
    pub(crate) start: Micros,
    /// How far back verified ranges are read again, where they are.
    pub(crate) overlap: Option<Micros>,
    pub(crate) knows_changed: bool,
    pub(crate) knows_version: bool,
    /// Whether the shop's handler drops what is older than what it has.
    pub(crate) is_guarded: bool,
    pub(crate) emits_orphans: bool,
    pub(crate) max_emits: u64,
    pub(crate) page: usize,
    /// How many slices are read side by side.
    pub(crate) lanes: usize,
    /// How far the provider's clock is ahead.
    pub(crate) provider_ahead: Micros,
    /// How far the shop's clock is ahead.
    pub(crate) shop_ahead: Micros,
    /// How far the state store's clock is ahead.
    pub(crate) store_ahead: Micros,
    pub(crate) trail: Option<Trail>,
    /// Whether the shop and the state store are on PostgreSQL.
    pub(crate) is_on_postgres: bool,
    /// Whether people look at the findings between the nights.
    pub(crate) has_people: bool,
    /// Whether the shop's consumer writes down which events it has seen, and how new they were.
    pub(crate) has_inbox: bool,
    /// How long dead letters are kept.
    pub(crate) keeps_dead: Micros,
}

/// What goes wrong at the provider in a night.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// One list request, counted from the night's first, is answered with 500 and then as it should be.
    ErrorOnce(usize),
    /// The body of one answer to a list request breaks off.
    CutOnce(usize),
    /// One cursor is not known any more when it is used.
    ExpiredOnce(usize),
    /// From one list request on, all of them are answered with 500.
    ErrorsFrom(usize),
    /// From one list request on, pages lead back to themselves.
    RepeatsFrom(usize),
    /// No cursor is known any more when it is used.
    NoCursors,
    /// One item that the shop has is left out of the list.
    Omits,
    /// Look-ups are answered with 500.
    NoLookUps,
    /// Everything is answered with 404, and not in the shape that says that an item is gone.
    NotFound,
    /// Look-ups alone are answered with that 404.
    LookUpsNotFound,
    /// Every other request, where it is a look-up, is answered with that 404: somebody in between is confused.
    SomeNotFound,
    /// Look-ups answer, in the shape that says so, that every item is gone, as long as the list shows one that is there.
    SeesNothing,
    /// The saved token is not known any more.
    ForgetsToken,
}

/// How the queue is in a night.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// It takes what it is given, but for what it never takes.
    Takes,
    /// It refuses everything.
    Refuses,
    /// It takes everything and breaks off before it says so.
    Mumbles,
}

/// A night.
#[derive(Debug, Clone)]
pub(crate) struct Night {
    pub(crate) at: Micros,
    pub(crate) fault: Option<Fault>,
    pub(crate) mood: Mood,
    /// The request at which the run is killed.
    pub(crate) killed_at: Option<usize>,
    /// Whether somebody looks at a plan first.
    pub(crate) is_planned: bool,
    /// The request for events, counted from the night's first, from which on they are answered with 500.
    pub(crate) no_events_from: Option<usize>,
}

/// A world before anything of it happens.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) seed: u64,
    pub(crate) world: u64,
    pub(crate) variety: Variety,
    pub(crate) events: Vec<Event>,
    pub(crate) nights: Vec<Night>,
}

impl Item {
    /// The row that a handler makes of it.
    pub(crate) fn row(&self, feed: Feed, changed: Micros) -> Row {
        Row {
            amount: self.amount,
            currency: self.currency.to_uppercase(),
            status: self.status.to_uppercase(),
            clock: self.clock(feed),
            changed,
            version: self.version,
        }
    }

    /// Whether a row holds what is compared of it.
    pub(crate) fn is_shown_by(&self, row: &Row) -> bool {
        let upstream = (self.amount, self.currency.to_uppercase(), self.status.to_uppercase());
        upstream == (row.amount, row.currency.clone(), row.status.clone())
    }

    /// The instant that a feed's window runs on.
    pub(crate) const fn clock(&self, feed: Feed) -> Micros {
        match feed {
            Feed::Updated => self.updated * SECOND,
            Feed::Created | Feed::Client | Feed::Changes => self.created * SECOND,
        }
    }
}

impl Variety {
    /// How long what differs must rest where nothing says since when it does: a webhook takes `settle`; a request takes that as well,
    /// and then its time until it can be read back.
    pub(crate) const fn rest(&self) -> Micros {
        if self.is_outbound { self.settle + self.lag } else { self.settle }
    }

    /// How long after an instant its items may be judged.
    pub(crate) const fn wait(&self) -> Micros {
        if self.settle > self.lag { self.settle } else { self.lag }
    }

    /// The ceiling of a run that starts at `now`, with the provider's clock as its `Date` header shows it.
    pub(crate) fn ceiling(&self, now: Micros) -> Micros {
        let date = (now + self.provider_ahead).div_euclid(SECOND) * SECOND;
        let behind = (now - date).max(0);
        (now - behind - self.wait()).div_euclid(SECOND) * SECOND
    }
}

/// A number that depends on nothing but what it is asked about.
pub(crate) fn dice(story: &Story, what: &str, about: &Name, sides: u64) -> u64 {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    (story.seed, story.world, what, about).hash(&mut hasher);
    hasher.finish() % sides
}
