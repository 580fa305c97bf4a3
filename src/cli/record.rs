//! `tieout record`: makes a plan of a domain while somebody listens, and writes what was heard as a test that can be played.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use tieout_reconcilers::define::tests_file::TestDefinition;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::reconciler::{Jobs, Reconciler};
use tieout_reconcilers::window::Window;

use super::desk::Desk;
use super::failure::Failure;
use super::test::outcome_of;
use super::values::{When, when};
use super::wire;
use crate::config::Loaded;
use crate::coverage;
use crate::local::Database;
use crate::report::{DomainReport, Status, exit, json, text};
use crate::run;
use crate::testkit::{
    About, Blank, Heard, Hidden, Kept, Left, Listening, NotRecordable, Outcome, Recorder, Recording, listen,
    recording, rows,
};

/// How many places an error lists.
const LISTED: usize = 20;

/// `tieout record`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct RecordArgs {
    /// The domain
    #[arg(value_name = "DOMAIN")]
    pub domain: String,
    /// The folder for the recording; it must not be there yet
    #[arg(long, value_name = "FOLDER")]
    pub to: PathBuf,
    /// How long the recorded range is; it ends where a run would end now
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = humantime::parse_duration)]
    pub window: Duration,
    /// Where the range ends, in place of that: a date, a time with its offset, or how long ago
    #[arg(long, value_name = "WHEN", value_parser = when)]
    pub until: Option<When>,
    /// The most pages; a range with more is not recorded
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub pages: u32,
    /// Members and columns whose values give way to placeholders, beside what `privacy` names and what looks like a secret
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    pub redact: Vec<String>,
}

/// What was recorded, for programs and people.
#[derive(Debug, Serialize)]
struct Recorded {
    folder: String,
    from: String,
    to: String,
    pages: usize,
    other_answers: usize,
    rows: usize,
    taken_out: crate::testkit::Taken,
    notes: Vec<String>,
    tests: String,
}

/// Carries `record` out.
pub(super) async fn record(desk: &Desk, args: &RecordArgs) -> Result<u8, Failure> {
    let loaded = wire::load(desk)?;
    let domain = the_domain(&loaded, &args.domain)?;
    refuse_what_is_there(&args.to)?;
    if domain.feed().jobs != Jobs::None {
        let message =
            format!("`{}` is an export: recording it would start a job at the provider", domain.feed().name);
        return Err(Failure::usage("starts_a_job", message));
    }
    let (now, window) = times(args, domain.as_ref())?;
    let blank = Blank::make().await.map_err(|error| Failure::failed("tests", error.to_string()))?;
    let recorder = Arc::new(Recorder::new(args.pages));
    let database = database(&loaded, &domain).await?;
    let listening = Listening {
        domain: Arc::clone(&domain),
        client: client(&loaded, &domain, &recorder).await?,
        recorder: Arc::clone(&recorder),
        database: database.clone(),
        now,
        start: window.from(),
        schemas: Arc::clone(&loaded.config.schemas),
        cancel: desk.signals.token().clone(),
    };
    let report =
        listen(&listening, &blank).await.map_err(|error| Failure::failed("tests", error.to_string()))?;
    let heard = recorder.take();
    prove(args, &report, &heard)?;
    let read = rows(domain.as_ref(), &database, window, &heard).await;
    database.close().await;
    let (rows, n_faults) = read.map_err(|error| {
        let failure = run::Failure::from(error);
        Failure::exiting(failure.exit_code(), "not_recorded", failure.to_string())
    })?;
    let about = About { now: Some(now.to_string()), start: Some(window.from().to_string()) };
    let hidden = hidden(&loaded, &domain, &args.redact);
    let provider = loaded.config.catalogue.provider(domain.provider());
    let definition = provider.map(|provider| provider.document.read_text()).unwrap_or_default();
    let made = recording(&heard, &rows, &about, (&hidden, domain.fields()), definition);
    let made = made.map_err(|refused| not_recordable(&refused))?;
    made.write(&args.to).map_err(|error| {
        Failure::failed("not_recorded", format!("`{}` cannot be written: {error}", args.to.display()))
    })?;
    let mut notes = Vec::new();
    if n_faults > 0 {
        notes.push(format!("{n_faults} values of rows cannot be read, and stand as null in the recording"));
    }
    let tests = stanza(&loaded, &domain, args, (&report, &blank), &mut notes).await;
    show(desk, args, window, made, (notes, tests))?;
    Ok(exit::DONE)
}

