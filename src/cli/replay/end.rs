//! How a call that carried a replay out ends.

use crate::report::exit;
use crate::run::Replayed;
use crate::store::TurnStanding;

/// Why a replay ends that is not ours any more.
const TAKEN_FOR_DEAD: &str =
    "it gave no sign of life for a while and was taken for dead: somebody else may go on with it";

/// How a replay ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct End {
    pub(super) code: u8,
    /// Why before its end.
    pub(super) stopped: Option<String>,
    /// Whether somebody can go on with it.
    pub(super) can_go_on: bool,
}

pub(super) fn end(replayed: &Replayed, standing: TurnStanding, signal: Option<u8>) -> End {
    let before = |code, why: String, can_go_on| End { code, stopped: Some(why), can_go_on };
    match (standing, &replayed.stopped) {
        (TurnStanding::CancelledBy(by), _) => before(exit::PARTIAL, format!("{by} cancelled it"), false),
        (TurnStanding::Lost, _) => before(exit::LOCKED, TAKEN_FOR_DEAD.to_owned(), false),
        (TurnStanding::Ours, Some(why)) => before(signal.unwrap_or(exit::PARTIAL), why.clone(), true),
        (TurnStanding::Ours, None) => {
            let is_whole = replayed.refused == 0 && replayed.unfit.is_empty();
            End { code: if is_whole { exit::DONE } else { exit::PARTIAL }, stopped: None, can_go_on: false }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_ends_as_whoever_ended_it_says() {
        let stopped = Replayed { stopped: Some("it was asked to end".to_owned()), ..Replayed::default() };
        let refused = Replayed { refused: 1, ..Replayed::default() };
        let by = || TurnStanding::CancelledBy("ada".to_owned());
        let codes = [
            (end(&Replayed::default(), TurnStanding::Ours, None), 0, false),
            (end(&refused, TurnStanding::Ours, None), 3, false),
            (end(&stopped, TurnStanding::Ours, None), 3, true),
            (end(&stopped, TurnStanding::Ours, Some(130)), 130, true),
            (end(&stopped, by(), None), 3, false),
            (end(&Replayed::default(), by(), None), 3, false),
            (end(&stopped, TurnStanding::Lost, None), 6, false),
        ];
        for (end, code, can_go_on) in codes {
            assert_eq!((end.code, end.can_go_on), (code, can_go_on), "{end:?}");
        }
        assert_eq!(end(&stopped, by(), None).stopped.unwrap(), "ada cancelled it");
    }
}
