//! Says at once of most pairs of values that they agree, before either is brought into its normal form. It says yes only
//! where the rule would; what it does not recognise is left to the rule.

use super::fields::Field;
use super::rules::Rule;
use crate::scalar::Scalar;

impl Field {
    /// Whether upstream's JSON text and the local value agree at first sight.
    pub(super) fn agrees_plainly(&self, upstream: Option<&str>, local: Option<&Scalar<'_>>) -> bool {
        let (Some(raw), Some(local)) = (upstream, local) else { return false };
        match (&self.rule, local) {
            (Rule::Exact | Rule::Near(_), Scalar::Int(whole)) => raw.parse() == Ok(*whole),
            (Rule::Exact, Scalar::Text(text)) => word_of(raw) == Some(text),
            (Rule::Words(words), Scalar::Text(text)) => {
                word_of(raw).is_some_and(|word| words.agree_plainly(word, text))
            }
            _ => false,
        }
    }
}

/// What is between the quotes of a JSON text in which nothing is escaped. An empty text may mean nothing.
fn word_of(raw: &str) -> Option<&str> {
    let word = raw.strip_prefix('"')?.strip_suffix('"')?;
    (!word.is_empty() && !word.as_bytes().contains(&b'\\')).then_some(word)
}
