//! Every word of the vocabulary that this version knows and does not run yet, and how a mistyped word is answered.
//!
//! A word that stands here is refused, never ignored: a definition that leans on it would judge wrongly without it.

use super::checked::Fault;

/// Keys and values of definition files and of `tieout.yaml` that are refused as not supported yet.
const LATER: &[&str] = &[
    // Domains.
    "redeliver",
    "link",
    "meta",
    "tests",
    "report",
    "owner",
    "tags",
    // Queues.
    "pubsub",
    "pgmq",
    "mysql",
];

/// How alike two words must be for one to be offered in place of the other.
const ALIKE: f64 = 0.5;

/// Whether a word belongs to the vocabulary without being supported yet.
#[must_use]
pub fn is_later(word: &str) -> bool {
    LATER.contains(&word)
}

/// Says that a word is known and not supported.
#[must_use]
pub fn later(word: &str) -> String {
    format!("`{word}` is a known word of the vocabulary that this version does not support yet")
}

/// The allowed word that is most like a mistyped one.
#[must_use]
pub fn nearest<'a>(word: &str, allowed: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    allowed
        .into_iter()
        .map(|known| (strsim::normalized_damerau_levenshtein(&word, &known.to_lowercase()), known))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

/// Advice for a mistyped word: the nearest allowed one, then all of them.
#[must_use]
pub fn advice(word: &str, allowed: &[&str]) -> String {
    let all = match allowed {
        [] => "nothing is allowed here".to_owned(),
        [only] => format!("allowed here: `{only}`"),
        _ => format!("allowed here: {}", quoted(allowed)),
    };
    match nearest(word, allowed.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? {all}"),
        None => all,
    }
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// Refuses a word that is not among `allowed`, as unknown or as not supported yet.
#[must_use]
pub fn refuse(what: &str, word: &str, allowed: &[&str]) -> Fault {
    if is_later(word) {
        return Fault::new(later(word)).with_help(format!("supported here: {}", quoted(allowed)));
    }
    Fault::new(format!("unknown {what} `{word}`")).with_help(advice(word, allowed))
}

/// Finds what a word stands for.
pub fn choose<T: Clone>(what: &str, word: &str, table: &[(&str, T)]) -> Result<T, Fault> {
    let found = table.iter().find(|(known, _)| *known == word);
    found.map(|(_, value)| value.clone()).ok_or_else(|| {
        let allowed: Vec<&str> = table.iter().map(|(known, _)| *known).collect();
        refuse(what, word, &allowed)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_word_is_answered_with_its_neighbour_and_a_known_one_is_refused_as_such() {
        let fault = refuse("key", "schedul", &["schedule", "local"]);
        assert_eq!(fault.message, "unknown key `schedul`");
        assert_eq!(fault.help.unwrap(), "did you mean `schedule`? allowed here: `schedule`, `local`");
        assert!(refuse("key", "mysql", &["sqlite"]).message.contains("does not support yet"));
        assert_eq!(nearest("xyz", ["schedule"]), None);
    }
}
