//! Asks a person at a terminal: before something is done that cannot be taken back, or for what a command needs to know. Where nobody
//! sits at one, a flag has to say it.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use tokio::sync::oneshot;

use super::desk::Desk;
use super::failure::Failure;
use crate::report::exit;
use crate::report::text::safe;

/// Whether somebody may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// A person at a terminal.
    Terminal,
    /// Nobody is there.
    Nobody,
    /// Nobody is to be asked, whoever is there.
    Refused,
}

impl Input {
    /// Whether a person sits at a terminal and sees what is asked.
    pub(super) fn detect() -> Self {
        if io::stdin().is_terminal() && io::stderr().is_terminal() { Self::Terminal } else { Self::Nobody }
    }

    /// Why nobody is asked.
    const fn why_not(self) -> Option<&'static str> {
        match self {
            Self::Terminal => None,
            Self::Nobody => Some("where no terminal is there to ask"),
            Self::Refused => Some("where `--no-input` lets nobody be asked"),
        }
    }
}

/// Whether a command asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::Args)]
pub struct Consent {
    /// Do it without asking; needed where no terminal is there to answer
    #[arg(long)]
    pub yes: bool,
}

impl Consent {
    /// Returns once a person, or the flag, has said yes to `what`.
    pub(super) async fn to(self, desk: &Desk, what: &str) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        if let Some(why) = desk.input.why_not() {
            let message = format!("{what}; nothing was done: say `--yes` {why}");
            return Err(Failure::usage("not_confirmed", message));
        }
        if means_yes(&ask(desk, &format!("{}. Continue? [y/N] ", safe(what))).await?) {
            return Ok(());
        }
        Err(Failure::usage("not_confirmed", "nothing was done"))
    }
}

/// What a person answers: a line of the terminal, without white space around it; empty where the terminal is closed.
pub(super) async fn ask(desk: &Desk, question: &str) -> Result<String, Failure> {
    let answer = answer(question);
    tokio::select! {
        said = answer => Ok(said.unwrap_or_default().trim().to_owned()),
        () = desk.signals.token().cancelled() => {
            let code = desk.signals.exit_code().unwrap_or(exit::INTERRUPTED);
            Err(Failure::exiting(code, "interrupted", "nothing was done"))
        }
    }
}

/// A line of the terminal. It is read by a thread that nobody waits for, since a read cannot be called back.
fn answer(question: &str) -> oneshot::Receiver<String> {
    let (said, answer) = oneshot::channel();
    let mut stderr = io::stderr();
    let _ = stderr.write_all(question.as_bytes()).and_then(|()| stderr.flush());
    std::thread::spawn(move || {
        let mut line = String::new();
        let _ = io::stdin().lock().read_line(&mut line);
        let _ = said.send(line);
    });
    answer
}

fn means_yes(line: &str) -> bool {
    matches!(line.to_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_yes_is_a_yes() {
        assert!(["y", "Y", "yes"].into_iter().all(means_yes));
        assert!(!["", "n", "yeah", "yes please"].into_iter().any(means_yes));
    }
}
