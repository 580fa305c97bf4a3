//! Decimal numbers as they were written, read exactly or not at all. Nothing here knows what a number stands for.

use rust_decimal::Decimal;

use crate::arithmetic::shifted;

/// Reads a number as JSON and SQL spell it, with or without an exponent.
///
/// Nothing is rounded: a number that needs more digits than a decimal has (28) is no decimal.
#[must_use]
pub fn decimal(text: &str) -> Option<Decimal> {
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        None => (text, 0),
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
    };
    // The library would also read `1_000`, which no API and no database writes.
    if !digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'.')) {
        return None;
    }
    let base = Decimal::from_str_exact(without_trailing_zeros(digits)).ok()?;
    if exponent == 0 { Some(base) } else { shifted(base, i64::from(exponent)) }
}

/// Zeros at the end of a fraction say nothing, and databases write more of them than a decimal has digits.
fn without_trailing_zeros(digits: &str) -> &str {
    match digits.split_once('.') {
        Some((whole, fraction)) if !whole.is_empty() && fraction.bytes().all(|b| b == b'0') => whole,
        Some(_) => digits.trim_end_matches('0'),
        None => digits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_number_is_read_alike_in_every_spelling() {
        for spelling in
            ["10.5", "10.50", "1.05e1", "105E-1", "0.00105e+4", "10.5000000000000000000000000000000000"]
        {
            assert_eq!(decimal(spelling), Some(Decimal::new(105, 1)), "{spelling}");
        }
        for spelling in
            ["0", "-0", "0.0", "-0.00", "0e99", "0e-2147483647", "0.000000000000000000000000000000000000"]
        {
            assert_eq!(decimal(spelling).map(|zero| zero.normalize()), Some(Decimal::ZERO), "{spelling}");
        }
        assert_eq!(decimal("100"), Some(Decimal::new(100, 0)));
        assert_eq!(decimal("1e3"), Some(Decimal::new(1_000, 0)));
    }

    #[test]
    fn what_would_have_to_be_rounded_is_no_decimal() {
        for text in [
            "0.12345678901234567890123456789",
            "1e-29",
            "1e29",
            "1e400",
            "1e99999999999",
            "123456789012345678901234567890",
        ] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }

    #[test]
    fn what_no_api_writes_is_no_number() {
        for text in [
            "", "-", ".", "1_000", "1,000", " 1", "0x1f", "1-2", "1.2.3", "e5", "1e", "ten", "NaN",
            "Infinity", "１",
        ] {
            assert_eq!(decimal(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_number_moved_by_its_exponent_is_itself(mantissa: i64, scale in 0_u32..9) {
            let number = Decimal::new(mantissa, scale);
            prop_assert_eq!(decimal(&number.to_string()), Some(number));
            prop_assert_eq!(decimal(&format!("{mantissa}e-{scale}")), Some(number));
        }
    }
}
