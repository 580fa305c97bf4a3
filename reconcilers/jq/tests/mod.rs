//! What expressions give, what they may not do, and that every one of them ends.

mod hostile;
mod reading;
mod refused;
mod values;

use super::{Expression, Reads, Underivable};

fn of(text: &str, item: &str) -> Result<String, Underivable> {
    Expression::parse(text).unwrap_or_else(|bad| panic!("{text}: {bad}")).of_item(item)
}

fn gives(text: &str, item: &str, expected: &str) {
    assert_eq!(of(text, item).as_deref(), Ok(expected), "{text}");
}
