//! Starts and stops the simulated provider on a free port of the loopback interface.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use axum::routing::get;
use axum::{Router, middleware};
use fastrand::Rng;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::gate::{Gate, Traffic, pass};
use super::ledger::Ledger;
use super::manners::Manners;
use super::refusal::Refusal;
use super::{charges, customers, refunds};
use crate::demo::population::Population;

/// How long a stopping provider waits for answers that are under way.
const GRACE: Duration = Duration::from_secs(2);

/// A running simulated provider. Stops when dropped; [`Provider::stop`] also waits until it has.
pub struct Provider {
    base_url: String,
    key: SecretString,
    ledger: Arc<Ledger>,
    gate: Arc<Gate>,
    stopping: DropGuard,
    serving: JoinHandle<()>,
}

/// The simulated provider could not start.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// No port of the loopback interface could be had.
    #[error("failed to listen on the loopback interface")]
    Listen(#[source] io::Error),
}

impl Provider {
    /// Serves `population` under a new key, until stopped or dropped.
    pub async fn start(population: &Population, manners: Manners) -> Result<Self, ProviderError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(ProviderError::Listen)?;
        let address = listener.local_addr().map_err(ProviderError::Listen)?;
        let key = new_key();
        let ledger = Arc::new(Ledger::default());
        ledger.put(population);
        let gate = Arc::new(Gate::new(key.clone(), manners));
        let stop = CancellationToken::new();
        let serve = axum::serve(listener, routes(&ledger, &gate))
            .with_graceful_shutdown(stop.clone().cancelled_owned())
            .into_future();
        let serving = tokio::spawn(async move { drop(serve.await) });
        Ok(Self {
            base_url: format!("http://{address}"),
            key,
            ledger,
            gate,
            stopping: stop.drop_guard(),
            serving,
        })
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The only key that is let in: `sk_demo_` and 24 letters or digits.
    #[must_use]
    pub const fn key(&self) -> &SecretString {
        &self.key
    }

    /// Puts newcomers on the shelves from now on; an item with a known id replaces the old one.
    pub fn arrive(&self, newcomers: &Population) {
        self.ledger.put(newcomers);
    }

    /// The requests so far.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.gate.traffic()
    }

    /// Takes no more requests and returns when the last answer is out, or after two seconds.
    pub async fn stop(self) {
        drop(self.stopping);
        let mut serving = self.serving;
        if tokio::time::timeout(GRACE, &mut serving).await.is_err() {
            serving.abort();
        }
    }
}

fn routes(ledger: &Arc<Ledger>, gate: &Arc<Gate>) -> Router {
    Router::new()
        .route("/v1/charges", get(charges::list))
        .route("/v1/charges/{id}", get(charges::one))
        .route("/v1/refunds", get(refunds::list))
        .route("/v1/refunds/{id}", get(refunds::one))
        .route("/v1/customers", get(customers::list))
        .route("/v1/customers/{id}", get(customers::one))
        .fallback(async || Refusal::NoSuchRoute)
        .with_state(Arc::clone(ledger))
        .layer(middleware::from_fn_with_state(Arc::clone(gate), pass))
}

/// Drawn afresh each time: the one thing in the demo that no seed decides.
fn new_key() -> SecretString {
    let mut rng = Rng::new();
    let tail: String = (0..24).map(|_| rng.alphanumeric()).collect();
    SecretString::from(format!("sk_demo_{tail}"))
}
