//! Where others see how things stand while the daemon works: its metrics, and whether its state store answers.

use std::net::SocketAddr;

use tokio::task::JoinHandle;

use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::cli::metrics::{listen, snapshots, subjects};
use crate::config::Loaded;
use crate::metrics::Snapshots;

/// A server of metrics beside the runs.
pub(super) struct Window {
    snapshots: Snapshots,
    serving: JoinHandle<()>,
}

impl Window {
    /// Listens, and answers until the daemon is asked to end. A server that ends by itself takes no run with it.
    pub(super) async fn open(desk: &Desk, address: SocketAddr, loaded: &Loaded) -> Result<Self, Failure> {
        let snapshots = snapshots(loaded)?;
        let server = listen(address, snapshots.clone()).await?;
        let token = desk.signals.token().clone();
        let serving = tokio::spawn(async move {
            if let Err(error) = server.run(token).await {
                tracing::error!(%error, "nobody sees any more how things stand; runs go on");
            }
        });
        Ok(Self { snapshots, serving })
    }

    /// Waits for the last answers, once the daemon is asked to end.
    pub(super) async fn close(self) {
        // It says itself what is wrong.
        let _ended = self.serving.await;
    }

    /// Shows the domains of another configuration from now on.
    pub(super) fn show(&self, loaded: &Loaded) {
        self.snapshots.set(subjects(loaded));
    }
}
