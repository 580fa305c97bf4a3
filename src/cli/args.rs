//! The command line: its words, defaults and help. Everything is parsed here, at the door; nothing is carried out.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::zone::Zone;

use super::acts::{AssignArgs, IgnoreArgs, NoteArgs, ReopenArgs, Whom};
use super::approve::ApproveArgs;
use super::asyncapi::AsyncapiArgs;
use super::config::ConfigCommand;
use super::daemon::DaemonArgs;
use super::dlq::DlqCommand;
use super::explain::{ExplainArgs, ShowArgs};
use super::failure::Failure;
use super::feed::FeedArgs;
use super::generate::GenerateCommand;
use super::help;
use super::init::InitArgs;
use super::metrics::{MetricsCommand, ServeArgs};
use super::migrate::MigrateCommand;
use super::new::NewArgs;
use super::next::NextArgs;
use super::notify::NotifyCommand;
use super::quarantine::QuarantineCommand;
use super::record::RecordArgs;
use super::replay::ReplayArgs;
use super::report::ReportCommand;
use super::schemas::SchemasCommand;
use super::scope::{BackfillArgs, PlanArgs, RunArgs};
use super::select::Domains;
use super::state::StateCommand;
use super::test::TestArgs;
use super::values::{causes, kinds, states, zone};
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
        short = 'o',
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
    /// By whose clocks times are shown to people, such as `Europe/London`; JSON, files and logs stay in UTC, and so do dates on the
    /// command line
    #[arg(long, global = true, value_name = "ZONE", value_parser = zone, env = "TIEOUT_TIMEZONE", hide_env_values = true)]
    pub timezone: Option<Zone>,
    /// Only the last line and errors; no progress
    #[arg(short, long, global = true, env = "TIEOUT_QUIET", hide_env_values = true, value_parser = BoolishValueParser::new())]
    pub quiet: bool,
    /// Ask nothing, even at a terminal: what needs an answer wants `--yes`, else it ends with exit code 2
    #[arg(long, global = true, env = "TIEOUT_NO_INPUT", hide_env_values = true, value_parser = BoolishValueParser::new())]
    pub no_input: bool,
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
    /// Annotations of GitHub Actions, by `check`, `test`, `run`, `plan` and `backfill`
    Github,
    /// The XML that build servers read, by `test`
    Junit,
    /// Markdown, by `report show`
    Md,
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
    #[command(after_help = help::RUN.short(), after_long_help = help::RUN.long())]
    Run(RunArgs),
    /// Show what `run` would emit; send nothing and keep nothing
    #[command(after_help = help::PLAN.short(), after_long_help = help::PLAN.long())]
    Plan(PlanArgs),
    /// Read what was never verified: the holes of a domain, or a range from before its beginning
    #[command(after_help = help::BACKFILL.short(), after_long_help = help::BACKFILL.long())]
    Backfill(BackfillArgs),
    /// Show how far each domain is verified and what is open
    #[command(after_help = help::STATUS.short(), after_long_help = help::STATUS.long())]
    Status(StatusArgs),
    /// Run domains when their schedules say so, until it is asked to end
    #[command(after_help = help::DAEMON.short(), after_long_help = help::DAEMON.long())]
    Daemon(DaemonArgs),
    /// Show when domains are due
    #[command(after_help = help::NEXT.short(), after_long_help = help::NEXT.long())]
    Next(NextArgs),
    /// Try the channels that are told how runs end
    #[command(subcommand, after_help = help::NOTIFY.short(), after_long_help = help::NOTIFY.long())]
    Notify(NotifyCommand),
    /// Answer Prometheus: /metrics from the state store, and /healthz and /readyz
    #[command(after_help = help::SERVE.short(), after_long_help = help::SERVE.long())]
    Serve(ServeArgs),
    /// Print or push how things stand, for Prometheus
    #[command(subcommand, after_help = help::METRICS.short(), after_long_help = help::METRICS.long())]
    Metrics(MetricsCommand),
    /// Read the reports of earlier runs
    #[command(subcommand, after_help = help::REPORT.short(), after_long_help = help::REPORT.long())]
    Report(ReportCommand),
    /// Read what was found and what became of it, and say what is to become of it
    #[command(subcommand, after_help = help::FINDINGS.short(), after_long_help = help::FINDINGS.long())]
    Findings(FindingsCommand),
    /// Read what the state store keeps of a domain, or correct it by hand
    #[command(subcommand, after_help = help::STATE.short(), after_long_help = help::STATE.long())]
    State(StateCommand),
    /// Bring the state store's schema up to date; print the statements of a queue or an inbox
    #[command(subcommand, after_help = help::MIGRATE.short(), after_long_help = help::MIGRATE.long())]
    Migrate(MigrateCommand),
    /// Show the whole life of one finding, why it stands where it stands, and what happens next; or what a code means
    #[command(after_help = help::EXPLAIN.short(), after_long_help = help::EXPLAIN.long())]
    Explain(ExplainArgs),
    /// Let go what a run holds back, and deliver it
    #[command(after_help = help::APPROVE.short(), after_long_help = help::APPROVE.long())]
    Approve(ApproveArgs),
    /// See what the relay gave up, and send it once more or drop it
    #[command(subcommand, after_help = help::DLQ.short(), after_long_help = help::DLQ.long())]
    Dlq(DlqCommand),
    /// See items, rows and pages that cannot be read, and have them read again or go on without them
    #[command(subcommand, after_help = help::QUARANTINE.short(), after_long_help = help::QUARANTINE.long())]
    Quarantine(QuarantineCommand),
    /// Send again what was sent before, or refill a queue with it; go on with that, cancel it, or see how far it is
    #[command(after_help = help::REPLAY.short(), after_long_help = help::REPLAY.long())]
    Replay(ReplayArgs),
    /// Write the AsyncAPI document of what is sent: queues, messages, schemas
    #[command(after_help = help::ASYNCAPI.short(), after_long_help = help::ASYNCAPI.long())]
    Asyncapi(AsyncapiArgs),
    /// Make files for other programs
    #[command(subcommand, after_help = help::GENERATE.short(), after_long_help = help::GENERATE.long())]
    Generate(GenerateCommand),
    /// See the schemas of events, and whether a new version breaks an old one
    #[command(subcommand, after_help = help::SCHEMAS.short(), after_long_help = help::SCHEMAS.long())]
    Schemas(SchemasCommand),
    /// Make a folder with everything that a nightly job needs, and a first domain that works
    #[command(after_help = help::INIT.short(), after_long_help = help::INIT.long())]
    Init(InitArgs),
    /// Begin a domain on a feed, or a provider file of your own, to fill in
    #[command(after_help = help::NEW.short(), after_long_help = help::NEW.long())]
    New(NewArgs),
    /// Test the configuration and the definitions
    #[command(after_help = help::CHECK.short(), after_long_help = help::CHECK.long())]
    Check(CheckArgs),
    /// See what is in force, and where each setting came from
    #[command(subcommand, after_help = help::CONFIG.short(), after_long_help = help::CONFIG.long())]
    Config(ConfigCommand),
    /// Look for what will go wrong: rights, logins, clocks, settings, the state store
    #[command(after_help = help::DOCTOR.short(), after_long_help = help::DOCTOR.long())]
    Doctor(DoctorArgs),
    /// Show the first page of a feed: as it came, as it is understood, and what would be asked next
    #[command(after_help = help::PREVIEW.short(), after_long_help = help::PREVIEW.long())]
    Preview(FeedArgs),
    /// Prove that a feed is what its definition says, with a few requests
    #[command(after_help = help::PROBE.short(), after_long_help = help::PROBE.long())]
    Probe(FeedArgs),
    /// Write what a provider answers, and the rows beside it, as a test: without secrets, and nothing over what is there
    #[command(after_help = help::RECORD.short(), after_long_help = help::RECORD.long())]
    Record(RecordArgs),
    /// Play the tests of domains from files, without any network, and say what is not as it was to be
    #[command(after_help = help::TEST.short(), after_long_help = help::TEST.long())]
    Test(TestArgs),
    /// Watch a whole reconciliation on your own machine, without network or account
    #[command(after_help = help::DEMO.short(), after_long_help = help::DEMO.long())]
    Demo(DemoArgs),
}

