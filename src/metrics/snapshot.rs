//! Asks the state store how things stand: once for everybody who wants to know at the same time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OnceCell;

use super::facts::Facts;
use super::measure::measure;
use super::sample::Family;
use super::sharing::Sharing;
use super::subject::Subject;
use crate::store::{Store, StoreError, StoreSettings, Upgrade};

/// How long somebody who asks is kept waiting. What was begun goes on, and whoever asks next shares it.
const PATIENCE: Duration = Duration::from_secs(9);

/// How things stand now.
pub async fn take(store: &Store, subjects: &[Subject]) -> Result<Vec<Family>, StoreError> {
    let (measured, now) = (store.measured().await?, store.now().await?);
    Ok(measure(&Facts::of(subjects, &measured, now)))
}

/// Snapshots of one state store, which is opened when somebody first asks for one: a server that starts before its database
/// becomes ready with it.
#[derive(Clone)]
pub struct Snapshots {
    shared: Arc<Inner>,
}

struct Inner {
    opened: OnceCell<Store>,
    settings: StoreSettings,
    upgrade: Upgrade,
    subjects: Mutex<Arc<[Subject]>>,
    /// Whether the state store was told of them.
    are_known: AtomicBool,
    taking: Sharing<Vec<Family>>,
    reaching: Sharing<()>,
}

/// Why there is no snapshot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSnapshot {
    /// The state store said why.
    #[error("{0}")]
    Store(String),
    /// It has not answered yet.
    #[error("the state store has not answered within {} s", PATIENCE.as_secs())]
    Late,
}

impl Snapshots {
    /// Snapshots of the domains of a configuration.
    #[must_use]
    pub fn new(settings: StoreSettings, upgrade: Upgrade, subjects: Vec<Subject>) -> Self {
        let inner = Inner {
            opened: OnceCell::new(),
            settings,
            upgrade,
            subjects: Mutex::new(subjects.into()),
            are_known: AtomicBool::default(),
            taking: Sharing::default(),
            reaching: Sharing::default(),
        };
        Self { shared: Arc::new(inner) }
    }

    /// The same of other domains from now on.
    pub fn set(&self, subjects: Vec<Subject>) {
        *self.shared.subjects.lock().unwrap_or_else(PoisonError::into_inner) = subjects.into();
        self.shared.are_known.store(false, Ordering::Release);
    }

    /// How things stand now, or did when whoever asked first was told.
    pub async fn take(&self) -> Result<Arc<Vec<Family>>, NoSnapshot> {
        let inner = Arc::clone(&self.shared);
        let taken = self.shared.taking.join(async move || {
            let store = inner.store().await?;
            let subjects = inner.subjects();
            inner.introduce(store, &subjects).await;
            take(store, &subjects).await
        });
        in_time(taken).await
    }

    /// Whether the state store answers.
    pub async fn reach(&self) -> Result<(), NoSnapshot> {
        let inner = Arc::clone(&self.shared);
        let reached = self.shared.reaching.join(async move || inner.store().await?.now().await.map(drop));
        in_time(reached).await.map(drop)
    }

    /// Gives the connections back.
    pub async fn close(&self) {
        if let Some(store) = self.shared.opened.get() {
            store.close().await;
        }
    }
}

impl Inner {
    async fn store(&self) -> Result<&Store, StoreError> {
        self.opened.get_or_try_init(|| Store::open_with(&self.settings, self.upgrade)).await
    }

    fn subjects(&self) -> Arc<[Subject]> {
        Arc::clone(&self.subjects.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Since when a domain is known is worth writing down, and no reason to say nothing where nothing may be written.
    async fn introduce(&self, store: &Store, subjects: &[Subject]) {
        if self.are_known.swap(true, Ordering::AcqRel) {
            return;
        }
        let names: Vec<_> = subjects.iter().map(|subject| &subject.domain).collect();
        if let Err(error) = store.know_domains(&names).await {
            tracing::warn!(%error, "since when domains are known could not be noted");
        }
    }
}

/// No call of the state store is ever cut off, so only the waiting is.
async fn in_time<T>(shared: impl Future<Output = Result<Arc<T>, String>>) -> Result<Arc<T>, NoSnapshot> {
    match tokio::time::timeout(PATIENCE, shared).await {
        Ok(answer) => answer.map_err(NoSnapshot::Store),
        Err(_) => Err(NoSnapshot::Late),
    }
}
