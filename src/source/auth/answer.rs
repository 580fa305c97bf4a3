//! Reads a token out of the answer of a token endpoint. Of an error it shows nothing but its code.

use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde_json::Value;
use tieout_reconcilers::define::auth::answer::TokenAnswer;
use tieout_reconcilers::define::reader::Reader;
use tieout_reconcilers::instant::TimeFormat;

use super::endpoint::Told;
use super::session::Issued;
use crate::source::error::SourceError;

/// The longest error code that is shown.
const MAX_CODE: usize = 64;
/// A number below it counts seconds from now: thirty years.
const OLDEST_EPOCH: i64 = 1_000_000_000;
/// A number from it on counts milliseconds.
const OLDEST_EPOCH_MS: i64 = 100_000_000_000;

/// The answer of a token endpoint that gives a token out.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) issued: Issued,
    /// The next refresh token, where there is one.
    pub(super) refresh: Option<SecretString>,
}

/// Reads the answer. `base` is where it names the provider's base.
pub(super) fn open(
    told: &Told,
    reading: &TokenAnswer,
    base: Option<&Reader>,
    now: DateTime<Utc>,
) -> Result<Opened, SourceError> {
    let status = told.status;
    let body: Option<Value> = serde_json::from_slice(&told.body).ok();
    let body = body.as_ref();
    if !(200..300).contains(&status) {
        return Err(refused(status, body));
    }
    let token = read(&reading.token, body, told).ok_or_else(|| no_token(status, body, told))?;
    let refresh = body.and_then(|body| body.get("refresh_token")).and_then(Value::as_str);
    let issued = Issued {
        token: SecretString::from(token),
        good_for: good_for(reading, body, told, now)?,
        base: base.and_then(|base| read(base, body, told)),
    };
    Ok(Opened { issued, refresh: refresh.filter(|text| !text.is_empty()).map(SecretString::from) })
}

fn read(reader: &Reader, body: Option<&Value>, told: &Told) -> Option<String> {
    let kept = reader.signal().and_then(|path| {
        let found = path.members().try_fold(body?, |value, member| value.get(member))?;
        Some(found.to_string())
    });
    reader.read(kept.as_deref(), &told.response())
}

fn good_for(
    reading: &TokenAnswer,
    body: Option<&Value>,
    told: &Told,
    now: DateTime<Utc>,
) -> Result<Option<Duration>, SourceError> {
    let said = reading.expires.as_ref().and_then(|reader| read(reader, body, told));
    let Some(said) = said else { return Ok(reading.ttl) };
    life(&said, now).map(Some).ok_or_else(|| SourceError::Refused {
        status: told.status,
        why: "the token's answer says in no known form how long the token is good".to_owned(),
    })
}

/// How long a token lives: seconds from now, or until an instant. What is past lives no longer.
fn life(said: &str, now: DateTime<Utc>) -> Option<Duration> {
    let number = said.parse::<f64>().ok().filter(|number| number.is_finite());
    let millis = match number {
        #[expect(clippy::cast_possible_truncation, reason = "a cast of a float saturates")]
        Some(number) => match number as i64 {
            seconds if seconds < OLDEST_EPOCH => seconds.saturating_mul(1_000),
            epoch if epoch < OLDEST_EPOCH_MS => epoch.saturating_mul(1_000) - now.timestamp_millis(),
            epoch => epoch - now.timestamp_millis(),
        },
        None => TimeFormat::Rfc3339.read(said)?.micros() / 1_000 - now.timestamp_millis(),
    };
    Some(Duration::from_millis(u64::try_from(millis).unwrap_or(0)))
}

/// A token endpoint that says no: that is for a person, except where the fault is not in what we sent.
pub(super) fn refused(status: u16, body: Option<&Value>) -> SourceError {
    let why = match code(body) {
        Some(code) => format!("the token endpoint answers `{code}`"),
        None => "the token endpoint gives no token out".to_owned(),
    };
    match status {
        300..=399 | 404 | 405 => SourceError::Refused { status, why },
        _ => SourceError::Rejected { status, why },
    }
}

/// Some say no with a status that says yes.
fn no_token(status: u16, body: Option<&Value>, told: &Told) -> SourceError {
    if code(body).is_some() {
        return refused(status, body);
    }
    let what = match body {
        Some(_) => "holds no token where the definition says",
        None if told.body.is_empty() => "is empty",
        None => "is no JSON",
    };
    SourceError::Refused { status, why: format!("the answer of the token endpoint {what}") }
}

/// The error code, if it looks like one: anything else might repeat what we sent.
fn code(body: Option<&Value>) -> Option<&str> {
    let code = body?.get("error")?.as_str()?;
    let is_code = !code.is_empty()
        && code.len() <= MAX_CODE
        && code.chars().all(|c| c.is_ascii_lowercase() || c == '_')
        && code.contains(|c: char| c.is_ascii_lowercase());
    is_code.then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_an_end_is_read() {
        let now = DateTime::from_timestamp(1_764_000_000, 0).unwrap();
        for (said, seconds) in [
            ("3600", 3_600),
            ("3599.5", 3_599),
            ("0", 0),
            ("-5", 0),
            ("1764000060", 60),
            ("1764000060000", 60),
            ("2025-11-24T16:01:00Z", 60),
            ("2020-01-01T00:00:00Z", 0),
        ] {
            assert_eq!(life(said, now), Some(Duration::from_secs(seconds)), "{said}");
        }
        assert_eq!(life("soon", now), None);
        assert_eq!(life("NaN", now), None);
    }

    #[test]
    fn an_error_shows_its_code_and_nothing_that_only_looks_like_one() {
        let body = |text: &str| serde_json::json!({"error": text, "error_description": "CANARY"});
        let shown = |text: &str| refused(400, Some(&body(text))).to_string();
        assert!(shown("invalid_grant").ends_with("the token endpoint answers `invalid_grant`"));
        for odd in ["", "_", "sk_live_9Canary", "bad token CANARY", "CANARY"] {
            assert!(shown(odd).ends_with("gives no token out"), "{}", shown(odd));
        }
    }
}