fn the_domain(loaded: &Loaded, name: &str) -> Result<Arc<dyn Reconciler>, Failure> {
    let mut domains = wire::selected(loaded, vec![name.to_owned()])?;
    match (domains.pop(), domains.is_empty()) {
        (Some(domain), true) => Ok(domain),
        _ => Err(Failure::usage(
            "several_domains",
            format!("`{name}` means several domains, and one is recorded at a time"),
        )),
    }
}

fn refuse_what_is_there(folder: &Path) -> Result<(), Failure> {
    if folder.symlink_metadata().is_err() {
        return Ok(());
    }
    let message = format!(
        "`{}` is there already, and a recording writes over nothing; name another folder",
        folder.display()
    );
    Err(Failure::usage("file_exists", message))
}

/// What time the run has, and what it reads.
fn times(args: &RecordArgs, domain: &dyn Reconciler) -> Result<(Instant, Window), Failure> {
    let real = Instant::from(chrono::Utc::now());
    let (feed, policy) = (domain.feed(), domain.policy());
    let now = match args.until {
        Some(until) => (until.before(real) + feed.lag.max(policy.settle)).min(real),
        None => real,
    };
    let to = coverage::ceiling(now, feed, policy, None);
    let from = (to - args.window).floor(feed.grain);
    let empty = || Failure::usage("empty_range", format!("nothing lies between {from} and {to}"));
    Ok((now, Window::new(from, to).ok_or_else(empty)?))
}

async fn database(loaded: &Loaded, domain: &Arc<dyn Reconciler>) -> Result<Database, Failure> {
    let domains = std::slice::from_ref(domain);
    wire::prove_references(&loaded.config, domains)?;
    let mut databases = wire::databases(&loaded.config, domains).await;
    let unknown = || Failure::usage("configuration", "the domain names no database".to_owned());
    let database = databases.remove(&domain.local().database).ok_or_else(unknown)?;
    database.map_err(|failure| Failure::exiting(failure.exit_code(), "not_recorded", failure.to_string()))
}

async fn client(
    loaded: &Loaded,
    domain: &Arc<dyn Reconciler>,
    recorder: &Arc<Recorder>,
) -> Result<crate::source::Client, Failure> {
    let tokens = wire::token_store(&loaded.config, [domain.provider()]).await?;
    let client = wire::client_heard_by(&loaded.config, domain.provider(), tokens.as_ref(), recorder.clone());
    client.map_err(|failure| Failure::exiting(failure.exit_code(), "provider", failure.to_string()))
}

/// Only what was read to its end is worth a test.
fn prove(args: &RecordArgs, report: &DomainReport, heard: &Heard) -> Result<(), Failure> {
    if heard.are_more {
        let message = format!(
            "the range has more than {} pages; nothing was written. Take a shorter `--window`, or more `--pages`",
            args.pages
        );
        return Err(Failure::usage("more_pages", message));
    }
    if report.status == Status::Failed || !report.complete {
        let code = if report.exit_code == exit::DONE { exit::PARTIAL } else { report.exit_code };
        let message = format!(
            "the range could not be read to its end; nothing was written: {}",
            report.problems.join("; ")
        );
        return Err(Failure::exiting(code, "not_recorded", message));
    }
    Ok(())
}

fn hidden(loaded: &Loaded, domain: &Arc<dyn Reconciler>, redact: &[String]) -> Hidden {
    let secrets = loaded.config.secrets_of(domain.provider());
    Hidden {
        names: redact.iter().cloned().collect::<BTreeSet<String>>(),
        secrets: secrets.iter().map(|secret| secret.expose_secret().to_owned()).collect(),
    }
}

fn not_recordable(refused: &NotRecordable) -> Failure {
    let NotRecordable::Left(left) = refused else {
        return Failure::failed("not_recorded", format!("nothing was written: {refused}"));
    };
    let listed =
        left.iter().take(LISTED).map(|Left { file, place, what }| format!("\n{file} {place}: {what}"));
    let listed = listed.collect::<Vec<_>>().concat();
    let more = match left.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!("\nand {more} more"),
    };
    let message = format!(
        "something in the recording looks like a secret; nothing was written. `--redact NAME` lets a member or column give way to \
         placeholders{listed}{more}"
    );
    Failure::usage("secret_left", message)
}

