//! The sums that must hold in every report; a report that breaks one is wrong and says so.

use rust_decimal::Decimal;

use tieout_reconcilers::direction::{Direction, Roles};

use super::amounts::Amount;
use super::value::{DomainReport, ItemCounts};
use crate::funnel::Mistake;

/// A sum that does not add up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the {what} of {domain} do not add up: {side} is {said}, its parts sum to {sum}; this is a bug in tieout"
)]
pub struct Broken {
    what: &'static str,
    domain: String,
    side: String,
    said: String,
    sum: String,
}

/// Checks what a domain says: its counts on both sides, those of the ranges it read again, its money per currency, and its funnel.
pub fn check(report: &DomainReport) -> Result<(), Broken> {
    let direction = report.direction;
    let counts = [("counts", &report.items), ("counts of the overlap scan", &report.overlap)];
    let broken_counts =
        counts.into_iter().find_map(|(what, counts)| Some((what, broken_count(counts, direction)?)));
    let broken_amounts =
        || report.amounts.iter().find_map(|amount| Some(("amounts", broken_amount(amount, direction)?)));
    let flows = || report.funnel.iter().flat_map(|funnel| &funnel.days);
    let broken_funnel = || flows().find_map(|flow| Some(("numbers of the funnel", flow.mistake()?)));
    match broken_counts.or_else(broken_amounts).or_else(broken_funnel) {
        None => Ok(()),
        Some((what, Mistake { side, said, sum })) => {
            Err(Broken { what, domain: report.domain.clone(), side, said, sum })
        }
    }
}

fn broken_count(items: &ItemCounts, direction: Direction) -> Option<Mistake> {
    let ItemCounts { upstream, local, matched, mismatched, missing, orphaned, pending, unreadable, ignored } =
        *items;
    let both = matched + mismatched;
    // What only the truth has is missing, what only the copy has is orphaned.
    let only = direction.sides(Roles { truth: missing, copy: orphaned });
    let sums = [
        ("upstream", upstream, both + only.0 + pending.upstream + unreadable.upstream + ignored.upstream),
        ("local", local, both + only.1 + pending.local + unreadable.local + ignored.local),
    ];
    let (side, said, sum) = sums.into_iter().find(|(_, said, sum)| said != sum)?;
    Some(Mistake { side: side.to_owned(), said: said.to_string(), sum: sum.to_string() })
}

