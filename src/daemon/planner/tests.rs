//! Laws of the planner, in a world whose clock is set at will and whose daemons come and go.

use proptest::prelude::*;

use super::*;
use crate::store::Pause;

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

fn domain() -> DomainName {
    "shop.charges".parse().unwrap()
}

fn utc(text: &str) -> Instant {
    text.parse::<chrono::DateTime<chrono::Utc>>().unwrap().into()
}

fn schedule(cron: &str, zone: &str) -> Schedule {
    Schedule::new(cron, zone.parse().unwrap()).unwrap()
}

/// A state store in memory, and what came of the steps.
struct World {
    schedule: Schedule,
    now: Instant,
    agenda: Agenda,
    fired: Vec<Instant>,
    passed: Vec<Instant>,
    replanned: Vec<Replanned>,
    ran: BTreeSet<Instant>,
}

impl World {
    fn new(schedule: Schedule, now: &str) -> Self {
        let mut world = Self {
            schedule,
            now: utc(now),
            agenda: Agenda::default(),
            fired: Vec::new(),
            passed: Vec::new(),
            replanned: Vec::new(),
            ran: BTreeSet::new(),
        };
        world.tick();
        assert_eq!(world.replanned, [Replanned::New]);
        world.replanned.clear();
        world
    }

    /// Does what is to be done until there is nothing more to do now.
    fn tick(&mut self) {
        for _ in 0..5 {
            match self.step() {
                Step::Wait { .. } | Step::Hold { .. } => return,
                Step::Plan { next, why } => {
                    self.replanned.push(why);
                    self.keep(next);
                }
                Step::Pass { scheduled_for, next, .. } => {
                    self.passed.push(scheduled_for);
                    self.keep(next);
                }
                Step::Fire(claim) => {
                    // As the store does it: a time that had its run has none again.
                    if self.ran.insert(claim.scheduled_for) {
                        self.fired.push(claim.scheduled_for);
                    }
                    self.keep(claim.next);
                }
            }
        }
        let step = self.step();
        panic!("it never comes to rest at {}: {step:?}", self.now);
    }

    fn step(&mut self) -> Step {
        if let Some(kept) = self.agenda.due.get_mut(&domain()) {
            let from = kept.due_at.min(self.now);
            kept.ran = self.ran.iter().copied().filter(|at| *at >= from).collect();
        }
        step(&domain(), &self.schedule, &self.agenda, self.now)
    }

    fn keep(&mut self, next: Next) {
        let known = self.agenda.due.get(&domain()).map(|kept| kept.revision);
        assert_eq!(next.revision, known, "decided on what is kept");
        let kept = KeptDue {
            schedule: next.schedule,
            due_at: next.due_at,
            starts_at: next.starts_at,
            revision: known.unwrap_or_default() + 1,
            ran: BTreeSet::new(),
        };
        self.agenda.due.insert(domain(), kept);
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        self.tick();
    }

    /// A daemon that looks each minute for some time.
    fn watch(&mut self, time: Duration) {
        for _ in 0..time.as_secs() / 60 {
            self.pass(Duration::from_mins(1));
        }
    }

    fn fired(&mut self) -> Vec<String> {
        self.fired.drain(..).map(|at| at.to_string()).collect()
    }

    fn pause(&mut self) {
        let pause = Pause { who: "ada".to_owned(), reason: String::new(), at: self.now };
        self.agenda.pauses.insert(domain(), pause);
    }
}

fn nightly() -> Schedule {
    schedule("0 2 * * *", "Europe/London")
}

#[test]
fn a_night_has_one_run_and_a_daemon_that_was_just_started_waits_for_it() {
    let mut world = World::new(nightly(), "2026-11-28T12:00:00Z");
    world.watch(DAY * 3);
    let nights = ["2026-11-29T02:00:00Z", "2026-11-30T02:00:00Z", "2026-12-01T02:00:00Z"];
    assert_eq!(world.fired(), nights);
}

