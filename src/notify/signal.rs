//! Which ping a run ends with, for a service that alarms when none comes. Pure.
//!
//! Success is said only where everything that the channel is about was verified by this run; what looked at a part of it says so in the log of
//! the service, which neither resets nor raises an alarm.

use url::Url;
use uuid::Uuid;

use crate::report::{RunReport, Status, exit};

/// A ping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// The run has begun.
    Start,
    /// Everything in scope was verified.
    Success,
    /// It was not, and this was the exit code of the run.
    Exit(u8),
    /// It was not, and the run has no exit code that says so.
    Fail,
    /// Something that is neither.
    Log,
}

impl Signal {
    /// How a run ended for the domains that a channel covers. `is_whole` is whether the run looked at all of them, and at all of each.
    #[must_use]
    pub fn of(report: &RunReport, covers: impl Fn(&str) -> bool, is_whole: bool) -> Self {
        let code = report.exit.code;
        if !is_whole || matches!(code, exit::LOCKED | exit::INTERRUPTED | exit::TERMINATED) {
            return Self::Log;
        }
        let status = |name: &String| {
            report.domains.iter().find(|domain| domain.domain == *name).map(|domain| domain.status)
        };
        let ends: Vec<Option<Status>> =
            report.selected.iter().filter(|name| covers(name)).map(status).collect();
        if ends.iter().all(|end| *end == Some(Status::Done)) {
            return Self::Success;
        }
        let left_out = |end: &Option<Status>| matches!(end, Some(Status::Done | Status::Skipped));
        match code {
            _ if ends.iter().all(left_out) => Self::Log,
            exit::DONE | exit::DIFFERENCES => Self::Fail,
            code => Self::Exit(code),
        }
    }

    /// The address of the ping: a segment more than the channel's, and which run it is about.
    #[must_use]
    pub fn address(self, base: &Url, run_id: Uuid) -> Url {
        let mut url = base.clone();
        let segment = match self {
            Self::Success => None,
            Self::Start => Some("start".to_owned()),
            Self::Fail => Some("fail".to_owned()),
            Self::Log => Some("log".to_owned()),
            Self::Exit(code) => Some(code.to_string()),
        };
        if let (Some(segment), Ok(mut path)) = (segment, url.path_segments_mut()) {
            path.pop_if_empty().push(&segment);
        }
        url.query_pairs_mut().append_pair("rid", &run_id.to_string());
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::text::samples;

    fn signal(report: &RunReport, is_whole: bool) -> Signal {
        Signal::of(report, |_| true, is_whole)
    }

    #[test]
    fn success_is_said_only_where_everything_was_verified() {
        let done = samples::in_sync();
        assert_eq!(signal(&done, true), Signal::Success);
        assert_eq!(signal(&done, false), Signal::Log, "a run that looked at a part");
        assert_eq!(signal(&samples::partial(), true), Signal::Exit(3));
        assert_eq!(signal(&samples::held(), true), Signal::Exit(5));
        assert_eq!(signal(&samples::rejected(), true), Signal::Exit(samples::rejected().exit.code));
    }

    #[test]
    fn every_exit_code_has_its_ping() {
        let mut said = Vec::new();
        for (code, status) in [
            (0, Status::Done),
            (0, Status::Skipped),
            (1, Status::Failed),
            (2, Status::Failed),
            (3, Status::Partial),
            (4, Status::Done),
            (5, Status::Held),
            (6, Status::Skipped),
            (7, Status::Failed),
            (130, Status::Interrupted),
            (143, Status::Interrupted),
        ] {
            let mut report = samples::in_sync();
            report.exit.code = code;
            report.domains.iter_mut().for_each(|domain| domain.status = status);
            report.selected = report.domains.iter().map(|domain| domain.domain.clone()).collect();
            said.push((code, signal(&report, true)));
        }
        let expected = [
            (0, Signal::Success),
            (0, Signal::Log),
            (1, Signal::Exit(1)),
            (2, Signal::Exit(2)),
            (3, Signal::Exit(3)),
            (4, Signal::Success),
            (5, Signal::Exit(5)),
            (6, Signal::Log),
            (7, Signal::Exit(7)),
            (130, Signal::Log),
            (143, Signal::Log),
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn a_channel_of_some_domains_hears_of_those_alone() {
        let mut report = samples::partial();
        report.selected = report.domains.iter().map(|domain| domain.domain.clone()).collect();
        let done = report.domains.iter().find(|domain| domain.status == Status::Done).unwrap().domain.clone();
        assert_eq!(Signal::of(&report, |name| name == done, true), Signal::Success);
        report.selected.push("never.reached".to_owned());
        assert_eq!(Signal::of(&report, |name| name == "never.reached", true), Signal::Exit(3));
    }

    #[test]
    fn the_address_keeps_what_it_had() {
        let run = Uuid::nil();
        let of = |signal: Signal, base: &str| signal.address(&base.parse().unwrap(), run).to_string();
        let rid = "rid=00000000-0000-0000-0000-000000000000";
        assert_eq!(
            of(Signal::Success, "https://hc.example.com/abc"),
            format!("https://hc.example.com/abc?{rid}")
        );
        assert_eq!(
            of(Signal::Exit(3), "https://hc.example.com/abc/"),
            format!("https://hc.example.com/abc/3?{rid}")
        );
        assert_eq!(
            of(Signal::Start, "https://hc.example.com/key/nightly?create=1"),
            format!("https://hc.example.com/key/nightly/start?create=1&{rid}")
        );
    }
}
