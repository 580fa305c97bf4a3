//! The last words of `tieout init`: what there is now, and what to do next.

use std::fmt::Write as _;
use std::path::Path;

use super::choices::{Choices, QueueKind};
use super::files::Made;
use crate::cli::new::listed;
use crate::report::text::{Look, shell_word};

/// `ignores` is what a `.gitignore` that was there already lacks.
pub(super) fn farewell(dir: &Path, made: &Made, choices: &Choices, ignores: Option<&str>) -> String {
    let is_fake = choices.feed.is_none();
    let names: Vec<String> = made.files.iter().map(|file| file.path.display().to_string()).collect();
    let mut told = format!("In {}: {}\n", dir.display(), names.join(", "));
    if let Some(missing) = ignores.filter(|missing| !missing.is_empty()) {
        let _ = writeln!(told, ".gitignore is yours and was left alone; it lacks: {missing}");
    }
    if is_fake {
        told += "The provider in it is a FAKE, so that it works at once. Next:\n";
    } else {
        let domain = &made.domain;
        let _ = writeln!(told, "Fill in what `<-` marks in reconcilers/{domain}.yaml and tieout.yaml. Next:");
    }
    let elsewhere = (dir != Path::new("."))
        .then(|| (format!("cd {}", shell_word(&dir.display().to_string())), "where it all is"));
    let exports = made.variables.iter().map(|name| (format!("export {name}=..."), "what no file holds"));
    told + &listed(elsewhere.into_iter().chain(exports).chain(commands(is_fake, choices.queue)))
}

/// A fake has no login to prove, and something of one's own to come after it.
fn commands(is_fake: bool, queue: QueueKind) -> Vec<(String, &'static str)> {
    let look = Look::default();
    let mut steps = vec![(look.command("check"), "the definitions alone; your pipeline does the same")];
    steps.extend(table(queue));
    if !is_fake {
        steps.push((look.command("check --online"), "every login, a first page, every column"));
    }
    steps.push((look.command("plan"), "what a run would emit; sends nothing"));
    steps.push((look.command("run"), "emits it, and reports; call it every night"));
    if is_fake {
        steps.push((look.command("new --help"), "a domain on a provider of yours"));
    }
    steps
}

/// What has to be there before the first run: no run makes a table that is its consumers'.
fn table(queue: QueueKind) -> Vec<(String, &'static str)> {
    let make = Look::default().command("migrate queue events") + " | psql \"$QUEUE_DATABASE\"";
    let grant =
        "psql \"$QUEUE_DATABASE\" -v what=queue -v table=tieout_events -f deploy/grants.sql".to_owned();
    match queue {
        QueueKind::Postgres => vec![
            (make, "makes the table, as who may make it; no run does"),
            (grant, "a login that may only add to it; the file is in the repository of tieout"),
        ],
        QueueKind::Pgmq => vec![(make, "makes the queue, as who may make it; no run does")],
        _ => Vec::new(),
    }
}
