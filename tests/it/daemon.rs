//! The daemon: it runs domains when they are due, once, and says what it did and what it left out.

use std::time::Duration;

use serde_json::{Value, json};

use crate::api::Fault;
use crate::metrics::free_port;
use crate::postgres::Postgres;
use crate::process::{Process, until};
use crate::world::{World, charge};

const EACH_SECOND: &str = "cron: \"* * * * * *\"";
const EACH_SIX_HOURS: &str = "cron: \"0 */6 * * *\"";
const HOUR: Duration = Duration::from_hours(1);

/// A world with a schedule and a state store of either kind.
struct Stage {
    world: World,
    postgres: Option<Postgres>,
}

impl Stage {
    async fn on_sqlite(schedule: &str) -> Self {
        Self::set(schedule, None).await
    }

    async fn on_postgres(schedule: &str) -> Self {
        Self::set(schedule, Some(Postgres::create().await)).await
    }

    async fn set(schedule: &str, postgres: Option<Postgres>) -> Self {
        let world = World::agreeing(3).await;
        world.upstream(&charge("ch_lost", 5, 500));
        if let Some(postgres) = &postgres {
            world.edit("tieout.yaml", "sqlite:state.db", postgres.url());
        }
        let stage = Self { world, postgres };
        stage.schedule(schedule);
        stage
    }

    /// Gives the domain a schedule.
    fn schedule(&self, schedule: &str) {
        let domain = include_str!("world/charges.yaml");
        self.world.write("charges.yaml", &format!("schedule: {{{schedule}}}\n{domain}"));
    }

    fn daemon(&self) -> Process {
        Process::start(&self.world, &["daemon", "-v"])
    }

    /// The entries of the journal with a word, oldest first.
    fn journal(&self, event: &str) -> Vec<Value> {
        let told = self.world.tieout(&["state", "journal", "--limit", "0", "--format", "json"]);
        let entries = told.json()["entries"].as_array().unwrap().clone();
        entries.into_iter().filter(|entry| entry["event"] == event).collect()
    }

    /// Waits until the journal has so many entries with a word.
    fn until_journal(&self, event: &str, n: usize) {
        until(&format!("{n} x {event}"), || self.journal(event).len() >= n);
    }

    /// The statuses of all runs, newest first.
    fn runs(&self) -> Vec<String> {
        let told = self.world.tieout(&["report", "list", "--limit", "0", "--format", "json"]).json();
        let runs = told["runs"].as_array().unwrap().iter();
        runs.map(|run| run["status"].as_str().unwrap().to_owned()).collect()
    }

    /// Makes the next time of the domain one of three days ago, as if no daemon had been there since.
    async fn was_down(&self) {
        let past = (chrono::Utc::now() - chrono::TimeDelta::days(3)).timestamp();
        self.is_due_at((past / 21_600) * 21_600).await;
    }

    /// Makes the next time of the domain one that has come, in seconds since the epoch.
    async fn is_due_at(&self, seconds: i64) {
        let daemon = self.daemon();
        self.until_journal("planned", 1);
        stopped(daemon);
        let statement = "UPDATE schedules SET due_at = PAST, starts_at = PAST";
        let past = chrono::DateTime::from_timestamp(seconds, 0).unwrap();
        let past = past.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        let statement = statement.replace("PAST", &format!("'{past}'"));
        match &self.postgres {
            Some(postgres) => postgres.sql(&statement.replace("schedules", "tieout.schedules")).await,
            None => self.world.state(&statement).await,
        }
    }

    /// Changes the state behind tieout's back.
    async fn sql(&self, statement: &str) {
        match &self.postgres {
            Some(postgres) => postgres.sql(&format!("SET search_path = tieout; {statement}")).await,
            None => self.world.state(statement).await,
        }
    }

