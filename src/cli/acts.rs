//! `tieout findings ignore`, `reopen`, `assign`, `unassign` and `note`: from the command line to an act on findings.

use std::time::Duration;

use clap::Args;
use tieout_reconcilers::instant::Instant;

use super::desk::Desk;
use super::discreet;
use super::failure::Failure;
use super::findings;
use super::named::Named;
use super::person::{Actor, PersonName, Remark};
use super::values::instant;
use super::wire;
use crate::finding::{Identity, Ignored};
use crate::plan::Act;
use crate::store::{ActsRefused, Did, Store};

/// How many findings a refusal lists.
const LISTED: usize = 20;

/// Which findings, and who does something to them.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Whom {
    /// Which.
    #[command(flatten)]
    pub named: Named,
    /// Who.
    #[command(flatten)]
    pub actor: Actor,
}

/// `tieout findings ignore`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct IgnoreArgs {
    /// Which, and who.
    #[command(flatten)]
    pub whom: Whom,
    /// Why; it is kept with the finding
    #[arg(long, value_name = "TEXT")]
    pub reason: Remark,
    /// When that lapses by itself: a date, a time with its offset, or a duration such as `14d`; never when left out
    #[arg(long, value_name = "WHEN", value_parser = until)]
    pub until: Option<Until>,
}

/// `tieout findings reopen`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ReopenArgs {
    /// Which, and who.
    #[command(flatten)]
    pub whom: Whom,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<Remark>,
}

/// `tieout findings assign`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct AssignArgs {
    /// Which, and who.
    #[command(flatten)]
    pub whom: Whom,
    /// Who takes care of them from now on
    #[arg(long, value_name = "NAME")]
    pub to: PersonName,
}

/// `tieout findings note`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct NoteArgs {
    /// Which, and who.
    #[command(flatten)]
    pub whom: Whom,
    /// What is to be remembered
    #[arg(long, short = 'm', value_name = "TEXT")]
    pub text: Remark,
}

/// When an ignored finding is followed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// At an instant.
    At(Instant),
    /// So long after the command, by the state store's clock.
    In(Duration),
}

fn until(text: &str) -> Result<Until, String> {
    if let Ok(at) = instant(text) {
        return Ok(Until::At(at));
    }
    let wrong =
        "expected a date (2025-11-21), a time with its offset (2025-11-21T02:00:00Z) or a duration (14d)";
    humantime::parse_duration(text).map(Until::In).map_err(|_| wrong.to_owned())
}

/// Ignores findings.
pub(super) async fn ignore(desk: &Desk, args: &IgnoreArgs) -> Result<u8, Failure> {
    carry_out(desk, &args.whom, async |store| {
        let until = match args.until {
            None => None,
            Some(Until::At(at)) => Some(at),
            Some(Until::In(time)) => {
                Some(store.now().await.map_err(|error| wire::store_failure(&error))? + time)
            }
        };
        Ok(Act::Ignore(Ignored { until, why: args.reason.0.clone() }))
    })
    .await
}

/// Opens findings again.
pub(super) async fn reopen(desk: &Desk, args: &ReopenArgs) -> Result<u8, Failure> {
    let act = Act::Reopen { why: args.reason.clone().map(|reason| reason.0) };
    carry_out(desk, &args.whom, async |_| Ok(act)).await
}

/// Says who takes care of findings.
pub(super) async fn assign(desk: &Desk, args: &AssignArgs) -> Result<u8, Failure> {
    carry_out(desk, &args.whom, async |_| Ok(Act::Assign { to: args.to.0.clone() })).await
}

/// Says that nobody in particular does.
pub(super) async fn unassign(desk: &Desk, whom: &Whom) -> Result<u8, Failure> {
    carry_out(desk, whom, async |_| Ok(Act::Unassign)).await
}

/// Writes something beside findings.
pub(super) async fn note(desk: &Desk, args: &NoteArgs) -> Result<u8, Failure> {
    carry_out(desk, &args.whom, async |_| Ok(Act::Note { text: args.text.0.clone() })).await
}

async fn carry_out(
    desk: &Desk,
    whom: &Whom,
    what: impl AsyncFnOnce(&Store) -> Result<Act, Failure>,
) -> Result<u8, Failure> {
    let loaded = wire::load(desk)?;
    let store = wire::open_store(&loaded.config).await?;
    let done = act(&store, whom, what).await;
    let shown = match done {
        Ok(Did::All(changed)) => findings::did(&discreet::findings(&loaded.domains, changed), &desk.output),
        Ok(Did::Nothing(refused)) => Err(refusal(&refused)),
        Err(failure) => Err(failure),
    };
    store.close().await;
    shown
}

async fn act(
    store: &Store,
    whom: &Whom,
    what: impl AsyncFnOnce(&Store) -> Result<Act, Failure>,
) -> Result<Did, Failure> {
    let ids = whom.named.find(store).await?;
    let what = what(store).await?;
    store.act(&ids, &what, &whom.actor.name()).await.map_err(|error| wire::store_failure(&error))
}

/// Nothing was changed, and why.
fn refusal(refused: &ActsRefused) -> Failure {
    let path = |id: &Identity| match id.each.as_str() {
        "" => format!("{}/{}", id.domain, id.key),
        each => format!("{}/{} [{each}]", id.domain, id.key),
    };
    let lines: Vec<String> = match refused {
        ActsRefused::TooMany { most } => {
            return Failure::usage("too_many", format!("at most {most} findings can be named at once"));
        }
        ActsRefused::Unknown(ids) => {
            ids.iter().map(|id| format!("{}: nothing was ever found about it", path(id))).collect()
        }
        ActsRefused::Refused(refused) => {
            refused.iter().map(|(id, why)| format!("{}: {why}", path(id))).collect()
        }
    };
    let more = lines.len().saturating_sub(LISTED);
    let mut told = vec!["nothing was changed".to_owned()];
    told.extend(lines.into_iter().take(LISTED));
    if more > 0 {
        told.push(format!("and {more} more"));
    }
    Failure::usage("refused", told.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_an_instant_or_a_duration() {
        assert_eq!(until("14d").unwrap(), Until::In(Duration::from_hours(14 * 24)));
        assert!(matches!(until("2026-12-01").unwrap(), Until::At(_)));
        assert!(until("tomorrow").unwrap_err().contains("14d"));
    }
}
