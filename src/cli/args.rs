//! The command line: its words, defaults and help. Everything is parsed here, at the door; nothing is carried out.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use tieout_reconcilers::discrepancy::Kind;

use super::acts::{AssignArgs, IgnoreArgs, NoteArgs, ReopenArgs, Whom};
use super::approve::ApproveArgs;
use super::asyncapi::AsyncapiArgs;
use super::config::ConfigCommand;
use super::daemon::DaemonArgs;
use super::dlq::DlqCommand;
use super::explain::ShowArgs;
use super::failure::Failure;
use super::feed::FeedArgs;
use super::generate::GenerateCommand;
use super::help;
use super::metrics::{MetricsCommand, ServeArgs};
use super::migrate::MigrateCommand;
use super::next::NextArgs;
use super::notify::NotifyCommand;
use super::quarantine::QuarantineCommand;
use super::replay::ReplayArgs;
use super::report::ReportCommand;
use super::schemas::SchemasCommand;
use super::scope::{BackfillArgs, PlanArgs, RunArgs};
use super::state::StateCommand;
use super::values::{causes, kinds, states};
use crate::cause::Cause;
use crate::finding::State;

/// The configuration file where none is named.
pub const DEFAULT_CONFIG: &str = "tieout.yaml";

/// Prove that your system and the third parties it depends on agree, and repair what does not.
#[derive(Debug, Clone, PartialEq, Parser)]
#[command(
    name = "tieout",
    version,
    after_help = help::ROOT,
    after_long_help = help::ROOT_LONG,
    propagate_version = true,
    max_term_width = 100
)]
pub struct Cli {
    /// What every command understands.
    #[command(flatten, next_help_heading = "Options of every command")]
    pub shared: Shared,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags of every command, before or after its name.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Shared {
    /// The file that says where databases, queues and definitions are
    #[arg(long, global = true, value_name = "PATH", default_value = DEFAULT_CONFIG, env = "TIEOUT_CONFIG", hide_env_values = true)]
    pub config: PathBuf,
    /// How results are written on stdout
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        default_value = "human",
        env = "TIEOUT_FORMAT",
        hide_env_values = true
    )]
    pub format: Format,
    /// When to use colors; `auto` means on a terminal, unless `NO_COLOR` is set
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        env = "TIEOUT_COLOR",
        hide_env_values = true
    )]
    pub color: Color,
    /// Only the last line and errors; no progress
    #[arg(short, long, global = true, env = "TIEOUT_QUIET", hide_env_values = true, value_parser = BoolishValueParser::new())]
    pub quiet: bool,
    /// Also write the end of the result into this file, at most 4096 bytes; in a Kubernetes pod into /dev/termination-log without being asked
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        env = "TIEOUT_TERMINATION_LOG",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub termination_log: Option<PathBuf>,
    /// More log lines on stderr: -v says what is done, -vv also how, -vvv everything
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
}

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text for people
    Human,
    /// One JSON document
    Json,
    /// One JSON record per line, while things happen
    Jsonl,
    /// YAML, of the documents that `asyncapi` and `generate` write
    Yaml,
    /// Annotations of GitHub Actions, by `check`
    Github,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal that wants them
    Auto,
    /// Even into a file
    Always,
    /// Not at all
    Never,
}

