//! `state`, `ok`, `empty` and `bad`: what the states of a job mean, as it is written.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};

use super::state::{StateAt, States};
use crate::define::checked::{Checked, Fault, Placed};
use crate::define::document::Problems;
use crate::define::problem::Spot;
use crate::define::schema;

/// One word or several.
#[derive(Debug, Clone, Default)]
pub(in crate::define) struct WordsFile {
    words: Vec<String>,
    spot: Spot,
}

impl<'de> Deserialize<'de> for WordsFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words = Placed::<Words>::deserialize(deserializer)?;
        Ok(Self { words: words.value.0, spot: words.spot })
    }
}

schema::schema_of!(WordsFile, "States", |generator| schema::any_of([
    schemars::json_schema!({ "title": "state", "type": ["string", "integer", "boolean"] }),
    schema::list_of(generator.subschema_for::<Self>()),
]));

struct Words(Vec<String>);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordsVisitor)
    }
}

struct WordsVisitor;

impl<'de> Visitor<'de> for WordsVisitor {
    type Value = Words;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a state such as `DONE`, or a list of them")
    }

    fn visit_str<E>(self, word: &str) -> Result<Words, E> {
        Ok(Words(vec![word.to_owned()]))
    }

    fn visit_bool<E>(self, word: bool) -> Result<Words, E> {
        Ok(Words(vec![word.to_string()]))
    }

    fn visit_u64<E>(self, word: u64) -> Result<Words, E> {
        Ok(Words(vec![word.to_string()]))
    }

    fn visit_i64<E>(self, word: i64) -> Result<Words, E> {
        Ok(Words(vec![word.to_string()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Words, A::Error> {
        let mut all = Vec::new();
        while let Some(Words(one)) = seq.next_element()? {
            all.extend(one);
        }
        Ok(Words(all))
    }
}

/// What the states mean, where nothing about them contradicts itself. `lists` are those of `ok`, `empty` and `bad`.
pub(super) fn states(
    at: Option<Checked<StateAt>>,
    lists: [WordsFile; 3],
    message: Option<Spot>,
    problems: &mut Problems<'_>,
) -> Option<States> {
    let names = ["ok", "empty", "bad"];
    let known = problems.problems.len();
    if at.is_none()
        && let Some((name, list)) = names.iter().zip(&lists).find(|(_, list)| !list.words.is_empty())
    {
        let fault = Fault::new(format!("`{name}` names states, and nothing says where the state is"));
        problems.add(
            list.spot,
            fault.with_help("say `state: PATH`, `state: \"header:NAME\"` or `state: http_status`"),
        );
    }
    if let Some(at) = at.as_ref().filter(|_| lists[0].words.is_empty()) {
        let fault = Fault::new("nothing says in which state the export is there");
        problems.add(at.spot, fault.with_help("say `ok: DONE`, with the provider's own word"));
    }
    if let Some(message) = message.filter(|_| lists[2].words.is_empty()) {
        let fault = Fault::new("`message` says why a job failed, and no state means that");
        problems.add(message, fault.with_help("say `bad: FAILED`, with the provider's own word"));
    }
    for (place, list) in lists.iter().enumerate() {
        for (n, word) in list.words.iter().enumerate() {
            let earlier = lists[..place].iter().position(|other| other.words.contains(word));
            let fault = match earlier {
                Some(other) => {
                    format!("`{word}` is `{}` already and cannot be `{}` too", names[other], names[place])
                }
                None if list.words[..n].contains(word) => format!("`{word}` stands here twice"),
                None => continue,
            };
            problems.add(list.spot, Fault::new(fault).with_help("keep it in one place").at(word));
        }
    }
    let at = match at {
        None => None,
        Some(at) => Some(problems.take(at)?),
    };
    let [ok, empty, bad] = lists.map(|list| list.words);
    (problems.problems.len() == known).then_some(States { at, ok, empty, bad })
}
