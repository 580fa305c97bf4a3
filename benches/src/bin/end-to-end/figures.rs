//! The figures of the turns, each a median over them where nothing else is said.

use std::time::Duration;

use tieout_bench::contestants::Reconciliation;
use tieout_bench::figures::{Figure, Target};
use tieout_bench::measure::{MIB, as_f64, median, micros_each, ratio};

use super::{Args, Turn};

pub(super) fn figures(args: &Args, ceiling: f64, turns: &[Turn]) -> Vec<Figure> {
    let turns = Turns { all: turns, items: args.items, few_items: args.few_items };
    let mut figures = turns.yardsticks(ceiling);
    figures.extend(turns.cpu());
    figures.extend(turns.speed());
    figures.extend(turns.memory());
    figures.extend(turns.requests());
    figures
}

struct Turns<'t> {
    all: &'t [Turn],
    items: u64,
    few_items: u64,
}

impl Turns<'_> {
    fn over(&self, value: impl Fn(&Turn) -> f64) -> f64 {
        median(self.all.iter().map(value))
    }

    fn yardsticks(&self, ceiling: f64) -> Vec<Figure> {
        let items = self.items;
        let rate = self.over(|turn| as_f64(items) / turn.bare.wall.as_secs_f64());
        let bare = self.over(|turn| micros_each(turn.bare.cpu, items));
        let merge = self.over(|turn| micros_each(turn.merge.cpu, items));
        vec![
            Figure::new("bare_loop_cpu_us_per_item", bare, 2, Target::None),
            Figure::new("bare_loop_items_per_second", rate, 0, Target::None),
            Figure::new("fetch_and_merge_cpu_us_per_item", merge, 2, Target::None),
            Figure::new("mock_pages_ratio_to_bare_loop", ceiling * 100.0 / rate, 2, Target::AtLeast(2.0)),
        ]
    }

    fn cpu(&self) -> Vec<Figure> {
        let (items, few) = (self.items, self.few_items);
        let client = self.over(|turn| micros_each(turn.many.spent.cpu, items));
        let to_bare = self.over(|turn| ratio(turn.many.spent.cpu, turn.bare.cpu));
        let to_merge = self.over(|turn| ratio(turn.many.spent.cpu, turn.merge.cpu));
        let start_up = self.over(|turn| turn.nothing.spent.cpu.as_secs_f64() * 1e3);
        let growth = self.over(|turn| {
            each_beyond_nothing(&turn.many, turn, items) / each_beyond_nothing(&turn.few, turn, few)
        });
        let postgres = self.all.iter().map(|turn| Some(micros_each(turn.many.postgres?, items)));
        let postgres = postgres.collect::<Option<Vec<f64>>>().map(median);
        vec![
            Figure::new("client_cpu_us_per_item", client, 2, Target::None),
            Figure::new("client_cpu_ratio", to_bare, 2, Target::AtMost(2.5)),
            Figure::new("client_cpu_ratio_to_fetch_and_merge", to_merge, 2, Target::AtMost(1.8)),
            Figure::new("client_cpu_ms_of_nothing", start_up, 0, Target::None),
            Figure::new(
                format!("client_cpu_per_item_ratio_to_{few}_items"),
                growth,
                2,
                Target::Between(0.9, 1.1),
            ),
            Figure::measured("postgres_cpu_us_per_item", postgres, 2, Target::AtMost(1.0)),
        ]
    }

    fn speed(&self) -> Vec<Figure> {
        let rate = self.over(|turn| as_f64(self.items) / turn.many.spent.wall.as_secs_f64());
        let to_bare = self.over(|turn| ratio(turn.bare.wall, turn.many.spent.wall));
        let first = self.over(|turn| turn.many.first_request.as_secs_f64() * 1e3);
        vec![
            Figure::new("items_per_second", rate, 0, Target::None),
            Figure::new("items_per_second_ratio", to_bare, 2, Target::AtLeast(0.5)),
            Figure::new("start_to_first_request_ms", first, 1, Target::Below(50.0)),
        ]
    }

    fn memory(&self) -> Vec<Figure> {
        let peak = |run: &Reconciliation| as_f64(run.spent.peak_rss) / MIB;
        let highest = self.all.iter().map(|turn| peak(&turn.many)).fold(f64::NAN, f64::max);
        let growth = self.over(|turn| peak(&turn.many)) / self.over(|turn| peak(&turn.few));
        let to_few = format!("peak_rss_ratio_to_{}_items", self.few_items);
        vec![
            Figure::new("peak_rss_mib", highest, 1, Target::AtMost(64.0)),
            Figure::new(to_few, growth, 2, Target::AtMost(1.05)),
        ]
    }

    fn requests(&self) -> Vec<Figure> {
        let pages = self.over(|turn| as_f64(turn.many.traffic.pages));
        let lookups = self.over(|turn| as_f64(turn.many.traffic.lookups));
        vec![
            Figure::new("pages_requested", pages, 0, Target::None),
            Figure::new("charges_requested", lookups, 0, Target::None),
        ]
    }
}

/// The CPU time of an item, once what a reconciliation of nothing costs is taken off.
fn each_beyond_nothing(run: &Reconciliation, turn: &Turn, items: u64) -> f64 {
    let spent: Duration = run.spent.cpu.saturating_sub(turn.nothing.spent.cpu);
    micros_each(spent, items)
}
