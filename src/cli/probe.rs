//! `tieout probe`: asks a feed a few questions and says which claims of its definition they prove.

use super::check::{self, Tested};
use super::desk::Desk;
use super::failure::Failure;
use super::feed::FeedArgs;
use crate::probe::{Fact, Verdict, facts, look};
use crate::report::exit;

/// Carries `probe` out.
pub(super) async fn probe(desk: &Desk, args: &FeedArgs) -> Result<u8, Failure> {
    let feed = args.open(desk).await?;
    let tests = match look(&feed.client, feed.reconciler.as_ref(), &feed.slice).await {
        Ok(evidence) => facts(feed.reconciler.feed(), &evidence).into_iter().map(tested).collect(),
        Err(reason) => {
            let exit = if reason.is_rejected() { exit::CREDENTIALS } else { exit::FAILED };
            vec![Tested::failed("request", reason.to_string(), exit)]
        }
    };
    check::show("probe", &tests, &desk.output)
}

fn tested(fact: Fact) -> Tested {
    match fact.verdict {
        Verdict::Holds => Tested::ok(fact.claim, fact.seen),
        Verdict::Unproven => Tested::warning(fact.claim, fact.seen),
        // The definition says something that is not so, and a person has to change it.
        Verdict::Fails => Tested::failed(fact.claim, fact.seen, exit::USAGE),
    }
}
