//! `tieout generate`: files for other programs; one file for each thing that is made.

use clap::Subcommand;

use super::desk::Desk;
use super::failure::Failure;
use super::help;

mod adhoc_job;
mod catalog;
mod completions;
mod k8s_job;
mod man;
mod monitoring;
mod schema;
mod systemd;
mod units;

pub use catalog::CatalogArgs;
pub use completions::CompletionsArgs;
pub use k8s_job::K8sJobArgs;
pub use man::ManArgs;
pub use monitoring::{AlertsArgs, DashboardArgs};
pub use schema::{SchemaArgs, Written};
pub use systemd::{Credential, SystemdArgs, UnitName};

/// What is made.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum GenerateCommand {
    /// Rules for Prometheus: an alert for each way in which a domain may be late, held or adrift
    #[command(after_help = help::GENERATE_ALERTS.short(), after_long_help = help::GENERATE_ALERTS.long())]
    Alerts(AlertsArgs),
    /// A dashboard for Grafana, which shows every metric
    #[command(after_help = help::GENERATE_DASHBOARD.short(), after_long_help = help::GENERATE_DASHBOARD.long())]
    Dashboard(DashboardArgs),
    /// A catalogue file for Backstage: the events as an API, and tieout as the component that provides it
    #[command(after_help = help::GENERATE_CATALOG.short(), after_long_help = help::GENERATE_CATALOG.long())]
    Catalog(CatalogArgs),
    /// The JSON Schema of what is written for programs, such as the report of a run
    #[command(after_help = help::GENERATE_SCHEMA.short(), after_long_help = help::GENERATE_SCHEMA.long())]
    Schema(SchemaArgs),
    /// A Kubernetes Job that runs a CronJob's pod once, with other arguments
    #[command(name = "k8s-job", after_help = help::GENERATE_K8S_JOB.short(), after_long_help = help::GENERATE_K8S_JOB.long())]
    K8sJob(K8sJobArgs),
    /// A systemd service and the timer that starts it
    #[command(after_help = help::GENERATE_SYSTEMD.short(), after_long_help = help::GENERATE_SYSTEMD.long())]
    Systemd(SystemdArgs),
    /// What lets a shell complete the command line
    #[command(after_help = help::GENERATE_COMPLETIONS.short(), after_long_help = help::GENERATE_COMPLETIONS.long())]
    Completions(CompletionsArgs),
    /// A manual page for each command
    #[command(after_help = help::GENERATE_MAN.short(), after_long_help = help::GENERATE_MAN.long())]
    Man(ManArgs),
}

/// Carries `generate` out.
pub(super) fn generate(desk: &Desk, command: &GenerateCommand) -> Result<u8, Failure> {
    match command {
        GenerateCommand::Alerts(args) => monitoring::alerts(desk, args),
        GenerateCommand::Dashboard(args) => monitoring::dashboard(desk, args),
        GenerateCommand::Catalog(args) => catalog::catalog(desk, args),
        GenerateCommand::Schema(args) => schema::schema(desk, *args),
        GenerateCommand::K8sJob(args) => k8s_job::k8s_job(desk, args),
        GenerateCommand::Systemd(args) => systemd::systemd(desk, args),
        GenerateCommand::Completions(args) => completions::completions(desk, args),
        GenerateCommand::Man(args) => man::man(desk, args),
    }
}
