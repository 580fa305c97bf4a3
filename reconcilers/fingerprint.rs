//! What stands for something that cannot be used, so that nobody has to keep it: a hash of what was sent.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

/// The first 128 bits of a SHA-256, written as 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(u128);

impl Fingerprint {
    /// Of parts in their order, of which some may not be there: no two lists of parts look alike.
    #[must_use]
    pub fn of<'p>(parts: impl IntoIterator<Item = Option<&'p str>>) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            // A part that is not there is as long as none can be.
            hash.update(part.map_or(u64::MAX, |part| part.len() as u64).to_be_bytes());
            hash.update(part.unwrap_or_default());
        }
        Self(
            hash.finalize()
                .iter()
                .take(size_of::<u128>())
                .fold(0, |sum, byte| (sum << 8) | u128::from(*byte)),
        )
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// A text that is no fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint is 32 hexadecimal digits")]
pub struct NotAFingerprint;

impl FromStr for Fingerprint {
    type Err = NotAFingerprint;

    fn from_str(text: &str) -> Result<Self, NotAFingerprint> {
        let is_one = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if is_one {
            u128::from_str_radix(text, 16).map(Self).map_err(|_| NotAFingerprint)
        } else {
            Err(NotAFingerprint)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_fingerprint_is_read_back_as_it_is_written(text in ".*") {
            let one = Fingerprint::of([Some(text.as_str())]);
            prop_assert_eq!(one.to_string().parse(), Ok(one));
        }

        #[test]
        fn lists_of_other_parts_have_other_fingerprints(
            one in prop::collection::vec(prop::option::of("[ab]{0,2}"), 0..4),
            other in prop::collection::vec(prop::option::of("[ab]{0,2}"), 0..4),
        ) {
            let of = |parts: &[Option<String>]| Fingerprint::of(parts.iter().map(Option::as_deref));
            prop_assert_eq!(of(&one) == of(&other), one == other);
        }
    }

    #[test]
    fn what_is_no_fingerprint_is_refused() {
        for wrong in ["", "0", &"g".repeat(32), &"A".repeat(32), &"+".repeat(32)] {
            assert_eq!(wrong.parse::<Fingerprint>(), Err(NotAFingerprint), "{wrong}");
        }
    }
}