/// `difference = truth - copy = missing + mismatched - orphaned + unexplained`. Amounts beyond 28 digits are not checked.
fn broken_amount(amount: &Amount, direction: Direction) -> Option<Mistake> {
    let sum = |parts: &[(&str, Decimal)]| {
        parts.iter().try_fold(Decimal::ZERO, |sum, (text, sign)| {
            sum.checked_add(text.parse::<Decimal>().ok()?.checked_mul(*sign)?)
        })
    };
    let (plus, minus) = (Decimal::ONE, Decimal::NEGATIVE_ONE);
    let said = sum(&[(&amount.difference, plus)])?;
    let Roles { truth, copy } = direction.roles(&amount.upstream, &amount.local);
    let of_sides = sum(&[(truth, plus), (copy, minus)])?;
    let of_causes = sum(&[
        (&amount.missing, plus),
        (&amount.mismatched, plus),
        (&amount.orphaned, minus),
        (&amount.unexplained, plus),
    ])?;
    let sum = [of_sides, of_causes].into_iter().find(|sum| *sum != said)?;
    let side = format!("the difference in {}", amount.currency);
    Some(Mistake { side, said: amount.difference.clone(), sum: sum.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Money, OneSide};
    use proptest::prelude::*;

    fn one_side() -> impl Strategy<Value = OneSide> {
        (0_u64..9, 0_u64..9).prop_map(|(upstream, local)| OneSide { upstream, local })
    }

    fn direction() -> impl Strategy<Value = Direction> {
        prop_oneof![Just(Direction::Inbound), Just(Direction::Outbound)]
    }

    /// Counts that add up, because both sides are summed from the parts.
    fn counts() -> impl Strategy<Value = (Direction, ItemCounts)> {
        let parts = (0_u64..9, 0_u64..9, 0_u64..9, 0_u64..9);
        (direction(), parts, one_side(), one_side(), one_side()).prop_map(
            |(direction, parts, pending, unreadable, ignored)| {
                let (matched, mismatched, missing, orphaned) = parts;
                let left =
                    |side: fn(&OneSide) -> u64| [pending, unreadable, ignored].iter().map(side).sum::<u64>();
                let (upstream, local) = match direction {
                    Direction::Inbound => (missing, orphaned),
                    Direction::Outbound => (orphaned, missing),
                };
                let counts = ItemCounts {
                    upstream: matched + mismatched + upstream + left(|one| one.upstream),
                    local: matched + mismatched + local + left(|one| one.local),
                    matched,
                    mismatched,
                    missing,
                    orphaned,
                    pending,
                    unreadable,
                    ignored,
                };
                (direction, counts)
            },
        )
    }

    fn amount(difference: &str, unexplained: &str) -> Amount {
        let text = ToOwned::to_owned;
        Amount {
            currency: text("USD"),
            upstream: text("300.00"),
            local: text("185.00"),
            difference: text(difference),
            missing: text("120.00"),
            mismatched: text("10.00"),
            orphaned: text("15.00"),
            unexplained: text(unexplained),
        }
    }

    #[test]
    fn a_figure_that_is_not_the_sum_of_its_parts_is_named() {
        assert_eq!(broken_amount(&amount("115.00", "0.00"), Direction::Inbound), None);
        let broken = broken_amount(&amount("116.00", "1.00"), Direction::Inbound).unwrap();
        assert_eq!((broken.side.as_str(), broken.sum.as_str()), ("the difference in USD", "115.00"));
        assert_eq!(broken_amount(&amount("115.00", "0.01"), Direction::Inbound).unwrap().sum, "115.01");
        assert_eq!(broken_amount(&amount("115.00", "0.00"), Direction::Outbound).unwrap().sum, "-115.00");
        let counts = ItemCounts { upstream: 3, matched: 2, local: 2, ..ItemCounts::default() };
        let broken = broken_count(&counts, Direction::Inbound);
        assert_eq!(broken, Some(Mistake { side: "upstream".into(), said: "3".into(), sum: "2".into() }));
    }

    #[test]
    fn a_broken_sum_says_whose_it_is_and_that_we_are_to_blame() {
        let broken = Broken {
            what: "counts",
            domain: "shop.charges".into(),
            side: "local".into(),
            said: "3".into(),
            sum: "2".into(),
        };
        assert_eq!(
            broken.to_string(),
            "the counts of shop.charges do not add up: local is 3, its parts sum to 2; this is a bug in tieout"
        );
    }

    proptest! {
        #[test]
        fn one_item_too_many_anywhere_breaks_a_sum((direction, counts) in counts(), place in 0_usize..9) {
            prop_assert_eq!(broken_count(&counts, direction), None);
            let mut wrong = counts;
            let figures = [
                &mut wrong.upstream, &mut wrong.local, &mut wrong.matched, &mut wrong.mismatched, &mut wrong.missing,
                &mut wrong.orphaned, &mut wrong.pending.upstream, &mut wrong.unreadable.local, &mut wrong.ignored.upstream,
            ];
            *figures.into_iter().nth(place).unwrap() += 1;
            prop_assert!(broken_count(&wrong, direction).is_some());
        }

        /// Whatever is judged, in whatever currency: where each pair is counted on both sides, nothing is unexplained.
        #[test]
        fn a_tie_out_of_judged_items_explains_itself(
            direction in direction(),
            items in proptest::collection::vec(("USD|JPY|KWD|XXX", proptest::option::of(-9_999_i64..9_999), proptest::option::of(-9_999_i64..9_999)), 0..12),
        ) {
            let mut money = Money::of(direction);
            for (currency, upstream, local) in items {
                if let Some(minor) = upstream { money.upstream.add(&currency, minor) }
                if let Some(minor) = local { money.local.add(&currency, minor) }
                let Roles { truth, copy } = direction.roles(upstream, local);
                match (truth, copy) {
                    (Some(minor), None) => money.missing.add(&currency, minor),
                    (None, Some(minor)) => money.orphaned.add(&currency, minor),
                    (Some(a), Some(b)) => money.mismatched.add(&currency, a - b),
                    (None, None) => {}
                }
            }
            for line in money.tie_out() {
                prop_assert_eq!(line.unexplained.parse::<Decimal>().unwrap(), Decimal::ZERO);
                prop_assert_eq!(broken_amount(&line, direction), None);
            }
        }
    }
}
