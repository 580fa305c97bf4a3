//! What a connection tells without being asked: that it is lost, or that the server does not permit something. Without it both are only
//! seen as acknowledgements that do not come.

use async_nats::{ConnectOptions, Event, ServerError};
use tokio::sync::watch::{self, Receiver};

/// What is wrong with a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It is lost. The client tries once to make it anew, which nobody waits for.
    Lost,
    /// The login may not do what was asked of it: what the server said.
    NotPermitted(String),
}

/// Hears of the first trouble of a connection.
#[derive(Debug, Clone)]
pub(super) struct Ear(Receiver<Option<Trouble>>);

/// Lets the connection that is made with these options tell its first trouble.
pub(super) fn listen(options: ConnectOptions) -> (ConnectOptions, Ear) {
    let (mouth, ear) = watch::channel(None);
    let options = options.event_callback(move |event| {
        if let Some(trouble) = of(&event) {
            mouth.send_if_modified(|first| {
                let is_first = first.is_none();
                first.get_or_insert(trouble);
                is_first
            });
        }
        async {}
    });
    (options, Ear(ear))
}

impl Ear {
    /// Waits for trouble.
    pub(super) async fn trouble(&mut self) -> Trouble {
        let told = self.0.wait_for(Option::is_some).await;
        // The client has gone, and nobody can tell anything any more.
        told.ok().and_then(|trouble| trouble.clone()).unwrap_or(Trouble::Lost)
    }
}

fn of(event: &Event) -> Option<Trouble> {
    match event {
        Event::Disconnected | Event::Closed => Some(Trouble::Lost),
        Event::ServerError(ServerError::Other(said))
            if said.to_ascii_lowercase().contains("permissions violation") =>
        {
            Some(Trouble::NotPermitted(said.clone()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_does_not_permit_is_told_and_a_slow_consumer_is_not() {
        let said = "Permissions Violation for Publish to \"billing.repairs\"".to_owned();
        let event = Event::ServerError(ServerError::Other(said.clone()));
        assert_eq!(of(&event), Some(Trouble::NotPermitted(said)));
        assert_eq!(of(&Event::ServerError(ServerError::SlowConsumer(1))), None);
        assert_eq!(of(&Event::Connected), None);
        assert_eq!(of(&Event::Disconnected), Some(Trouble::Lost));
    }
}