    /// Leaves an event that was given up two hours ago, of a cause that passes.
    async fn lost_an_event(&self) {
        let run = self.world.tieout(&["run", "--drain", "0s"]);
        assert_eq!(run.code, 3, "{run:?}");
        let died = (chrono::Utc::now() - chrono::TimeDelta::hours(2))
            .to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        let dead = format!("state = 'dead', class = 'exhausted', reason = 'no', finished_at = '{died}'");
        self.sql(&format!("UPDATE outbox SET {dead}")).await;
        self.sql("DELETE FROM outbox_pending").await;
    }

    /// A daemon in the midst of a run whose time has just come.
    async fn daemon_at_work(&self) -> Process {
        self.is_due_at(chrono::Utc::now().timestamp()).await;
        let world = &self.world;
        world.api.change(|shelf| shelf.always = Some(Fault::Hangs(HOUR)));
        let daemon = self.daemon();
        until("the provider is asked", || !world.api.shelf.lock().unwrap().lists.is_empty());
        daemon
    }

    async fn strike(self) {
        if let Some(postgres) = self.postgres {
            postgres.drop().await;
        }
    }
}

/// Asks a daemon to end, which is its normal end.
fn stopped(daemon: Process) -> String {
    daemon.signal("TERM");
    let (ended, took) = daemon.end();
    assert!(ended.code == 0 && took < Duration::from_secs(20), "{took:?}: {ended:?}");
    ended.stderr
}

/// Makes two tests of a behaviour.
macro_rules! on_both_states {
    ($($behaviour:ident: $schedule:expr;)*) => {
        mod sqlite {
            use super::*;

            $(#[tokio::test]
            async fn $behaviour() {
                super::$behaviour(Stage::on_sqlite(&$schedule).await).await;
            })*
        }

        mod postgres {
            use super::*;

            $(#[tokio::test]
            async fn $behaviour() {
                super::$behaviour(Stage::on_postgres(&$schedule).await).await;
            })*
        }
    };
}

on_both_states!(
    a_daemon_runs_what_is_due_and_tells_what_it_did: EACH_SECOND;
    what_was_missed_while_nobody_was_there_is_one_run: EACH_SIX_HOURS;
    what_was_missed_is_left_out_where_the_schedule_says_so: format!("{}, catch_up: skip", EACH_SIX_HOURS);
    of_two_daemons_one_runs_each_due_time: EACH_SECOND;
    a_paused_domain_has_no_runs_until_somebody_resumes_it: EACH_SECOND;
    a_run_that_a_restart_interrupts_is_gone_on_with_at_once_and_once: EACH_SIX_HOURS;
    a_run_whose_daemon_was_killed_is_gone_on_with_as_well: EACH_SIX_HOURS;
    dead_letters_that_are_due_go_out_between_the_runs_of_a_daemon: EACH_SIX_HOURS;
    a_retry_that_fails_is_written_down_and_the_daemon_goes_on: EACH_SIX_HOURS;
    a_run_that_a_restart_interrupts_is_left_where_the_schedule_says_so: format!("{}, catch_up: skip", EACH_SIX_HOURS);
);

async fn a_daemon_runs_what_is_due_and_tells_what_it_did(stage: Stage) {
    let daemon = stage.daemon();
    stage.until_journal("ended", 2);
    let log = stopped(daemon);
    assert!(log.contains("fired") && log.contains("shop.charges"), "{log}");
    let events = stage.world.events().await;
    assert_eq!(events.len(), 1, "what was lost is sent once, in however many runs: {events:?}");
    for event in ["started", "planned", "fired", "ended", "stopped"] {
        assert!(!stage.journal(event).is_empty(), "the journal has no `{event}`");
    }
    let fired = &stage.journal("fired")[0];
    assert!(fired["scheduled_for"].is_string() && fired["run_id"].is_string(), "{fired}");
    let first = fired["run_id"].as_str().unwrap();
    let report = stage.world.tieout(&["report", "show", first, "--format", "json"]).json();
    assert_eq!((&report["trigger"], &report["args"]), (&json!("schedule"), &json!({"verbose": "1"})));
    assert_eq!(report["domains"][0]["definition_sha256"].as_str().unwrap().len(), 64);
    stage.strike().await;
}

