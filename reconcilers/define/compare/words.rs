//! The words that say how words are compared: `map`, `fold` and `blank`.

use super::several::Several;
use crate::compare::{Blank, Fold, Nothing, Words};
use crate::define::checked::{Checked, Fault, Ordered, Word};
use crate::define::document::Problems;
use crate::define::problem::Spot;

/// One thing that does not count in the spelling of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FoldWord {
    Case,
    Space,
    Unicode,
}

impl Word for FoldWord {
    const WHAT: &'static str = "folding";

    fn words() -> Vec<(&'static str, Self)> {
        vec![("case", Self::Case), ("space", Self::Space), ("unicode", Self::Unicode)]
    }
}

/// One thing that counts as `null`, or all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BlankWord {
    One(Nothing),
    All,
}

impl Word for BlankWord {
    const WHAT: &'static str = "way to say nothing";

    fn words() -> Vec<(&'static str, Self)> {
        vec![
            ("absent", Self::One(Nothing::Absent)),
            ("text", Self::One(Nothing::Text)),
            ("list", Self::One(Nothing::List)),
            ("object", Self::One(Nothing::Object)),
            ("all", Self::All),
        ]
    }
}

/// What does not count in the spelling of a text.
pub(super) fn fold(written: Option<Several<FoldWord>>, problems: &mut Problems<'_>) -> Option<Fold> {
    let Some(written) = written else { return Some(Fold::default()) };
    let words = taken(written.spot, written.words, problems)?;
    let has = |word| words.contains(&word);
    Some(Fold { case: has(FoldWord::Case), space: has(FoldWord::Space), unicode: has(FoldWord::Unicode) })
}

/// What counts as `null`.
pub(super) fn blank(written: Option<Several<BlankWord>>, problems: &mut Problems<'_>) -> Option<Blank> {
    let Some(written) = written else { return Some(Blank::default()) };
    let words = taken(written.spot, written.words, problems)?;
    let one = |word: &BlankWord| match word {
        BlankWord::One(nothing) => vec![*nothing],
        BlankWord::All => vec![Nothing::Absent, Nothing::Text, Nothing::List, Nothing::Object],
    };
    Some(Blank::of(words.iter().flat_map(one).collect()))
}

fn taken<T>(spot: Spot, words: Result<Vec<T>, Fault>, problems: &mut Problems<'_>) -> Option<Vec<T>> {
    let empty = || Fault::new("the list is empty").with_help("leave it out, or name what it is about");
    let words = words.and_then(|words| if words.is_empty() { Err(empty()) } else { Ok(words) });
    words.map_err(|fault| problems.add(spot, fault)).ok()
}

/// Upstream's words for local ones, where there is a map.
pub(super) fn words(
    map: Option<Ordered<Checked<String>>>,
    fold: Fold,
    spot: Spot,
    problems: &mut Problems<'_>,
) -> Option<Words> {
    let Some(map) = map else { return Some(Words::folded(fold)) };
    let mut pairs = Vec::new();
    for entry in map.0 {
        pairs.push((entry.key, problems.take(entry.value)?));
    }
    let pairs = pairs.iter().map(|(upstream, local)| (upstream.as_str(), local.as_str()));
    match Words::mapped(pairs, fold) {
        Ok(words) => Some(words),
        Err(word) => {
            let fault = Fault::new(format!("`{word}` stands for two local words once it is folded"))
                .with_help("name it once, or fold less");
            problems.add(spot, fault.at(word));
            None
        }
    }
}
