//! The order of values, which is jq's: `null`, `false`, `true`, numbers, texts, lists, objects.

use std::cmp::Ordering;

use super::value::Val;

impl Val {
    const fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(false) => 1,
            Self::Bool(true) => 2,
            Self::Number(_) => 3,
            // Beside those that can be compared; the machine refuses to order it by itself.
            Self::LongNumber(_) => 4,
            Self::Text(_) => 5,
            Self::List(_) => 6,
            Self::Object(_) => 7,
            Self::Refused => 8,
        }
    }
}

impl Ord for Val {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.cmp(b),
            (Self::LongNumber(a), Self::LongNumber(b)) | (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::List(a), Self::List(b)) => a.inner.cmp(&b.inner),
            (Self::Object(a), Self::Object(b)) => {
                // The names come before the values, as in jq.
                a.inner.keys().cmp(b.inner.keys()).then_with(|| a.inner.values().cmp(b.inner.values()))
            }
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }
}

impl PartialOrd for Val {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Val {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Val {}
