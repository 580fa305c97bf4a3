//! A gate: conditions under which a run ends with the exit code of differences, such as `missing>0,money>100USD`. Pure.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::money::{exponent, major};

use super::found::Found;

/// What conditions may be about, as an error lists it.
const ALLOWED: &str = "findings, missing, mismatched, orphaned, unreadable, or money with a currency";

/// Conditions, of which any one is enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate(Vec<Condition>);

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Condition {
    what: What,
    is_met_at: bool,
    bound: Decimal,
}

/// What a condition is about.
#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Findings,
    Of(Kind),
    Money(Box<str>),
}

/// A text that is no gate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at position {position}: {wrong}")]
pub struct NotAGate {
    /// Which character of it is wrong, from 1.
    pub position: usize,
    /// What is wrong there, and what is allowed.
    pub wrong: String,
}

impl Gate {
    /// The conditions that are met, each with its figure: `missing>0 (3)`.
    #[must_use]
    pub fn met(&self, found: &Found) -> Vec<String> {
        let met = self.0.iter().filter_map(|condition| {
            let figure = condition.what.figure(found);
            condition.is_met_by(figure.0).then(|| format!("{condition} ({})", figure.1))
        });
        met.collect()
    }
}

impl Condition {
    fn is_met_by(&self, figure: Option<Decimal>) -> bool {
        match figure {
            Some(figure) => figure > self.bound || self.is_met_at && figure == self.bound,
            // It is larger than anything that can be written as a bound.
            None => true,
        }
    }
}

impl What {
    /// How large it is, as a number and as people read it. No number where it has more digits than one can have.
    fn figure(&self, found: &Found) -> (Option<Decimal>, String) {
        let count = |number: u64| (Some(Decimal::from(number)), number.to_string());
        match self {
            Self::Findings => count(found.findings()),
            Self::Of(kind) => count(found.kinds.get(kind).copied().unwrap_or_default()),
            Self::Money(currency) => {
                let text = major(currency, found.at_stake.minor(currency));
                let places = exponent(currency).unwrap_or(0);
                let number = Decimal::try_from_i128_with_scale(found.at_stake.minor(currency), places).ok();
                (number, format!("{text} {currency}"))
            }
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let op = if self.is_met_at { ">=" } else { ">" };
        match &self.what {
            What::Findings => write!(f, "findings{op}{}", self.bound),
            What::Of(kind) => write!(f, "{}{op}{}", kind.as_str(), self.bound),
            What::Money(currency) => write!(f, "money{op}{}{currency}", self.bound),
        }
    }
}

impl FromStr for Gate {
    type Err = NotAGate;

    fn from_str(text: &str) -> Result<Self, NotAGate> {
        let mut at = 0;
        let conditions = text.split(',').map(|part| {
            let begins = at;
            at += part.len() + 1;
            condition(part).map_err(|(offset, wrong)| NotAGate {
                position: text[..begins + offset].chars().count() + 1,
                wrong,
            })
        });
        conditions.collect::<Result<_, _>>().map(Self)
    }
}

/// What is wrong, behind so many bytes.
type Wrong = (usize, String);

/// Reads `<what><op><number>`.
fn condition(part: &str) -> Result<Condition, Wrong> {
    let begins = part.len() - part.trim_start().len();
    let word_ends =
        part.find(|c: char| !c.is_alphabetic() && !c.is_whitespace() && c != '_').unwrap_or(part.len());
    let word = part[..word_ends].trim();
    let is_money = word == "money";
    let what = match word {
        "" => {
            return Err((
                begins,
                format!("a condition such as `missing>0` or `money>100USD` is expected: {ALLOWED}"),
            ));
        }
        "findings" => What::Findings,
        "money" => What::Money(Box::default()),
        word => What::Of(
            Kind::from_word(word)
                .ok_or_else(|| (begins, format!("`{word}` is nothing that can be counted: {ALLOWED}")))?,
        ),
    };
    let rest = &part[word_ends..];
    let (is_met_at, op) = match (rest.starts_with(">="), rest.starts_with('>')) {
        (true, _) => (true, 2),
        (_, true) => (false, 1),
        _ => return Err((word_ends, format!("`>` or `>=` is expected after `{word}`"))),
    };
    let number = &rest[op..];
    let number_begins = word_ends + op + (number.len() - number.trim_start().len());
    let wrong = |(offset, why): Wrong| (number_begins + offset, why);
    if is_money {
        let (bound, currency) = amount(number.trim()).map_err(wrong)?;
        return Ok(Condition { what: What::Money(currency), is_met_at, bound });
    }
    let whole = number.trim();
    let digits = whole.bytes().all(|byte| byte.is_ascii_digit());
    let bound = whole.parse::<u64>().ok().filter(|_| digits);
    let bound = bound
        .ok_or_else(|| wrong((0, format!("a whole number is expected, and there is {}", shown(whole)))))?;
    Ok(Condition { what, is_met_at, bound: bound.into() })
}

/// Reads `100.50USD`.
fn amount(text: &str) -> Result<(Decimal, Box<str>), Wrong> {
    let ends = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, code) = text.split_at(ends);
    // Exactly as it stands: nothing is rounded.
    let bound =
        Decimal::from_str_exact(number).ok().filter(|_| number.starts_with(|c: char| c.is_ascii_digit()));
    let bound = bound
        .ok_or_else(|| (0, "an amount such as `100` or `99.50` is expected, with its currency".to_owned()))?;
    let currency = code.trim().to_ascii_uppercase();
    let known = exponent(&currency).is_some();
    let no_currency = || {
        let said = shown(code.trim());
        (
            ends,
            format!(
                "a currency of ISO 4217 is expected, such as `USD`, and there is {said}; amounts of several are never added"
            ),
        )
    };
    if known { Ok((bound, currency.into())) } else { Err(no_currency()) }
}

