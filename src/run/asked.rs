//! What a run was asked for, as its row keeps it: another run can go on with the same.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tieout_reconcilers::instant::{Instant, TimeFormat};
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::DomainName;
use tieout_reconcilers::window::Window;
use uuid::Uuid;

use super::call::Call;
use super::{Found, Job, Options, Scope};
use crate::report::CallArgs;

/// What a run was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// The domains, in the order of the run.
    pub domains: Vec<String>,
    scope: Kept,
    /// The limit that replaced every domain's own.
    pub max_emits: Option<u64>,
    /// Whether everything that is found is held.
    pub baseline: bool,
    /// How long items rest, in milliseconds, where that is not what their domains say.
    #[serde(skip_serializing_if = "Option::is_none")]
    settle_ms: Option<u64>,
    /// What was said on the command line, for the report of a run that dies.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) args: CallArgs,
    /// The hashes of the definitions by domain, for the same.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) definitions: BTreeMap<String, String>,
}

/// A scope as text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kept {
    #[default]
    Coverage,
    Full,
    Range(Span),
    Backfill(Option<Span>),
    Keys(Vec<String>),
    Planned(Uuid),
}

/// A half-open range, RFC 3339.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Span {
    from: String,
    to: String,
}

/// A row that does not say what its run was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nothing usable was recorded of what the run was asked for")]
pub struct NotAsked;

impl Asked {
    /// What a job asks for.
    pub(super) fn of(job: &Job) -> Self {
        let domains = job.domains.iter().map(|domain| domain.domain().to_string()).collect();
        Self::with(domains, &job.options).called(&job.call)
    }

    /// The same with how it was called.
    #[must_use]
    pub fn called(mut self, call: &Call) -> Self {
        let its =
            |(domain, _): &(&DomainName, &String)| self.domains.iter().any(|name| name == domain.as_str());
        let definitions = call.definitions.iter().filter(its);
        self.definitions = definitions.map(|(domain, hash)| (domain.to_string(), hash.clone())).collect();
        self.args.clone_from(&call.args);
        self
    }

    /// What is asked for of some domains.
    #[must_use]
    pub fn with(domains: Vec<String>, options: &Options) -> Self {
        let scope = match &options.scope {
            Scope::Coverage => Kept::Coverage,
            Scope::Full => Kept::Full,
            Scope::Range(range) => Kept::Range(Span::of(*range)),
            Scope::Backfill(range) => Kept::Backfill(range.map(Span::of)),
            Scope::Keys(keys) => Kept::Keys(keys.iter().map(ToString::to_string).collect()),
            Scope::Planned(permit) => Kept::Planned(permit.plan),
        };
        let millis = |settle: Duration| u64::try_from(settle.as_millis()).unwrap_or(u64::MAX);
        Self {
            domains,
            scope,
            max_emits: options.max_emits,
            baseline: options.found == Found::Baseline,
            settle_ms: options.terms.settle.map(millis),
            ..Self::default()
        }
    }

    /// What a schedule asks for: what coverage asks for, of some domains.
    #[must_use]
    pub fn by_schedule(domains: Vec<String>, max_emits: Option<u64>, found: Found) -> Self {
        Self { domains, max_emits, baseline: found == Found::Baseline, ..Self::default() }
    }

    /// As a row keeps it.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// As a row kept it.
    pub fn from_json(json: &str) -> Result<Self, NotAsked> {
        serde_json::from_str(json).map_err(|_| NotAsked)
    }

    /// The plan that it carried out, where it did.
    #[must_use]
    pub const fn plan(&self) -> Option<Uuid> {
        match self.scope {
            Kept::Planned(plan) => Some(plan),
            _ => None,
        }
    }

    /// How long items rest, where that is not what their domains say.
    #[must_use]
    pub fn settle(&self) -> Option<Duration> {
        self.settle_ms.map(Duration::from_millis)
    }

    /// What part of the domains it was about. What a plan asked for is in its file alone.
    pub fn scope(&self) -> Result<Scope, NotAsked> {
        Ok(match &self.scope {
            Kept::Coverage => Scope::Coverage,
            Kept::Full => Scope::Full,
            Kept::Range(span) => Scope::Range(span.window()?),
            Kept::Backfill(span) => Scope::Backfill(span.as_ref().map(Span::window).transpose()?),
            Kept::Keys(keys) => {
                let keys: Result<Vec<Key>, _> = keys.iter().map(|key| Key::checked(key)).collect();
                Scope::Keys(keys.map_err(|_| NotAsked)?)
            }
            Kept::Planned(_) => return Err(NotAsked),
        })
    }
}

impl Span {
    fn of(window: Window) -> Self {
        Self { from: window.from().to_string(), to: window.to().to_string() }
    }

    fn window(&self) -> Result<Window, NotAsked> {
        let at = |text: &str| -> Result<Instant, NotAsked> { TimeFormat::Rfc3339.read(text).ok_or(NotAsked) };
        Window::new(at(&self.from)?, at(&self.to)?).ok_or(NotAsked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Said;

    #[test]
    fn what_was_asked_for_is_kept_and_comes_back() {
        let window = Window::new(Instant::from_micros(1), Instant::from_micros(2_000_001)).unwrap();
        let keys = Kept::Keys(vec!["ch_1".to_owned()]);
        for scope in [Kept::Coverage, Kept::Full, Kept::Range(Span::of(window)), Kept::Backfill(None), keys] {
            let asked = Asked {
                domains: vec!["shop.charges".to_owned()],
                scope,
                max_emits: Some(3),
                baseline: true,
                settle_ms: Some(90_000),
                args: [("full".to_owned(), Said::Switch(true))].into(),
                definitions: [("shop.charges".to_owned(), "5e".to_owned())].into(),
            };
            assert_eq!(Asked::from_json(&asked.to_json()), Ok(asked.clone()));
            asked.scope().unwrap();
        }
        let range = Asked { scope: Kept::Range(Span::of(window)), ..Asked::default() };
        assert!(matches!(range.scope(), Ok(Scope::Range(back)) if back == window));
    }

    #[test]
    fn a_row_of_an_earlier_version_says_its_domains_and_nonsense_says_nothing() {
        let asked = Asked::from_json(r#"{"domains":["a.b"]}"#).unwrap();
        assert_eq!((asked.domains, asked.scope), (vec!["a.b".to_owned()], Kept::Coverage));
        assert_eq!(Asked::from_json("?"), Err(NotAsked));
    }
}