async fn dead_letters_that_are_due_go_out_between_the_runs_of_a_daemon(stage: Stage) {
    stage.lost_an_event().await;
    let daemon = stage.daemon();
    stage.until_journal("retried", 1);
    let log = stopped(daemon);
    let retried = &stage.journal("retried")[0];
    assert_eq!(
        (&retried["detail"], &retried["domain"]),
        (&json!("dead letters that were due: 1 sent"), &json!("shop.charges")),
        "{log}"
    );
    assert_eq!(stage.world.events().await.len(), 1);
    assert_eq!(stage.runs().len(), 1, "no run was needed for it");
    stage.strike().await;
}

async fn a_retry_that_fails_is_written_down_and_the_daemon_goes_on(stage: Stage) {
    stage.lost_an_event().await;
    stage.sql("ALTER TABLE finding_history RENAME TO elsewhere").await;
    let daemon = stage.daemon();
    stage.until_journal("retry_failed", 1);
    stopped(daemon);
    stage.sql("ALTER TABLE elsewhere RENAME TO finding_history").await;
    assert!(stage.world.events().await.is_empty());
    // What failed is tried again by the next one.
    let daemon = stage.daemon();
    stage.until_journal("retried", 1);
    stopped(daemon);
    assert_eq!(stage.world.events().await.len(), 1);
    stage.strike().await;
}

async fn what_was_missed_while_nobody_was_there_is_one_run(stage: Stage) {
    stage.was_down().await;
    let daemon = stage.daemon();
    stage.until_journal("ended", 1);
    stopped(daemon);
    let fired = stage.journal("fired");
    assert_eq!((fired.len(), stage.runs()), (1, vec!["done".to_owned()]), "{fired:?}");
    let detail = fired[0]["detail"].as_str().unwrap();
    assert!(detail.contains("due times of which it is the newest"), "{detail}");
    // The next daemon finds nothing that was missed.
    let daemon = stage.daemon();
    stage.until_journal("started", 3);
    stopped(daemon);
    assert_eq!(stage.journal("fired").len(), 1);
    stage.strike().await;
}

async fn what_was_missed_is_left_out_where_the_schedule_says_so(stage: Stage) {
    stage.was_down().await;
    let daemon = stage.daemon();
    stage.until_journal("skipped", 1);
    stopped(daemon);
    let skipped = stage.journal("skipped");
    let detail = skipped[0]["detail"].as_str().unwrap();
    assert!(detail.contains("`catch_up: skip` leaves it out; it is due next at"), "{detail}");
    assert_eq!((skipped.len(), stage.runs().len()), (1, 0));
    stage.strike().await;
}

async fn of_two_daemons_one_runs_each_due_time(stage: Stage) {
    let daemons = [stage.daemon(), stage.daemon()];
    stage.until_journal("ended", 4);
    for daemon in daemons {
        stopped(daemon);
    }
    let fired = stage.journal("fired");
    let mut times: Vec<&str> = fired.iter().map(|entry| entry["scheduled_for"].as_str().unwrap()).collect();
    times.sort_unstable();
    times.dedup();
    assert_eq!((times.len(), stage.runs().len()), (fired.len(), fired.len()), "{fired:?}");
    assert_eq!(stage.world.events().await.len(), 1);
    stage.strike().await;
}

async fn a_paused_domain_has_no_runs_until_somebody_resumes_it(stage: Stage) {
    let world = &stage.world;
    let daemon = stage.daemon();
    stage.until_journal("ended", 1);
    let pause = ["state", "pause", "shop.charges", "--by", "ada", "--reason", "the bank is closed"];
    assert_eq!(world.tieout(&pause).code, 0);
    stage.until_journal("skipped", 1);
    let before = stage.journal("fired").len();
    let skipped = stage.journal("skipped");
    assert!(skipped[0]["detail"].as_str().unwrap().contains("paused by ada"), "{skipped:?}");
    stage.until_journal("skipped", skipped.len() + 2);
    assert_eq!(stage.journal("fired").len(), before);
    for command in ["status", "next"] {
        let told = world.tieout(&[command]).stdout;
        assert!(
            told.contains("Paused: shop.charges, by ada") && told.contains("the bank is closed"),
            "{told}"
        );
    }
    let run = world.run();
    assert_eq!((run.code, run.domain()["failure"].as_str()), (0, Some("paused")), "{run:?}");
    assert_eq!(run.domain()["status"], "skipped");
    assert_eq!(world.tieout(&["state", "resume", "shop.charges"]).code, 0);
    until("it runs again", || stage.journal("fired").len() > before);
    stopped(daemon);
    let shown = world.tieout(&["state", "show", "shop.charges"]).stdout;
    assert!(shown.contains("pause the bank is closed by ada") && shown.contains("resume"), "{shown}");
    stage.strike().await;
}