#[test]
fn what_was_missed_is_one_run_in_the_name_of_the_newest_time() {
    let mut world = World::new(nightly(), "2026-11-28T12:00:00Z");
    world.pass(DAY * 5);
    assert_eq!(world.fired(), ["2026-12-03T02:00:00Z"]);
    world.watch(DAY);
    assert_eq!(world.fired(), ["2026-12-04T02:00:00Z"]);
}

#[test]
fn what_was_missed_is_left_out_where_the_schedule_says_so_and_a_short_delay_is_no_miss() {
    let mut world = World::new(nightly().catching_up(CatchUp::Skip), "2026-11-28T12:00:00Z");
    world.pass(DAY * 5);
    assert_eq!(world.fired(), Vec::<String>::new());
    assert_eq!(world.passed, [utc("2026-12-03T02:00:00Z")]);
    world.now = utc("2026-12-04T02:00:45Z");
    world.tick();
    assert_eq!(world.fired(), ["2026-12-04T02:00:00Z"]);
}

/// A world shortly after a night's time, whose run was cut off.
fn cut_off(schedule: Schedule, continued: u64) -> World {
    let mut world = World::new(schedule, "2026-11-29T01:59:00Z");
    world.watch(Duration::from_mins(2));
    let scheduled_for = world.fired.pop().unwrap();
    world.agenda.cut_off.insert(domain(), CutOff { run: Uuid::nil(), scheduled_for, continued });
    world
}

#[test]
fn a_run_that_was_cut_off_is_gone_on_with_in_the_name_of_its_time_and_leaves_the_next_one_alone() {
    let mut world = cut_off(nightly(), 0);
    let Step::Fire(claim) = world.step() else { panic!("{:?}", world.step()) };
    assert_eq!((claim.scheduled_for, claim.resumes), (utc("2026-11-29T02:00:00Z"), Some(Uuid::nil())));
    assert_eq!((claim.next.due_at, claim.next.forgets), (utc("2026-11-30T02:00:00Z"), None));
    world.agenda.works.insert(domain(), "ada".to_owned());
    assert!(matches!(world.step(), Step::Hold { .. }), "{:?}", world.step());
    world.agenda.works.clear();
    // Where the next time has come as well, its run does for both.
    world.now = utc("2026-11-30T02:00:30Z");
    let Step::Fire(claim) = world.step() else { panic!("{:?}", world.step()) };
    assert_eq!((claim.scheduled_for, claim.resumes), (utc("2026-11-30T02:00:00Z"), None));
}

#[test]
fn a_run_that_was_cut_off_is_left_where_the_schedule_a_person_or_its_own_end_says_so() {
    let pass = |schedule: Schedule, continued: u64, is_paused: bool| {
        let mut world = cut_off(schedule, continued);
        if is_paused {
            world.pause();
        }
        let Step::Pass { why, next, .. } = world.step() else { panic!("{:?}", world.step()) };
        assert_eq!((next.due_at, next.forgets), (utc("2026-11-30T02:00:00Z"), Some(Uuid::nil())));
        why.to_string()
    };
    assert!(
        pass(nightly().catching_up(CatchUp::Skip), 0, false).contains("`catch_up: skip` leaves the rest out")
    );
    assert!(pass(nightly(), CONTINUED, false).contains("as were 5 before it"));
    assert_eq!(pass(nightly(), 0, true), "paused by ada");
}

#[test]
fn a_clock_that_is_put_forward_by_a_year_makes_one_run_and_put_back_goes_on_from_there() {
    let hourly = schedule("0 * * * *", "UTC");
    let mut world = World::new(hourly, "2026-11-28T12:30:00Z");
    world.pass(DAY * 365);
    assert_eq!(world.fired(), ["2027-11-28T12:00:00Z"]);
    world.now = utc("2026-11-28T12:31:00Z");
    world.tick();
    assert_eq!(world.replanned, [Replanned::ClockWentBack]);
    world.watch(HOUR * 2);
    assert_eq!(world.fired(), ["2026-11-28T13:00:00Z", "2026-11-28T14:00:00Z"]);
    // The time that had its run too early comes, and has none again.
    world.now = utc("2027-11-28T11:59:00Z");
    world.tick();
    world.fired.clear();
    world.watch(HOUR + HOUR);
    assert_eq!(world.fired(), ["2027-11-28T13:00:00Z"]);
}

