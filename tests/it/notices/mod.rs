//! Who is told how runs end: one message where something changed, pings for whoever waits, and a warning where somebody could not be told.

mod channels;
#[cfg(feature = "all-queues")]
mod email;
mod pings;

use serde_json::Value;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::world::World;

/// A server that takes everything, or answers everything with another status until somebody looks.
struct Ear {
    server: MockServer,
}

impl Ear {
    async fn with(status: u16) -> Self {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(ResponseTemplate::new(status)).mount(&server).await;
        Self { server }
    }

    async fn open() -> Self {
        Self::with(200).await
    }

    /// What came since somebody looked. From then on it takes everything.
    async fn heard(&self) -> Vec<Request> {
        let heard = self.server.received_requests().await.unwrap();
        self.server.reset().await;
        Mock::given(any()).respond_with(ResponseTemplate::new(200)).mount(&self.server).await;
        heard
    }

    /// The same as JSON.
    async fn told(&self) -> Vec<Value> {
        self.heard().await.iter().map(|request| serde_json::from_slice(&request.body).unwrap()).collect()
    }

    /// Puts the address of a channel into a file of the world: it is a secret.
    fn hide(&self, world: &World, name: &str) {
        world.write(name, &format!("{}/T0/B0/hush", self.server.uri()));
    }
}

/// Adds channels to a world.
fn notify(world: &World, channels: &str) {
    let config = std::fs::read_to_string(world.path().join("tieout.yaml")).unwrap();
    world.write("tieout.yaml", &format!("{config}notify: {channels}\n"));
}

/// The warnings of a result document.
fn warnings(document: &Value) -> Vec<String> {
    let warnings = document["warnings"].as_array().cloned().unwrap_or_default();
    warnings.iter().map(|warning| warning.as_str().unwrap().to_owned()).collect()
}