async fn a_run_that_a_restart_interrupts_is_gone_on_with_at_once_and_once(stage: Stage) {
    let daemon = stage.daemon_at_work().await;
    stopped(daemon);
    assert_eq!(stage.runs(), ["interrupted"]);
    is_gone_on_with(stage).await;
}

async fn a_run_whose_daemon_was_killed_is_gone_on_with_as_well(stage: Stage) {
    let daemon = stage.daemon_at_work().await;
    daemon.signal("KILL");
    daemon.end();
    assert_eq!(stage.runs(), ["running"], "nobody was there to say how it ended");
    is_gone_on_with(stage).await;
}

/// The next daemon goes on with the one run that was interrupted, and the one after it has nothing to do.
async fn is_gone_on_with(stage: Stage) {
    stage.world.api.change(|shelf| shelf.always = None);
    let daemon = stage.daemon();
    stage.until_journal("continued", 1);
    until("the run is done", || stage.runs() == ["done", "interrupted"]);
    stopped(daemon);
    let (fired, continued) = (stage.journal("fired"), stage.journal("continued"));
    assert_eq!((fired.len(), continued.len()), (1, 1), "{fired:?} {continued:?}");
    assert_eq!(fired[0]["scheduled_for"], continued[0]["scheduled_for"], "in the name of the same time");
    let detail = continued[0]["detail"].as_str().unwrap();
    assert!(detail.contains(fired[0]["run_id"].as_str().unwrap()), "{detail}");
    let report = stage.world.tieout(&["report", "show", "latest", "--format", "json"]).json();
    assert_eq!((&report["run_id"], &report["resumes"]), (&continued[0]["run_id"], &fired[0]["run_id"]));
    assert_eq!(stage.world.events().await.len(), 1);
    let n_started = stage.journal("started").len();
    let daemon = stage.daemon();
    stage.until_journal("started", n_started + 1);
    stopped(daemon);
    assert_eq!((stage.journal("continued").len(), stage.runs().len()), (1, 2));
    stage.strike().await;
}

async fn a_run_that_a_restart_interrupts_is_left_where_the_schedule_says_so(stage: Stage) {
    let daemon = stage.daemon_at_work().await;
    stopped(daemon);
    stage.world.api.change(|shelf| shelf.always = None);
    for _ in 0..2 {
        let n_started = stage.journal("started").len();
        let daemon = stage.daemon();
        stage.until_journal("started", n_started + 1);
        stage.until_journal("skipped", 1);
        stopped(daemon);
    }
    let skipped = stage.journal("skipped");
    let detail = skipped[0]["detail"].as_str().unwrap();
    assert!(detail.contains("was interrupted, and `catch_up: skip` leaves the rest out"), "{detail}");
    assert_eq!((skipped.len(), stage.runs()), (1, vec!["interrupted".to_owned()]), "it is said once");
    stage.strike().await;
}