#[test]
fn a_clock_that_is_put_back_by_an_hour_runs_nothing_twice() {
    let mut world = World::new(nightly(), "2026-11-28T12:00:00Z");
    world.now = utc("2026-11-29T02:00:00Z");
    world.tick();
    assert_eq!(world.fired().len(), 1);
    world.now = utc("2026-11-29T01:00:30Z");
    world.tick();
    world.watch(HOUR * 3);
    assert_eq!((world.fired(), world.replanned.clone()), (Vec::new(), Vec::new()));
    world.watch(DAY);
    assert_eq!(world.fired(), ["2026-11-30T02:00:00Z"]);
}

#[test]
fn a_paused_domain_has_no_run_and_what_passed_is_not_made_up_for() {
    let mut world = World::new(nightly(), "2026-11-28T12:00:00Z");
    world.pause();
    world.watch(DAY * 2);
    assert_eq!((world.fired(), world.passed.len()), (Vec::new(), 2));
    world.agenda.pauses.clear();
    world.watch(DAY);
    assert_eq!(world.fired(), ["2026-12-01T02:00:00Z"]);
    world.schedule = nightly().paused();
    world.watch(DAY);
    assert_eq!(world.fired(), Vec::<String>::new());
}

#[test]
fn a_time_that_comes_while_somebody_works_waits_and_the_newest_of_several_runs_afterwards() {
    let mut world = World::new(schedule("0 * * * *", "UTC"), "2026-11-28T12:30:00Z");
    world.agenda.works.insert(domain(), "run 1".to_owned());
    world.watch(HOUR * 3);
    let held = Step::Hold { scheduled_for: utc("2026-11-28T15:00:00Z"), by: "run 1".to_owned() };
    assert_eq!((world.fired(), world.step()), (Vec::new(), held));
    world.agenda.works.clear();
    world.tick();
    assert_eq!(world.fired(), ["2026-11-28T15:00:00Z"]);
    world.schedule = world.schedule.clone().catching_up(CatchUp::Skip);
    world.agenda.works.insert(domain(), "run 1".to_owned());
    world.watch(HOUR);
    world.agenda.works.clear();
    world.watch(HOUR / 4);
    assert_eq!((world.fired(), world.passed.clone()), (Vec::new(), vec![utc("2026-11-28T16:00:00Z")]));
}

#[test]
fn another_schedule_holds_from_now_on_and_makes_up_for_nothing_of_its_own() {
    let mut world = World::new(nightly(), "2026-11-28T12:00:00Z");
    world.schedule = schedule("0 10 * * *", "UTC");
    world.tick();
    assert_eq!((world.fired(), world.replanned.clone()), (Vec::new(), vec![Replanned::Changed]));
    world.watch(DAY);
    assert_eq!(world.fired(), ["2026-11-29T10:00:00Z"]);
    // What the old one had missed before anybody saw the new one is made up for.
    world.now = utc("2026-11-30T11:00:00Z");
    world.schedule = nightly();
    world.tick();
    assert_eq!(world.fired(), ["2026-11-30T10:00:00Z"]);
    world.watch(DAY);
    assert_eq!(world.fired(), ["2026-12-01T02:00:00Z"]);
}

#[test]
fn a_delay_keeps_the_time_and_moves_the_start() {
    let spread = nightly().spread_over(HOUR);
    let start = spread.start_of(&domain(), utc("2026-11-29T02:00:00Z"));
    let mut world = World::new(spread, "2026-11-28T12:00:00Z");
    world.now = start - Duration::from_millis(1);
    world.tick();
    assert_eq!(world.fired(), Vec::<String>::new());
    world.now = start;
    world.tick();
    assert_eq!(world.fired(), ["2026-11-29T02:00:00Z"]);
}

