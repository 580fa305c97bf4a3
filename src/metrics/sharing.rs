//! Work that is done once at a time, however many ask for it: whoever comes while it is under way shares its outcome.

use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};

use crate::store::StoreError;

type Answer<T> = Result<Arc<T>, String>;

/// The work under way, where there is any.
pub(super) struct Sharing<T>(Mutex<Option<Shared<BoxFuture<'static, Answer<T>>>>>);

impl<T> Default for Sharing<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Send + Sync + 'static> Sharing<T> {
    /// Shares the work under way, or begins it. It is a task of its own: nobody who stops waiting cuts it off.
    pub(super) fn join<F, W>(&self, begin: F) -> impl Future<Output = Answer<T>> + use<F, W, T>
    where
        F: FnOnce() -> W,
        W: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let mut under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = under_way.as_ref().filter(|shared| shared.peek().is_none()) {
            return shared.clone();
        }
        let task = tokio::spawn(begin());
        let answer = async move {
            match task.await {
                Ok(Ok(done)) => Ok(Arc::new(done)),
                Ok(Err(error)) => Err(error.with_causes()),
                Err(_) => Err("a mistake in tieout ended it; the log says where".to_owned()),
            }
        };
        let shared = answer.boxed().shared();
        *under_way = Some(shared.clone());
        shared
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn whoever_asks_meanwhile_shares_and_whoever_comes_later_does_not() {
        let (begun, go) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
        let sharing = Sharing::<u32>::default();
        let work = || {
            let (begun, go) = (Arc::clone(&begun), Arc::clone(&go));
            async move {
                let number = begun.fetch_add(1, Ordering::SeqCst);
                go.notified().await;
                Ok(number)
            }
        };
        let (first, second) = (sharing.join(work), sharing.join(work));
        go.notify_one();
        assert_eq!((*first.await.unwrap(), *second.await.unwrap()), (0, 0));
        go.notify_one();
        assert_eq!(*sharing.join(work).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_panic_is_an_answer_and_the_next_one_tries_again() {
        let sharing = Sharing::<u32>::default();
        let panics = async || -> Result<u32, StoreError> { panic!("on purpose") };
        assert!(sharing.join(panics).await.is_err());
        assert_eq!(*sharing.join(async || Ok(7)).await.unwrap(), 7);
    }
}
