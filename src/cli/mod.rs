//! The command line: one file per command. It parses, tells and returns exit codes; what is done is done elsewhere.

mod acts;
mod again;
mod ahead;
mod approve;
mod args;
mod ask;
mod asyncapi;
mod caller;
mod carry;
mod config;
mod daemon;
mod desk;
mod diary;
mod discreet;
mod disk;
mod dlq;
mod doctor;
mod draining;
mod explain;
mod failure;
mod feed;
mod generate;
mod help;
mod init;
mod keys;
mod last_words;
mod lay;
mod left_behind;
mod list;
mod member;
mod metrics;
mod migrate;
mod named;
mod new;
mod next;
mod notify;
mod output;
mod overview;
mod pace;
mod person;
mod play;
mod preflight;
mod preview;
mod probe;
mod quarantine;
mod publish;
mod reach;
mod reconcile;
mod record;
mod replay;
mod saved_plan;
mod schemas;
mod scope;
mod select;
mod signals;
mod state;
mod step_summary;
mod subscribed;
mod terms;
mod test;
#[cfg(test)]
mod tree;
mod unbegun;
mod values;
mod wire;

pub mod check;
mod counted;
pub mod demo;
pub mod findings;
pub mod report;
pub mod run;
pub mod status;
pub mod watch;

pub use acts::{AssignArgs, IgnoreArgs, NoteArgs, ReopenArgs, Until, Whom};
pub use again::Earlier;
pub use approve::ApproveArgs;
pub use args::{
    CheckArgs, Cli, Color, Command, DEFAULT_CONFIG, DemoArgs, DoctorArgs, FindingsCommand, Format, Shared,
    StatusArgs,
};
pub use ask::{Consent, Input};
pub use asyncapi::{AsyncapiArgs, Subject, To};
pub use caller::Caller;
pub use carry::carry_out;
pub use config::{ConfigCommand, Described};
pub use daemon::DaemonArgs;
pub use desk::{Desk, main};
pub use dlq::{
    DlqCommand, DropArgs, EventName, ExportArgs, Filters, ListArgs, Reason, RetryArgs, ShowLettersArgs,
    Wanted, Which,
};
pub use doctor::LINES as DOCTOR_LINES;
pub use draining::Draining;
pub use explain::{ExplainArgs, ShowArgs, Subject as Explained};
pub use failure::Failure;
pub use feed::FeedArgs;
pub use generate::{
    AlertsArgs, CatalogArgs, CompletionsArgs, Credential, DashboardArgs, GenerateCommand, K8sJobArgs,
    ManArgs, SchemaArgs, SystemdArgs, UnitName, Written,
};
pub use init::{DatabaseKind, InitArgs, QueueKind, StateKind};
pub use keys::Keys;
pub use last_words::LastWords;
pub use member::MemberValue;
pub use metrics::{MetricsCommand, PushArgs, ServeArgs};
pub use migrate::MigrateCommand;
pub use named::Named;
pub use new::{NewArgs, Template};
pub use next::NextArgs;
pub use notify::NotifyCommand;
pub use output::Output;
pub use pace::Pace;
pub use person::{Actor, PersonName, Remark};
pub use quarantine::{
    Picked, QuarantineCommand, QuarantineDropArgs, QuarantineExportArgs, QuarantineListArgs,
    QuarantineRetryArgs, QuarantineShowArgs, Shared as QuarantineShared,
};
pub use record::RecordArgs;
pub use replay::{ReplayArgs, ReplayCommand};
pub use report::{DiffArgs, ExportArgs as ExportFindingsArgs, ExportKind, PruneArgs, ReportCommand};
pub use schemas::SchemasCommand;
pub use scope::{BackfillArgs, IfLocked, Manner, PlanArgs, Range, RunArgs, Scope, Sending};
pub use select::{Domains, NamedDomains, Picking, Selection, select};
pub use signals::Signals;
pub use state::{JournalArgs, KeptArgs, PauseArgs, ResumeArgs, RewindArgs, StateCommand, UnlockArgs};
pub use terms::Terms;
pub use test::TestArgs;
pub use values::{FindingPath, When};
pub use wire::clients;
