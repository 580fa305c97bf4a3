//! Keywords about what a value is: its type, the list that it is one of, and the form of a text.

use serde_json::Value;

use super::types::Kinds;
use super::walk::{Pair, Walk, is_said_by};

impl Walk<'_> {
    pub(super) fn values(&mut self, pair: &Pair<'_, '_>, keyword: &str, said: &Value, path: &str) {
        if keyword == "type" {
            let lost = pair.kinds.without(Kinds::of_type(said));
            if !lost.is_empty() {
                self.breaks(path, format!("no longer allowed here: {}", lost.words()));
            }
            return;
        }
        let allowed = listed(keyword, said);
        let said_by = |word: &'static str| {
            pair.written.iter().filter_map(move |site| site.get(word).map(|said| listed(word, said)))
        };
        let lists: Vec<&[Value]> = said_by("const").chain(said_by("enum")).collect();
        let is_within = |list: &&[Value]| list.iter().all(|value| allowed.contains(value));
        match lists.as_slice() {
            [] => self.breaks(path, "only listed values are allowed now, and others were before"),
            lists if lists.iter().any(is_within) => {}
            _ => self.breaks(path, "a value that was allowed is not listed any more"),
        }
    }

    pub(super) fn texts(&mut self, pair: &Pair<'_, '_>, keyword: &str, said: &Value, path: &str) {
        if !pair.kinds.has_any(Kinds::STRING) || is_said_by(pair, keyword) {
            return;
        }
        let was_said = pair.written.iter().any(|site| site.get(keyword).is_some());
        match keyword {
            "minLength" => self.at_least(pair, keyword, said, path),
            "maxLength" => self.at_most(pair, keyword, said, path),
            "pattern" if was_said => {
                self.undecided(path, "whether the new pattern takes all that the old one took");
            }
            "format" if was_said => self.breaks(path, "another format is wanted now"),
            _ => self.breaks(path, format!("a {keyword} is wanted now, and none was before")),
        }
    }
}

fn listed<'v>(keyword: &str, said: &'v Value) -> &'v [Value] {
    match (keyword, said) {
        ("enum", Value::Array(values)) => values,
        _ => std::slice::from_ref(said),
    }
}
