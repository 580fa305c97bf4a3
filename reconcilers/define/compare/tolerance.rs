//! `tolerance`: how far apart two numbers may be, such as `0.01`, `0.5%` or `0.01 or 0.5%`.

use crate::arithmetic::shifted;
use crate::compare::{BadTolerance, Tolerance};
use crate::define::checked::{Fault, FromText};
use crate::number::decimal;

impl FromText for Tolerance {
    const WHAT: &'static str = "tolerance";
    const EXAMPLES: &'static [&'static str] = &["0.01", "0.5%", "0.01 or 0.5%"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        let (mut absolute, mut relative) = (None, None);
        for part in text.split(" or ") {
            let (known, number) = match part.trim().strip_suffix('%') {
                Some(percent) => (&mut relative, decimal(percent).and_then(|number| shifted(number, -2))),
                None => (&mut absolute, decimal(part.trim())),
            };
            if known.is_some() || number.is_none() {
                return Err(no_tolerance(text));
            }
            *known = number;
        }
        Self::new(absolute, relative).map_err(refused)
    }
}

fn no_tolerance(text: &str) -> Fault {
    Fault::new(format!("`{text}` is not a tolerance"))
        .with_help("write an amount, a share, or both: `0.01`, `0.5%` or `0.01 or 0.5%`")
}

fn refused(bad: BadTolerance) -> Fault {
    let help = match bad {
        BadTolerance::Nothing => "leave it out where numbers have to be equal",
        BadTolerance::Everything => "write a share such as `0.5%`, or `ignore: true`",
    };
    Fault::new(bad.to_string()).with_help(help)
}
