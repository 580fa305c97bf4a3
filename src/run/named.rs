//! Keys that a call named: both sides are read by key, these items and no others, and of each it is told what is thought of it.

use std::collections::HashMap;

use tieout_reconcilers::key::Key;
use tieout_reconcilers::window::Purpose;

use super::domain::{Night, Proven};
use super::outcome::Failure;
use super::slice::LOOKED_UP_AT_ONCE;
use crate::confirm::{Absence, Confirmation};
use crate::diff::{Looks, Suspect};
use crate::finding::{Finding, State};
use crate::plan::Look;
use crate::report::{NamedItem, Verdict};

impl Night<'_> {
    /// Judges keys that somebody named, whatever coverage says.
    pub(super) async fn judge_keys(&mut self, keys: &[Key]) -> Result<(), Failure> {
        for (at, some) in keys.chunks(LOOKED_UP_AT_ONCE).enumerate() {
            self.stop.check()?;
            if self.job.options.is_late() {
                let left = keys.len() - at * LOOKED_UP_AT_ONCE;
                self.doubt(format!("the deadline came before {left} of the named keys were looked at"));
                break;
            }
            self.judge_some_keys(some).await?;
        }
        Ok(())
    }

    async fn judge_some_keys(&mut self, keys: &[Key]) -> Result<(), Failure> {
        let known = self.known(keys).await?;
        let named: Vec<Suspect> = keys.iter().map(|key| suspect(key, known.get(key))).collect();
        let wanted: Vec<_> = named.iter().map(Suspect::wanted).collect();
        let settled = self.rest_needed().is_zero();
        let confirmation = self.confirm(&wanted, &|_| settled, Absence::Unexpected).await?;
        let told = told(&confirmation);
        let plan = self.judge(&named, Purpose::Coverage, confirmation).await?;
        self.commit(plan, Proven::default()).await?;
        let known = self.known(keys).await?;
        let each = self.sides.each.as_str();
        let told = told.into_iter().map(|(key, item)| {
            let finding = known.get(&key);
            let is_new = finding.is_some_and(|finding| finding.run_id == self.run_id);
            NamedItem { each: each.to_owned(), ..with_finding(item, finding, is_new) }
        });
        let told: Vec<NamedItem> = told.collect();
        self.named.extend(told);
        Ok(())
    }

    /// What is known of the named keys and is followed, oldest first.
    pub(super) async fn followed_of(&self, keys: &[Key]) -> Result<Vec<Finding>, Failure> {
        let known = self.known(keys).await?;
        let mut followed: Vec<Finding> =
            known.into_values().filter(|finding| finding.state.is_followed()).collect();
        followed.sort_by(|one, other| {
            (one.last_seen, one.first_seen, &one.id.key).cmp(&(
                other.last_seen,
                other.first_seen,
                &other.id.key,
            ))
        });
        Ok(followed)
    }
}

fn suspect(key: &Key, known: Option<&Finding>) -> Suspect {
    Suspect {
        key: key.clone(),
        clock: known.and_then(|finding| finding.clock),
        looks: Looks::Different,
        upstream: false,
        local: false,
        seen_before: None,
    }
}

/// What a look at each key showed.
fn told(confirmation: &Confirmation) -> HashMap<Key, NamedItem> {
    let judged = confirmation.judged.iter().map(|judged| {
        let observation = &judged.observation;
        let found = match &observation.look {
            Look::Agrees => None,
            Look::Differs(found) => Some((Verdict::Differs, found)),
            Look::Young(found) => Some((Verdict::Young, found)),
        };
        let item = NamedItem::of(observation.key.as_str());
        let item = match found {
            None if judged.upstream || judged.local => item,
            None => NamedItem { verdict: Verdict::Absent, ..item },
            Some((verdict, found)) => NamedItem {
                verdict,
                kind: Some(found.kind.as_str().to_owned()),
                fields: found.fields.iter().map(|diff| diff.field.to_string()).collect(),
                ..item
            },
        };
        (observation.key.clone(), item)
    });
    let unread = confirmation.unknown.iter().map(|(key, why)| {
        let item = NamedItem::of(key.as_str());
        (key.clone(), NamedItem { verdict: Verdict::Unread, why: Some(why.to_string()), ..item })
    });
    judged.chain(unread).collect()
}

/// What is thought of an item with how its finding stands, where that says more than that it is open.
fn with_finding(item: NamedItem, finding: Option<&Finding>, is_new: bool) -> NamedItem {
    let Some(finding) = finding else { return item };
    let says = match item.verdict {
        Verdict::Agrees | Verdict::Absent => finding.state.is_over() && is_new,
        Verdict::Differs | Verdict::Young => !finding.state.is_over() && finding.state != State::Open,
        Verdict::Unread => false,
    };
    // What an earlier look has judged is not too young any more.
    let was_judged = finding.state.is_followed() && finding.state != State::Suspected;
    let verdict = match item.verdict {
        Verdict::Young if was_judged => Verdict::Differs,
        verdict => verdict,
    };
    NamedItem { verdict, state: says.then(|| finding.state.as_str().to_owned()), ..item }
}
