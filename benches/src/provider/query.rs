//! The query string of the list, checked: a parameter that the mock does not honour is refused, never ignored.

use crate::{catalogue::Selection, charges::Population};
use url::form_urlencoded;

#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("No such charge: '{id}'")]
    NoSuchCharge { id: String, parameter: &'static str },
    #[error("Received unknown parameter: {0}")]
    UnknownParameter(String),
    #[error("Invalid integer: {value}")]
    InvalidNumber { parameter: String, value: String },
    #[error("Unrecognized request URL (GET: {0})")]
    NoSuchPath(String),
    #[error("Unsupported method: {0}")]
    NoSuchMethod(String),
    #[error("Something went wrong on the mock's end")]
    Outage,
}

/// Stripe's defaults: ten items, of any age.
const DEFAULT: Selection = Selection { limit: 10, after: None, from: i64::MIN, until: i64::MAX };

pub(super) fn selection(query: &str, population: &Population) -> Result<Selection, Refusal> {
    let mut selection = DEFAULT;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "limit" => selection.limit = limit(&name, &value)?,
            "starting_after" => {
                let position = population.position(&value).ok_or_else(|| Refusal::NoSuchCharge {
                    id: value.into_owned(),
                    parameter: "starting_after",
                })?;
                selection.after = Some(position);
            }
            "created[gte]" => selection.from = selection.from.max(number(&name, &value)?),
            "created[gt]" => selection.from = selection.from.max(number(&name, &value)?.saturating_add(1)),
            "created[lt]" => selection.until = selection.until.min(number(&name, &value)?),
            "created[lte]" => selection.until = selection.until.min(number(&name, &value)?.saturating_add(1)),
            _ => return Err(Refusal::UnknownParameter(name.into_owned())),
        }
    }
    Ok(selection)
}

fn limit(name: &str, value: &str) -> Result<u64, Refusal> {
    let limit = number(name, value)?;
    u64::try_from(limit).ok().filter(|limit| (1..=100).contains(limit)).ok_or_else(|| invalid(name, value))
}

fn number(name: &str, value: &str) -> Result<i64, Refusal> {
    value.parse().map_err(|_| invalid(name, value))
}

fn invalid(name: &str, value: &str) -> Refusal {
    Refusal::InvalidNumber { parameter: name.to_owned(), value: value.to_owned() }
}
