//! `tieout plan --out` and `tieout run --plan`: a plan goes into a file, and comes back as what a run may send.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tieout_reconcilers::instant::{Instant, TimeFormat};

use super::desk::Desk;
use super::failure::Failure;
use super::wire;
use crate::config::Loaded;
use crate::plan_file::{PlanFile, Unusable};
use crate::report::{RunReport, Status, text};
use crate::run::{Asked, Found, Options, Scope, Terms};
use crate::store::{RunMode, Store, StoreError};

/// Where a plan goes that is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Out {
    /// The file.
    pub path: PathBuf,
    /// How long it may be carried out.
    pub expires: Duration,
    /// How many findings the text lists per domain.
    pub limit: usize,
}

impl Out {
    /// Refuses a place that cannot take the plan, before anything is read for it.
    pub(super) fn check(&self, overwrite: bool) -> Result<(), Failure> {
        let (path, shown) = (&self.path, self.path.display());
        if path.is_dir() {
            return Err(Failure::usage("plan_file", format!("{shown} is a folder; name a file in it")));
        }
        if path.exists() && !overwrite {
            let message = format!("{shown} is there already; `--overwrite` writes over it");
            return Err(Failure::usage("file_exists", message));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if folder.is_dir() {
            return Ok(());
        }
        Err(Failure::usage("plan_file", format!("the folder of {shown} is not there; make it first")))
    }

    /// Writes the plan of a report, and says how to carry it out. A plan that did not come to its end is not written.
    pub(super) fn write(
        &self,
        loaded: &Loaded,
        report: &RunReport,
        asked: Asked,
        desk: &Desk,
    ) -> Result<String, Failure> {
        if !matches!(report.status, Status::Done | Status::Partial | Status::Held) {
            let status = report.status.as_str();
            return Ok(format!("The plan is {status}, so {} was not written.\n", self.path.display()));
        }
        let made_at = report.finished_at.as_deref().and_then(|at| TimeFormat::Rfc3339.read(at));
        let unwritable = |why: String| {
            let message = format!("the plan cannot be written to {}: {why}", self.path.display());
            Failure::failed("plan_file", message)
        };
        let made_at = made_at.ok_or_else(|| unwritable("nobody knows when it was made".to_owned()))?;
        let expires_at = made_at + self.expires;
        let file = PlanFile::of(report, asked, &loaded.definitions, (made_at, expires_at));
        file.write(&self.path).map_err(|error| unwritable(error.to_string()))?;
        Ok(text::saved_plan(&self.path.to_string_lossy(), expires_at, &desk.output.look))
    }

    /// The report as text lists it: the file and JSON have everything.
    pub(super) fn cut(&self, mut report: RunReport) -> RunReport {
        for domain in &mut report.domains {
            let more = domain.findings.len().saturating_sub(self.limit);
            domain.findings.truncate(self.limit);
            domain.findings_not_listed += more as u64;
        }
        report
    }
}

/// The domains of a saved plan, and how its run behaves. What this call says itself wins over what the plan was asked for.
pub(super) async fn planned(
    desk: &Desk,
    path: &Path,
    options: Options,
) -> Result<(Vec<String>, Options), Failure> {
    let unusable = |why: Unusable| {
        Failure::usage("plan_file", format!("the plan {} is not carried out: {why}", path.display()))
    };
    let file = PlanFile::read(path).map_err(unusable)?;
    let loaded = wire::load(desk)?;
    let domains = same_definitions(&loaded, &file, path)?;
    let store = wire::open_store(&loaded.config).await?;
    let found = find(&store, &file).await;
    store.close().await;
    let (now, record) = found.map_err(|error| wire::store_failure(&error))?;
    file.check_age(now).map_err(unusable)?;
    let Some((asked, report)) = record else {
        let message = format!(
            "the plan {} is not carried out: this state store knows no plan {}; it was made with another one",
            path.display(),
            file.run_id
        );
        return Err(Failure::usage("plan_file", message));
    };
    let permit = file.permit(&report).map_err(unusable)?;
    let options = Options {
        scope: Scope::Planned(Arc::new(permit)),
        max_emits: options.max_emits.or(asked.max_emits),
        found: if asked.baseline { Found::Baseline } else { options.found },
        terms: Terms { settle: options.terms.settle.or(asked.settle()), ..options.terms },
        ..options
    };
    Ok((domains, options))
}

/// The time by the state store's clock, and what it knows of the plan.
async fn find(store: &Store, file: &PlanFile) -> Result<(Instant, Option<(Asked, RunReport)>), StoreError> {
    let now = store.now().await?;
    let record = match store.run(file.run_id).await {
        Err(StoreError::NoSuchRun(_)) => return Ok((now, None)),
        found => found?,
    };
    let asked = Asked::from_json(&record.args_json).ok();
    let report = record.report_json.as_deref().and_then(|json| serde_json::from_str(json).ok());
    let is_plan = record.summary.mode == RunMode::Plan;
    Ok((now, asked.zip(report).filter(|_| is_plan)))
}

/// The domains of a plan, where each is defined as it was when the plan was made.
fn same_definitions(loaded: &Loaded, file: &PlanFile, path: &Path) -> Result<Vec<String>, Failure> {
    for planned in &file.domains {
        let known = loaded.definitions.iter().find(|(name, _)| name.as_str() == planned.domain);
        let why = match known {
            Some((_, hash)) if *hash == planned.definition_sha256 => continue,
            Some(_) => "is defined in another way than when the plan was made",
            None => "is not defined any more",
        };
        let message = format!(
            "the plan {} is not carried out: `{}` {why}; make the plan again",
            path.display(),
            planned.domain
        );
        return Err(Failure::usage("definition_changed", message));
    }
    if file.domains.is_empty() {
        let message = format!("the plan {} is about no domain; make the plan again", path.display());
        return Err(Failure::usage("plan_file", message));
    }
    Ok(file.domains.iter().map(|planned| planned.domain.clone()).collect())
}
