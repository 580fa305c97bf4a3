//! An application whose handler of webhooks dies while a run sends it events: nothing is lost, and what comes twice has the same id.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use aws_lc_rs::hmac::{self, HMAC_SHA256, Key};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::process::{Process, until};
use crate::world::{World, charge};

/// More than two batches of the relay.
const LOST: usize = 100;
/// It dies at this event, which it has taken and not confirmed.
const LAST_WORDS: usize = 50;
/// 24 bytes in base64, behind the prefix of such secrets.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What came, by the header `webhook-id` and whole.
#[derive(Default)]
struct Inbox {
    came: Vec<(String, Value)>,
    /// The number of the event that it dies of.
    dies_at: Option<usize>,
    /// From then on it answers nobody.
    is_dying: bool,
}

/// An application in a runtime of its own, since a test waits for the binary without yielding.
struct App {
    port: u16,
    inbox: Arc<Mutex<Inbox>>,
    runtime: Option<Runtime>,
}

impl App {
    fn start() -> Self {
        let inbox = Inbox { dies_at: Some(LAST_WORDS), ..Inbox::default() };
        let mut app = Self { port: 0, inbox: Arc::new(Mutex::new(inbox)), runtime: None };
        app.start_again();
        app
    }

    fn start_again(&mut self) {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener =
            std::thread::scope(|scope| scope.spawn(|| runtime.block_on(listener(self.port))).join().unwrap());
        self.port = listener.local_addr().unwrap().port();
        let handler = axum::Router::new().route("/hooks", post(take)).with_state(Arc::clone(&self.inbox));
        runtime.spawn(async move { axum::serve(listener, handler).await });
        self.inbox.lock().unwrap().is_dying = false;
        self.runtime = Some(runtime);
    }

    /// Ends it with all its connections.
    fn kill(&mut self) {
        self.runtime.take().unwrap().shutdown_background();
    }

    fn is_dying(&self) -> bool {
        self.inbox.lock().unwrap().is_dying
    }

    /// Everything that came since somebody looked.
    fn received(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.inbox.lock().unwrap().came)
    }
}

impl Drop for App {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn listener(port: u16) -> tokio::net::TcpListener {
    tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap()
}

/// Takes an event whose signature is right, and answers unless it dies of it.
async fn take(State(inbox): State<Arc<Mutex<Inbox>>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !is_signed(header, &body) || header("tieout-synthetic") != "true" {
        return StatusCode::UNAUTHORIZED;
    }
    if inbox.lock().unwrap().is_dying_of(header("webhook-id"), &body) {
        std::future::pending::<()>().await;
    }
    StatusCode::NO_CONTENT
}

fn is_signed<'h>(header: impl Fn(&str) -> &'h str, body: &[u8]) -> bool {
    let signed =
        [format!("{}.{}.", header("webhook-id"), header("webhook-timestamp")).as_bytes(), body].concat();
    let key = Key::new(HMAC_SHA256, &STANDARD.decode(SECRET.trim_start_matches("whsec_")).unwrap());
    let tag = STANDARD.decode(header("webhook-signature").trim_start_matches("v1,")).unwrap_or_default();
    hmac::verify(&key, &signed, &tag).is_ok()
}

impl Inbox {
    fn is_dying_of(&mut self, id: &str, body: &[u8]) -> bool {
        if !self.is_dying {
            self.came.push((id.to_owned(), serde_json::from_slice(body).unwrap()));
            self.is_dying = self.dies_at.take_if(|at| *at == self.came.len()).is_some();
        }
        self.is_dying
    }
}

/// A world in which much was lost, whose queue is the application.
async fn world(app: &App) -> World {
    let world = World::agreeing(3).await;
    for at in 0..LOST {
        world.upstream(&charge(&format!("ch_lost_{at:04}"), 5, 500));
    }
    world.edit("charges.yaml", "max_ratio: 100%", "max_ratio: 100%, max_emits: 100000");
    let url = format!("http://127.0.0.1:{}/hooks", app.port);
    let queue = format!("webhook: {{url: \"{url}\", secret: \"file:hook\", signature: standard}}");
    world.edit("tieout.yaml", "sqlite: {path: queue.db, table: tieout_events}", &queue);
    world.write("hook", SECRET);
    world
}

#[tokio::test]
async fn an_application_dies_in_the_middle_of_a_batch_and_has_everything_in_the_end() {
    let mut app = App::start();
    let world = world(&app).await;
    let mut run = Process::start(&world, &["run", "--format", "json"]);
    until("the application is to die", || app.is_dying());
    app.kill();
    run.until_it_says("cannot be reached");
    app.start_again();
    let (outcome, _) = run.end();
    assert_eq!(
        (outcome.code, &outcome.domain()["events"]["emitted"]),
        (0, &json!(LOST)),
        "{}",
        outcome.stderr
    );
    let came = app.received();
    assert!(came.iter().all(|(id, event)| event["id"] == **id), "the header has another id than the event");
    let events: BTreeSet<(&str, &str)> =
        came.iter().map(|(id, event)| (&**id, event["subject"].as_str().unwrap())).collect();
    assert!(came.len() > events.len(), "what the application died of did not come again");
    assert_eq!(events.len(), LOST, "an event has two ids");
    let subjects: BTreeSet<&str> = events.iter().map(|(_, subject)| *subject).collect();
    let lost: BTreeSet<String> = (0..LOST).map(|at| format!("ch_lost_{at:04}")).collect();
    assert_eq!(subjects, lost.iter().map(String::as_str).collect());
    let next = world.run();
    assert_eq!((next.code, &next.domain()["events"]["planned"]), (0, &json!(0)), "{next:?}");
    assert_eq!(app.received().len(), 0, "an event came again once it was acknowledged");
}

#[tokio::test]
async fn a_secret_that_the_application_does_not_know_pauses_the_queue_and_says_what_to_do() {
    let app = App::start();
    let world = world(&app).await;
    world.write("hook", "whsec_aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMg==");
    let outcome = world.run();
    assert_eq!(outcome.code, 7, "{outcome:?}");
    let said = format!("{}{}", outcome.stdout, outcome.stderr);
    assert!(said.contains("look whether `secret` and `signature` are what the handler expects"), "{said}");
    assert!(!said.contains("aHVudGVy"), "the secret leaked: {said}");
    // Now it is right, and everything is sent with its first attempt.
    world.write("hook", SECRET);
    app.inbox.lock().unwrap().dies_at = None;
    let outcome = world.run();
    assert_eq!((outcome.code, app.received().len()), (0, LOST), "{outcome:?}");
}
