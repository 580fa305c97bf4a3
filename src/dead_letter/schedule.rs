//! When a run tries a dead letter again by itself. It knows no clock: whoever asks adds the pause to the moment of the death.

use std::time::Duration;

/// The classes of what may work by itself a little later: nothing is wrong with the event.
pub const TRANSIENT: [&str; 2] = ["exhausted", "unroutable"];

/// How often a dead letter is put back before only a person does it.
pub const MAX_RETRIES: u32 = 3;

/// The pauses after each death: what a day does not mend, a person has to.
const PAUSES: [Duration; MAX_RETRIES as usize] =
    [Duration::from_hours(1), Duration::from_hours(4), Duration::from_hours(24)];

/// How long after its newest death a dead letter that was put back so often is put back again; never where there is no answer.
#[must_use]
pub fn next_retry(class: &str, retries: u32) -> Option<Duration> {
    let pause = PAUSES.get(usize::try_from(retries).ok()?).copied();
    pause.filter(|_| TRANSIENT.contains(&class))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pauses_grow_and_end(retries in 0_u32..1_000) {
            for class in TRANSIENT {
                let (now, later) = (next_retry(class, retries), next_retry(class, retries + 1));
                prop_assert_eq!(now.is_some(), retries < MAX_RETRIES);
                prop_assert!(later.is_none_or(|later| now.is_some_and(|now| now < later)));
            }
        }

        #[test]
        fn what_is_wrong_with_the_event_itself_waits_for_a_person(class in "poison|too_large|rejected|[a-z]{0,9}", retries in 0_u32..9) {
            prop_assume!(!TRANSIENT.contains(&class.as_str()));
            prop_assert_eq!(next_retry(&class, retries), None);
        }
    }
}
