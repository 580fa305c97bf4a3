//! What a definition says about a domain, as far as metrics need it. It does not change while the process lives.

use std::time::Duration;

use tieout_reconcilers::fan_out::FanOut;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::DomainName;
use tieout_reconcilers::reconciler::Reconciler;
use tieout_reconcilers::schedule::Schedule;

/// How often a domain without a schedule is expected to run where nothing else is said: nightly, by whoever starts it.
pub const DEFAULT_INTERVAL: Duration = Duration::from_hours(24);

/// A configured domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Its name.
    pub domain: DomainName,
    /// The clock of its coverage.
    pub clock: String,
    /// Where its coverage begins, where the definition says so.
    pub start: Option<Instant>,
    /// Who is read for it.
    pub members: MembersKnown,
    /// The longest time between two runs.
    pub expected_interval: Duration,
    /// Whether its file pauses its schedule.
    pub is_paused: bool,
}

/// Whose coverage counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MembersKnown {
    /// The domain is read once, for nobody in particular.
    Nobody,
    /// The members that the configuration names.
    Named(Vec<String>),
    /// Whoever runs have found; who they are today, only the next run will know.
    Found,
}

impl Subject {
    /// What the definition says. A domain without a schedule is expected every `interval`.
    #[must_use]
    pub fn of(domain: &dyn Reconciler, interval: Duration) -> Self {
        let members = match domain.fan_out() {
            FanOut::None => MembersKnown::Nobody,
            FanOut::Members(members) => {
                MembersKnown::Named(members.iter().map(|member| member.each.as_str().to_owned()).collect())
            }
            FanOut::Feed(_) => MembersKnown::Found,
        };
        Self {
            domain: domain.domain().clone(),
            clock: domain.feed().clock.clone(),
            start: domain.policy().start,
            members,
            is_paused: domain.schedule().is_some_and(Schedule::is_paused),
            expected_interval: domain.schedule().and_then(Schedule::longest_pause).unwrap_or(interval),
        }
    }
}