/// The lines for the domain file: a test that expects what comes of the recording.
async fn stanza(
    loaded: &Loaded,
    domain: &Arc<dyn Reconciler>,
    args: &RecordArgs,
    (report, blank): (&DomainReport, &Blank),
    notes: &mut Vec<String>,
) -> String {
    let file = loaded.files.get(domain.domain()).cloned().unwrap_or_default();
    let name = args.to.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let fixture = relative(&args.to, file.parent().unwrap_or(Path::new("")));
    let test = TestDefinition::of_fixture(name.clone(), fixture.clone());
    let expect = match outcome_of(loaded, domain, &file, &test, blank).await {
        Ok(outcome) => {
            notes.extend(unlike(report, &outcome));
            Kept::from(&outcome).yaml()
        }
        Err(why) => {
            notes.push(format!("the recording cannot be played: {why}"));
            String::new()
        }
    };
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let expect = expect.lines().map(|line| format!("    {line}\n")).collect::<Vec<_>>().concat();
    format!("tests:\n  - name: {}\n    fixture: {}\n{expect}", quoted(&name), quoted(&fixture))
}

/// What the recording shows otherwise than the provider and the database did.
fn unlike(report: &DomainReport, outcome: &Outcome) -> Vec<String> {
    let seen = report.findings.iter().filter(|finding| finding.state != "suspected");
    let (seen, played) = (seen.count(), outcome.findings.len());
    let mut notes = Vec::new();
    if seen != played {
        notes.push(format!(
            "{seen} findings were seen and {played} come of the recording: a placeholder may stand where values were compared"
        ));
    }
    notes.extend(outcome.unanswered.iter().map(|asked| format!("no file answers {asked}")));
    notes
}

/// A path as the domain file names it.
fn relative(path: &Path, folder: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let (path, folder) = (here.join(path), here.join(folder));
    let parts = |path: &Path| {
        let parts = path.components().filter(|part| !matches!(part, Component::CurDir));
        parts.map(|part| part.as_os_str().to_owned()).collect::<Vec<_>>()
    };
    let (path, folder) = (parts(&path), parts(&folder));
    let common = path.iter().zip(&folder).take_while(|(one, other)| one == other).count();
    let up = folder.iter().skip(common).map(|_| OsString::from(".."));
    up.chain(path.into_iter().skip(common)).collect::<PathBuf>().display().to_string()
}

fn show(
    desk: &Desk,
    args: &RecordArgs,
    window: Window,
    made: Recording,
    (notes, tests): (Vec<String>, String),
) -> Result<(), Failure> {
    let Recording { taken, pages, others, rows, files: _ } = made;
    let recorded = Recorded {
        folder: args.to.display().to_string(),
        from: window.from().to_string(),
        to: window.to().to_string(),
        pages,
        other_answers: others,
        rows,
        taken_out: taken,
        notes,
        tests,
    };
    desk.output.show(
        |_| told(&recorded),
        || json::whole("tieout.record/v1", &recorded),
        || json::lines("recorded", [&recorded]),
    )
}

fn told(recorded: &Recorded) -> String {
    let Recorded { folder, from, to, pages, other_answers, rows, taken_out, notes, tests } = recorded;
    let taken: Vec<String> = taken_out.iter().map(|(why, number)| format!("{number} {why}")).collect();
    let taken = if taken.is_empty() { "nothing".to_owned() } else { taken.join(", ") };
    let notes: Vec<String> = notes.iter().map(|note| format!("note: {}\n", text::safe(note))).collect();
    let notes = notes.concat();
    format!(
        "recorded {folder}: {}, {}, {}, from {from} to {to}\n\
         gave way to placeholders: {taken}\n{notes}\nInto the domain file:\n\n{tests}",
        counted(*pages, "page"),
        counted(*other_answers, "other answer"),
        counted(*rows, "row"),
    )
}

fn counted(number: usize, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixture_is_named_from_the_folder_of_its_domain_file_on() {
        let named = |path: &str, folder: &str| relative(Path::new(path), Path::new(folder));
        assert_eq!(named("fixtures/night", ""), "fixtures/night");
        assert_eq!(named("./a/fixtures/night", "a"), "fixtures/night");
        assert_eq!(named("fixtures/night", "domains"), "../fixtures/night");
        assert_eq!(named("/else/night", "/domains"), "../else/night");
    }
}
