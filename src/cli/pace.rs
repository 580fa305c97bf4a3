//! How often something is done, as somebody writes it: the rates of definitions, and what comes of them.

use std::str::FromStr;
use std::time::Duration;

use tieout_reconcilers::define::checked::FromText as _;
use tieout_reconcilers::define::value::Rate;

/// How far apart things are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace(pub Duration);

/// The slowest pace: slower, and nobody waits for the second time.
const SLOWEST: Duration = Duration::from_hours(24);

impl Pace {
    /// How often that is in a second.
    #[must_use]
    pub fn per_second(self) -> f64 {
        1.0 / self.0.as_secs_f64()
    }
}

impl FromStr for Pace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is not a rate: write a number per unit of time, such as `5/s`, `300/m` or `100/10s`"
            )
        };
        let Rate(per_second) = Rate::from_text(text).map_err(|_| wrong())?;
        let apart = Duration::try_from_secs_f64(1.0 / per_second).map_err(|_| wrong())?;
        if apart.is_zero() {
            return Err(format!("`{text}` is no limit: nothing is faster"));
        }
        if apart > SLOWEST {
            return Err("slower than one a day".to_owned());
        }
        Ok(Self(apart))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_how_far_apart_things_are_done() {
        assert_eq!("4/s".parse(), Ok(Pace(Duration::from_millis(250))));
        assert_eq!("60/min".parse(), Ok(Pace(Duration::from_secs(1))));
        assert_eq!("300/m".parse(), Ok(Pace(Duration::from_millis(200))));
        assert!((Pace(Duration::from_millis(200)).per_second() - 5.0).abs() < 1e-9);
        for wrong in ["", "4", "0/s", "-1/s", "x/s", "inf/s", "1/1000h", "1e30/s"] {
            assert!(wrong.parse::<Pace>().is_err(), "{wrong:?} was accepted");
        }
    }
}
