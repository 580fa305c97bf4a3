//! Statements with a placeholder for each key, written for a few numbers of keys only, so that few distinct ones exist.

use std::sync::Arc;

use super::database::KEYS_AT_ONCE;
use super::statement::Purpose;

/// The numbers of keys for which statements are written.
const COUNTS: [usize; 4] = [1, 10, 100, KEYS_AT_ONCE];

/// One statement for a range, or one per padded number of keys.
#[derive(Debug, Clone)]
pub(super) struct Padded(Vec<(usize, Arc<str>)>);

impl Padded {
    /// Writes the statements; `sql` is handed the number of keys.
    pub(super) fn write(purpose: Purpose, sql: impl Fn(usize) -> String) -> Self {
        let counts: &[usize] = if purpose == Purpose::Keys { &COUNTS } else { &[0] };
        Self(counts.iter().map(|count| (*count, sql(*count).into())).collect())
    }

    /// The statement for at least so many keys.
    pub(super) fn fitting(&self, keys: usize) -> Arc<str> {
        let fitting = self.0.iter().find(|(count, _)| *count >= keys).or(self.0.last());
        fitting.map_or_else(|| Arc::from(""), |(_, sql)| sql.clone())
    }
}

/// Keys for a padded list; the last one fills the rest of it. There are at most [`KEYS_AT_ONCE`].
pub(super) fn padded<K>(keys: &[K]) -> impl Iterator<Item = &K> {
    let count = COUNTS.into_iter().find(|count| *count >= keys.len()).unwrap_or(KEYS_AT_ONCE);
    keys.iter().chain(keys.last().into_iter().cycle()).take(count)
}
