//! The instruments: what a child process spent, what PostgreSQL spent, how fast the mock can be asked.

pub mod ceiling;
pub mod child;
pub mod postmaster;

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
