//! `tieout test`: plays the tests of the domains from files, without any network, and says what is not as it was to be.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use clap::builder::BoolishValueParser;
use futures::StreamExt as _;
use futures::stream;
use globset::{GlobBuilder, GlobMatcher};
use similar::TextDiff;
use tieout_reconcilers::define::tests_file::{Expectation, TestDefinition};
use tieout_reconcilers::reconciler::Reconciler;

use super::args::Format;
use super::desk::Desk;
use super::failure::Failure;
use super::wire;
use crate::config::Loaded;
use crate::local::Held;
use crate::report::github::{Annotation, annotations};
use crate::report::touched::Touched;
use crate::report::trial::{Trial, Update};
use crate::report::{exit, json, junit, text};
use crate::testkit::{Blank, Fixture, Kept, Outcome, Player, Scene, differences, kept_at, play, read_kept};

/// How many tests are under way at once. Each has a state of its own.
const SIDE_BY_SIDE: usize = 8;

/// How many known names an error lists.
const LISTED: usize = 20;

/// `tieout test`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct TestArgs {
    /// Tests, by the name of their domain, their own, or both (`stripe.charges/*`), as globs; all when left out
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Write what came of a test as what is to come of it, into the file beside its pages; a definition is never written
    #[arg(long)]
    pub update: bool,
    /// Say as well what the tests of each domain touch: kinds of findings, compared fields, faults; and what never
    #[arg(long, env = "TIEOUT_TEST_COVERAGE", hide_env_values = true, value_parser = BoolishValueParser::new())]
    pub coverage: bool,
}

/// What becomes of expectations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expectations {
    /// What comes of a test is held against them.
    Kept,
    /// What comes of a test is what they are from now on.
    Written,
}

/// A test that was chosen.
struct Chosen<'l> {
    domain: &'l Arc<dyn Reconciler>,
    file: &'l Path,
    test: &'l TestDefinition,
}

/// Carries `test` out.
pub(super) async fn test(desk: &Desk, args: &TestArgs) -> Result<u8, Failure> {
    if args.coverage && matches!(desk.output.format, Format::Junit | Format::Github) {
        let message = "`--coverage` is written as text, `json` or `jsonl`; leave it out for other formats";
        return Err(Failure::usage("usage", message));
    }
    let loaded = wire::load_quietly(desk)?;
    let chosen = chosen(&loaded, &args.names)?;
    let blank = Blank::make().await.map_err(|error| Failure::failed("tests", error.to_string()))?;
    let expectations = if args.update { Expectations::Written } else { Expectations::Kept };
    let tried = chosen.iter().map(|one| Box::pin(tried(&loaded, one, &blank, expectations)));
    let trials: Vec<Trial> = stream::iter(tried).buffered(SIDE_BY_SIDE).collect().await;
    let touched = args.coverage.then(|| touched(&loaded, &args.names, &trials));
    show(desk, &trials, touched.as_deref())?;
    let passed = trials.iter().all(|trial| trial.passed);
    Ok(if passed { exit::DONE } else { exit::FAILED })
}

/// The tests that any of the names means; none is an error, and not a green nothing.
fn chosen<'l>(loaded: &'l Loaded, names: &[String]) -> Result<Vec<Chosen<'l>>, Failure> {
    let domain = |name| loaded.domains.iter().find(|domain| domain.domain() == name);
    let all: Vec<Chosen<'_>> = loaded
        .tests
        .iter()
        .filter_map(|(name, tests)| Some((domain(name)?, tests)))
        .flat_map(|(domain, of)| of.tests.iter().map(move |test| Chosen { domain, file: &of.file, test }))
        .collect();
    if all.is_empty() {
        let message = "no domain has `tests:`; `tieout record DOMAIN --to FOLDER` makes a first one";
        return Err(Failure::usage("no_such_test", message));
    }
    let globs = names.iter().map(|name| Wanted::of(name)).collect::<Result<Vec<_>, _>>()?;
    for (name, glob) in names.iter().zip(&globs) {
        if !all.iter().any(|one| glob.means(one)) {
            return Err(no_such_test(name, &all));
        }
    }
    let is_wanted = |one: &Chosen<'_>| globs.is_empty() || globs.iter().any(|glob| glob.means(one));
    Ok(all.into_iter().filter(is_wanted).collect())
}

/// What tests touch of their domains: of all domains, or where tests were named, of theirs.
fn touched(loaded: &Loaded, names: &[String], trials: &[Trial]) -> Vec<Touched> {
    let all = loaded.domains.iter().map(|domain| Touched::of(domain.as_ref(), trials));
    all.filter(|touched| names.is_empty() || touched.tests > 0).collect()
}

/// A name of a test as it was given.
struct Wanted<'n> {
    name: &'n str,
    glob: GlobMatcher,
}

impl<'n> Wanted<'n> {
    fn of(name: &'n str) -> Result<Self, Failure> {
        let built = GlobBuilder::new(name).build();
        let glob = built.map_err(|error| Failure::usage("bad_pattern", format!("not a pattern: {error}")))?;
        Ok(Self { name, glob: glob.compile_matcher() })
    }

    fn means(&self, one: &Chosen<'_>) -> bool {
        let domain = one.domain.domain().as_str();
        let both = format!("{domain}/{}", one.test.name);
        [domain, &one.test.name, &both].into_iter().any(|name| name == self.name || self.glob.is_match(name))
    }
}

fn no_such_test(name: &str, all: &[Chosen<'_>]) -> Failure {
    let known = all.iter().map(|one| format!("{}/{}", one.domain.domain(), one.test.name));
    let listed: Vec<String> = known.take(LISTED).collect();
    let more = match all.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!("\nand {more} more"),
    };
    Failure::usage("no_such_test", format!("no test matches `{name}`\n{}{more}", listed.join("\n")))
}

