//! Exit codes: one code means one thing in every command, and scripts may rely on it.

use super::value::Exit;

/// Everything in scope was read to the end.
pub const DONE: u8 = 0;
/// No domain finished, or the state store cannot be reached.
pub const FAILED: u8 = 1;
/// The command line, the selection or a definition is wrong.
pub const USAGE: u8 = 2;
/// A domain failed in a way that a retry may fix; the rest is done and reported.
pub const PARTIAL: u8 = 3;
/// Differences were found (`plan`, `--detailed-exitcode`).
pub const DIFFERENCES: u8 = 4;
/// A safety limit holds events back.
pub const HELD: u8 = 5;
/// Another run holds the lease.
pub const LOCKED: u8 = 6;
/// Credentials were rejected by a provider, a database or a queue.
pub const CREDENTIALS: u8 = 7;
/// SIGINT.
pub const INTERRUPTED: u8 = 130;
/// SIGTERM.
pub const TERMINATED: u8 = 143;

/// Which code wins when several apply: 3 always means that a retry may help, 5 and 7 that only a person helps.
const PRECEDENCE: [u8; 9] =
    [INTERRUPTED, TERMINATED, USAGE, LOCKED, FAILED, PARTIAL, CREDENTIALS, HELD, DIFFERENCES];

/// Picks the code among all that apply and keeps every reason.
#[must_use]
pub fn decide(reasons: &[(u8, String)]) -> Exit {
    let code =
        PRECEDENCE.into_iter().find(|code| reasons.iter().any(|(reason, _)| reason == code)).unwrap_or(DONE);
    Exit { code, reasons: reasons.iter().map(|(_, text)| text.clone()).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retry_that_may_help_wins_over_what_only_a_person_can_do() {
        let exit = decide(&[
            (HELD, "held:a".into()),
            (CREDENTIALS, "credentials:b".into()),
            (PARTIAL, "partial:c".into()),
        ]);
        assert_eq!(exit.code, PARTIAL);
        assert_eq!(exit.reasons.len(), 3);
        assert_eq!(decide(&[]).code, DONE);
    }
}
