//! What a saved plan lets a run send: nothing else, whatever the run finds. The limits apply to it as to everything.

use std::collections::BTreeMap;

use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::{DomainName, Each};
use uuid::Uuid;

use crate::plan::Exposure;
use crate::report::{CarriedOut, DomainReport, ItemCarriedOut, Outcome};

/// What a plan lets a run send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    /// The run that made the plan.
    pub plan: Uuid,
    /// By domain.
    pub domains: BTreeMap<DomainName, Permitted>,
}

/// What a plan lets a run send for one domain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permitted {
    /// What the plan had read when it found this: the limits look at it, for the run reads the planned items alone.
    pub among: Exposure,
    /// The items, by member of the fan-out.
    pub members: BTreeMap<Each, BTreeMap<Key, PermittedItem>>,
}

/// An item whose event may be sent, if it is still the same event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermittedItem {
    /// What was wrong with it.
    pub kind: Kind,
    /// The event, whose id says which drift it is about.
    pub event_id: Uuid,
    /// The item's own clock, where it is known.
    pub clock: Option<Instant>,
}

impl Permit {
    /// The items of a member of a domain.
    pub(super) fn items(&self, domain: &DomainName, each: &Each) -> Option<&BTreeMap<Key, PermittedItem>> {
        self.domains.get(domain)?.members.get(each)
    }

    /// What the limits look at for a member of a domain. All of it stands with the first, so that it counts once.
    pub(super) fn among(&self, domain: &DomainName, each: &Each) -> Exposure {
        let Some(permitted) = self.domains.get(domain) else { return Exposure::default() };
        let is_first = permitted.members.keys().next() == Some(each);
        if is_first { permitted.among } else { Exposure::default() }
    }

    /// Says of the items that a run did not come to that they were not read.
    pub(super) fn account_for_all(&self, domain: &DomainName, report: &mut DomainReport) {
        let Some(permitted) = self.domains.get(domain) else { return };
        let own = report.carried_out.take().map(|own| own.items).unwrap_or_default();
        let mut items: BTreeMap<(String, String), ItemCarriedOut> =
            own.into_iter().map(|item| ((item.each.clone(), item.key.clone()), item)).collect();
        for (each, key) in
            permitted.members.iter().flat_map(|(each, keys)| keys.keys().map(move |key| (each, key)))
        {
            let (each, key) = (each.as_str().to_owned(), key.to_string());
            items.entry((each.clone(), key.clone())).or_insert_with(|| ItemCarriedOut {
                each,
                key,
                outcome: Outcome::Unread,
                why: Some("the run did not come to it".to_owned()),
            });
        }
        report.carried_out = Some(CarriedOut { plan: self.plan, items: items.into_values().collect() });
    }
}
