//! The numbers of a day, and how they add up. Pure.
//!
//! What was received was consumed, has failed, still waits, or is unexplained:
//! `received = consumed + failed + waiting + unexplained`. What tieout decided to send was sent or not:
//! `decided = re_emitted + dead + undelivered + superseded`, and what was sent has repaired something or not yet:
//! `re_emitted = repaired + unrepaired`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::day::Day;
use super::number::Number;
use crate::store::DecidedCount;

/// What was received on a day and what became of it, as far as somebody told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Arrivals {
    /// All of it.
    pub received: Option<u64>,
    /// What was consumed of it.
    pub consumed: Option<u64>,
    /// What failed of it.
    pub failed: Option<u64>,
    /// What still waits of it; absent where nobody counts it: then it is among what is unexplained.
    pub waiting: Option<Number<u64>>,
}

/// What flowed through on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Flow {
    /// The date.
    pub day: String,
    /// The zone whose calendar it is of.
    pub zone: String,
    /// The first instant of the day: RFC 3339, UTC.
    pub from: String,
    /// The first instant after it.
    pub to: String,
    /// Whether it is over; until then the numbers grow.
    pub over: bool,
    /// What the application received.
    pub received: Number<u64>,
    /// What it consumed of that.
    pub consumed: Number<u64>,
    /// What failed of that.
    pub failed: Number<u64>,
    /// What still waits of that; absent where nobody counts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Number<u64>>,
    /// What was received and is none of these; below zero where more was accounted for than received.
    pub unexplained: Number<i64>,
    /// Events that tieout decided on this day.
    pub decided: Number<u64>,
    /// Those of them that a queue has acknowledged.
    pub re_emitted: Number<u64>,
    /// Those of the acknowledged ones after which a later look found the sides equal.
    pub repaired: Number<u64>,
    /// Those of the acknowledged ones after which no look has found that yet.
    pub unrepaired: Number<u64>,
    /// Those that were given up.
    pub dead: Number<u64>,
    /// Those that are still to be sent, or held.
    pub undelivered: Number<u64>,
    /// Those that nobody needed any more before they were sent.
    pub superseded: Number<u64>,
    /// Why a number is unknown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<String>,
}

/// A sum that does not add up: the figure, what it says, and what its parts sum to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The figure and its day.
    pub side: String,
    /// What it says.
    pub said: String,
    /// What its parts sum to.
    pub sum: String,
}

impl Arrivals {
    /// What is left over, where everything is known that was to be counted.
    #[must_use]
    pub fn unexplained(&self) -> Option<i64> {
        let waiting = self.waiting.map_or(Some(0), Number::known)?;
        let accounted = [self.consumed?, self.failed?, waiting].into_iter().map(i128::from).sum::<i128>();
        i64::try_from(i128::from(self.received?) - accounted).ok()
    }
}

impl Flow {
    /// The numbers of a day; without `decided` it is not known any more what tieout sent.
    #[must_use]
    pub fn of(day: &Day, arrivals: Arrivals, decided: Option<DecidedCount>, why: Vec<String>) -> Self {
        let number = |of: fn(&DecidedCount) -> u64| Number::from(decided.as_ref().map(of));
        Self {
            day: day.date.to_string(),
            zone: day.zone.name().to_owned(),
            from: day.window.from().to_string(),
            to: day.window.to().to_string(),
            over: day.is_over,
            received: arrivals.received.into(),
            consumed: arrivals.consumed.into(),
            failed: arrivals.failed.into(),
            waiting: arrivals.waiting,
            unexplained: arrivals.unexplained().into(),
            decided: number(|all| {
                all.repaired + all.unrepaired + all.dead + all.undelivered + all.superseded
            }),
            re_emitted: number(|all| all.repaired + all.unrepaired),
            repaired: number(|all| all.repaired),
            unrepaired: number(|all| all.unrepaired),
            dead: number(|all| all.dead),
            undelivered: number(|all| all.undelivered),
            superseded: number(|all| all.superseded),
            why,
        }
    }

    /// The first figure that is not the sum of its parts, or that is known although a part of it is not.
    #[must_use]
    pub fn mistake(&self) -> Option<Mistake> {
        let not_counted = Number::Known(0);
        let (consumed, failed) = (wide(self.consumed), wide(self.failed));
        let waiting = wide(self.waiting.unwrap_or(not_counted));
        let (received, left) = (wide(self.received), wide(self.unexplained));
        let sums = [
            ("received", received, vec![consumed, failed, waiting, left]),
            (
                "decided",
                wide(self.decided),
                vec![wide(self.re_emitted), wide(self.dead), wide(self.undelivered), wide(self.superseded)],
            ),
            ("re-emitted", wide(self.re_emitted), vec![wide(self.repaired), wide(self.unrepaired)]),
        ];
        let wrong = sums.into_iter().find_map(|(name, said, parts)| Some((name, said, off(said, &parts)?)));
        // What is left over of what is not known is not known.
        let is_guessed = || [received, consumed, failed, waiting].iter().any(|part| part.known().is_none());
        let guess = || left.known().filter(|_| is_guessed()).map(|_| ("unexplained", left, Number::UNKNOWN));
        let (name, said, sum) = wrong.or_else(guess)?;
        Some(Mistake {
            side: format!("{name} of {}", self.day),
            said: said.to_string(),
            sum: sum.to_string(),
        })
    }
}

