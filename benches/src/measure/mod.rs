//! The instruments: what a child process spent, what PostgreSQL spent, how fast the mock can be asked.

pub mod ceiling;
pub mod child;
pub mod peak;
pub mod postmaster;

use std::time::Duration;

/// Bytes in a MiB.
pub const MIB: f64 = 1024.0 * 1024.0;

/// A count or a size as a number to reckon with.
#[expect(clippy::cast_precision_loss, reason = "counts and sizes stay far below 2^52")]
#[must_use]
pub fn as_f64(number: u64) -> f64 {
    number as f64
}

/// Microseconds for each of so many items.
#[must_use]
pub fn micros_each(time: Duration, items: u64) -> f64 {
    time.as_secs_f64() * 1e6 / as_f64(items)
}

/// How many times one time is another.
#[must_use]
pub fn ratio(part: Duration, whole: Duration) -> f64 {
    part.as_secs_f64() / whole.as_secs_f64()
}

/// The middle of the samples, the mean of the two middle ones where their number is even; NaN without samples.
#[must_use]
pub fn median(samples: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = samples.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_median_is_the_middle_and_no_outlier_moves_it() {
        assert!((super::median([900.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((super::median([4.0, 1.0, 2.0, 900.0]) - 3.0).abs() < f64::EPSILON);
        assert!(super::median([]).is_nan());
    }
}