/// The commands.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum Command {
    /// Compare, emit what was lost or misapplied, and report
    #[command(after_help = help::RUN)]
    Run(RunArgs),
    /// Show what `run` would emit; send nothing and keep nothing
    #[command(after_help = help::PLAN)]
    Plan(PlanArgs),
    /// Read what was never verified: the holes of a domain, or a range from before its beginning
    #[command(after_help = help::BACKFILL)]
    Backfill(BackfillArgs),
    /// Show how far each domain is verified and what is open
    #[command(after_help = help::STATUS)]
    Status,
    /// Run domains when their schedules say so, until it is asked to end
    #[command(after_help = help::DAEMON)]
    Daemon(DaemonArgs),
    /// Show when domains are due
    #[command(after_help = help::NEXT)]
    Next(NextArgs),
    /// Try the channels that are told how runs end
    #[command(subcommand, after_help = help::NOTIFY)]
    Notify(NotifyCommand),
    /// Answer Prometheus: /metrics from the state store, and /healthz and /readyz
    #[command(after_help = help::SERVE)]
    Serve(ServeArgs),
    /// Print or push how things stand, for Prometheus
    #[command(subcommand, after_help = help::METRICS)]
    Metrics(MetricsCommand),
    /// Read the reports of earlier runs
    #[command(subcommand, after_help = help::REPORT)]
    Report(ReportCommand),
    /// Read what was found and what became of it, and say what is to become of it
    #[command(subcommand, after_help = help::FINDINGS)]
    Findings(FindingsCommand),
    /// Read what the state store keeps of a domain, or correct it by hand
    #[command(subcommand, after_help = help::STATE)]
    State(StateCommand),
    /// Bring the state store's schema up to date; print the statements of a queue or an inbox
    #[command(subcommand, after_help = help::MIGRATE)]
    Migrate(MigrateCommand),
    /// Show the whole life of one finding, why it stands where it stands, and what happens next
    #[command(after_help = help::EXPLAIN)]
    Explain(ShowArgs),
    /// Let go what a run holds back, and deliver it
    #[command(after_help = help::APPROVE)]
    Approve(ApproveArgs),
    /// See what the relay gave up, and send it once more or drop it
    #[command(subcommand, after_help = help::DLQ)]
    Dlq(DlqCommand),
    /// See items, rows and pages that cannot be read, and have them read again or go on without them
    #[command(subcommand, after_help = help::QUARANTINE)]
    Quarantine(QuarantineCommand),
    /// Send again what was sent before, or refill a queue with it
    #[command(after_help = help::REPLAY)]
    Replay(ReplayArgs),
    /// Write the AsyncAPI document of what is sent: queues, messages, schemas
    #[command(after_help = help::ASYNCAPI)]
    Asyncapi(AsyncapiArgs),
    /// Make files for other programs
    #[command(subcommand, after_help = help::GENERATE)]
    Generate(GenerateCommand),
    /// See the schemas of events, and whether a new version breaks an old one
    #[command(subcommand, after_help = help::SCHEMAS)]
    Schemas(SchemasCommand),
    /// Test the configuration and the definitions
    #[command(after_help = help::CHECK)]
    Check(CheckArgs),
    /// See what is in force, and where each setting came from
    #[command(subcommand, after_help = help::CONFIG)]
    Config(ConfigCommand),
    /// Look for what will go wrong: rights, logins, clocks, settings, the state store
    #[command(after_help = help::DOCTOR)]
    Doctor(DoctorArgs),
    /// Show the first page of a feed: as it came, as it is understood, and what would be asked next
    #[command(after_help = help::PREVIEW)]
    Preview(FeedArgs),
    /// Prove that a feed is what its definition says, with a few requests
    #[command(after_help = help::PROBE)]
    Probe(FeedArgs),
    /// Watch a whole reconciliation on your own machine, without network or account
    #[command(after_help = help::DEMO)]
    Demo(DemoArgs),
}

