//! The keys that a run is about: named one by one, or read from a list.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use clap::Args;
use tieout_reconcilers::key::Key;

use super::failure::Failure;
use super::list;
use super::values::key;

/// How many keys one run takes: all of them are in memory, and each costs a look-up at least.
const MOST_KEYS: usize = 100_000;

/// The keys of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct Keys {
    /// Only these items, however old; coverage stays as it is
    #[arg(long, value_name = "K[,K]", value_delimiter = ',', value_parser = key, conflicts_with_all = ["since", "window"])]
    pub key: Vec<Key>,
    /// Only the items of this list, one key a line; `-` is stdin. With --key, those as well
    #[arg(long, value_name = "FILE", conflicts_with_all = ["since", "window"])]
    pub keys_from: Option<PathBuf>,
}

impl Keys {
    /// The keys that are meant, each once, in their order; nothing where none were asked for. An empty list is an error: a run that
    /// looks at nothing is no success.
    pub fn wanted(&self) -> Result<Option<Vec<Key>>, Failure> {
        let listed = self.keys_from.as_deref().map(from_list).transpose()?;
        if listed.is_none() && self.key.is_empty() {
            return Ok(None);
        }
        let mut known = HashSet::new();
        let all = self.key.iter().cloned().chain(listed.into_iter().flatten());
        Ok(Some(all.filter(|key| known.insert(key.clone())).collect()))
    }
}

fn from_list(file: &Path) -> Result<Vec<Key>, Failure> {
    let keys = listed(&list::read(file)?)?;
    if keys.is_empty() {
        return Err(Failure::usage("no_keys", format!("{} names no key", list::called(file))));
    }
    Ok(keys)
}

/// The keys on lines, each once.
fn listed(text: &str) -> Result<Vec<Key>, Failure> {
    let (mut keys, mut known) = (Vec::new(), HashSet::new());
    for (at, line) in list::lines(text) {
        // It would be looked up as it stands, found nowhere, and pass for something that both sides lack.
        if line.trim() != line {
            return Err(list::wrong_line(at, "white space around the key; `--key` takes one that has it"));
        }
        let key = key(line).map_err(|fault| list::wrong_line(at, fault))?;
        if known.insert(key.clone()) {
            keys.push(key);
        }
        if keys.len() > MOST_KEYS {
            return Err(list::wrong_line(at, format!("more than {MOST_KEYS} keys; split the list")));
        }
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Result<Vec<String>, String> {
        let keys = listed(text).map_err(|failure| failure.message)?;
        Ok(keys.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_list_has_one_key_a_line_and_says_each_once() {
        assert_eq!(told("ch_2\r\n\r\nch_1\nch_2\nch 3\n").unwrap(), ["ch_2", "ch_1", "ch 3"]);
        assert_eq!(told("\n \n").unwrap(), [""; 0]);
    }

    #[test]
    fn a_line_that_is_no_key_is_named_by_its_number() {
        let long = "x".repeat(1_025);
        for (text, wrong) in [
            (format!("ch_1\n{long}\n"), "line 2: the key is longer than 1024 bytes"),
            ("ch_1\n\nch\t2\n".to_owned(), "line 3: the key is longer than 1024 bytes or holds a control"),
            ("ch_1 \n".to_owned(), "line 1: white space around the key"),
        ] {
            assert!(told(&text).unwrap_err().starts_with(wrong), "{:?}", told(&text));
        }
    }

    #[test]
    fn a_list_that_is_too_long_for_one_run_is_refused() {
        let all = |n: usize| (0..n).fold(String::new(), |text, at| format!("{text}{at}\n"));
        assert_eq!(told(&all(1_000)).unwrap().len(), 1_000);
        let many: Vec<String> = (0..=MOST_KEYS).map(|at| at.to_string()).collect();
        assert_eq!(
            told(&many.join("\n")).unwrap_err(),
            format!("line {}: more than 100000 keys; split the list", MOST_KEYS + 1)
        );
    }

    #[test]
    fn keys_of_both_kinds_count_once_and_none_are_no_keys() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "b\na\n").unwrap();
        let named = |key: &[&str]| key.iter().map(|key| Key::checked(key).unwrap()).collect();
        let keys = Keys { key: named(&["a", "a", "c"]), keys_from: Some(file.path().to_owned()) };
        let wanted = keys.wanted().unwrap().unwrap();
        assert_eq!(wanted.iter().map(Key::as_str).collect::<Vec<_>>(), ["a", "c", "b"]);
        assert_eq!(Keys::default().wanted(), Ok(None));
        std::fs::write(file.path(), "\r\n").unwrap();
        let empty = Keys { key: Vec::new(), keys_from: Some(file.path().to_owned()) };
        assert_eq!(empty.wanted().unwrap_err().code, "no_keys");
    }
}
