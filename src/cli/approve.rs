//! `tieout approve`: from the command line to what a run holds, and what became of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use clap::Args;
use tieout_reconcilers::name::DomainName;
use tieout_reconcilers::reconciler::Reconciler;
use uuid::Uuid;

use super::desk::Desk;
use super::discreet;
use super::draining::Draining;
use super::failure::Failure;
use super::findings;
use super::output::Output;
use super::person::Actor;
use super::publish;
use super::select::Domains;
use super::wire;
use crate::finding::{Finding, State};
use crate::going::Going;
use crate::queue::Queues;
use crate::report::text::{self, Look};
use crate::report::{ApprovedView, exit, json};
use crate::run::{Approved, NotApproved, Order, approve as release};
use crate::store::{FindingFilter, HeldSet, RunSelector, Store, StoreError};

/// `tieout approve`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ApproveArgs {
    /// The run that holds them: its id or its first characters, `latest` for the newest one that holds something of these domains now, or `latest~1` for the one before that
    #[arg(value_name = "RUN")]
    pub run: RunSelector,
    /// Which domains; all that the run holds something of when none is named.
    #[command(flatten)]
    pub domains: Domains,
    /// How many events you were told; another number changes nothing
    #[arg(long, value_name = "N", required_unless_present = "dry_run")]
    pub expect: Option<u64>,
    /// Only list what would be let go
    #[arg(long)]
    pub dry_run: bool,
    /// How long.
    #[command(flatten)]
    pub draining: Draining,
    /// Who approves.
    #[command(flatten)]
    pub actor: Actor,
}

/// Carries `approve` out.
pub(super) async fn approve(desk: &Desk, args: &ApproveArgs) -> Result<u8, Failure> {
    let loaded = wire::load(desk)?;
    let domains = wire::selected(&loaded, &args.domains)?;
    let mut queues = wire::queues(&loaded.config, &domains)?;
    let uses_stdout = !args.dry_run && wire::writes_to_stdout(&loaded.config, &domains);
    let output = if uses_stdout { desk.output.clone().on_stderr() } else { desk.output.clone() };
    let store = wire::open_store(&loaded.config).await?;
    let going = Going::until(desk.signals.token().clone());
    let approved = carry_out((&output, args, going), &domains, &store, &mut queues).await;
    if approved.is_ok() && !args.dry_run {
        publish::publish(desk, &loaded, &store, publish::Ended::by_hand(&domains)).await;
    }
    store.close().await;
    approved
}

async fn carry_out(
    (output, args, going): (&Output, &ApproveArgs, Going),
    domains: &[Arc<dyn Reconciler>],
    store: &Store,
    queues: &mut Queues,
) -> Result<u8, Failure> {
    let broken = |error: StoreError| wire::store_failure(&error);
    let held = store.held().await.map_err(broken)?;
    let selected: BTreeSet<&DomainName> = domains.iter().map(|domain| domain.domain()).collect();
    let theirs: Vec<&HeldSet> = held.iter().filter(|set| selected.contains(&set.domain)).collect();
    let run_id = match args.run.back_among_holders() {
        Some(back) => nth_holder(&theirs, back).ok_or_else(|| nothing_held(None, &held, &output.look))?,
        None => store.find_run(&args.run).await.map_err(broken)?.summary.run_id,
    };
    let its: Vec<&HeldSet> = theirs.into_iter().filter(|set| set.run_id == run_id).collect();
    if its.is_empty() {
        return Err(nothing_held(Some(run_id), &held, &output.look));
    }
    let Some(expected) = args.expect.filter(|_| !args.dry_run) else {
        return list(output, domains, store, &its).await;
    };
    let order = Order {
        held_by: run_id,
        domains: its.iter().map(|set| set.domain.clone()).collect(),
        expected,
        actor: args.actor.name(),
        drain: args.draining.time(),
        going,
    };
    match release(store, queues, &order).await {
        Ok(approved) => show(order, approved, output),
        Err(refused) => Err(refusal(&refused, &its, &output.look)),
    }
}

/// What would be let go.
async fn list(
    output: &Output,
    domains: &[Arc<dyn Reconciler>],
    store: &Store,
    its: &[&HeldSet],
) -> Result<u8, Failure> {
    let asked = FindingFilter {
        domains: its.iter().map(|set| set.domain.clone()).collect(),
        states: vec![State::Held],
        ..FindingFilter::default()
    };
    let all = store.list(&asked).await.map_err(|error| wire::store_failure(&error))?;
    let run_id = its.first().map(|set| set.run_id);
    let held: Vec<Finding> = all.into_iter().filter(|finding| finding.held_by == run_id).collect();
    findings::held(&discreet::findings(domains, held), &commands(its, &output.look), output)
}

fn show(order: Order, approved: Approved, output: &Output) -> Result<u8, Failure> {
    let exit = match &approved {
        Approved { waiting, refused, dead, .. } if *dead > 0 || waiting > refused => exit::PARTIAL,
        Approved { refused: 1.., .. } => exit::CREDENTIALS,
        _ => exit::DONE,
    };
    let view = ApprovedView {
        run_id: order.held_by,
        domains: order.domains.iter().map(ToString::to_string).collect(),
        by: order.actor,
        exit,
        released: approved.released,
        findings: approved.findings,
        emitted: approved.emitted,
        waiting: approved.waiting,
        dead: approved.dead,
        problems: approved.problems,
    };
    output.show(
        |_| text::approved(&view),
        || json::whole("tieout.approved/v1", &view),
        || json::lines("approved", [&view]),
    )?;
    Ok(exit)
}

/// The newest run that holds something, or the one so many before it. Ids of runs sort by time.
fn nth_holder(sets: &[&HeldSet], back: usize) -> Option<Uuid> {
    let holders: BTreeSet<Uuid> = sets.iter().map(|set| set.run_id).collect();
    holders.into_iter().rev().nth(back)
}

fn nothing_held(run_id: Option<Uuid>, held: &[HeldSet], look: &Look) -> Failure {
    let mut message = run_id.map_or_else(
        || "no such run holds anything of these domains now".to_owned(),
        |run_id| format!("the run {run_id} holds nothing of these domains now"),
    );
    let others: Vec<&HeldSet> = held.iter().collect();
    if !others.is_empty() {
        message = format!("{message}; this is held:\n{}", commands(&others, look).join("\n"));
    }
    Failure::usage("nothing_held", message)
}

fn refusal(refused: &NotApproved, its: &[&HeldSet], look: &Look) -> Failure {
    match refused {
        NotApproved::Differs { .. } => {
            Failure::usage("expected_differs", format!("{refused}:\n{}", commands(its, look).join("\n")))
        }
        NotApproved::Store(error @ StoreError::Held { .. }) => {
            Failure::exiting(exit::LOCKED, "locked", format!("{error}; nothing was changed"))
        }
        NotApproved::Store(error @ StoreError::LeaseLost { .. }) => {
            Failure::failed("lease_lost", error.to_string())
        }
        NotApproved::Store(error) => wire::store_failure(error),
    }
}

/// The commands that approve each of the sets.
fn commands(sets: &[&HeldSet], look: &Look) -> Vec<String> {
    sets.iter().map(|set| text::approval(set.run_id, set.domain.as_str(), set.events, look)).collect()
}
