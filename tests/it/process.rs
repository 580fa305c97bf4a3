//! A run of the binary while it goes on: it gets signals, and comes to its end within a bound.

use std::io::{self, BufRead as _, BufReader};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::world::{CANARY, Outcome, World};

/// The longest that a test waits for anything.
const LONGEST: Duration = Duration::from_secs(90);

/// A process that is killed when it is dropped. What it says is read while it goes on: one that nobody listens to would wait for that.
pub(crate) struct Process {
    child: Child,
    stdout: Option<JoinHandle<String>>,
    stderr: Said,
}

/// What a process says on standard error, line by line while it goes on, and all of it in the end.
struct Said {
    lines: Receiver<String>,
    all: Option<JoinHandle<String>>,
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
        Self { lines, all: Some(all) }
    }
}

impl Process {
    /// Starts `tieout` with `args` in the world's folder.
    pub(crate) fn start(world: &World, args: &[&str]) -> Self {
        let mut child = world.command(args).spawn().unwrap();
        let stderr = Said::of(child.stderr.take().unwrap());
        let stdout = child.stdout.take().unwrap();
        let stdout = Some(thread::spawn(move || io::read_to_string(stdout).unwrap()));
        Self { child, stdout, stderr }
    }

    /// Waits until it says some words on standard error.
    pub(crate) fn until_it_says(&mut self, words: &str) {
        let deadline = Instant::now() + LONGEST;
        loop {
            let line = self.stderr.lines.recv_timeout(deadline.saturating_duration_since(Instant::now()));
            let line = line.unwrap_or_else(|_| panic!("it never says {words:?}"));
            if line.contains(words) {
                return;
            }
        }
    }

    /// Sends a signal by its name, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &id]).stdout(Stdio::null()).status();
        assert!(sent.unwrap().success(), "the process is gone already");
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for its end, and says what it left behind and how long that took.
    pub(crate) fn end(mut self) -> (Outcome, Duration) {
        let began = Instant::now();
        let has_ended = comes(|| self.has_ended());
        let took = began.elapsed();
        if !has_ended {
            self.child.kill().unwrap();
        }
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        let [stdout, stderr] =
            [self.stdout.take(), self.stderr.all.take()].map(|reader| reader.unwrap().join().unwrap());
        let outcome = Outcome { code, stdout, stderr };
        assert!(has_ended, "the process does not end; so far: {outcome:?}");
        assert!(!format!("{outcome:?}").contains(CANARY), "a secret leaked: {outcome:?}");
        (outcome, took)
    }

    /// Ends it without a word, as a machine that dies does.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended, and been waited for, already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for a condition; one that never comes fails the test.
pub(crate) fn until(what: &str, condition: impl FnMut() -> bool) {
    assert!(comes(condition), "never: {what}");
}

/// Waits for a condition, and says whether it comes.
fn comes(mut condition: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + LONGEST;
    while !condition() {
        if Instant::now() >= deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    true
}

/// The same for a condition that has to be asked for.
pub(crate) async fn until_so(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + LONGEST;
    while !condition().await {
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