impl Command {
    /// Refuses a format that the command does not write.
    pub(super) fn takes(&self, format: Format) -> Result<(), Failure> {
        match (format, self) {
            (Format::Json, Self::Daemon(_)) => Err(Failure::usage(
                "format",
                "a daemon writes no single document; `--format jsonl` writes one record per line",
            )),
            (Format::Yaml, Self::Asyncapi(_) | Self::Generate(_))
            | (Format::Github, Self::Check(_))
            | (Format::Human | Format::Json | Format::Jsonl, _) => Ok(()),
            (Format::Yaml, _) => Err(Failure::usage(
                "format",
                "only `asyncapi` and `generate` write YAML; use `--format json`",
            )),
            (Format::Github, _) => {
                Err(Failure::usage("format", "only `check` annotates for GitHub; use `--format human`"))
            }
        }
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum FindingsCommand {
    /// List findings, oldest first
    List {
        /// Domains, by name or glob; all when left out
        #[arg(value_name = "DOMAIN")]
        domains: Vec<String>,
        /// Only findings in these states
        #[arg(long, value_name = "STATE", value_delimiter = ',', value_parser = states())]
        state: Vec<State>,
        /// Only findings of these kinds
        #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = kinds())]
        kind: Vec<Kind>,
        /// Only findings with these causes: where their change was lost
        #[arg(long, value_name = "CAUSE", value_delimiter = ',', value_parser = causes())]
        cause: Vec<Cause>,
        /// Only what this person takes care of; `-` is what nobody takes care of
        #[arg(long, value_name = "NAME")]
        owner: Option<String>,
        /// Only what was first seen at least so long ago
        #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
        older_than: Option<Duration>,
        /// How many to list; 0 lists all
        #[arg(long, value_name = "N", default_value_t = 20, env = "TIEOUT_LIMIT", hide_env_values = true)]
        limit: usize,
    },
    /// Show everything about one finding
    Show(ShowArgs),
    /// Leave findings alone, until an instant or until upstream changes
    Ignore(IgnoreArgs),
    /// Follow ignored or parked findings again
    Reopen(ReopenArgs),
    /// Say who takes care of findings
    Assign(AssignArgs),
    /// Say that nobody in particular takes care of findings
    Unassign(Whom),
    /// Write something beside findings
    Note(NoteArgs),
}

/// What `check` looks at.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct CheckArgs {
    /// Also connect: log in everywhere, read a first page, prove that the SQL columns exist
    #[arg(long)]
    pub online: bool,
    /// Also test that every secret named by `env:` or `file:` is there
    #[arg(long)]
    pub vars: bool,
}

/// What `doctor` looks at.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct DoctorArgs {
    /// Domains, by name or glob (`stripe.*`); all when left out
    #[arg(value_name = "DOMAIN")]
    pub domains: Vec<String>,
}

/// Where the demo plays.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct DemoArgs {
    /// The folder for the demo's files; made, or cleared of an earlier demo
    #[arg(long, value_name = "DIR", default_value = "tieout-demo")]
    pub dir: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_tree_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_work_before_and_after_the_command() {
        let before = Cli::try_parse_from(["tieout", "--format", "json", "-q", "status"]).unwrap();
        let after = Cli::try_parse_from(["tieout", "status", "-q", "--format", "json"]).unwrap();
        assert_eq!(before, after);
        assert_eq!((before.shared.format, before.shared.quiet), (Format::Json, true));
    }

    #[test]
    fn yaml_is_refused_where_no_document_is_written() {
        let takes = |args: &[&str]| {
            let cli = Cli::try_parse_from([&["tieout", "--format", "yaml"], args].concat()).unwrap();
            cli.command.takes(cli.shared.format)
        };
        assert_eq!(takes(&["asyncapi"]), Ok(()));
        assert_eq!(takes(&["generate", "catalog", "--owner", "payments"]), Ok(()));
        assert_eq!(takes(&["status"]).unwrap_err().exit, 2);
    }

    #[test]
    fn annotations_are_refused_where_nothing_is_checked() {
        let takes = |command: &str| {
            let cli = Cli::try_parse_from(["tieout", "--format", "github", command]).unwrap();
            cli.command.takes(cli.shared.format)
        };
        assert_eq!(takes("check"), Ok(()));
        assert_eq!(takes("run").unwrap_err().exit, 2);
    }

    #[test]
    fn every_flag_with_a_meaning_outside_one_call_has_a_variable() {
        let run = Cli::command().find_subcommand("run").unwrap().clone();
        let variables: Vec<_> = run.get_arguments().filter_map(|arg| arg.get_env()).collect();
        insta::assert_debug_snapshot!(variables);
    }

    #[test]
    fn every_command_shows_three_examples() {
        for command in Cli::command().get_subcommands() {
            let help = command.get_after_help().unwrap().to_string();
            assert_eq!(help.lines().filter(|line| line.starts_with("  tieout ")).count(), 3, "{help}");
        }
    }

    #[test]
    fn the_help_of_the_root_lists_the_exit_codes() {
        let mut root = Cli::command();
        insta::assert_snapshot!(root.render_long_help().to_string());
    }
}
