//! `tieout explain` and `findings show`: everything that the state store knows about a key.

use clap::Args;
use tieout_reconcilers::reconciler::Remedy;

use super::desk::Desk;
use super::discreet;
use super::failure::Failure;
use super::values::FindingPath;
use super::wire;
use crate::config::Loaded;
use crate::finding::Finding;
use crate::report::explained::{Explained, Rules};
use crate::report::{exit, json, text};
use crate::store::{FindingRecord, HeldSet, Store, StoreError};

/// Which key.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ShowArgs {
    /// The domain and the item's key, as `findings list` writes them
    #[arg(value_name = "DOMAIN/KEY")]
    pub finding: FindingPath,
    /// Only this member, where the feed is read for several: what `findings list` writes in brackets
    #[arg(long, value_name = "MEMBER")]
    pub each: Option<String>,
}

/// Carries `explain` out.
pub(super) async fn explain(desk: &Desk, args: &ShowArgs) -> Result<u8, Failure> {
    tell(desk, args, "tieout.explained/v1", |one| text::explain(one, &desk.output.look)).await
}

/// Carries `findings show` out.
pub(super) async fn show(desk: &Desk, args: &ShowArgs) -> Result<u8, Failure> {
    tell(desk, args, "tieout.findings/v1", text::finding).await
}

async fn tell(
    desk: &Desk,
    args: &ShowArgs,
    schema: &'static str,
    human: impl Fn(&Explained<'_>) -> String,
) -> Result<u8, Failure> {
    let loaded = wire::load(desk)?;
    let store = wire::open_store(&loaded.config).await?;
    let known = read(&store, args).await;
    store.close().await;
    let (mut records, held, now) = known.map_err(|error| wire::store_failure(&error))?;
    if records.is_empty() {
        let FindingPath { domain, key } = &args.finding;
        return Err(Failure::usage(
            "no_such_finding",
            format!("nothing was ever found about `{domain}/{key}`"),
        ));
    }
    for FindingRecord { finding, .. } in &mut records {
        discreet::one(&loaded.domains, finding.id.domain.as_str(), &mut finding.fields);
    }
    let explained: Vec<Explained<'_>> = records
        .iter()
        .map(|record| {
            let finding = &record.finding;
            Explained::new(record, rules(&loaded, finding), holder(&held, finding), now)
        })
        .collect();
    desk.output.show(
        |_| explained.iter().map(&human).collect::<Vec<_>>().join("\n"),
        || json::explained(schema, &explained),
        || json::lines("finding", explained.iter().map(Explained::view)),
    )?;
    Ok(exit::DONE)
}

/// The findings on a key with all about them, what is held, and what time it is.
async fn read(
    store: &Store,
    args: &ShowArgs,
) -> Result<(Vec<FindingRecord>, Vec<HeldSet>, tieout_reconcilers::instant::Instant), StoreError> {
    let mut records = Vec::new();
    for finding in store.of_every_member(&args.finding.domain, &args.finding.key).await? {
        if args.each.as_deref().is_none_or(|each| finding.id.each.as_str() == each) {
            records.extend(store.show(&finding.id).await?);
        }
    }
    Ok((records, store.held().await?, store.now().await?))
}

/// What the definition says, where the domain is still defined.
fn rules(loaded: &Loaded, finding: &Finding) -> Option<Rules> {
    let domain = loaded.domains.iter().find(|domain| *domain.domain() == finding.id.domain)?;
    let policy = domain.policy();
    Some(Rules {
        settle: policy.settle,
        reemit_after: policy.reemit_after,
        emits: matches!(domain.remedy(finding.kind), Remedy::Emit(_)),
    })
}

fn holder<'h>(held: &'h [HeldSet], finding: &Finding) -> Option<&'h HeldSet> {
    held.iter().find(|set| set.domain == finding.id.domain && Some(set.run_id) == finding.held_by)
}
