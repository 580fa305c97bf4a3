//! Which dead letters died of one cause: the same domain, queue and class, and one reason but for its numbers, ids and quoted words.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use regex_lite::{Captures, Regex};
use serde::Serialize;
use uuid::Uuid;

/// The namespace of group ids. Changing it would give every group another id.
const NAMESPACE: Uuid = Uuid::from_u128(0x1c5a_6d0e_40b7_5f0a_8d35_9be2_77a1_c604);

/// How much of an id tells groups apart: a person types it, and few groups are there at a time.
const ID_LEN: usize = 8;

/// How much of a reason tells causes apart; some brokers send a whole page.
const MAX_REASON: usize = 300;

/// A class and a reason as people read them in one line, where the reason may be as long as whoever wrote it liked and names an event.
#[must_use]
pub fn cause(class: &str, reason: &str) -> String {
    format!("{class}: {}", common(reason))
}

/// Everything that two dead letters of one group share.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Group {
    /// The domain.
    pub domain: String,
    /// The queue's name in the configuration.
    pub queue: String,
    /// The class: `exhausted`, `unroutable`, `poison`, `too_large`, `rejected` or `schema`.
    pub class: String,
    /// The reason, with `<n>`, `<id>` and `<word>` in place of what differs from event to event.
    pub reason: String,
}

impl Group {
    /// The group of a dead letter.
    #[must_use]
    pub fn of(domain: &str, queue: &str, class: &str, reason: &str) -> Self {
        Self {
            domain: domain.to_owned(),
            queue: queue.to_owned(),
            class: class.to_owned(),
            reason: common(reason),
        }
    }

    /// Its id, which is the same on every day and every host.
    #[must_use]
    pub fn id(&self) -> GroupId {
        // JSON keeps the parts apart: no reason can imitate the end of another part.
        let parts = (&self.domain, &self.queue, &self.class, &self.reason);
        let name = serde_json::to_string(&parts).unwrap_or_default();
        let mut id = Uuid::new_v5(&NAMESPACE, name.as_bytes()).simple().to_string();
        id.truncate(ID_LEN);
        GroupId(id)
    }
}

/// The id of a group, or its first characters as somebody typed them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct GroupId(String);

/// Why a text is no id of a group.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a group: expected the hexadecimal id that `tieout dlq list` writes, or its first characters"
)]
pub struct NotAGroup(String);

impl GroupId {
    /// Whether these are the first characters of an id.
    #[must_use]
    pub fn begins(&self, whole: &Self) -> bool {
        whole.0.starts_with(&self.0)
    }
}

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for GroupId {
    type Err = NotAGroup;

    fn from_str(text: &str) -> Result<Self, NotAGroup> {
        let is_hex = text.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c));
        if text.is_empty() || text.len() > ID_LEN || !is_hex {
            return Err(NotAGroup(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

/// Quoted words, and words with a digit in them. An apostrophe within a word begins no quotation.
static VARIABLE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r#"(?<quoted>"[^"]*"|`[^`]*`|“[^”]*”)"#,
        r"|(?<before>^|[^A-Za-z0-9_'])'[^']*'",
        r"|(?<token>[A-Za-z0-9_]*[0-9][A-Za-z0-9_]*(?:[-.:][A-Za-z0-9_]+)*)",
    ))
    .ok()
});

/// A reason without what differs from event to event.
fn common(reason: &str) -> String {
    let words: Vec<&str> = reason.split_whitespace().collect();
    let line: String = words.join(" ").chars().take(MAX_REASON).collect();
    let Some(variable) = VARIABLE.as_ref() else { return line };
    let stands_for = |found: &Captures<'_>| match (found.name("token"), found.name("before")) {
        (Some(token), _) if token.as_str().chars().all(|c| c.is_ascii_digit() || ".:-".contains(c)) => {
            "<n>".to_owned()
        }
        (Some(_), _) => "<id>".to_owned(),
        (None, Some(before)) => format!("{}<word>", before.as_str()),
        (None, None) => "<word>".to_owned(),
    };
    variable.replace_all(&line, stands_for).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_differs_from_event_to_event_is_replaced() {
        let told = [
            "stale version 12",
            "row ch_3Q9x of `orders` is locked by 'ada'",
            "no route for 0199c3c0-93f2-7d0e-9a5c-3f0f10b4a6b1 at 10.0.0.7:5672",
            "it doesn't fit, and can't be cut",
            "said \"a 1 b\"\n  twice",
        ];
        let common: Vec<String> = told.into_iter().map(common).collect();
        assert_eq!(
            common,
            [
                "stale version <n>",
                "row <id> of <word> is locked by <word>",
                "no route for <id> at <n>",
                "it doesn't fit, and can't be cut",
                "said <word> twice",
            ]
        );
    }

    #[test]
    fn equal_causes_are_one_group_and_its_id_never_changes() {
        let group = |queue, reason| Group::of("shop.charges", queue, "exhausted", reason).id();
        assert_eq!(group("billing", "stale version 12"), group("billing", "stale version 7"));
        assert_ne!(group("billing", "stale version 12"), group("audit", "stale version 12"));
        assert_ne!(group("billing", "stale version 12"), group("billing", "new version 12"));
        assert_eq!(group("billing", "stale version 12").to_string(), "ce9e92b9");
    }

    #[test]
    fn a_group_is_named_by_its_first_characters() {
        let whole = Group::of("a", "b", "c", "d").id();
        let first: GroupId = whole.to_string()[..4].parse().unwrap();
        assert!(first.begins(&whole) && whole.begins(&whole) && !whole.begins(&first));
        for wrong in ["", "7F3A", "xyz", "012345678"] {
            assert!(wrong.parse::<GroupId>().is_err(), "{wrong:?} was accepted");
        }
    }

    proptest! {
        #[test]
        fn what_is_common_has_nothing_left_to_replace(reason in ".{0,400}") {
            let once = common(&reason);
            prop_assert!(!once.chars().any(|c| c.is_ascii_digit()));
            prop_assert_eq!(common(&once.clone()).chars().any(|c| c.is_ascii_digit()), false);
        }

        #[test]
        fn numbers_make_no_difference(a in 0_u64.., b in 0_u64..) {
            prop_assert_eq!(common(&format!("offset {a} is gone")), common(&format!("offset {b} is gone")));
        }
    }
}
