//! Arithmetic with decimals that is exact or does not happen. The library would round to 28 digits without a word.

use rust_decimal::Decimal;

/// The sum.
#[must_use]
pub fn sum(a: Decimal, b: Decimal) -> Option<Decimal> {
    let (a, b, scale) = aligned(a, b)?;
    of(a.checked_add(b)?, scale)
}

/// The first without the second.
#[must_use]
pub fn difference(a: Decimal, b: Decimal) -> Option<Decimal> {
    let (a, b, scale) = aligned(a, b)?;
    of(a.checked_sub(b)?, scale)
}

/// The product.
#[must_use]
pub fn product(a: Decimal, b: Decimal) -> Option<Decimal> {
    let (a, b) = (a.normalize(), b.normalize());
    of(a.mantissa().checked_mul(b.mantissa())?, a.scale() + b.scale())
}

/// The quotient, where it has an end.
#[must_use]
pub fn quotient(a: Decimal, b: Decimal) -> Option<Decimal> {
    let quotient = a.checked_div(b)?.normalize();
    (product(quotient, b)? == a).then_some(quotient)
}

/// What is left of the first after it was divided by the second as often as it goes, with the sign of the first.
#[must_use]
pub fn remainder(a: Decimal, b: Decimal) -> Option<Decimal> {
    let (a, b, scale) = aligned(a, b)?;
    of(a.checked_rem(b)?, scale)
}

/// The number with its decimal point moved to the right, or to the left where `places` is negative, in normal form.
#[must_use]
pub fn shifted(number: Decimal, places: i64) -> Option<Decimal> {
    let number = number.normalize();
    let scale = i64::from(number.scale()) - places;
    let zeros = u32::try_from((-scale).max(0)).ok()?;
    of(raised(number.mantissa(), zeros)?, u32::try_from(scale.max(0)).ok()?)
}

/// Both as whole numbers of one scale.
fn aligned(a: Decimal, b: Decimal) -> Option<(i128, i128, u32)> {
    let (a, b) = (a.normalize(), b.normalize());
    let scale = a.scale().max(b.scale());
    let of = |number: Decimal| raised(number.mantissa(), scale - number.scale());
    Some((of(a)?, of(b)?, scale))
}

fn raised(mantissa: i128, zeros: u32) -> Option<i128> {
    if mantissa == 0 { Some(0) } else { mantissa.checked_mul(10_i128.checked_pow(zeros)?) }
}

/// The number in normal form, where a decimal can hold it.
fn of(mut mantissa: i128, mut scale: u32) -> Option<Decimal> {
    if mantissa == 0 {
        // `0e-2147483647` is a number of JSON, and its zeros would be taken away one by one.
        return Some(Decimal::ZERO);
    }
    while scale > 0 && mantissa % 10 == 0 {
        (mantissa, scale) = (mantissa / 10, scale - 1);
    }
    Decimal::try_from_i128_with_scale(mantissa, scale).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn what_would_be_rounded_is_not_calculated() {
        let (large, small) =
            (number("79228162514264337593543950335"), number("0.0000000000000000000000000001"));
        assert_eq!(sum(large, small), None);
        assert_eq!(difference(large, small), None);
        assert_eq!(product(large, number("2")), None);
        assert_eq!(product(small, number("0.1")), None);
        assert_eq!(quotient(number("10"), number("3")), None);
        assert_eq!(quotient(number("1"), Decimal::ZERO), None);
        assert_eq!(remainder(number("1"), Decimal::ZERO), None);
        assert_eq!(shifted(small, -1), None);
    }

    #[test]
    fn what_has_an_end_is_exact() {
        assert_eq!(sum(number("0.1"), number("0.2")), Some(number("0.3")));
        assert_eq!(quotient(number("1"), number("8")), Some(number("0.125")));
        assert_eq!(quotient(number("12050"), number("100")), Some(number("120.5")));
        assert_eq!(remainder(number("-7.5"), number("2")), Some(number("-1.5")));
        assert_eq!(shifted(number("12.50"), 1), Some(number("125")));
        assert_eq!(shifted(number("500"), -2), Some(number("5")));
        assert_eq!(shifted(number("505"), -2), Some(number("5.05")));
        assert_eq!(shifted(Decimal::ZERO, 400), Some(Decimal::ZERO));
    }

    proptest! {
        #[test]
        fn every_operation_undoes_another(a: i64, b: i64, i in 0_u32..9, j in 0_u32..9) {
            let (a, b) = (Decimal::new(a, i), Decimal::new(b, j));
            prop_assert_eq!(difference(sum(a, b).unwrap(), b), Some(a));
            if let (Some(product), false) = (product(a, b), b.is_zero()) {
                prop_assert_eq!(quotient(product, b), Some(a));
            }
        }
    }
}
