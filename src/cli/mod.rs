//! The command line: one file per command. It parses, tells and returns exit codes; what is done is done elsewhere.

mod acts;
mod again;
mod ahead;
mod approve;
mod args;
mod ask;
mod asyncapi;
mod carry;
mod config;
mod daemon;
mod desk;
mod discreet;
mod disk;
mod dlq;
mod doctor;
mod explain;
mod failure;
mod feed;
mod generate;
mod help;
mod last_words;
mod member;
mod metrics;
mod migrate;
mod named;
mod next;
mod notify;
mod output;
mod overview;
mod person;
mod play;
mod preflight;
mod preview;
mod probe;
mod quarantine;
mod publish;
mod reach;
mod reconcile;
mod replay;
mod saved_plan;
mod schemas;
mod scope;
mod select;
mod signals;
mod state;
mod subscribed;
#[cfg(test)]
mod tree;
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
pub use approve::ApproveArgs;
pub use args::{
    CheckArgs, Cli, Color, Command, DEFAULT_CONFIG, DemoArgs, DoctorArgs, FindingsCommand, Format, Shared,
};
pub use ask::Consent;
pub use asyncapi::{AsyncapiArgs, Subject, To};
pub use carry::carry_out;
pub use config::{ConfigCommand, Described};
pub use daemon::DaemonArgs;
pub use desk::{Desk, main};
pub use dlq::{
    DlqCommand, DropArgs, EventName, ExportArgs, Filters, ListArgs, Pace, RetryArgs, ShowLettersArgs, Wanted,
    Which,
};
pub use doctor::LINES as DOCTOR_LINES;
pub use explain::{ExplainArgs, ShowArgs, Subject as Explained};
pub use failure::Failure;
pub use feed::FeedArgs;
pub use generate::{
    AlertsArgs, CatalogArgs, CompletionsArgs, Credential, GenerateCommand, K8sJobArgs, ManArgs, SystemdArgs,
    UnitName,
};
pub use last_words::LastWords;
pub use member::MemberValue;
pub use metrics::{MetricsCommand, PushArgs, ServeArgs};
pub use migrate::MigrateCommand;
pub use named::Named;
pub use next::NextArgs;
pub use notify::NotifyCommand;
pub use output::Output;
pub use person::{Actor, PersonName, Remark};
pub use quarantine::{
    Picked, QuarantineCommand, QuarantineDropArgs, QuarantineExportArgs, QuarantineListArgs,
    QuarantineRetryArgs, QuarantineShowArgs, Shared as QuarantineShared,
};
pub use replay::ReplayArgs;
pub use report::{DiffArgs, ExportArgs as ExportFindingsArgs, ExportKind, PruneArgs, ReportCommand};
pub use schemas::SchemasCommand;
pub use scope::{BackfillArgs, IfLocked, Manner, PlanArgs, Range, RunArgs, Scope, Sending};
pub use select::select;
pub use signals::Signals;
pub use state::{JournalArgs, KeptArgs, PauseArgs, ResumeArgs, RewindArgs, StateCommand, UnlockArgs};
pub use values::{FindingPath, When};
pub use wire::clients;
