//! A small world: an API that lists things, a table that holds them, and a run of the diff between the two.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use tieout_reconcilers::compare::{Field, Fields, MoneyFields, Rule};
use tieout_reconcilers::direction::Direction;
use tieout_reconcilers::instant::{Instant, TimeFormat};
use tieout_reconcilers::items::Items;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::money::{Currencies, Unit};
use tieout_reconcilers::path::Path;
use tieout_reconcilers::projection::{At, Projection};
use tieout_reconcilers::reconciler::{ClockKind, Feed, Filter, Order};
use tieout_reconcilers::row::Row;
use tieout_reconcilers::scalar::Scalar;
use tieout_reconcilers::window::Window;

use crate::diff::{Difference, Doubt, Looks, SliceDiff, Tally};

/// Two of these make one tick of the clock.
pub(super) const HALF_SECOND: i64 = 500_000;

/// An item, or a row, of the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Thing {
    pub key: String,
    /// In half seconds.
    pub at: Option<i64>,
    pub version: Option<i64>,
    pub cents: i64,
}

impl Thing {
    pub(super) fn new(key: &str, at: i64, cents: i64) -> Self {
        Self { key: key.to_owned(), at: Some(at), version: None, cents }
    }

    pub(super) fn clock(&self) -> Option<Instant> {
        self.at.map(|at| Instant::from_micros(at * HALF_SECOND))
    }

    fn json(&self) -> String {
        let Self { key, version, cents, .. } = self;
        let at = self.at.map(|at| at * HALF_SECOND);
        serde_json::json!({ "id": key, "at": at, "version": version, "cents": cents, "currency": "USD" })
            .to_string()
    }

    fn row(&self) -> Row<'static> {
        Row {
            key: self.key.clone().into(),
            clock: self.clock(),
            changed: None,
            version: self.version.map_or(Scalar::Null, Scalar::Int),
            fields: vec![Scalar::Int(self.cents), Scalar::Text("usd".into())],
            whole: None,
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct World {
    /// What the API lists, page by page.
    pub pages: Vec<Vec<Thing>>,
    /// What the table holds, in the order of the table.
    pub rows: Vec<Thing>,
    pub order: Order,
    pub filter: Filter,
    pub batch: usize,
    /// In half seconds.
    pub window: (i64, i64),
}

impl World {
    pub(super) fn listing(pages: &[&[Thing]], order: Order) -> Self {
        let pages = pages.iter().map(|page| page.to_vec()).collect();
        Self { pages, rows: Vec::new(), order, filter: Filter::Server, batch: 2, window: (0, 100) }
    }

    pub(super) fn with_rows(self, rows: &[Thing]) -> Self {
        Self { rows: rows.to_vec(), ..self }
    }

    pub(super) fn window(&self) -> Window {
        let (from, to) = self.window;
        Window::new(Instant::from_micros(from * HALF_SECOND), Instant::from_micros(to * HALF_SECOND)).unwrap()
    }
}

/// What the diff made of a world.
#[derive(Debug)]
pub(super) struct Outcome {
    pub suspects: BTreeMap<String, (Looks, bool, bool)>,
    pub tally: Tally,
    pub doubts: Vec<Doubt>,
    /// The local ranges in the order in which they were read.
    pub ranges: Vec<Window>,
}

impl Outcome {
    pub(super) fn looks(&self) -> BTreeMap<&str, Looks> {
        self.suspects.iter().map(|(key, (looks, ..))| (key.as_str(), *looks)).collect()
    }
}

/// Whether the walk came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Walk {
    Complete,
    CutOff,
}

pub(super) fn run(world: &World) -> Outcome {
    run_to(world, Walk::Complete)
}

pub(super) fn run_to(world: &World, walk: Walk) -> Outcome {
    let (fields, feed) = (fields(), feed(world));
    let mut diff = SliceDiff::new(&fields, &feed, world.window()).with_batch(world.batch);
    let mut ranges = Vec::new();
    for page in &world.pages {
        diff.take(&items(page));
        while let Some(range) = diff.ready() {
            read(&mut diff, world, range, &mut ranges);
        }
    }
    match diff.rest() {
        Some(rest) if walk == Walk::Complete => read(&mut diff, world, rest, &mut ranges),
        _ => diff.close_unread(),
    }
    let unmatched = diff.finish();
    let found = look_up(world, &unmatched.keys());
    outcome(unmatched.resolve(&found, &HashMap::new()), ranges)
}

pub(super) fn outcome(difference: Difference, ranges: Vec<Window>) -> Outcome {
    let Difference { suspects, tally, doubts, faulty: _, left_young: _ } = difference;
    let n_suspects = suspects.len();
    let by_key: BTreeMap<_, _> =
        suspects.into_iter().map(|s| (s.key.to_string(), (s.looks, s.upstream, s.local))).collect();
    assert_eq!(by_key.len(), n_suspects, "two suspects on one key");
    let on = |side: fn(&(Looks, bool, bool)) -> bool| by_key.values().filter(|s| side(s)).count() as u64;
    assert_eq!(tally.upstream, tally.matched + on(|s| s.1), "upstream does not add up");
    assert_eq!(tally.local, tally.matched + on(|s| s.2), "local does not add up");
    Outcome { suspects: by_key, tally, doubts, ranges }
}

/// `SELECT ... WHERE at >= from AND at < to`
pub(super) fn read(diff: &mut SliceDiff<'_>, world: &World, range: Window, ranges: &mut Vec<Window>) {
    ranges.push(range);
    if let Some(unread) = diff.unread(range) {
        meet(diff, world, unread);
    }
    diff.close(range);
}

/// The rows of a range, whatever becomes of the range then.
pub(super) fn meet(diff: &mut SliceDiff<'_>, world: &World, range: Window) {
    for row in &world.rows {
        if row.clock().is_some_and(|at| range.from() <= at && at < range.to()) {
            diff.meet(row.row());
        }
    }
}

/// `SELECT ... WHERE id IN (keys)`
pub(super) fn look_up(world: &World, keys: &[Key]) -> HashMap<Key, Row<'static>> {
    let mut found = HashMap::new();
    for key in keys {
        for row in &world.rows {
            if row.key == key.as_str() {
                found.insert(key.clone(), row.row());
            }
        }
    }
    found
}

pub(super) fn items(page: &[Thing]) -> Items {
    let rows: Vec<String> = page.iter().map(Thing::json).collect();
    raw_items(&format!("[{}]", rows.join(",")))
}

pub(super) fn raw_items(json: &str) -> Items {
    let slots = ["id", "at", "version", "cents", "currency"].map(|name| Path::try_from(name.to_owned()).ok());
    Projection::new(&At::required(Path::root()), &slots, &[], 1_000).read(json.as_bytes()).unwrap().items
}

pub(super) fn fields() -> Fields {
    let field = |name: &str, rule| Field::named(&Path::of_member(name), rule);
    Fields {
        fields: vec![field("cents", Rule::Exact), field("currency", Rule::fold_case())],
        money: Some(MoneyFields { amount: 0, currency: 1, upstream: Unit::Minor, local: Unit::Minor }),
        direction: Direction::Inbound,
        currencies: Currencies::iso(),
    }
}

pub(super) fn feed(world: &World) -> Feed {
    Feed {
        clock: "at".to_owned(),
        clock_format: TimeFormat::EpochUs.into(),
        clock_kind: Some(ClockKind::Created),
        order: world.order,
        filter: world.filter,
        mutable: true,
        lag: Duration::ZERO,
        grain: Duration::from_secs(1),
        span: Duration::from_hours(1),
        ..Feed::default()
    }
}
