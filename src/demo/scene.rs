//! The demo's world, built and moved on step by step by whoever runs the demo.
//!
//! The order is: [`Scene::set`], [`Scene::newcomers_arrive`], the first run of `tieout`, [`Scene::late_webhooks_arrive`]
//! and [`Scene::shop_consumes`], the second run, [`Scene::strike`]. Never runs `tieout` and never reads the clock.

use std::path::Path;

use chrono::{DateTime, Utc};

use super::damage::{Damage, undamaged};
use super::files::{DemoFiles, FilesError};
use super::population::Population;
use super::provider::{Manners, Provider, ProviderError};
use super::shop::{Consumed, Shop, ShopError};
use super::truth::Truth;

/// A running provider, a shop with spoiled books, and the folder that `tieout` is pointed at.
pub struct Scene {
    /// The folder with the definitions and databases.
    pub files: DemoFiles,
    /// What a right reconciliation finds.
    pub truth: Truth,
    /// The simulated provider.
    pub provider: Provider,
    shop: Shop,
    population: Population,
    newcomers: Population,
    seed: u64,
}

/// Why the scene could not be set or moved on.
#[derive(Debug, thiserror::Error)]
pub enum SceneError {
    /// The folder cannot be used.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// The simulated provider cannot start.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The shop failed.
    #[error(transparent)]
    Shop(#[from] ShopError),
}

impl Scene {
    /// Makes the folder `dir`, starts the provider, and lets the damaged webhooks reach the shop, as of `now`.
    pub async fn set(
        dir: &Path,
        seed: u64,
        now: DateTime<Utc>,
        manners: Manners,
    ) -> Result<Self, SceneError> {
        let files = DemoFiles::prepare(dir)?;
        let population = Population::seeded(seed, now);
        let Damage { truth, deliveries } = Damage::inflict(&population, seed, now);
        let provider = Provider::start(&population, manners).await?;
        files.write(provider.base_url(), provider.key())?;
        let shop = Shop::open_new(&files.shop_db()).await?;
        shop.take_webhooks(&deliveries).await?;
        Ok(Self { files, truth, provider, shop, population, newcomers: Population::default(), seed })
    }

    /// Something happens at the provider in the second of `now`, and its webhooks are still on the way.
    ///
    /// To be called right before the first run: that run must start before the newcomers are as old as the domains'
    /// `settle`, and so must not call them missing.
    pub fn newcomers_arrive(&mut self, now: DateTime<Utc>) {
        self.newcomers = self
            .population
            .arriving(self.seed, now, |id| self.truth.planted.iter().any(|planted| planted.key == id));
        self.provider.arrive(&self.newcomers);
    }

    /// The webhooks of the newcomers reach the shop, each once and in order. To be called before the second run.
    pub async fn late_webhooks_arrive(&self) -> Result<(), SceneError> {
        Ok(self.shop.take_webhooks(&undamaged(&self.newcomers)).await?)
    }

    /// The shop applies what waits in its queue.
    ///
    /// It writes its rows at `now`, so they may be judged again when `now` is as old as the domains' `settle`.
    pub async fn shop_consumes(&self, now: DateTime<Utc>) -> Result<Consumed, SceneError> {
        Ok(self.shop.consume(&self.files.queue_db(), now).await?)
    }

    /// Stops the provider and closes the shop; the folder stays.
    pub async fn strike(self) {
        self.shop.close().await;
        self.provider.stop().await;
    }
}