impl Command {
    /// Refuses a format that the command does not write.
    pub(super) fn takes(&self, format: Format) -> Result<(), Failure> {
        let formats = self.formats();
        if formats.contains(&format) {
            return Ok(());
        }
        let word = |format: &Format| format.to_possible_value().map(|word| word.get_name().to_owned());
        let known: Vec<String> = formats.iter().filter_map(word).collect();
        let wanted = word(&format).unwrap_or_default();
        let message = format!("this command does not write `{wanted}`, but: {}", known.join(", "));
        Err(Failure::usage("format", message))
    }

    /// The formats that the command writes.
    const fn formats(&self) -> &'static [Format] {
        use Format::{Github, Human, Json, Jsonl, Junit, Md, Yaml};
        match self {
            // What a person watches, and files whose form is somebody else's.
            Self::Demo(_)
            | Self::Init(_)
            | Self::New(_)
            | Self::Generate(
                GenerateCommand::Systemd(_) | GenerateCommand::Completions(_) | GenerateCommand::Man(_),
            ) => &[Human],
            Self::Generate(GenerateCommand::Alerts(_)) => &[Human, Yaml],
            Self::Generate(GenerateCommand::Dashboard(_) | GenerateCommand::Schema(_)) => &[Human, Json],
            Self::Generate(GenerateCommand::Catalog(_) | GenerateCommand::K8sJob(_)) | Self::Asyncapi(_) => {
                &[Human, Yaml, Json, Jsonl]
            }
            // It never ends, so it writes no document.
            Self::Daemon(_) => &[Human, Jsonl],
            Self::Check(_) | Self::Run(_) | Self::Plan(_) | Self::Backfill(_) => {
                &[Human, Json, Jsonl, Github]
            }
            Self::Report(ReportCommand::Show { .. }) => &[Human, Json, Jsonl, Md],
            Self::Test(_) => &[Human, Json, Jsonl, Github, Junit],
            _ => &[Human, Json, Jsonl],
        }
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum FindingsCommand {
    /// List findings, oldest first: by when each was first seen
    #[command(after_help = help::FINDINGS_LIST.short(), after_long_help = help::FINDINGS_LIST.long())]
    List {
        /// Which domains.
        #[command(flatten)]
        domains: Domains,
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
        /// How many to list, the oldest ones; 0 lists all
        #[arg(long, value_name = "N", default_value_t = 20, env = "TIEOUT_LIMIT", hide_env_values = true)]
        limit: usize,
    },
    /// Show everything about one finding
    #[command(after_help = help::FINDINGS_SHOW.short(), after_long_help = help::FINDINGS_SHOW.long())]
    Show(ShowArgs),
    /// Leave findings alone, until an instant or until upstream changes
    #[command(after_help = help::FINDINGS_IGNORE.short(), after_long_help = help::FINDINGS_IGNORE.long())]
    Ignore(IgnoreArgs),
    /// Follow ignored or parked findings again
    #[command(after_help = help::FINDINGS_REOPEN.short(), after_long_help = help::FINDINGS_REOPEN.long())]
    Reopen(ReopenArgs),
    /// Say who takes care of findings
    #[command(after_help = help::FINDINGS_ASSIGN.short(), after_long_help = help::FINDINGS_ASSIGN.long())]
    Assign(AssignArgs),
    /// Say that nobody in particular takes care of findings
    #[command(after_help = help::FINDINGS_UNASSIGN.short(), after_long_help = help::FINDINGS_UNASSIGN.long())]
    Unassign(Whom),
    /// Write something beside findings
    #[command(after_help = help::FINDINGS_NOTE.short(), after_long_help = help::FINDINGS_NOTE.long())]
    Note(NoteArgs),
}

/// What `check` looks at.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct CheckArgs {
    /// Which domains; every file is read all the same.
    #[command(flatten)]
    pub domains: Domains,
    /// Also connect: log in everywhere, read a first page, prove that the SQL columns exist
    #[arg(long, env = "TIEOUT_ONLINE", hide_env_values = true, value_parser = BoolishValueParser::new())]
    pub online: bool,
    /// Also test that every secret named by `env:` or `file:` is there
    #[arg(long, env = "TIEOUT_VARS", hide_env_values = true, value_parser = BoolishValueParser::new())]
    pub vars: bool,
}

