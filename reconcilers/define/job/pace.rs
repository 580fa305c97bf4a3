//! How often a job is asked about, and how long.

use std::time::Duration;

use crate::define::checked::{Checked, Fault};
use crate::define::document::Problems;
use crate::define::problem::Spot;
use crate::define::value::Length;
use crate::define::window_file::length_above_zero;
use crate::spoken::Spoken;

/// How often a job is asked about where the definition does not say.
pub(super) const EVERY: Duration = Duration::from_secs(30);
/// How long a job may take where the definition does not say.
pub(super) const TIMEOUT: Duration = Duration::from_hours(1);
/// How often a job may be asked about at most.
const MAX_POLLS: u128 = 10_000;

/// The pause between two questions, and how long a job may take.
pub(super) fn pace(
    every: Option<Checked<Length>>,
    timeout: Option<Checked<Length>>,
    spot: Spot,
    problems: &mut Problems<'_>,
) -> (Duration, Duration) {
    let spot = timeout.as_ref().or(every.as_ref()).map_or(spot, |length| length.spot);
    let known = problems.problems.len();
    let every = length_above_zero(every, problems).unwrap_or(EVERY);
    let timeout = length_above_zero(timeout, problems).unwrap_or(TIMEOUT);
    if problems.problems.len() == known {
        let said = Spoken;
        if timeout < every {
            let message = format!("the job is given up after {}, before it is asked about", said(timeout));
            let help = format!("say a `timeout` longer than `every`, which is {}", said(every));
            problems.add(spot, Fault::new(message).with_help(help));
        } else if timeout.as_nanos() / every.as_nanos().max(1) > MAX_POLLS {
            let message = format!("the job would be asked about more than {MAX_POLLS} times");
            problems.add(spot, Fault::new(message).with_help("say a longer `every` or a shorter `timeout`"));
        }
    }
    (every, timeout)
}
