//! `tieout generate k8s-job`: a CronJob as `kubectl` prints it becomes a Job that runs once, with other arguments.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::PathBuf;

use clap::{Args, Parser};

use super::adhoc_job::{Ask, Unusable, adhoc_job};
use crate::asyncapi;
use crate::cli::args::{Cli, Command};
use crate::cli::asyncapi::To;
use crate::cli::desk::Desk;
use crate::cli::failure::Failure;

/// The most that is read of a CronJob. The API server keeps none that is larger than 1.5 MiB.
const LARGEST: u64 = 4 << 20;

/// `tieout generate k8s-job`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct K8sJobArgs {
    /// The file with the CronJob as `kubectl get cronjob NAME -o json` prints it; standard input when left out
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// The container that gets the arguments; needed where a pod has several and none is called `tieout`
    #[arg(long, value_name = "NAME")]
    pub container: Option<String>,
    /// Where it goes.
    #[command(flatten)]
    pub to: To,
    /// What the pod shall do instead, such as `run stripe.charges --since 2025-11-01`
    #[arg(value_name = "ARGS", last = true, required = true)]
    pub args: Vec<String>,
}

/// Carries `generate k8s-job` out.
pub(super) fn k8s_job(desk: &Desk, args: &K8sJobArgs) -> Result<u8, Failure> {
    let command = understood(&args.args)?;
    let ask = Ask {
        args: args.args.clone(),
        container: args.container.clone(),
        // The pods of an Indexed Job share the ranges of a run. Anything else would be done once by each of them.
        shared: matches!(command, Command::Run(_) | Command::Backfill(_)),
    };
    let job = adhoc_job(&read(args)?, &ask).map_err(|unusable| refused(&unusable))?;
    args.to.write(desk, &job, asyncapi::yaml)
}

/// The arguments, as this version understands them: a slip of the pen is noticed before there is a pod.
fn understood(args: &[String]) -> Result<Command, Failure> {
    let words = std::iter::once("tieout").chain(args.iter().map(String::as_str));
    Cli::try_parse_from(words).map(|cli| cli.command).map_err(|error| {
        let message = error.render().to_string();
        let message = message.trim_start_matches("error: ").trim_end();
        Failure::usage("args", format!("what stands behind `--` is no call of tieout: {message}"))
    })
}

fn read(args: &K8sJobArgs) -> Result<String, Failure> {
    let named = args.from.as_ref().map_or_else(|| "standard input".into(), |path| path.display().to_string());
    let source: io::Result<Box<dyn io::Read>> = match &args.from {
        None => Ok(Box::new(io::stdin())),
        Some(path) => File::open(path).map(|file| Box::new(file) as Box<dyn io::Read>),
    };
    let mut text = String::new();
    let read = source.and_then(|source| source.take(LARGEST).read_to_string(&mut text));
    read.map_err(|error| Failure::usage("from", format!("{named} cannot be read: {error}")))?;
    Ok(text)
}

fn refused(unusable: &Unusable) -> Failure {
    Failure::usage("no_cronjob", unusable.to_string())
}
