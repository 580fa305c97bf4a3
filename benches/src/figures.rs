//! Figures with their targets, one line each. Knows no benchmark.

use std::fmt;

/// One line of a benchmark's result.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What was measured, with its unit.
    pub name: String,
    /// `None` where it could not be measured, which misses every target.
    pub value: Option<f64>,
    /// Digits after the point.
    pub digits: usize,
    /// What it must be.
    pub target: Target,
}

/// What a figure is held to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// At most this.
    AtMost(f64),
    /// Less than this.
    Below(f64),
    /// At least this.
    AtLeast(f64),
    /// Neither less than the first nor more than the second.
    Between(f64, f64),
    /// Nothing: it gives the scale of the others.
    None,
}

impl Figure {
    /// A figure that was measured.
    #[must_use]
    pub fn new(name: impl Into<String>, value: f64, digits: usize, target: Target) -> Self {
        Self { name: name.into(), value: Some(value), digits, target }
    }

    /// A figure that could perhaps not be measured.
    #[must_use]
    pub fn measured(name: impl Into<String>, value: Option<f64>, digits: usize, target: Target) -> Self {
        Self { name: name.into(), value, digits, target }
    }

    /// Whether the target is met. Nothing is met by a figure that was not measured.
    #[must_use]
    pub fn met(&self) -> bool {
        let value = self.value.unwrap_or(f64::NAN);
        match self.target {
            Target::AtMost(most) => value <= most,
            Target::Below(bound) => value < bound,
            Target::AtLeast(least) => value >= least,
            Target::Between(least, most) => (least..=most).contains(&value),
            Target::None => true,
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, value, digits, target } = self;
        match value {
            Some(value) => write!(f, "{name}: {value:.digits$} ({target})"),
            None => write!(f, "{name}: not measured ({target})"),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(most) => write!(f, "<= {most}"),
            Self::Below(bound) => write!(f, "< {bound}"),
            Self::AtLeast(least) => write!(f, ">= {least}"),
            Self::Between(least, most) => write!(f, "{least} to {most}"),
            Self::None => f.write_str("for scale"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_reads_as_name_value_target() {
        let figure = Figure::new("client_cpu_ratio", 2.314, 2, Target::AtMost(2.5));
        assert_eq!(figure.to_string(), "client_cpu_ratio: 2.31 (<= 2.5)");
        assert!(figure.met());
    }

    #[test]
    fn a_target_is_missed_by_the_wrong_side_and_by_no_measurement() {
        assert!(!Figure::new("a", 2.51, 2, Target::AtMost(2.5)).met());
        assert!(!Figure::new("a", 64.0, 1, Target::Below(64.0)).met());
        assert!(!Figure::new("a", 0.49, 2, Target::AtLeast(0.5)).met());
        let flat = |value| Figure::new("a", value, 2, Target::Between(0.9, 1.1));
        assert!(flat(0.9).met() && flat(1.1).met() && !flat(0.89).met() && !flat(1.11).met());
        assert_eq!(flat(1.0).to_string(), "a: 1.00 (0.9 to 1.1)");
        let unmeasured = Figure { value: None, ..Figure::new("a", 0.0, 2, Target::AtMost(1.5)) };
        assert!(!unmeasured.met());
        assert_eq!(unmeasured.to_string(), "a: not measured (<= 1.5)");
    }
}
