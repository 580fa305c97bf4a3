//! Asks a person before something is done that cannot be taken back. Where nobody sits at a terminal, a flag has to say it.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use tokio::sync::oneshot;

use super::desk::Desk;
use super::failure::Failure;
use crate::report::exit;
use crate::report::text::safe;

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
        if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
            let message = format!("{what}; nothing was done: say `--yes` where no terminal is there to ask");
            return Err(Failure::usage("not_confirmed", message));
        }
        let answer = answer(&format!("{}. Continue? [y/N] ", safe(what)));
        tokio::select! {
            said = answer => match said {
                Ok(line) if means_yes(&line) => Ok(()),
                _ => Err(Failure::usage("not_confirmed", "nothing was done")),
            },
            () = desk.signals.token().cancelled() => {
                let code = desk.signals.exit_code().unwrap_or(exit::INTERRUPTED);
                Err(Failure::exiting(code, "interrupted", "nothing was done"))
            }
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
    matches!(line.trim().to_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_yes_is_a_yes() {
        assert!(["y", "Y\n", " yes \n"].into_iter().all(means_yes));
        assert!(!["", "\n", "n", "yeah", "yes please"].into_iter().any(means_yes));
    }
}
