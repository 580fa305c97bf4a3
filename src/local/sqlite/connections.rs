//! The connections to a file: few, opened when they are needed, each used by one read at a time on a thread that may wait.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::file::File;

/// How many slices may read at once.
const CONNECTIONS: usize = 4;

/// Why work on a connection came to nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// What SQLite says.
    Sqlite(rusqlite::Error),
    /// All connections were in use for too long.
    Busy,
    /// The database was closed.
    Closed,
    /// The thread that read panicked.
    Broken,
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// The connections to one file.
#[derive(Debug)]
pub(super) struct Connections {
    file: File,
    /// How long to wait until one is free.
    patience: Duration,
    free: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

impl Connections {
    pub(super) fn new(file: File, patience: Duration) -> Self {
        Self { file, patience, free: Arc::new(Semaphore::new(CONNECTIONS)), idle: Mutex::default() }
    }

    /// Does some work with a connection. Work that was begun is not cancelled with its caller.
    pub(super) async fn with<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Failure> {
        let free = self.free.clone().acquire_owned();
        let place = tokio::time::timeout(self.patience, free).await.map_err(|_| Failure::Busy)?;
        let place = place.map_err(|_| Failure::Closed)?;
        let this = self.clone();
        let working = tokio::task::spawn_blocking(move || {
            let connection = this.take()?;
            let done = work(&connection);
            this.put_back(connection);
            drop(place);
            done
        });
        // A thread that panicked has said so itself.
        working.await.map_err(|_| Failure::Broken)?.map_err(Failure::Sqlite)
    }

    /// Closes all of them, those that are in use when their work is done.
    pub(super) fn close(&self) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        self.free.close();
        idle.clear();
    }

    fn take(&self) -> rusqlite::Result<Connection> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| self.file.open(), Ok)
    }

    fn put_back(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.free.is_closed() {
            idle.push(connection);
        }
    }
}
