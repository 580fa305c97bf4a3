//! Who calls this program, and in which words, as the report of a run says it.
//!
//! A report is stored, sent around and pasted, so it keeps no argument of which nobody has said that it may: one is named here, or
//! its value is withheld.

use std::io::{self, IsTerminal as _};

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, CommandFactory as _};

use super::args::Cli;
use crate::report::{CallArgs, Said, Trigger};
use crate::testkit::holds_secret;

/// The commands that make reports.
const REPORTING: [&str; 4] = ["run", "plan", "backfill", "daemon"];

/// The arguments whose values are kept: they are about domains, times, limits, files, and how something is shown.
const KEPT: &[&str] = &[
    "domains",
    "select",
    "exclude",
    "full",
    "since",
    "until",
    "window",
    "keys_from",
    "resume",
    "failed",
    "plan",
    "out",
    "expires",
    "overwrite",
    "max_emits",
    "baseline",
    "limit",
    "concurrency",
    "heartbeat",
    "deadline",
    "watchdog",
    "drain",
    "if_locked",
    "job",
    "job_index",
    "confirm",
    "detailed_exitcode",
    "fail_fast",
    "fail_on",
    "settle",
    "rate",
    "listen",
    "config",
    "format",
    "color",
    "timezone",
    "quiet",
    "no_input",
    "termination_log",
    "verbose",
];

/// What a build server sets in the environment of its jobs: most of them `CI`, Azure Pipelines and Jenkins something else.
const BUILD_SERVERS: [&str; 3] = ["CI", "TF_BUILD", "JENKINS_URL"];

/// Who calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caller {
    /// What kind of caller it is.
    pub trigger: Trigger,
    /// What was said.
    pub args: CallArgs,
}

impl Caller {
    /// Who started this process, and with which call.
    pub(super) fn of(matches: &ArgMatches) -> Self {
        let variable = |name: &str| std::env::var(name).ok();
        let trigger = started_by(variable, std::process::id())
            .or_else(|| io::stdin().is_terminal().then_some(Trigger::Manual));
        Self { trigger: trigger.or_else(|| housed_by(variable)).unwrap_or_default(), args: said(matches) }
    }
}

/// Who says in the environment that it started this very process; some of them give it a terminal.
fn started_by(variable: impl Fn(&str) -> Option<String>, process: u32) -> Option<Trigger> {
    // A shell somewhere below a unit inherits the number of another process.
    if variable("SYSTEMD_EXEC_PID").is_some_and(|unit| unit == process.to_string()) {
        return Some(Trigger::Systemd);
    }
    let says_so =
        |name: &&str| variable(name).is_some_and(|said| !matches!(said.as_str(), "" | "0" | "false"));
    BUILD_SERVERS.iter().any(says_so).then_some(Trigger::Ci)
}

/// Where this process lives, where nobody is at a terminal.
fn housed_by(variable: impl Fn(&str) -> Option<String>) -> Option<Trigger> {
    variable("KUBERNETES_SERVICE_HOST").filter(|host| !host.is_empty()).map(|_| Trigger::Kubernetes)
}

/// What was said, without what is a default.
fn said(matches: &ArgMatches) -> CallArgs {
    let Some((name, matches)) = matches.subcommand().filter(|(name, _)| REPORTING.contains(name)) else {
        return CallArgs::default();
    };
    let mut root = Cli::command();
    root.build();
    let arguments = root.find_subcommand(name).into_iter().flat_map(clap::Command::get_arguments);
    let known = arguments.filter(|arg| !matches!(arg.get_action(), ArgAction::Help | ArgAction::Version));
    known.filter_map(|arg| Some((arg.get_id().to_string(), word(arg, matches)?))).collect()
}