/// What `doctor` looks at.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct DoctorArgs {
    /// Which domains.
    #[command(flatten)]
    pub domains: Domains,
}

/// What `status` shows.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct StatusArgs {
    /// Which domains.
    #[command(flatten)]
    pub domains: Domains,
}

/// Where the demo plays.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct DemoArgs {
    /// The folder for the demo's files; made, or cleared of an earlier demo
    #[arg(
        long,
        value_name = "DIR",
        default_value = "tieout-demo",
        env = "TIEOUT_DEMO_DIR",
        hide_env_values = true
    )]
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
    fn yaml_is_refused_where_no_document_is_written() {
        let takes = |args: &[&str]| {
            let cli = Cli::try_parse_from([&["tieout", "--format", "yaml"], args].concat()).unwrap();
            cli.command.takes(cli.shared.format)
        };
        assert_eq!(takes(&["asyncapi"]), Ok(()));
        assert_eq!(takes(&["generate", "catalog", "--owner", "payments"]), Ok(()));
        assert_eq!(takes(&["generate", "alerts"]), Ok(()));
        assert_eq!(takes(&["status"]).unwrap_err().exit, 2);
        assert_eq!(takes(&["generate", "completions", "bash"]).unwrap_err().exit, 2);
    }

    #[test]
    fn json_is_refused_where_something_else_is_written() {
        let takes = |args: &[&str]| {
            let cli = Cli::try_parse_from([&["tieout", "-o", "json"], args].concat()).unwrap();
            cli.command.takes(cli.shared.format)
        };
        for writes in [&["generate", "dashboard"][..], &["metrics", "show"], &["serve"], &["status"]] {
            assert_eq!(takes(writes), Ok(()), "{writes:?}");
        }
        for refuses in [&["generate", "alerts"][..], &["generate", "systemd"], &["daemon"], &["demo"]] {
            assert_eq!(takes(refuses).unwrap_err().exit, 2, "{refuses:?}");
        }
        let told = takes(&["daemon"]).unwrap_err().message;
        assert_eq!(told, "this command does not write `json`, but: human, jsonl");
    }

    #[test]
    fn annotations_and_markdown_are_refused_where_nobody_writes_them() {
        let takes = |format: &str, command: &[&str]| {
            let cli = Cli::try_parse_from([&["tieout", "--format", format], command].concat()).unwrap();
            cli.command.takes(cli.shared.format)
        };
        for writes in ["check", "run", "plan", "test"] {
            assert_eq!(takes("github", &[writes]), Ok(()), "{writes}");
        }
        assert_eq!(takes("md", &["report", "show"]), Ok(()));
        for (format, refuses) in [("github", "status"), ("github", "daemon"), ("md", "run"), ("md", "status")]
        {
            assert_eq!(takes(format, &[refuses]).unwrap_err().exit, 2, "{format} {refuses}");
        }
    }

    #[test]
    fn the_help_of_the_root_lists_the_exit_codes() {
        let mut root = Cli::command();
        insta::assert_snapshot!(root.render_long_help().to_string());
    }
}
