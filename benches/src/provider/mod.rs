//! A mock provider with the manners of Stripe's list of charges: keyset cursor, newest first, `created` filters,
//! look-up by id, errors in Stripe's shape.
//!
//! It is a mock: it speaks just enough HTTP/1.1 (keep-alive, GET without a body) to be several times faster than any
//! client that parses its answers, because a framework would be the bottleneck of the benchmark. It checks no
//! credentials and never renders an item while it serves.

mod answer;
mod connection;
mod outage;
mod query;
mod traffic;

pub use outage::Outage;
pub use traffic::{Report, epoch_nanos};

use std::{io, sync::Arc, time::Duration};

use tokio::net::TcpListener;

use crate::catalogue::Catalogue;
use traffic::Traffic;

struct Provider {
    catalogue: Catalogue,
    traffic: Traffic,
    outage: Option<Outage>,
    latency: Duration,
}

/// Answers every connection until the listener fails.
pub async fn serve(
    listener: TcpListener,
    catalogue: Catalogue,
    outage: Option<Outage>,
    latency: Duration,
) -> io::Result<()> {
    let provider = Arc::new(Provider { catalogue, traffic: Traffic::default(), outage, latency });
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let provider = Arc::clone(&provider);
        // A client that breaks off or talks nonsense loses its connection and concerns nobody else.
        tokio::spawn(async move { connection::converse(stream, &provider).await });
    }
}
