//! `/metrics`, `/healthz` and `/readyz`, for Prometheus and Kubernetes. It answers reads alone, and shows no row of anybody's.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::snapshot::{NoSnapshot, Snapshots};
use super::text;

/// How long a stopping server waits for answers that are under way.
const GRACE: Duration = Duration::from_secs(5);

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be had.
    #[error("cannot listen on {address}: {cause}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        cause: io::Error,
    },
    /// The server ended by itself.
    #[error("the server ended: {0}")]
    Ended(io::Error),
}

/// The routes.
pub fn router(snapshots: Snapshots) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .with_state(snapshots)
}

async fn metrics(State(snapshots): State<Snapshots>) -> Response {
    let families = match snapshots.take().await {
        Ok(families) => families,
        Err(none) => return unavailable(&none),
    };
    match text::text(families.as_ref().clone()) {
        Ok(text) => ([(CONTENT_TYPE, text::CONTENT_TYPE), (CACHE_CONTROL, "no-store")], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn ready(State(snapshots): State<Snapshots>) -> Response {
    match snapshots.reach().await {
        Ok(()) => "ok\n".into_response(),
        Err(none) => unavailable(&none),
    }
}

/// Why not is for the log: whoever asks may be anybody.
fn unavailable(none: &NoSnapshot) -> Response {
    tracing::warn!(%none, "the state store cannot be asked");
    (StatusCode::SERVICE_UNAVAILABLE, "the state store cannot be asked; the log says why\n").into_response()
}

/// A server that listens already.
pub struct Server {
    listener: TcpListener,
    snapshots: Snapshots,
}

impl Server {
    /// Listens on an address.
    pub async fn listen(address: SocketAddr, snapshots: Snapshots) -> Result<Self, ServeError> {
        let listener =
            TcpListener::bind(address).await.map_err(|cause| ServeError::Listen { address, cause })?;
        Ok(Self { listener, snapshots })
    }

    /// Where it listens.
    pub fn address(&self) -> Result<SocketAddr, ServeError> {
        self.listener.local_addr().map_err(ServeError::Ended)
    }

    /// Answers until `stop`; then it takes no more requests, and returns when the last answer is out or after a few seconds.
    pub async fn run(self, stop: CancellationToken) -> Result<(), ServeError> {
        let serve = axum::serve(self.listener, router(self.snapshots.clone()))
            .with_graceful_shutdown(stop.clone().cancelled_owned())
            .into_future();
        let too_late = async {
            stop.cancelled().await;
            tokio::time::sleep(GRACE).await;
        };
        let ended = tokio::select! {
            ended = serve => ended.map_err(ServeError::Ended),
            () = too_late => Ok(()),
        };
        self.snapshots.close().await;
        ended
    }
}