/// Something that happens to a daemon, its clock or its machine.
#[derive(Debug, Clone)]
enum Event {
    Passes(u64),
    ClockIsSet(i64),
    Paused,
    Resumed,
    SomebodyWorks,
    NobodyWorks,
    Becomes(usize),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        8 => (1_u64..100_000).prop_map(Event::Passes),
        2 => (-100_000_i64..100_000).prop_map(Event::ClockIsSet),
        1 => prop_oneof![Just(-31_536_000_i64), Just(31_536_000)].prop_map(Event::ClockIsSet),
        1 => Just(Event::Paused),
        2 => Just(Event::Resumed),
        1 => Just(Event::SomebodyWorks),
        2 => Just(Event::NobodyWorks),
        1 => (0_usize..4).prop_map(Event::Becomes),
    ];
    prop::collection::vec(event, 1..15)
}

fn some(which: usize) -> Schedule {
    let ten = Duration::from_mins(10);
    match which % 4 {
        0 => schedule("30 1 * * *", "Europe/London"),
        1 => schedule("0 * * * *", "Asia/Kathmandu").spread_over(ten),
        2 => schedule("15 0 * * *", "America/Santiago").catching_up(CatchUp::Skip),
        _ => schedule("0 */6 * * *", "UTC").catching_up(CatchUp::Skip).spread_over(ten),
    }
}

impl World {
    fn happens(&mut self, event: &Event) {
        match event {
            Event::Passes(seconds) => self.now = self.now + Duration::from_secs(*seconds),
            Event::ClockIsSet(seconds) if *seconds < 0 => {
                self.now = self.now - Duration::from_secs(seconds.unsigned_abs());
            }
            Event::ClockIsSet(seconds) => self.now = self.now + Duration::from_secs(seconds.unsigned_abs()),
            Event::Paused => self.pause(),
            Event::Resumed => self.agenda.pauses.clear(),
            Event::SomebodyWorks => drop(self.agenda.works.insert(domain(), "somebody".to_owned())),
            Event::NobodyWorks => self.agenda.works.clear(),
            Event::Becomes(which) => self.schedule = some(*which),
        }
    }

    fn is_free(&self) -> bool {
        self.agenda.pauses.is_empty() && self.agenda.works.is_empty()
    }
}

proptest! {
    // Each looks through months of a calendar, which a debug build does slowly.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_time_has_two_runs_and_the_next_one_is_never_out_of_sight(first in 0_usize..4, events in events()) {
        let mut world = World::new(some(first), "2026-03-28T12:00:00Z");
        for event in &events {
            world.happens(event);
            world.tick();
            let once: BTreeSet<Instant> = world.fired.iter().copied().collect();
            prop_assert_eq!(once.len(), world.fired.len(), "a time ran twice: {:?}", world.fired);
            // Whatever the clock did, what comes next is the first free time from now, give or take the skew of clocks.
            let due = world.agenda.due[&domain()].due_at;
            let free = world.schedule.after(world.now + SKEW).map(|due| due.at).find(|at| !world.ran.contains(at)).unwrap();
            prop_assert!(due <= free, "{} is out of sight behind {}", due, free);
        }
    }

    #[test]
    fn after_any_pause_of_a_daemon_the_newest_missed_time_has_its_run_once(
        first in 0_usize..2,
        pauses in prop::collection::vec(1_u64..300_000, 1..8),
    ) {
        let mut world = World::new(some(first), "2026-03-28T12:00:00Z");
        for pause in pauses {
            let before = world.now;
            world.fired.clear();
            world.pass(Duration::from_secs(pause));
            prop_assert!(world.is_free());
            let has_started = |at: &Instant| world.schedule.start_of(&domain(), *at) <= world.now;
            let was_open = |at: &Instant| world.schedule.start_of(&domain(), *at) > before;
            let missed = world.schedule.after(before - HOUR).map(|due| due.at);
            let newest = missed.take_while(|at| *at <= world.now).filter(was_open).filter(has_started).last();
            prop_assert_eq!(world.fired.clone(), newest.into_iter().collect::<Vec<_>>());
        }
    }
}