#[tokio::test]
async fn a_configuration_that_turned_bad_is_refused_and_a_good_one_is_used_from_then_on() {
    let stage = Stage::on_sqlite(EACH_SIX_HOURS).await;
    let mut daemon = stage.daemon();
    stage.until_journal("planned", 1);
    stage.schedule("cron: \"99 * * * *\"");
    daemon.signal("HUP");
    daemon.until_it_says("the configuration stays as it was");
    // No other command works with that file either, so what became of it is read with the next one.
    stage.schedule(EACH_SECOND);
    stage.until_journal("reload_refused", 1);
    let refused = stage.journal("reload_refused")[0]["detail"].as_str().unwrap().to_owned();
    assert!(refused.contains("charges.yaml:1:") && refused.contains("99 * * * *"), "{refused}");
    assert_eq!(stage.runs().len(), 0);
    daemon.signal("HUP");
    stage.until_journal("reloaded", 1);
    stage.until_journal("ended", 1);
    stopped(daemon);
}

#[tokio::test]
async fn a_daemon_begins_without_the_secret_of_one_domain_and_not_without_those_of_all() {
    let stage = Stage::on_sqlite(EACH_SIX_HOURS).await;
    let world = &stage.world;
    let domain = std::fs::read_to_string(world.path().join("charges.yaml")).unwrap();
    let domain = domain.replace("shop.charges", "shop.others").replace("database: app", "database: other");
    world.write("others.yaml", &domain);
    world.edit("tieout.yaml", "databases: {", "databases: {other: {url: \"env:TIEOUT_TEST_NOT_SET\"}, ");
    let mut daemon = stage.daemon();
    daemon.until_it_says("runs of shop.others fail until this is mended");
    stage.until_journal("planned", 2);
    stopped(daemon);
    world.edit("tieout.yaml", "file:key", "env:TIEOUT_TEST_NOT_SET");
    let refused = world.tieout(&["daemon"]);
    assert!(refused.code == 2 && refused.stderr.contains("`TIEOUT_TEST_NOT_SET` is not set"), "{refused:?}");
}

#[tokio::test]
async fn a_daemon_stays_with_its_state_store() {
    let stage = Stage::on_sqlite(EACH_SIX_HOURS).await;
    let mut daemon = stage.daemon();
    stage.until_journal("planned", 1);
    stage.world.edit("tieout.yaml", "sqlite:state.db", "sqlite:other.db");
    daemon.signal("HUP");
    daemon.until_it_says("the state store is another one");
    stopped(daemon);
}

#[tokio::test]
async fn a_daemon_that_is_asked_to_end_ends_its_run_and_the_next_one_goes_on() {
    let stage = Stage::on_sqlite(EACH_SECOND).await;
    let world = &stage.world;
    world.api.change(|shelf| shelf.always = Some(Fault::Hangs(HOUR)));
    let daemon = stage.daemon();
    until("the provider is asked", || !world.api.shelf.lock().unwrap().lists.is_empty());
    stopped(daemon);
    assert_eq!(stage.runs(), ["interrupted"]);
    let held = "SELECT CAST(COUNT(*) AS TEXT) FROM leases WHERE holder IS NOT NULL";
    assert_eq!(world.asked_of_state(held).await, "0");
    world.api.change(|shelf| shelf.always = None);
    let daemon = stage.daemon();
    until("a run is done", || stage.runs().iter().any(|status| status == "done"));
    stopped(daemon);
    assert_eq!(world.events().await.len(), 1);
}

#[tokio::test]
async fn times_that_come_while_a_run_works_wait_for_its_end() {
    let stage = Stage::on_sqlite(EACH_SECOND).await;
    stage.world.api.change(|shelf| shelf.always = Some(Fault::Hangs(HOUR)));
    let daemon = stage.daemon();
    stage.until_journal("waits", 2);
    assert_eq!(stage.runs(), ["running"], "one at a time");
    daemon.signal("TERM");
    daemon.signal("INT");
    let (ended, _) = daemon.end();
    assert!(matches!(ended.code, 130 | 143), "a second signal ends it at once: {ended:?}");
    stage.world.api.change(|shelf| shelf.always = None);
    let daemon = stage.daemon();
    until("a run is done", || stage.runs().iter().any(|status| status == "done"));
    stopped(daemon);
}

