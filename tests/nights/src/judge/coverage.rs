//! What a night may call verified, and what it must.

use super::evidence::{Ranges, merged, walked, without};
use super::truth::start;
use super::{Judge, Night, Wrong};
use crate::files::utc;
use crate::story::Mood;

impl Judge {
    pub(super) fn coverage(&mut self, night: &Night<'_>) -> Vec<Wrong> {
        let (variety, bounds, evidence) = (night.variety(), night.bounds(), night.evidence());
        let mut wrong = Vec::new();
        for member in variety.members {
            let before = self.verified.get(member).cloned().unwrap_or_default();
            let after = &night.seen.verified[member];
            let walked = walked(variety, bounds, night.world, member);
            let unproven = without(&without(after, &before), &walked);
            if !unproven.is_empty() {
                wrong.push(Wrong::untrue(
                    None,
                    format!("{member}: calls verified what no walk proved: {}", in_words(&unproven)),
                ));
            }
            let lost = without(&before, after);
            if !lost.is_empty() {
                wrong.push(Wrong::untrue(
                    None,
                    format!("{member}: forgets what was verified: {}", in_words(&lost)),
                ));
            }
            let whole: Ranges = merged(vec![(start(variety), bounds.ceiling)]);
            let left = without(&whole, after);
            if evidence.is_honest() && !left.is_empty() {
                wrong.push(Wrong::missed(None, format!("{member}: leaves unverified {}", in_words(&left))));
            }
            wrong.extend(self.tokens(night, member));
        }
        wrong.extend(said(night));
        wrong
    }

    /// A walk may only go on from a token that an earlier one was given at its end.
    fn tokens(&mut self, night: &Night<'_>, member: &'static str) -> Option<Wrong> {
        let its = || night.world.tonight.asked.iter().filter(|asked| asked.member == member);
        let known = self.tokens.entry(member).or_default();
        let strange = its().map(|asked| asked.since).find(|since| *since > 0 && !known.contains(since));
        known.extend(its().filter_map(|asked| asked.token));
        strange.map(|since| {
            Wrong::untrue(None, format!("{member}: goes on from {since}, which no walk came to"))
        })
    }
}

/// What the report says about it.
fn said(night: &Night<'_>) -> Vec<Wrong> {
    let Some(domain) = night.seen.domain() else { return Vec::new() };
    let mut wrong = Vec::new();
    let (evidence, bounds) = (night.evidence(), night.bounds());
    // A queue that refuses is a problem too.
    let is_untroubled = domain.problems.is_empty() || night.mood() != Mood::Takes;
    if evidence.is_honest() && !(domain.complete && is_untroubled) {
        wrong.push(Wrong::missed(
            None,
            format!("is not complete: {:?} {:?}", domain.failure, domain.problems),
        ));
    }
    if evidence.is_list_found_out && domain.complete {
        wrong.push(Wrong::untrue(None, "calls itself complete".to_owned()));
    }
    let through = if bounds.ceiling > start(night.variety()) { Some(utc(bounds.ceiling)) } else { None };
    if evidence.is_honest() && domain.verified_through != through {
        wrong.push(Wrong::untrue(
            None,
            format!("says verified through {:?} and not {through:?}", domain.verified_through),
        ));
    }
    wrong
}

fn in_words(ranges: &Ranges) -> String {
    ranges.iter().map(|(from, to)| format!("[{}, {})", utc(*from), utc(*to))).collect::<Vec<_>>().join(" ")
}
