//! A saved plan is carried out: its items are read again by key and judged as always, and nothing else is looked at.
//!
//! The way is that of every run (judge, plan, commit, release); the plan only narrows what may be staged and let go.

use std::collections::{BTreeMap, HashMap};

use tieout_reconcilers::compare::Side;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::window::Purpose;
use uuid::Uuid;

use super::domain::{Night, Proven};
use super::narrow::{Seen, narrow, on_their_way};
use super::outcome::Failure;
use super::permit::{Permit, PermittedItem};
use super::slice::LOOKED_UP_AT_ONCE;
use crate::confirm::{Absence, Confirmation};
use crate::diff::{Looks, Suspect};
use crate::report::{CarriedOut, ItemCarriedOut, Outcome};

impl Night<'_> {
    /// Judges the items of a plan and stages those of its events that still hold.
    pub(super) async fn carry_out(&mut self, permit: &Permit) -> Result<(), Failure> {
        let Some(items) = permit.items(self.sides.reconciler.domain(), &self.sides.each) else {
            return Ok(());
        };
        let items: Vec<(&Key, &PermittedItem)> = items.iter().collect();
        for some in items.chunks(LOOKED_UP_AT_ONCE) {
            self.stop.check()?;
            if self.job.options.is_late() {
                self.doubt("the deadline came before all items of the plan were looked at".to_owned());
                break;
            }
            let some = some.iter().map(|(key, item)| ((*key).clone(), (*item).clone())).collect();
            self.carry_out_some(permit, &some).await?;
        }
        Ok(())
    }

    async fn carry_out_some(
        &mut self,
        permit: &Permit,
        items: &BTreeMap<Key, PermittedItem>,
    ) -> Result<(), Failure> {
        let keys: Vec<Key> = items.keys().cloned().collect();
        let known = self.known(&keys).await?;
        let suspects: Vec<Suspect> = items.iter().map(|(key, item)| self.planned(key, item)).collect();
        let wanted: Vec<_> = suspects.iter().map(Suspect::wanted).collect();
        let is_gone = suspects.iter().any(|suspect| suspect.looks == Looks::LocalOnly);
        let absence = if is_gone { Absence::Expected } else { Absence::Unexpected };
        // Whatever is still what the plan saw has rested since then at least.
        let confirmation = self.confirm(&wanted, &|_| true, absence).await?;
        let seen = seen(&confirmation);
        let plan = self.judge(&suspects, Purpose::Coverage, confirmation).await?;
        let (plan, mut told) = narrow(plan, items, &seen, &known);
        self.take_over(&on_their_way(items, &seen, &known), &mut told).await?;
        for item in &mut told {
            self.sides.each.as_str().clone_into(&mut item.each);
        }
        let carried_out = CarriedOut { plan: permit.plan, items: Vec::new() };
        self.report.carried_out.get_or_insert(carried_out).items.extend(told);
        self.commit(plan, Proven::default()).await
    }

    /// What a run of the plan had staged that died before it let it go is let go by this one.
    async fn take_over(
        &self,
        staged: &HashMap<Uuid, Key>,
        told: &mut [ItemCarriedOut],
    ) -> Result<(), Failure> {
        let Some(lease) = self.lease.as_ref().filter(|_| !staged.is_empty()) else { return Ok(()) };
        let events: Vec<Uuid> = staged.keys().copied().collect();
        let taken = self.job.store.take_over_staged(lease, &events).await?;
        let keys: Vec<String> = taken.iter().filter_map(|id| staged.get(id)).map(Key::to_string).collect();
        for item in told.iter_mut().filter(|item| keys.contains(&item.key)) {
            (item.outcome, item.why) = (Outcome::Released, None);
        }
        Ok(())
    }

    fn planned(&self, key: &Key, item: &PermittedItem) -> Suspect {
        let absent = self.direction().kind_of_only(Side::Local);
        let looks = if item.kind == absent { Looks::LocalOnly } else { Looks::Different };
        Suspect {
            key: key.clone(),
            clock: item.clock,
            looks,
            upstream: false,
            local: false,
            seen_before: None,
        }
    }

    /// Where a limit tripped, what was to be let go is held.
    pub(super) fn say_held_items(&mut self) {
        let Some(limit) = &self.limit else { return };
        let items = self.report.carried_out.iter_mut().flat_map(|carried_out| &mut carried_out.items);
        for item in items.filter(|item| item.outcome == Outcome::Released) {
            (item.outcome, item.why) = (Outcome::Held, Some(limit.clone()));
        }
    }
}

fn seen(confirmation: &Confirmation) -> HashMap<Key, Seen> {
    let judged = confirmation.judged.iter().map(|judged| &judged.observation);
    let judged = judged.map(|one| (one.key.clone(), Seen::from(&one.look)));
    let unknown = confirmation.unknown.iter().map(|(key, why)| (key.clone(), Seen::Unknown(why.to_string())));
    judged.chain(unknown).collect()
}
