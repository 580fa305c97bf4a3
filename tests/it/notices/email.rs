//! E-mail, with a real server by others: aiosmtpd.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::{notify, warnings};
use crate::certificate::{certified, pem};
use crate::world::{World, charge};

/// A server of e-mail, stopped when it goes out of scope.
struct Post {
    process: Child,
    folder: TempDir,
    port: String,
}

impl Drop for Post {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Post {
    fn start(is_encrypted: bool) -> Self {
        let python = std::env::var("TIEOUT_TEST_LOCALSTRIPE_PYTHON").expect(
            "TIEOUT_TEST_LOCALSTRIPE_PYTHON names a Python that has aiosmtpd; tests/run installs one",
        );
        let folder = TempDir::new().unwrap();
        let mut command = Command::new(python);
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/smtp.py")).arg(folder.path());
        if is_encrypted {
            let made = certified("localhost");
            for (name, what, der) in
                [("server.pem", "CERTIFICATE", &made.certificate), ("server.key", "PRIVATE KEY", &made.key)]
            {
                std::fs::write(folder.path().join(name), pem(what, der)).unwrap();
                command.arg(folder.path().join(name));
            }
        }
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(30);
        let mut post = Self { process, folder, port: String::new() };
        while post.port.is_empty() {
            assert!(Instant::now() < deadline, "the server of e-mail did not begin to listen");
            std::thread::yield_now();
            post.port = std::fs::read_to_string(post.folder.path().join("port")).unwrap_or_default();
        }
        post
    }

    fn certificate(&self) -> PathBuf {
        self.folder.path().join("server.pem")
    }

    /// The messages that came, in their order.
    fn messages(&self) -> Vec<String> {
        let read =
            |number: usize| std::fs::read_to_string(self.folder.path().join(format!("{number}.eml"))).ok();
        (1..).map_while(read).collect()
    }

    /// A world that writes to this server, with more settings.
    async fn world(&self, more: &str) -> World {
        let world = World::agreeing(2).await;
        let port = &self.port;
        let email = format!("server: 127.0.0.1, port: {port}, from: \"Tieout <tieout@example.com>\", {more}");
        notify(&world, &format!("{{finance: {{email: {{{email}}}}}}}"));
        world.write("password", "hunter2");
        world.write("other", "hunter3");
        world.upstream(&charge("ch_lost", 5, 41_290));
        world
    }
}

#[tokio::test]
async fn a_message_comes_with_what_changed_and_no_key() {
    let post = Post::start(false);
    let login = "tls: none, user: tieout, password: \"file:password\"";
    let world = post.world(&format!("{login}, to: [a@example.com, b@example.com]")).await;
    let run = world.run();
    assert_eq!((run.code, warnings(&run.json())), (0, vec![]), "{run:?}");
    let messages = post.messages();
    assert_eq!(messages.len(), 1, "{messages:?}");
    let id = run.json()["run_id"].as_str().unwrap().to_owned();
    for part in [
        "To-Envelope: a@example.com, b@example.com",
        "Subject: [tieout] DONE: shop.charges",
        "Auto-Submitted: auto-generated",
        "USD 412.90 open (1 finding",
        "shop.charges: new: 1 finding not repaired yet",
        &format!("<{id}.finance@example.com>"),
    ] {
        let unfolded = messages[0].replace("=\r\n", "").replace("\r\n ", " ");
        assert!(unfolded.contains(part), "{part}: {unfolded}");
    }
    assert!(!messages[0].contains("ch_lost"), "{messages:?}");
}

#[tokio::test]
async fn a_server_that_wants_starttls_is_believed_by_its_certificate_alone() {
    let post = Post::start(true);
    let login = "user: tieout, password: \"file:password\", to: [a@example.com]";
    let stranger = post.world(login).await.tieout(&["notify", "test", "--format", "json"]);
    assert_eq!(stranger.code, 1, "{stranger:?}");
    assert_eq!(post.messages(), Vec::<String>::new());
    let world = post.world(&format!("{login}, ca: \"{}\"", post.certificate().display())).await;
    let known = world.tieout(&["notify", "test", "--format", "json"]);
    assert_eq!((known.code, post.messages().len()), (0, 1), "{known:?}");
}

#[tokio::test]
async fn a_login_that_is_refused_is_said_with_exit_7_and_without_the_password() {
    let post = Post::start(false);
    let world = post.world("tls: none, user: tieout, password: \"file:other\", to: [a@example.com]").await;
    let test = world.tieout(&["notify", "test", "--format", "json"]);
    assert_eq!(test.code, 7, "{test:?}");
    assert!(test.stdout.contains("answers with code 535: look at `user` and `password`"), "{test:?}");
    assert!(!format!("{test:?}").contains("hunter3"));
    let run = world.run();
    assert_eq!(run.code, 0, "{run:?}");
    assert!(warnings(&run.json())[0].contains("notify.finance was not told"), "{run:?}");
}

#[tokio::test]
async fn whoever_has_a_message_is_not_sent_it_again_because_somebody_else_was_not_taken_yet() {
    let post = Post::start(false);
    let to = "to: [nobody@example.com, b@example.com, later@example.com, d@example.com]";
    let world = post.world(&format!("tls: none, {to}")).await;
    let run = world.run();
    assert_eq!((run.code, warnings(&run.json())), (0, vec![]), "{run:?}");
    let envelopes: Vec<String> =
        post.messages().iter().map(|message| message.lines().next().unwrap().to_owned()).collect();
    let expected = ["To-Envelope: b@example.com, d@example.com", "To-Envelope: later@example.com"];
    assert_eq!(envelopes, expected);
    assert_eq!(world.run().code, 0);
    assert_eq!(post.messages().len(), 2, "the next run has nothing to tell them");
}

#[tokio::test]
async fn a_recipient_that_is_refused_costs_the_others_nothing() {
    let post = Post::start(false);
    let world = post.world("tls: none, to: [nobody@example.com, b@example.com]").await;
    let test = world.tieout(&["notify", "test", "--format", "json"]);
    assert_eq!(test.code, 0, "{test:?}");
    assert!(test.stdout.contains("recipient 1 of 2") && test.stdout.contains("code 550"), "{test:?}");
    assert!(!format!("{test:?}").contains("nobody@"), "addresses of people are in no log: {test:?}");
    let messages = post.messages();
    assert_eq!(messages.len(), 1);
    assert!(messages[0].contains("To-Envelope: b@example.com"), "{messages:?}");
    let nobody = post.world("tls: none, to: [nobody@example.com]").await.tieout(&["notify", "test"]);
    assert_eq!(nobody.code, 1, "{nobody:?}");
    assert!(nobody.stdout.contains("code 550: look whether it lets `from` write"), "{nobody:?}");
}
