//! Does a transaction again, whole, where that may help. It knows which failures pass, and nothing of what a transaction does.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};

use super::database::Store;
use super::error::{Came, StoreError};

/// How often a transaction is tried, the first time included.
const TRIES: usize = 5;
/// The first pause; each is three times as long as the one before, and the real ones are up to twice as long by chance, so that
/// those who met once do not meet again.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What doing a transaction twice comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Twice {
    /// The same as once: it may be done again also where nobody knows whether it was done, as when the connection broke off while
    /// the answer to COMMIT was on its way.
    IsOnce,
    /// Something else: it is done again only where it certainly came to nothing.
    IsTwice,
}

/// Whether a transaction was tried before, and may have been done without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Try {
    /// No.
    First,
    /// Yes.
    Again,
}

/// Counts the tries of a transaction.
#[derive(Debug, Default)]
pub(super) struct Tries(AtomicBool);

impl Tries {
    /// The next one.
    pub(super) fn next(&self) -> Try {
        if self.0.swap(true, Ordering::Relaxed) { Try::Again } else { Try::First }
    }
}

impl Store {
    /// Does a transaction, at most five times, until it succeeds or fails in a way that does not pass.
    pub(super) async fn again<T, F>(&self, twice: Twice, once: impl FnMut() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        again(self.place(), twice, once).await
    }
}

/// The same at a place to which there is no connection yet.
pub(super) async fn again<T, F>(place: &str, twice: Twice, once: impl FnMut() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let pauses = ExponentialBuilder::new()
        .with_min_delay(FIRST_PAUSE)
        .with_max_delay(LONGEST_PAUSE)
        .with_factor(3.0)
        .with_max_times(TRIES - 1)
        .with_jitter();
    let may_help = |error: &StoreError| match error.came() {
        Came::ToNothing => true,
        Came::NobodyKnows => twice == Twice::IsOnce,
        Came::ToAnEnd => false,
    };
    once.retry(pauses)
        .sleep(tokio::time::sleep)
        .when(may_help)
        .notify(|error: &StoreError, pause| {
            tracing::info!(place, ?pause, error = error.with_causes(), "asking the state store again");
        })
        .await
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::store::StoreSettings;

    /// A store that is open, and a clock that jumps over every pause.
    async fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let settings = StoreSettings::Sqlite { path: folder.path().join("state.db") };
        let store = Store::open(&settings).await.unwrap();
        tokio::time::pause();
        (folder, store)
    }

    fn conflict() -> StoreError {
        StoreError::Conflict { place: "here".to_owned(), cause: sqlx::Error::PoolTimedOut }
    }

    fn lost() -> StoreError {
        StoreError::Unreachable { place: "here".to_owned(), cause: "the connection broke off".into() }
    }

    /// How often a transaction is tried that always fails.
    async fn tries(store: &Store, twice: Twice, failing: fn() -> StoreError) -> usize {
        let tries = Cell::new(0);
        let once = || {
            tries.set(tries.get() + 1);
            std::future::ready(Err::<(), _>(failing()))
        };
        assert!(store.again(twice, once).await.is_err());
        tries.get()
    }

    #[tokio::test]
    async fn what_passes_is_tried_five_times_and_nothing_else_is_tried_twice() {
        let (_folder, store) = store().await;
        let full = || StoreError::Full { place: "here".to_owned() };
        for twice in [Twice::IsOnce, Twice::IsTwice] {
            assert_eq!(tries(&store, twice, conflict).await, TRIES);
            assert_eq!(tries(&store, twice, full).await, 1);
        }
    }

    #[tokio::test]
    async fn what_nobody_knows_is_done_again_only_where_twice_is_once() {
        let (_folder, store) = store().await;
        assert_eq!(tries(&store, Twice::IsOnce, lost).await, TRIES);
        assert_eq!(tries(&store, Twice::IsTwice, lost).await, 1);
    }

    #[tokio::test]
    async fn the_first_success_is_the_last_try() {
        let (_folder, store) = store().await;
        let tries = Cell::new(0);
        let once = || {
            tries.set(tries.get() + 1);
            std::future::ready(if tries.get() < 3 { Err(conflict()) } else { Ok(tries.get()) })
        };
        assert_eq!(store.again(Twice::IsTwice, once).await.unwrap(), 3);
    }
}
