//! `tieout demo`, played: two runs over the demo's world, with the shop at work between them.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;

use super::args::DemoArgs;
use super::demo::{farewell, found, judge};
use super::desk::Desk;
use super::failure::Failure;
use super::output::Output;
use super::select::Selection;
use super::watch::{Audience, audience};
use super::{reconcile, wire};
use crate::config::Loaded;
use crate::demo::{Manners, Scene, SceneError};
use crate::report::{RunReport, text};
use crate::run::{Bookmarks, Found, IfLocked, Mode, Options, Scope, Shard, Terms};

/// The same world every time; only the clock moves.
const SEED: u64 = 20;

/// A little longer than the longest `settle` of the demo's domains: whatever the shop writes has rested by then.
const REST: Duration = Duration::from_millis(3_200);

/// Carries `demo` out.
pub(super) async fn demo(desk: &Desk, args: &DemoArgs) -> Result<u8, Failure> {
    let mut scene =
        Scene::set(&args.dir, SEED, Utc::now(), Manners::ordinary()).await.map_err(|error| broken(&error))?;
    let played = play(desk, &mut scene).await;
    let last_words = farewell(&args.dir, &scene.files.config());
    scene.strike().await;
    played?;
    desk.output.write(&last_words)?;
    Ok(crate::report::exit::DONE)
}

async fn play(desk: &Desk, scene: &mut Scene) -> Result<(), Failure> {
    let loaded = wire::load_file(&scene.files.config(), desk)?;
    say(
        desk,
        "1. A simulated provider runs on this machine, and a little shop missed some of its webhooks. tieout looks:\n",
    )?;
    scene.newcomers_arrive(Utc::now());
    let first = run(desk, &loaded).await?;
    show(desk, &first)?;
    let planted = found(&first).map_err(|error| Failure::failed("demo", error.to_string()))?;
    judge(&scene.truth.judge(&planted))?;
    say(
        desk,
        &format!(
            "\nThe simulator knows the truth: {} findings are exactly what was planted.\n",
            planted.len()
        ),
    )?;

    scene.late_webhooks_arrive().await.map_err(|error| broken(&error))?;
    let consumed = scene.shop_consumes(Utc::now()).await.map_err(|error| broken(&error))?;
    say(
        desk,
        &format!(
            "\n2. The shop consumes its queue: {} events applied, {} repeated.\n",
            consumed.applied, consumed.repeated
        ),
    )?;
    tokio::time::sleep(REST).await;

    say(desk, "\n3. tieout looks again:\n")?;
    let second = run(desk, &loaded).await?;
    show(desk, &second)?;
    all_repaired(desk, &first, &second)
}

/// Every event of the first run must have repaired its finding, and the second must find nothing to send.
fn all_repaired(desk: &Desk, first: &RunReport, second: &RunReport) -> Result<(), Failure> {
    let emitted: u64 = first.domains.iter().map(|domain| domain.events.emitted).sum();
    let repaired: u64 = second.domains.iter().map(|domain| domain.follow_up.repaired).sum();
    let planned: u64 = second.domains.iter().map(|domain| domain.events.planned).sum();
    let mut verdict = String::new();
    let _ = writeln!(
        verdict,
        "\n{emitted} events were sent, {repaired} findings are repaired, {planned} events were sent again.\n"
    );
    say(desk, &verdict)?;
    if emitted == repaired && planned == 0 && second.exit.code == 0 && first.exit.code == 0 {
        return Ok(());
    }
    Err(Failure::failed(
        "demo_not_repaired",
        "not every emitted finding was repaired; this is a bug in tieout",
    ))
}

async fn run(desk: &Desk, loaded: &Loaded) -> Result<RunReport, Failure> {
    let options = Options {
        mode: Mode::Run,
        scope: Scope::Coverage,
        max_emits: None,
        found: Found::Repaired,
        terms: Terms::default(),
        if_locked: IfLocked::Fail,
        shard: Shard::default(),
        drain: Duration::from_secs(30),
        deadline: None,
        watchdog: Duration::from_mins(5),
        resumes: None,
        list: usize::MAX,
        concurrency: 4,
        bookmarks: Bookmarks::default(),
        differences_exit: false,
        keep: crate::store::Keep::default(),
    };
    let audience: Arc<dyn Audience> =
        audience(&quiet_unless_terminal(desk), &desk.screen, Duration::from_mins(1)).into();
    let report = reconcile::execute(desk, loaded, Selection::default(), options, &audience).await?;
    let _ = audience.end(&report);
    if desk.signals.exit_code().is_some() {
        return Err(Failure::exiting(report.exit.code, "interrupted", "the demo was interrupted"));
    }
    Ok(report)
}

/// Off a terminal the demo tells its story without heartbeat lines in between.
fn quiet_unless_terminal(desk: &Desk) -> Output {
    if desk.screen.bars.is_none() { desk.output.clone().quiet() } else { desk.output.clone() }
}

fn say(desk: &Desk, words: &str) -> Result<(), Failure> {
    desk.output.write(words)
}

fn show(desk: &Desk, report: &RunReport) -> Result<(), Failure> {
    desk.output.write(&text::run(report, &desk.output.look))
}

fn broken(error: &SceneError) -> Failure {
    Failure::failed("demo", error.to_string())
}