#[tokio::test]
async fn a_run_ends_a_domain_that_is_paused_meanwhile() {
    let stage = Stage::on_sqlite(EACH_SIX_HOURS).await;
    let world = &stage.world;
    world.api.change(|shelf| shelf.always = Some(Fault::Hangs(HOUR)));
    let run = Process::start(world, &["run", "--format", "json"]);
    until("the provider is asked", || !world.api.shelf.lock().unwrap().lists.is_empty());
    assert_eq!(world.tieout(&["state", "pause", "shop.*", "--by", "ada"]).code, 0);
    let (ended, _) = run.end();
    let domain = ended.domain();
    assert_eq!(
        (&domain["failure"], &domain["status"]),
        (&"paused".into(), &"interrupted".into()),
        "{ended:?}"
    );
    assert!(domain["problems"][0].as_str().unwrap().contains("paused by ada"), "{domain}");
}

#[tokio::test]
async fn a_daemon_that_listens_answers_probes_and_scrapes_and_follows_its_configuration() {
    let stage = Stage::on_sqlite(EACH_SIX_HOURS).await;
    let address = format!("127.0.0.1:{}", free_port());
    let daemon = Process::start(&stage.world, &["daemon", "-v", "--listen", &address]);
    until("it listens", || std::net::TcpStream::connect(&address).is_ok());
    let ask = async |path: &str| {
        let answer = reqwest::get(format!("http://{address}/{path}")).await.unwrap();
        assert_eq!(answer.status().as_u16(), 200, "{path}");
        answer.text().await.unwrap()
    };
    ask("healthz").await;
    ask("readyz").await;
    assert!(ask("metrics").await.contains("domain=\"shop.charges\""));
    let domain = include_str!("world/charges.yaml").replace("shop.charges", "shop.refunds");
    stage.world.write("refunds.yaml", &domain);
    daemon.signal("HUP");
    stage.until_journal("reloaded", 1);
    assert!(ask("metrics").await.contains("domain=\"shop.refunds\""));
    stopped(daemon);
    assert!(stage.journal("stopped")[0]["detail"].as_str().unwrap().ends_with(": 0"), "its server is no run");
}

#[tokio::test]
async fn a_daemon_that_cannot_listen_does_not_start() {
    let stage = Stage::on_sqlite(EACH_SIX_HOURS).await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let told = stage.world.tieout(&["daemon", "--listen", &taken.local_addr().unwrap().to_string()]);
    assert!(told.code == 1 && told.stderr.contains("cannot listen on 127.0.0.1"), "{told:?}");
}

#[tokio::test]
async fn a_daemon_with_nothing_to_wait_for_says_so() {
    let world = World::agreeing(0).await;
    let told = world.tieout(&["daemon"]);
    assert!(told.code == 2 && told.stderr.contains("none of these domains has a schedule"), "{told:?}");
    assert_eq!(world.tieout(&["daemon", "--format", "json"]).code, 2);
}

#[tokio::test]
async fn the_journal_can_be_read_beside_a_definition_that_is_broken() {
    let stage = Stage::on_sqlite(EACH_SIX_HOURS).await;
    let world = &stage.world;
    assert_eq!(world.tieout(&["state", "pause", "shop.charges", "--reason", "the bank is closed"]).code, 0);
    world.write("charges.yaml", "domain: shop.charges\nnonsense: true\n");
    world.edit("tieout.yaml", "reconcilers: [.]", "reconcilers: [.]\nnonsense: true");
    assert_eq!(world.tieout(&["state", "show"]).code, 2, "it needs the definitions");
    for args in [["state", "journal"].as_slice(), &["state", "journal", "shop.*"]] {
        let told = world.tieout(args);
        assert_eq!(told.code, 0, "{told:?}");
        assert!(told.stdout.contains("the bank is closed"), "{told:?}");
        assert!(told.stderr.contains("the configuration is wrong"), "{told:?}");
    }
    let unknown = world.tieout(&["state", "journal", "shop.refunds"]);
    assert_eq!(unknown.code, 2, "{unknown:?}");
    world.edit("tieout.yaml", "sqlite:state.db", "ftp://state");
    assert_eq!(world.tieout(&["state", "journal"]).code, 2, "nobody knows where the journal is");
}
