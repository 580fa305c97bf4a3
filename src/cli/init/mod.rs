//! `tieout init`: a folder with everything that a nightly job needs, and a first domain that works.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::Utc;
use clap::Args;

use super::desk::Desk;
use super::failure::Failure;
use super::lay::{NewFile, lay};
use crate::config::{Config, excerpt};
use crate::report::exit;

mod choices;
mod farewell;
mod files;
mod questions;

pub use choices::{DatabaseKind, QueueKind, StateKind};

/// `tieout init`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct InitArgs {
    /// The folder, which is made where there is none
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// What is reconciled first: the `fake/charges` that comes with tieout and needs nobody, or a feed of a shipped provider such as `stripe/charges`
    #[arg(long, value_name = "PROVIDER/FEED")]
    pub feed: Option<String>,
    /// What your application keeps its rows in; `sqlite` when left out
    #[arg(long, value_name = "KIND")]
    pub database: Option<DatabaseKind>,
    /// Where tieout keeps its own state; `sqlite` when left out
    #[arg(long, value_name = "KIND")]
    pub state: Option<StateKind>,
    /// Where events go; `sqlite` when left out
    #[arg(long, value_name = "KIND")]
    pub queue: Option<QueueKind>,
    /// Ask nothing, and take what is usual where no flag says otherwise; so it is where no terminal is there to answer
    #[arg(long)]
    pub yes: bool,
}

/// Carries `init` out.
pub(super) async fn init(desk: &Desk, args: &InitArgs) -> Result<u8, Failure> {
    refuse_known(&args.dir)?;
    let choices = questions::choices(desk, args).await?;
    let mut made = files::make(&choices, Utc::now()).await?;
    let ignores = ignores(&args.dir);
    if ignores.is_none() {
        made.files.push(NewFile::text(".gitignore", files::IGNORED));
    }
    let laid = lay(&args.dir, &made.files, ADVICE)?;
    prove(desk, &args.dir)?;
    laid.stay();
    if !desk.output.quiet {
        desk.output.write(&farewell::farewell(&args.dir, &made, &choices, ignores.as_deref()))?;
    }
    Ok(exit::DONE)
}

const ADVICE: &str = "name another folder: `tieout init DIR`; `tieout new` adds a domain to what is there";

/// Nobody is asked anything for a folder that has a configuration.
fn refuse_known(dir: &Path) -> Result<(), Failure> {
    let config = dir.join("tieout.yaml");
    if config.symlink_metadata().is_err() {
        return Ok(());
    }
    let message =
        format!("{} is there already; nothing was written\nmove it away, or {ADVICE}", config.display());
    Err(Failure::usage("file_exists", message))
}

/// What a `.gitignore` that is there leaves in the repository; nothing where there is no such file.
fn ignores(dir: &Path) -> Option<String> {
    let there = dir.join(".gitignore");
    there.symlink_metadata().ok()?;
    let known = fs::read_to_string(there).unwrap_or_default();
    let known: Vec<&str> = known.lines().map(str::trim).collect();
    let wanted = files::IGNORED.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let missing: Vec<&str> = wanted.filter(|line| !known.contains(line)).collect();
    Some(missing.join(" "))
}

/// What was made is what `tieout check` takes; a broker that this program was built without is not.
fn prove(desk: &Desk, dir: &Path) -> Result<(), Failure> {
    let Err(problems) = Config::load(&dir.join("tieout.yaml")) else { return Ok(()) };
    let plain: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let drawn = excerpt::draw(problems, desk.output.colors_errors());
    let failure = Failure::usage("definition", format!("{}\nnothing was written", plain.join("\n")));
    Err(failure.drawn(format!("{}\nnothing was written", drawn.trim_end())))
}
