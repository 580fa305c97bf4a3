//! A run of the binary while it goes on: it gets signals, and comes to its end within a bound.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::world::{CANARY, Outcome, World};

/// The longest that a test waits for anything.
const LONGEST: Duration = Duration::from_secs(90);

/// A process that is killed when it is dropped.
pub(crate) struct Process {
    child: Option<Child>,
    said: Option<Said>,
}

/// What a process says on standard error, line by line while it goes on, and all of it in the end.
struct Said {
    lines: Receiver<String>,
    all: JoinHandle<String>,
}

impl Said {
    fn of(stderr: ChildStderr) -> Self {
        let (sender, lines) = channel();
        let all = thread::spawn(move || {
            let mut all = String::new();
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                all += &line;
                all.push('\n');
                let _nobody_listens = sender.send(line);
            }
            all
        });
        Self { lines, all }
    }
}

impl Process {
    /// Starts `tieout` with `args` in the world's folder.
    pub(crate) fn start(world: &World, args: &[&str]) -> Self {
        Self { child: Some(world.command(args).spawn().unwrap()), said: None }
    }

    /// Waits until it says some words on standard error.
    pub(crate) fn until_it_says(&mut self, words: &str) {
        let stderr = self.child.as_mut().unwrap().stderr.take();
        let said = self.said.get_or_insert_with(|| Said::of(stderr.unwrap()));
        let deadline = Instant::now() + LONGEST;
        loop {
            let line = said.lines.recv_timeout(deadline.saturating_duration_since(Instant::now()));
            let line = line.unwrap_or_else(|_| panic!("it never says {words:?}"));
            if line.contains(words) {
                return;
            }
        }
    }

    /// Sends a signal by its name, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.as_ref().unwrap().id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &id]).stdout(Stdio::null()).status();
        assert!(sent.unwrap().success(), "the process is gone already");
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.as_mut().unwrap().try_wait().unwrap().is_some()
    }

    /// Waits for its end, and says what it left behind and how long that took.
    pub(crate) fn end(mut self) -> (Outcome, Duration) {
        let began = Instant::now();
        until("the process ends", || self.has_ended());
        let took = began.elapsed();
        let output = self.child.take().unwrap().wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let code = output.status.code().unwrap_or(-1);
        let stderr = self.said.take().map_or_else(|| text(output.stderr), |said| said.all.join().unwrap());
        let outcome = Outcome { code, stdout: text(output.stdout), stderr };
        assert!(!format!("{outcome:?}").contains(CANARY), "a secret leaked: {outcome:?}");
        (outcome, took)
    }

    /// Ends it without a word, as a machine that dies does.
    pub(crate) fn kill(mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Waits for a condition; one that never comes fails the test.
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + LONGEST;
    while !condition() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The same for a condition that has to be asked for.
pub(crate) async fn until_so(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + LONGEST;
    while !condition().await {
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
