//! What channels were told before, and what is known of money: read before anybody is told, and written after.

use std::collections::BTreeMap;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::DomainName;
use uuid::Uuid;

use super::channel::Channel;
use super::decide::Told;
use super::digest::Stakes;
use super::event::Trouble;
use crate::report::RunReport;
use crate::store::{Notice, Store, StoreError};

/// What is remembered.
pub(super) struct Memory {
    told: BTreeMap<String, BTreeMap<String, Told>>,
    /// What findings move, by domain.
    pub(super) stakes: Stakes,
    /// By the state store's clock; by that of this process where there is none.
    pub(super) now: Instant,
}

impl Memory {
    /// Nothing is remembered.
    pub(super) fn none(now: Instant) -> Self {
        Self { told: BTreeMap::new(), stakes: Stakes::new(), now }
    }

    /// Reads what there is.
    pub(super) async fn read(store: &Store, report: &RunReport) -> Result<Self, StoreError> {
        let mut memory = Self::none(store.now().await?);
        for notice in store.notices().await? {
            let told = Told { troubles: known(&notice.troubles), at: notice.told_at };
            memory.told.entry(notice.channel).or_default().insert(notice.domain, told);
        }
        for domain in &report.domains {
            let Ok(name) = domain.domain.parse::<DomainName>() else { continue };
            let stakes = store.stakes(&name).await?;
            memory.stakes.insert(domain.domain.clone(), stakes);
        }
        Ok(memory)
    }

    /// What a channel was told, by domain.
    pub(super) fn of(&self, channel: &Channel) -> BTreeMap<String, Told> {
        self.told.get(channel.name.as_str()).cloned().unwrap_or_default()
    }
}

/// Writes down what channels know now, where that is something else than before.
pub(super) async fn write(
    store: &Store,
    run_id: Uuid,
    memory: &Memory,
    known: &[(&Channel, BTreeMap<String, Told>)],
) -> Result<(), StoreError> {
    let mut notices = Vec::new();
    for (channel, told) in known {
        let before = memory.of(channel);
        let changed = told.iter().filter(|(domain, told)| before.get(*domain) != Some(told));
        notices.extend(changed.map(|(domain, told)| Notice {
            channel: channel.name.to_string(),
            domain: domain.clone(),
            troubles: told.troubles.iter().map(|(trouble, digits)| (trouble.to_string(), *digits)).collect(),
            told_at: told.at,
        }));
    }
    if notices.is_empty() {
        return Ok(());
    }
    store.keep_notices(run_id, &notices).await
}

/// Words that a newer program wrote and this one does not know are left out.
fn known(troubles: &BTreeMap<String, u32>) -> BTreeMap<Trouble, u32> {
    let known = |word: &str| Trouble::ALL.into_iter().find(|trouble| trouble.as_str() == word);
    troubles.iter().filter_map(|(word, digits)| Some((known(word)?, *digits))).collect()
}