/// What stands in a place, for an error.
fn shown(text: &str) -> String {
    if text.is_empty() { "nothing".to_owned() } else { format!("`{text}`") }
}

#[cfg(test)]
mod tests {
    use tieout_reconcilers::money::Money;

    use super::*;

    fn found() -> Found {
        let mut found = Found::default();
        let money = |currency: &str, minor| Some(Money { currency: currency.into(), minor });
        found.add(Kind::Missing, money("USD", 10_000).as_ref());
        found.add(Kind::Mismatched, money("USD", -1).as_ref());
        found.add(Kind::Mismatched, money("EUR", 500).as_ref());
        found
    }

    fn met(gate: &str) -> Vec<String> {
        gate.parse::<Gate>().unwrap().met(&found())
    }

    #[test]
    fn a_condition_is_met_above_its_bound_or_at_it_and_says_its_figure() {
        assert_eq!(met("missing>0"), ["missing>0 (1)"]);
        assert_eq!(met("missing>1"), [""; 0]);
        assert_eq!(
            met("missing >= 1 , mismatched>1,orphaned>=0"),
            ["missing>=1 (1)", "mismatched>1 (2)", "orphaned>=0 (0)"]
        );
        assert_eq!(met("findings>2,unreadable>0"), ["findings>2 (3)"]);
    }

    #[test]
    fn money_is_exact_and_of_one_currency() {
        assert_eq!(met("money>100USD"), ["money>100USD (100.01 USD)"]);
        assert_eq!(met("money>=100.01 usd"), ["money>=100.01USD (100.01 USD)"]);
        assert_eq!(
            met("money>100.01USD,money>5EUR,money>=5.00EUR,money>0JPY"),
            ["money>=5.00EUR (5.00 EUR)"]
        );
        assert_eq!(met("money>100.009999999999999USD"), ["money>100.009999999999999USD (100.01 USD)"]);
    }

    #[test]
    fn a_sum_that_is_larger_than_any_bound_is_above_it() {
        let mut found = Found::default();
        found.at_stake.add("USD", i128::MAX);
        let gate: Gate = "money>79228162514264337593543950335USD".parse().unwrap();
        assert_eq!(gate.met(&found).len(), 1);
    }

    #[test]
    fn what_is_wrong_is_pointed_at_with_what_is_allowed() {
        let told = |gate: &str| gate.parse::<Gate>().unwrap_err().to_string();
        insta::assert_snapshot!(
            [
                "",
                "missing",
                "mising>0",
                "missing>0,",
                "missing>0, ,findings>1",
                "missing<1",
                "missing=1",
                "missing>-1",
                "missing>1.5",
                "missing>",
                "missing>99999999999999999999",
                "money>100",
                "money>USD",
                "money>1e3USD",
                "money>-5USD",
                "money>5DOLLARS",
                "money>1.2.3USD",
                "money>.5USD",
                "éé>1",
                "missing>0,money>12345678901234567890123456789012345USD"
            ]
            .map(|gate| format!("{gate:?}: {}", told(gate)))
            .join("\n")
        );
    }
}