fn word(arg: &Arg, matches: &ArgMatches) -> Option<Said> {
    let id = arg.get_id().as_str();
    matches.value_source(id).filter(|source| *source != ValueSource::DefaultValue)?;
    if let ArgAction::SetTrue = arg.get_action() {
        return Some(Said::Switch(matches.get_flag(id)));
    }
    let mut values: Vec<String> =
        matches.get_raw(id)?.map(|value| value.to_string_lossy().into_owned()).collect();
    if !KEPT.contains(&id) || values.iter().any(|value| holds_secret(value)) {
        return Some(Said::Withheld);
    }
    Some(match arg.get_action() {
        ArgAction::Append => Said::Values(values),
        _ => Said::Value(values.pop()?),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Why the value of an argument is not kept.
    const WITHHELD: [(&str, &str); 1] =
        [("key", "it may name a person, who would be in no report where both sides agree")];

    fn args(call: &str) -> String {
        let words = shlex::split(call).unwrap();
        serde_json::to_string(&said(&Cli::command().try_get_matches_from(words).unwrap())).unwrap()
    }

    #[test]
    fn what_was_said_is_kept_by_its_name_and_defaults_are_not() {
        assert_eq!(args("tieout run"), "{}");
        assert_eq!(
            args("tieout --config prod.yaml run 'stripe.*' shop.orders --since 2d --max-emits 5 -o json"),
            r#"{"config":"prod.yaml","domains":["stripe.*","shop.orders"],"format":"json","max_emits":"5","since":"2d"}"#
        );
        assert_eq!(args("tieout run --full --fail-fast"), r#"{"fail_fast":true,"full":true}"#);
        assert_eq!(args("tieout run --resume"), r#"{"resume":""}"#);
        assert_eq!(args("tieout daemon -vv"), r#"{"verbose":"2"}"#);
    }

    #[test]
    fn nobody_finds_a_person_or_a_secret_in_it() {
        assert_eq!(args("tieout plan --key ada@example.com,b"), r#"{"key":null}"#);
        assert_eq!(args("tieout run --job sk_live_0123456789abcdef"), r#"{"job":null}"#);
        let url = args("tieout run --exclude tag:a --exclude postgres://ada:pw@db.example.com/app");
        assert_eq!(url, r#"{"exclude":null}"#);
    }

    #[test]
    fn commands_that_report_nothing_keep_nothing() {
        assert_eq!(args("tieout findings list --owner ada"), "{}");
    }

    #[test]
    fn of_every_argument_somebody_has_decided_whether_it_is_kept() {
        let mut root = Cli::command();
        root.build();
        let arguments = REPORTING.iter().flat_map(|name| root.find_subcommand(name).unwrap().get_arguments());
        let asked: BTreeSet<&str> = arguments.map(|arg| arg.get_id().as_str()).collect();
        let decided = KEPT.iter().copied().chain(WITHHELD.map(|(name, _)| name)).chain(["help", "version"]);
        assert_eq!(asked, decided.collect());
    }

    #[test]
    fn whoever_started_the_process_is_told_apart_from_where_it_lives() {
        let trigger = |environment: &[(&str, &str)]| {
            let variable = |name: &str| {
                let found = environment.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            (started_by(variable, 7), housed_by(variable))
        };
        let pod = ("KUBERNETES_SERVICE_HOST", "10.0.0.1");
        assert_eq!(trigger(&[]), (None, None));
        assert_eq!(trigger(&[pod]), (None, Some(Trigger::Kubernetes)));
        assert_eq!(trigger(&[("CI", "true"), pod]), (Some(Trigger::Ci), Some(Trigger::Kubernetes)));
        assert_eq!(trigger(&[("TF_BUILD", "True")]), (Some(Trigger::Ci), None));
        assert_eq!(trigger(&[("CI", "false"), ("JENKINS_URL", "")]), (None, None));
        assert_eq!(trigger(&[("SYSTEMD_EXEC_PID", "7")]), (Some(Trigger::Systemd), None));
        assert_eq!(trigger(&[("SYSTEMD_EXEC_PID", "8")]), (None, None));
    }
}