fn wide<N: Into<i128>>(number: Number<N>) -> Number<i128> {
    number.known().map(Into::into).into()
}

/// The sum of some parts, where it is known and another than what is said.
fn off(said: Number<i128>, parts: &[Number<i128>]) -> Option<Number<i128>> {
    let sum = parts.iter().map(|part| part.known()).sum::<Option<i128>>()?;
    (said.known() != Some(sum)).then_some(Number::Known(sum))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::funnel::days;
    use proptest::prelude::*;
    use tieout_reconcilers::instant::Instant;
    use tieout_reconcilers::zone::Zone;

    fn day() -> Day {
        days(Zone::UTC, Instant::from_micros(1_763_690_400_000_000), 1).remove(0)
    }

    fn maybe() -> impl Strategy<Value = Option<u64>> {
        prop_oneof![Just(None), (0_u64..50).prop_map(Some), any::<u64>().prop_map(Some)]
    }

    fn arrivals() -> impl Strategy<Value = Arrivals> {
        (maybe(), maybe(), maybe(), proptest::option::of(maybe().prop_map(Number::from))).prop_map(
            |(received, consumed, failed, waiting)| Arrivals { received, consumed, failed, waiting },
        )
    }

    fn decided() -> impl Strategy<Value = Option<DecidedCount>> {
        let counts = (0_u64..9, 0_u64..9, 0_u64..9, 0_u64..9, 0_u64..9);
        proptest::option::of(counts.prop_map(|(repaired, unrepaired, dead, undelivered, superseded)| {
            DecidedCount { repaired, unrepaired, dead, undelivered, superseded }
        }))
    }

    proptest! {
        #[test]
        fn a_funnel_adds_up_whatever_is_known(arrivals in arrivals(), decided in decided()) {
            let flow = Flow::of(&day(), arrivals, decided, Vec::new());
            prop_assert_eq!(flow.mistake(), None);
            if let (Some(received), Some(consumed), Some(failed), Some(unexplained)) =
                (arrivals.received, arrivals.consumed, arrivals.failed, flow.unexplained.known())
            {
                let waiting = arrivals.waiting.map_or(0, |waiting| waiting.known().unwrap());
                let accounted = i128::from(consumed) + i128::from(failed) + i128::from(waiting);
                prop_assert_eq!(i128::from(received), accounted + i128::from(unexplained));
            }
        }

        #[test]
        fn what_is_unknown_stays_unknown_and_is_never_zero(arrivals in arrivals(), decided in decided()) {
            let flow = Flow::of(&day(), arrivals, decided, Vec::new());
            let counted = [arrivals.received, arrivals.consumed, arrivals.failed];
            for (told, number) in counted.iter().zip([flow.received, flow.consumed, flow.failed]) {
                prop_assert_eq!(*told, number.known());
            }
            let is_short = counted.iter().any(Option::is_none) || arrivals.waiting == Some(Number::UNKNOWN);
            prop_assert!(!is_short || flow.unexplained.known().is_none());
            prop_assert_eq!(decided.is_none(), flow.re_emitted.known().is_none());
            let json = serde_json::to_string(&flow).unwrap();
            prop_assert_eq!(serde_json::from_str::<Flow>(&json).unwrap(), flow);
        }

        #[test]
        fn one_too_many_anywhere_is_a_mistake(
            numbers in (0_u64..50, 0_u64..50, 0_u64..50, 0_u64..50),
            counts in decided(),
            place in 0_usize..9,
        ) {
            let (received, consumed, failed, waiting) = numbers;
            let arrivals = Arrivals {
                received: Some(received),
                consumed: Some(consumed),
                failed: Some(failed),
                waiting: Some(Number::Known(waiting)),
            };
            let mut flow = Flow::of(&day(), arrivals, Some(counts.unwrap_or_default()), Vec::new());
            let figures = [
                &mut flow.received, &mut flow.consumed, &mut flow.failed, flow.waiting.as_mut().unwrap(), &mut flow.decided,
                &mut flow.repaired, &mut flow.unrepaired, &mut flow.dead, &mut flow.superseded,
            ];
            let figure = figures.into_iter().nth(place).unwrap();
            *figure = Number::Known(figure.known().unwrap() + 1);
            prop_assert!(flow.mistake().is_some());
        }
    }

    #[test]
    fn what_is_left_over_of_an_unknown_number_is_a_mistake_and_says_whose() {
        let arrivals = Arrivals { received: Some(10), consumed: Some(7), failed: Some(1), waiting: None };
        let flow = Flow::of(&day(), arrivals, None, Vec::new());
        assert_eq!(flow.unexplained, Number::Known(2));
        let guessed = Flow { failed: Number::UNKNOWN, ..flow };
        let mistake = guessed.mistake().unwrap();
        assert_eq!((mistake.side.as_str(), mistake.sum.as_str()), ("unexplained of 2025-11-21", "unknown"));
    }

    #[test]
    fn more_that_is_accounted_for_than_received_is_said_as_it_is() {
        let arrivals = Arrivals { received: Some(3), consumed: Some(5), failed: Some(0), waiting: None };
        assert_eq!(arrivals.unexplained(), Some(-2));
        assert_eq!(Arrivals { received: Some(u64::MAX), ..arrivals }.unexplained(), None);
    }
}
