//! How requests are slowed down. Only "not before" is asserted: a slow machine proves nothing wrong.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tieout::source::{Reason, SourceError};

use crate::conformance::play::Act;
use crate::conformance::traffic::{Exchange, leaves};

/// Where nothing is left, nobody says how fast it comes back and the reset is near, nothing is asked for this long.
const KNOCK: Duration = Duration::from_millis(90);
/// Where nobody says when it is counted anew, nothing is asked for this long.
const COMES_BACK: Duration = Duration::from_millis(950);

pub(super) fn shows(code: &str, act: &Act) -> Option<bool> {
    let calls = act.calls();
    let any_pair =
        |law: &dyn Fn(&Exchange, &Exchange) -> bool| Some(calls.windows(2).any(|pair| law(pair[0], pair[1])));
    match code {
        "R0" => any_pair(&|one, two| {
            is_busy(one)
                && !one.answered.contains_key("retry-after")
                && is_better(one, two)
                && act.is_complete
        }),
        "R1" => any_pair(&|one, two| {
            let asked = one.answered.get("retry-after").and_then(|text| text.parse().ok());
            let waited = |asked| asked > 0 && gap(one, two) >= Duration::from_secs(asked);
            asked.is_some_and(waited) && is_better(one, two) && act.is_complete
        }),
        "R2" => any_pair(&|one, two| remaining(one) == Some(0) && reset(one).is_some_and(|at| two.at >= at)),
        "R4" => any_pair(&|one, two| is_full(one) && gap(one, two) >= COMES_BACK),
        "R5" => any_pair(&|one, two| cost(one).is_some_and(|pause| gap(one, two) >= pause)),
        "R6" => any_pair(&|one, two| {
            let error = one.answer.to_uppercase();
            let says = ["THROTTLED", "RATE_LIMIT", "RATELIMITED"].iter().any(|word| error.contains(word));
            one.status == 200 && says && is_better(one, two) && act.is_complete
        }),
        "R7" => any_pair(&|one, two| {
            matches!(one.status, 403 | 420 | 503 | 529) && is_better(one, two) && act.is_complete
        }),
        "R8" => Some(is_paced(&calls)),
        "R9" => Some(is_narrow(act, &calls)),
        "R10" => Some(calls.len() == 1 && act.reasons.iter().any(is_postponed)),
        _ => None,
    }
}

fn is_busy(call: &Exchange) -> bool {
    matches!(call.status, 429 | 500 | 502 | 503)
}

fn is_better(one: &Exchange, two: &Exchange) -> bool {
    two.repeats(one) && two.status == 200
}

fn gap(one: &Exchange, two: &Exchange) -> Duration {
    two.at.duration_since(one.at).unwrap_or_default()
}

fn remaining(call: &Exchange) -> Option<u64> {
    let (_, value) =
        call.answered.iter().find(|(name, _)| name.contains("remaining") || name.ends_with("-left"))?;
    value.parse().ok()
}

/// When the provider says that its budget is full again, whatever unit it uses.
fn reset(call: &Exchange) -> Option<SystemTime> {
    let (name, value) = call.answered.iter().find(|(name, _)| name.contains("reset"))?;
    let number: u64 = value.parse().ok()?;
    Some(match number {
        1_000_000_000_000.. => UNIX_EPOCH + Duration::from_millis(number),
        1_000_000_000.. => UNIX_EPOCH + Duration::from_secs(number),
        _ if name.contains("-ms") => call.at + Duration::from_millis(number),
        _ => call.at + Duration::from_secs(number),
    })
}

/// A header such as `40/40`.
fn is_full(call: &Exchange) -> bool {
    call.answered.values().any(|value| {
        value.split_once('/').is_some_and(|(used, most)| used == most && used.parse::<u32>().is_ok())
    })
}

/// How long the cost that is asked for takes to come back; where nobody says how fast it does, we may knock earlier.
fn cost(call: &Exchange) -> Option<Duration> {
    let said = call.said();
    let number = |name: &str| {
        let found = leaves(&said).into_iter().find(|(at, _)| at.ends_with(name));
        found.and_then(|(_, leaf)| leaf.as_f64())
    };
    if let (Some(left), Some(refill), Some(ask)) =
        (number("currentlyAvailable"), number("restoreRate"), number("requestedQueryCost"))
    {
        return (ask > left).then(|| Duration::from_secs_f64((ask - left) / refill));
    }
    let (left, cost) = (number("remaining")?, number("cost")?);
    (cost > left).then_some(KNOCK)
}

/// Requests come at an even pace although nothing but our own budget holds them back.
fn is_paced(calls: &[&Exchange]) -> bool {
    let least = Duration::from_millis(150);
    calls.len() > 2
        && calls.windows(2).skip(1).all(|pair| gap(pair[0], pair[1]) >= least)
        && calls.iter().all(|call| call.takes_ms == 0 && !call.answered.contains_key("retry-after"))
}

/// Several walks are never asked at once for more than the feed permits.
fn is_narrow(act: &Act, calls: &[&Exchange]) -> bool {
    let open_at = |at: SystemTime| {
        let is_open =
            |call: &&&Exchange| call.at <= at && at < call.at + Duration::from_millis(call.takes_ms);
        calls.iter().filter(is_open).count()
    };
    let most = calls.iter().map(|call| open_at(call.at)).max().unwrap_or_default();
    act.at_once > most && most > 0 && calls.iter().all(|call| call.takes_ms > 0)
}

fn is_postponed(reason: &Reason) -> bool {
    matches!(reason, Reason::Unread { error: SourceError::Throttled { .. }, .. })
}
