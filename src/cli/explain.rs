//! `tieout explain` and `findings show`: everything that the state store knows about a key; and what a code means.

use std::str::FromStr;

use clap::Args;
use tieout_reconcilers::define::words;
use tieout_reconcilers::reconciler::Remedy;

use super::desk::Desk;
use super::discreet;
use super::failure::Failure;
use super::values::FindingPath;
use super::wire;
use crate::config::Loaded;
use crate::finding::Finding;
use crate::report::codes::{self, Code};
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

/// What is explained.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ExplainArgs {
    /// The domain and the item's key, as `findings list` writes them, or a code that programs read
    #[arg(value_name = "DOMAIN/KEY|CODE")]
    pub subject: Subject,
    /// Only this member, where the feed is read for several: what `findings list` writes in brackets
    #[arg(long, value_name = "MEMBER")]
    pub each: Option<String>,
}

/// A finding, or a code. A code has no slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The findings about a key.
    Finding(FindingPath),
    /// The code of an error, of a run's exit reasons or of a dead letter.
    Code(&'static Code),
}

impl FromStr for Subject {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains('/') {
            return text.parse().map(Self::Finding);
        }
        codes::find(text).map(Self::Code).ok_or_else(|| {
            let near = words::nearest(text, codes::all().map(|code| code.code));
            let near = near.map(|near| format!("; the code most like it is `{near}`")).unwrap_or_default();
            format!("expected DOMAIN/KEY, as in stripe.charges/ch_1, or a code, as in limit_tripped{near}")
        })
    }
}

/// Carries `explain` out. A code needs no configuration.
pub(super) async fn explain(desk: &Desk, args: &ExplainArgs) -> Result<u8, Failure> {
    match (&args.subject, &args.each) {
        (Subject::Finding(finding), each) => {
            let args = ShowArgs { finding: finding.clone(), each: each.clone() };
            tell(desk, &args, "tieout.explained/v1", |one| text::explain(one, &desk.output.look)).await
        }
        (Subject::Code(_), Some(_)) => {
            Err(Failure::usage("usage", "`--each` is for a finding, and a code has no members"))
        }
        (Subject::Code(code), None) => {
            desk.output.show(
                |_| text::code(code),
                || json::whole("tieout.code/v1", code),
                || json::lines("code", [code]),
            )?;
            Ok(exit::DONE)
        }
    }
}

/// Carries `findings show` out.
pub(super) async fn show(desk: &Desk, args: &ShowArgs) -> Result<u8, Failure> {
    tell(desk, args, "tieout.findings/v1", |one| text::finding(one, &desk.output.look)).await
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
fn rules<'a>(loaded: &'a Loaded, finding: &Finding) -> Option<Rules<'a>> {
    let domain = loaded.domains.iter().find(|domain| *domain.domain() == finding.id.domain)?;
    let policy = domain.policy();
    Some(Rules {
        owner: domain.owner(),
        settle: policy.settle,
        reemit_after: policy.reemit_after,
        emits: matches!(domain.remedy(finding.kind), Remedy::Emit(_)),
    })
}

fn holder<'h>(held: &'h [HeldSet], finding: &Finding) -> Option<&'h HeldSet> {
    held.iter().find(|set| set.domain == finding.id.domain && Some(set.run_id) == finding.held_by)
}
