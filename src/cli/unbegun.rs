//! What is left of a run that cannot begin because the configuration or a definition is wrong: a row in the state store, the file of its
//! report, and whoever is told how runs end, as far as the configuration still says where all that is.
//!
//! It makes nothing that was not there, and never changes how the command ends.

use chrono::Utc;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::DomainName;
use uuid::Uuid;

use super::desk::Desk;
use super::failure::Failure;
use super::reconcile::{keep, notifier};
use super::select::{Selection, select};
use super::wire;
use crate::config::Config;
use crate::config::pattern::Choice;
use crate::metrics;
use crate::report::RunReport;
use crate::run::{self, Asked, Call, Mode, Options};
use crate::store::{RunMode, RunRow, Store, StoreError, StoreSettings};

/// Says of a run that it could not begin, and why. A plan says it to whoever asked for it.
pub(super) async fn tell(desk: &Desk, wanted: &Selection, options: &Options, failure: &Failure) {
    if options.mode == Mode::Plan {
        return;
    }
    let Some(config) = Config::of_the_told(&desk.config) else { return };
    let store = store_of(&config).await;
    let defined = domains(&config, store.as_ref()).await;
    let selected = meant(wanted, &defined);
    let (run_id, now) = (Uuid::now_v7(), Instant::from(Utc::now()));
    let call = Call { trigger: desk.caller.trigger, args: desk.caller.args.clone(), ..Call::default() };
    let mut report = run::unread(run_id, (&selected, &call), now, failure.reason(), &failure.message);
    let (defined, selected) = (words(&defined), words(&selected));
    let notifier = notifier(desk, &config, (defined, selected.clone()), run_id, options);
    if let Some(store) = &store
        && let Err(error) =
            record(store, &report, &call, now, &Asked::with(selected, options).called(&call)).await
    {
        tracing::warn!(error = error.with_causes(), "that the run could not begin is not in the state store");
    }
    notifier.tell(store.as_ref(), &mut report).await;
    if let Err(no_file) = keep(config.report_folder.as_deref(), &report) {
        tracing::error!("{no_file}");
    }
    if let Some(store) = store {
        store.close().await;
    }
}

/// The state store, where there is one. A file is not made for this: a folder in which nothing has run yet stays as it is.
async fn store_of(config: &Config) -> Option<Store> {
    if let Ok(StoreSettings::Sqlite { path }) = wire::store_settings(config)
        && !path.exists()
    {
        return None;
    }
    let opened = wire::open_store(config).await;
    opened.inspect_err(|failure| tracing::warn!("no run can be recorded: {failure}")).ok()
}

/// The domains that the definition files name; where none of these can be read, those of the newest run.
async fn domains(config: &Config, store: Option<&Store>) -> Vec<DomainName> {
    let named = config.named_in_files();
    let Some(store) = store.filter(|_| named.is_empty()) else { return named };
    let newest = store.newest_run().await.ok().flatten();
    let asked = newest.and_then(|run| Asked::from_json(&run.args_json).ok()).unwrap_or_default();
    asked.domains.iter().filter_map(|name| name.parse().ok()).collect()
}

/// Those that the run was about. By tags nobody is found in files that cannot be read, and no run begins with those: then all of them.
fn meant(wanted: &Selection, defined: &[DomainName]) -> Vec<DomainName> {
    let choices: Vec<Choice<'_>> = defined.iter().map(|name| Choice { name, tags: &[] }).collect();
    let chosen = select(wanted, &choices).map(|names| names.into_iter().cloned().collect());
    chosen.unwrap_or_else(|_| defined.to_vec())
}

fn words(names: &[DomainName]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

async fn record(
    store: &Store,
    report: &RunReport,
    call: &Call,
    now: Instant,
    asked: &Asked,
) -> Result<(), StoreError> {
    let row = RunRow {
        run_id: report.run_id,
        started_at: now,
        mode: RunMode::Run,
        trigger: call.trigger.as_str().to_owned(),
        args_json: asked.to_json(),
        version: report.tool_version.clone(),
        resumes: None,
    };
    store.begin_run(&row).await?;
    let json = serde_json::to_string(report).unwrap_or_default();
    let ends = metrics::ends(report, true);
    store.finish_run(report.run_id, report.status, report.exit.code.into(), &json, &ends).await
}
