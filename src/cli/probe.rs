//! `tieout probe`: asks a feed a few questions and says which claims of its definition they prove.

use tieout_reconcilers::fan_out::Member;

use super::check::{self, Tested};
use super::desk::Desk;
use super::failure::Failure;
use super::feed::FeedArgs;
use crate::probe::{Fact, Verdict, facts, look};
use crate::report::exit;

/// Carries `probe` out.
pub(super) async fn probe(desk: &Desk, args: &FeedArgs) -> Result<u8, Failure> {
    let feed = args.open(desk).await?;
    let mut tests: Vec<Tested> = feed.member.iter().map(asked_for).collect();
    match look(&feed.client, feed.reconciler.as_ref(), &feed.slice).await {
        Ok(evidence) => tests.extend(facts(feed.reconciler.feed(), &evidence).into_iter().map(tested)),
        Err(reason) => {
            let exit = if reason.is_rejected() { exit::CREDENTIALS } else { exit::FAILED };
            tests.push(Tested::failed("request", reason.to_string(), exit));
        }
    }
    check::show("probe", &tests, &desk.output)
}

fn asked_for(member: &Member) -> Tested {
    Tested::ok("member", format!("the feed was asked for `{}`", member.each.as_str()))
}

fn tested(fact: Fact) -> Tested {
    match fact.verdict {
        Verdict::Holds => Tested::ok(fact.claim, fact.seen),
        Verdict::Unproven => Tested::warning(fact.claim, fact.seen),
        // The definition says something that is not so, and a person has to change it.
        Verdict::Fails => Tested::failed(fact.claim, fact.seen, exit::USAGE),
    }
}
