//! What is thought of the items that a call named.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The items that a call named, of one domain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Named {
    /// How many came to which verdict.
    pub verdicts: BTreeMap<Verdict, u64>,
    /// The items, first those that need attention, limited by `--limit`.
    pub items: Vec<NamedItem>,
    /// How many there are beyond the list.
    pub not_listed: u64,
}

/// What is thought of one item now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NamedItem {
    /// The member of the fan-out, where the feed has one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub each: String,
    /// The item.
    pub key: String,
    /// What a look at both sides showed.
    pub verdict: Verdict,
    /// missing, mismatched, orphaned or unreadable, where they differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// In which fields they differ.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// How its finding stands, where that is more than open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Why it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What a look at both sides of an item showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It could not be looked up.
    Unread,
    /// The sides differ.
    Differs,
    /// They differ, and the item is too young to be judged.
    Young,
    /// Neither side has it.
    Absent,
    /// The sides agree.
    Agrees,
}

impl NamedItem {
    /// An item that agrees.
    #[must_use]
    pub fn of(key: &str) -> Self {
        Self {
            each: String::new(),
            key: key.to_owned(),
            verdict: Verdict::Agrees,
            kind: None,
            fields: Vec::new(),
            state: None,
            why: None,
        }
    }
}

impl Named {
    /// At most so many of the items, and the counts of all of them; nothing where none was named. A key that one member of a fan-out
    /// has is not absent because the others lack it.
    #[must_use]
    pub fn of(items: Vec<NamedItem>, at_most: usize) -> Option<Self> {
        let is_there = |item: &&NamedItem| item.verdict != Verdict::Absent;
        let mut seen: BTreeSet<String> = items.iter().filter(is_there).map(|item| item.key.clone()).collect();
        let mut items: Vec<NamedItem> = items
            .into_iter()
            .filter(|item| item.verdict != Verdict::Absent || seen.insert(item.key.clone()))
            .map(|item| match item.verdict {
                Verdict::Absent => NamedItem { each: String::new(), ..item },
                _ => item,
            })
            .collect();
        items.sort_by(|one, other| {
            (one.verdict, &one.key, &one.each).cmp(&(other.verdict, &other.key, &other.each))
        });
        let mut verdicts = BTreeMap::new();
        for item in &items {
            *verdicts.entry(item.verdict).or_default() += 1;
        }
        let not_listed = items.len().saturating_sub(at_most) as u64;
        items.truncate(at_most);
        (!verdicts.is_empty()).then_some(Self { verdicts, items, not_listed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(each: &str, key: &str, verdict: Verdict) -> NamedItem {
        NamedItem { each: each.to_owned(), verdict, ..NamedItem::of(key) }
    }

    #[test]
    fn a_key_that_one_member_has_is_absent_from_none_and_one_that_none_has_is_absent_once() {
        let items = vec![
            item("a", "ch_1", Verdict::Absent),
            item("b", "ch_1", Verdict::Agrees),
            item("a", "ch_2", Verdict::Absent),
            item("b", "ch_2", Verdict::Absent),
            item("b", "ch_3", Verdict::Differs),
        ];
        let named = Named::of(items, 2).unwrap();
        let told: Vec<_> = named.items.iter().map(|item| (item.each.as_str(), item.key.as_str())).collect();
        assert_eq!(told, [("b", "ch_3"), ("", "ch_2")]);
        assert_eq!((named.verdicts.len(), named.not_listed), (3, 1));
        assert_eq!(Named::of(Vec::new(), 2), None);
    }
}
