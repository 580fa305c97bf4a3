//! `tieout report export`: findings as they stand, or as a run reported them, in a file or on stdout.

use std::io::{self, Write as _};
use std::sync::Arc;

use tieout_reconcilers::name::DomainName;
use tieout_reconcilers::reconciler::Reconciler;

use super::args::{ExportArgs, ExportKind};
use super::reported;
use crate::cli::desk::Desk;
use crate::cli::dlq::open_file;
use crate::cli::failure::Failure;
use crate::cli::output::written;
use crate::cli::{discreet, wire};
use crate::config::Loaded;
use crate::finding::State;
use crate::report::{ExportRow, ExportedFindings, csv, exit, json, text};
use crate::store::{FindingFilter, Store};

pub(super) async fn export(desk: &Desk, args: &ExportArgs) -> Result<u8, Failure> {
    let loaded = wire::load(desk)?;
    let domains = wire::selected(&loaded, args.domain.as_slice())?;
    let store = wire::open_store(&loaded.config).await?;
    let rows = rows(&store, &loaded, &domains, args).await;
    store.close().await;
    let (rows, not_listed) = rows?;
    let text = written_as(args.kind, &rows).map_err(|error| Failure::failed("export", error.to_string()))?;
    if args.to.as_os_str() == "-" {
        written(io::stdout().lock().write_all(text.as_bytes()))?;
    } else {
        let mut file = open_file(&args.to, args.overwrite)?;
        let wrote = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        wrote.map_err(|error| Failure::failed("export", format!("{}: {error}", args.to.display())))?;
        let exported =
            ExportedFindings { exported: rows.len() as u64, not_listed, to: args.to.display().to_string() };
        desk.output.show(
            |_| text::exported_findings(&exported),
            || json::whole("tieout.exported_findings/v1", &exported),
            || json::lines("exported", [&exported]),
        )?;
    }
    if not_listed == 0 {
        return Ok(exit::DONE);
    }
    tracing::warn!(
        "the report lists only some of its findings: {not_listed} more are not in it; runs with `--limit 0` list all"
    );
    Ok(exit::PARTIAL)
}

/// The findings that are asked for, and how many of them nobody listed.
async fn rows(
    store: &Store,
    loaded: &Loaded,
    domains: &[Arc<dyn Reconciler>],
    args: &ExportArgs,
) -> Result<(Vec<ExportRow>, u64), Failure> {
    let names: Vec<DomainName> = domains.iter().map(|domain| domain.domain().clone()).collect();
    let Some(run) = &args.run else {
        let states = State::ALL.into_iter().filter(|state| args.over || !state.is_over()).collect();
        let asked = FindingFilter { domains: names, states, ..FindingFilter::default() };
        let mut findings = store.list(&asked).await.map_err(|error| wire::store_failure(&error))?;
        findings.sort_by(|one, other| one.id.cmp(&other.id));
        let findings = discreet::findings(domains, findings);
        return Ok((findings.iter().map(ExportRow::from).collect(), 0));
    };
    let report = reported(store, run).await?;
    let report = discreet::report(&loaded.domains, report);
    // Without a pattern the whole report is meant, also what of it is not defined any more.
    let is_asked = |name: &str| args.domain.is_empty() || names.iter().any(|asked| asked.as_str() == name);
    let asked: Vec<_> = report.domains.iter().filter(|domain| is_asked(&domain.domain)).collect();
    let rows = asked.iter().flat_map(|domain| {
        domain.findings.iter().map(|finding| ExportRow::reported(&domain.domain, finding))
    });
    Ok((rows.collect(), asked.iter().map(|domain| domain.findings_not_listed).sum()))
}

fn written_as(kind: ExportKind, rows: &[ExportRow]) -> io::Result<String> {
    match kind {
        ExportKind::Csv => csv(rows),
        ExportKind::Json => Ok(json::exported(rows)?),
        ExportKind::Jsonl => Ok(json::lines("finding", rows)?),
    }
}
