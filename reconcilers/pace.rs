//! What an answer says about the pace: `Retry-After`, `RateLimit` with its forerunners, and what the definition names.
//!
//! What is garbage, negative or past says nothing. A date is measured by the provider's own clock where it shows one.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::define::limits::{Gauge, Reading, Reset, ResetFormat};
use crate::page::Response;
use sfv::{BareItem, Dictionary, Item, List, ListEntry, Parser};

/// What an answer says is left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    /// The numbers.
    pub reading: Reading,
    /// How long until the provider counts anew.
    pub reset: Option<Duration>,
    /// Who says that the numbers mean that.
    pub told: Told,
}

/// Who says what the numbers of an answer mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// The definition.
    Declared,
    /// A header's usual meaning, which this provider may not share.
    Usual,
}

/// What an answer says is left, if it does.
#[must_use]
pub fn seen(gauge: &Gauge, response: &Response<'_>, now: SystemTime) -> Option<Seen> {
    let declared = gauge.read(response).map(|reading| (reading, Told::Declared));
    let usual = || if gauge.is_declared() { None } else { rate_limit(response).or_else(|| triple(response)) };
    let (reading, told) = declared.or_else(|| Some((usual()?, Told::Usual)))?;
    let reset = reading.reset.and_then(|reset| until(reset, response, now));
    Some(Seen { reading, reset, told })
}

/// The pause that an answer asks for: by `Retry-After`, or else until an empty allowance is counted anew.
#[must_use]
pub fn pause(response: &Response<'_>, seen: Option<&Seen>, now: SystemTime) -> Option<Duration> {
    let empty = seen.filter(|seen| seen.reading.left < seen.reading.ask.unwrap_or(1.0));
    retry_after(response, now).or_else(|| empty?.reset)
}

/// The pause that `Retry-After` asks for: seconds, or a date.
#[must_use]
pub fn retry_after(response: &Response<'_>, now: SystemTime) -> Option<Duration> {
    let text = response.header("retry-after")?.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return Some(text.parse().map_or(Duration::MAX, Duration::from_secs));
    }
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let until = httpdate::parse_http_date(text).ok()?;
    until.duration_since(clock(response, now)).ok()
}

/// The provider's clock, or ours where it shows none.
fn clock(response: &Response<'_>, now: SystemTime) -> SystemTime {
    response.header("date").and_then(|date| httpdate::parse_http_date(date).ok()).unwrap_or(now)
}

fn until(reset: Reset, response: &Response<'_>, now: SystemTime) -> Option<Duration> {
    match reset {
        Reset::In(pause) => Some(pause),
        Reset::At(at) => {
            let since = Duration::from_micros(u64::try_from(at.micros()).ok()?);
            UNIX_EPOCH.checked_add(since)?.duration_since(clock(response, now)).ok()
        }
    }
}

/// `RateLimit` as the IETF drafts write it: `"policy";r=50;t=30`, before that `limit=100, remaining=50, reset=30`.
/// Of several policies the one with the least left counts.
fn rate_limit(response: &Response<'_>) -> Option<Reading> {
    let text = response.header("ratelimit")?;
    let policies =
        response.header("ratelimit-policy").and_then(|text| Parser::new(text).parse::<List>().ok());
    let list = Parser::new(text).parse::<List>().ok().unwrap_or_default();
    let least = list.iter().filter_map(item).filter_map(|item| {
        let of = policies.as_ref().and_then(|policies| quota(policies, &item.bare_item));
        let reset = item.params.get("t").and_then(number).and_then(seconds);
        Some(reading(number(item.params.get("r")?)?, of, reset))
    });
    let least = least.min_by(|a, b| a.left.total_cmp(&b.left));
    least.or_else(|| {
        let members = Parser::new(text).parse::<Dictionary>().ok()?;
        let member = |name: &str| members.get(name).and_then(item).and_then(|item| number(&item.bare_item));
        Some(reading(member("remaining")?, member("limit"), member("reset").and_then(seconds)))
    })
}

fn item(entry: &ListEntry) -> Option<&Item> {
    match entry {
        ListEntry::Item(item) => Some(item),
        ListEntry::InnerList(_) => None,
    }
}

fn number(value: &BareItem) -> Option<f64> {
    let text = match value {
        BareItem::Integer(number) => number.to_string(),
        BareItem::Decimal(number) => number.to_string(),
        _ => return None,
    };
    text.parse().ok().filter(|number: &f64| *number >= 0.0)
}

fn quota(policies: &List, name: &BareItem) -> Option<f64> {
    let policy = policies.iter().filter_map(item).find(|policy| policy.bare_item == *name)?;
    number(policy.params.get("q")?)
}

fn seconds(number: f64) -> Option<Reset> {
    Duration::try_from_secs_f64(number).ok().map(Reset::In)
}

fn reading(left: f64, of: Option<f64>, reset: Option<Reset>) -> Reading {
    Reading { left, of, reset, refill: None, ask: None }
}

/// The older three headers, with and without `X-`.
fn triple(response: &Response<'_>) -> Option<Reading> {
    ["ratelimit-", "x-ratelimit-", "x-rate-limit-"].iter().find_map(|family| {
        let header = |member: &str| {
            let wanted = |name: &str| name.strip_prefix(family).is_some_and(|rest| rest == member);
            response.headers.iter().find(|(name, _)| wanted(name)).map(|(_, value)| value.trim())
        };
        let amount = |text: &str| text.parse().ok().filter(|n: &f64| n.is_finite() && *n >= 0.0);
        let left = amount(header("remaining")?)?;
        let of = header("limit").and_then(|text| amount(text.split([',', ';']).next()?.trim()));
        Some(reading(left, of, header("reset").and_then(|text| ResetFormat::Any.read(text))))
    })
}

#[cfg(test)]
mod tests;
