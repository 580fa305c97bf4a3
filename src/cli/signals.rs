//! SIGINT and SIGTERM: the first one asks the work to end, the second one ends the process at once.
//!
//! SIGUSR1 asks how far the work is ([`asks`]).
//!
//! Nothing is saved here; whoever works looks at the token and finishes its report.

use std::io;
use std::pin::pin;
use std::sync::{Arc, OnceLock};

use futures::{Stream, StreamExt};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::report::exit;

/// What asked the work to end, if anything did.
#[derive(Debug, Clone, Default)]
pub struct Signals {
    token: CancellationToken,
    first: Arc<OnceLock<u8>>,
}

impl Signals {
    /// Listens from now on. Must be called inside a tokio runtime.
    pub fn listen() -> io::Result<Self> {
        // Whoever asks must not end a process that has nothing to tell.
        let _asks = asks()?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let codes = async_stream::stream! {
            loop {
                yield tokio::select! {
                    _ = interrupt.recv() => exit::INTERRUPTED,
                    _ = terminate.recv() => exit::TERMINATED,
                };
            }
        };
        let signals = Self::default();
        let heard = signals.clone();
        tokio::spawn(async move {
            if let Some(code) = heard.hear(codes).await {
                std::process::exit(code.into());
            }
        });
        Ok(signals)
    }

    /// Cancelled by the first signal.
    #[must_use]
    pub const fn token(&self) -> &CancellationToken {
        &self.token
    }

    /// 130 or 143 once a signal came.
    #[must_use]
    pub fn exit_code(&self) -> Option<u8> {
        self.first.get().copied()
    }

    /// Notes the first of `codes` and returns the second.
    async fn hear(&self, codes: impl Stream<Item = u8>) -> Option<u8> {
        let mut codes = pin!(codes);
        let first = codes.next().await?;
        // Set before the token is cancelled, so that whoever wakes up finds it.
        let _ = self.first.set(first);
        self.token.cancel();
        codes.next().await
    }
}

/// Hears SIGUSR1 from now on.
pub(super) fn asks() -> io::Result<Signal> {
    signal(SignalKind::user_defined1())
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::stream;

    #[tokio::test]
    async fn the_first_signal_asks_and_the_second_ends() {
        let signals = Signals::default();
        let second = signals.hear(stream::iter([exit::TERMINATED, exit::INTERRUPTED])).await;
        assert_eq!(second, Some(exit::INTERRUPTED));
        assert!(signals.token().is_cancelled());
        assert_eq!(signals.exit_code(), Some(exit::TERMINATED));
    }

    #[tokio::test]
    async fn without_a_signal_nothing_is_cancelled() {
        let signals = Signals::default();
        assert_eq!(signals.hear(stream::empty()).await, None);
        assert!(!signals.token().is_cancelled());
        assert_eq!(signals.exit_code(), None);
    }
}
