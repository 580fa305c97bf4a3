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
/// Differences were found (`plan`, `--detailed-exitcode`, `--fail-on`).
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

/// The reason of a run whose process died, so that it returned no code at all.
pub const DIED: &str = "died";

/// Which code wins when several apply: 3 always means that a retry may help, 5 and 7 that only a person helps.
const PRECEDENCE: [u8; 9] =
    [INTERRUPTED, TERMINATED, USAGE, LOCKED, FAILED, PARTIAL, CREDENTIALS, HELD, DIFFERENCES];

/// Picks the code among all that apply and keeps every reason. A code that has no rank wins only alone, but is never lost.
#[must_use]
pub fn decide(reasons: &[(u8, String)]) -> Exit {
    let given = |code: &u8| reasons.iter().any(|(reason, _)| reason == code);
    let unranked = || reasons.iter().map(|(code, _)| *code).find(|code| *code != DONE);
    let code = PRECEDENCE.into_iter().find(given).or_else(unranked).unwrap_or(DONE);
    Exit { code, reasons: reasons.iter().map(|(_, text)| text.clone()).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code_of(codes: &[u8]) -> u8 {
        let reasons: Vec<_> = codes.iter().map(|code| (*code, format!("reason:{code}"))).collect();
        decide(&reasons).code
    }

    #[test]
    fn a_retry_that_may_help_wins_over_what_only_a_person_can_do() {
        let exit = decide(&[
            (HELD, "held:a".into()),
            (CREDENTIALS, "credentials:b".into()),
            (PARTIAL, "partial:c".into()),
        ]);
        assert_eq!(exit.code, PARTIAL);
        assert_eq!(exit.reasons, ["held:a", "credentials:b", "partial:c"]);
    }

    #[test]
    fn the_codes_are_what_scripts_rely_on() {
        let codes =
            [DONE, FAILED, USAGE, PARTIAL, DIFFERENCES, HELD, LOCKED, CREDENTIALS, INTERRUPTED, TERMINATED];
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 130, 143]);
    }

    #[test]
    fn every_code_wins_over_all_that_follow_it() {
        let by_rank = [130, 143, 2, 6, 1, 3, 7, 5, 4];
        for (rank, code) in by_rank.into_iter().enumerate() {
            assert_eq!(code_of(&by_rank[rank..]), code);
        }
        assert_eq!(code_of(&[]), DONE);
        assert_eq!(code_of(&[DONE]), DONE);
        assert_eq!(code_of(&[99]), 99, "a failure that nobody ranked is no success");
    }

    proptest! {
        #[test]
        fn the_order_of_the_reasons_does_not_matter(mut codes in proptest::collection::vec(proptest::sample::select(PRECEDENCE.to_vec()), 0..6)) {
            let code = code_of(&codes);
            codes.reverse();
            prop_assert_eq!(code_of(&codes), code);
        }
    }
}