/// Tries one test.
async fn tried(loaded: &Loaded, one: &Chosen<'_>, blank: &Blank, expectations: Expectations) -> Trial {
    let mut trial = Trial {
        domain: one.domain.domain().to_string(),
        name: one.test.name.clone(),
        file: one.file.display().to_string(),
        line: one.test.spot.line,
        column: one.test.spot.column,
        passed: false,
        differences: Vec::new(),
        broken: None,
        outcome: None,
        update: None,
    };
    match outcome_of(loaded, one.domain, one.file, one.test, blank).await {
        Ok(outcome) => {
            if let Err(why) = judge(one, &outcome, expectations, &mut trial) {
                trial.broken = Some(why);
            }
            trial.outcome = Some(outcome);
        }
        Err(why) => trial.broken = Some(why),
    }
    trial.passed = trial.broken.is_none() && trial.differences.is_empty();
    trial
}

/// What comes of a test, or why nobody can say.
pub(super) async fn outcome_of(
    loaded: &Loaded,
    domain: &Arc<dyn Reconciler>,
    file: &Path,
    test: &TestDefinition,
    blank: &Blank,
) -> Result<Outcome, String> {
    let fixture = Fixture::read(&folder(file, test)).map_err(|fault| fault.to_string())?;
    let now = test.now.or_else(|| fixture.about.now());
    let now = now.ok_or("nothing says what time it is: write `now: 2025-11-21T02:00:00Z` into the test")?;
    let start = test.start.or_else(|| fixture.about.start().filter(|_| test.now.is_none()));
    let start = start.unwrap_or_else(|| TestDefinition::default_start(now));
    if start >= now {
        return Err("`start` is not before `now`".to_owned());
    }
    let rows = match &test.rows {
        None => fixture.rows.clone(),
        Some(rows) => {
            let json = |row: &std::collections::BTreeMap<String, serde_json::Value>| {
                row.iter().map(|(name, value)| (name.clone(), value.to_string())).collect()
            };
            rows.iter().map(json).collect()
        }
    };
    let pages = Arc::clone(domain);
    let emptier = Box::new(move |body: &[u8]| pages.without_rows(body));
    let player = Arc::new(Player::new(&fixture, &test.faults, emptier));
    if let Some(page) = player.stray_faults().first() {
        return Err(format!("a fault is about page {page}, and the fixture has no such page"));
    }
    let client = wire::stood_in_for(&loaded.config, domain.provider(), player.clone());
    let scene = Scene {
        domain: Arc::clone(domain),
        client: client.map_err(|failure| failure.to_string())?,
        player,
        rows: Held::new(&rows),
        now,
        start,
        schemas: Arc::clone(&loaded.config.schemas),
    };
    play(scene, blank).await.map_err(|error| error.to_string())
}

fn folder(file: &Path, test: &TestDefinition) -> PathBuf {
    file.parent().map(Path::to_owned).unwrap_or_default().join(&test.fixture)
}

/// Holds what came of a test against what was to come of it, and brings that up to date where it is wanted.
fn judge(
    one: &Chosen<'_>,
    outcome: &Outcome,
    expectations: Expectations,
    trial: &mut Trial,
) -> Result<(), String> {
    let kept = Kept::from(outcome);
    if let Some(expected) = &one.test.expect {
        trial.differences = differences(expected, outcome);
        if expectations == Expectations::Written && !trial.differences.is_empty() {
            trial.update = Some(Update::ByHand { expect: kept.yaml() });
        }
        return Ok(());
    }
    let file = kept_at(&folder(one.file, one.test), one.domain.domain().as_str(), &one.test.slug());
    let before = read_kept(&file);
    if expectations == Expectations::Written {
        let before = before.ok().flatten().map(|(text, _)| text).unwrap_or_default();
        trial.update = write(&file, &before, &kept.text())?;
        trial.differences = differences(&Expectation::default(), outcome);
        return Ok(());
    }
    let Some((_, expected)) = before.map_err(|error| error.to_string())? else {
        return Err(format!(
            "nothing says what is to come of it: write `expect:`, or let `tieout test --update` write {}",
            file.display()
        ));
    };
    trial.differences = differences(&expected, outcome);
    Ok(())
}

/// Writes an expectation where it is another one, and says which lines changed.
fn write(file: &Path, before: &str, after: &str) -> Result<Option<Update>, String> {
    if before == after {
        return Ok(None);
    }
    let unwritable = |error: std::io::Error| format!("`{}` cannot be written: {error}", file.display());
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(unwritable)?;
    }
    std::fs::write(file, after).map_err(unwritable)?;
    let diff = TextDiff::from_lines(before, after).unified_diff().context_radius(1).to_string();
    Ok(Some(Update::Written { file: file.display().to_string(), diff }))
}

fn show(desk: &Desk, trials: &[Trial], touched: Option<&[Touched]>) -> Result<(), Failure> {
    match desk.output.format {
        Format::Junit => {
            let xml = junit(trials).map_err(|error| Failure::failed("output", error.to_string()))?;
            desk.output.write(&xml)
        }
        Format::Github => {
            let failed = trials.iter().filter(|trial| !trial.passed);
            let beside = |trial: &Trial| {
                let message = format!("{}: {}", trial.name, trial.reasons().join("; "));
                Annotation::at(&trial.file, (trial.line, trial.column), &message)
            };
            desk.output.write(&annotations(&failed.map(beside).collect::<Vec<_>>(), &[]))
        }
        _ => desk.output.show(
            |look| text::trials(trials, touched, desk.output.quiet, look),
            || json::trials(trials, touched),
            || Ok(json::lines("tested", trials)? + &json::lines("covered", touched.unwrap_or_default())?),
        ),
    }
}
