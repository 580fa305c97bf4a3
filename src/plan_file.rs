//! A plan as a file: what a person has read is what a run may send. It holds what reports hold and no more, so what a domain hides is
//! hidden in it.
//!
//! The file only ever narrows: an item counts where the report of its plan, which the state store keeps, has it as well.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use serde::{Deserialize, Serialize};
use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::instant::{Instant, TimeFormat};
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::{DomainName, Each};
use uuid::Uuid;

use crate::plan::Exposure;
use crate::private_file;
use crate::report::{DomainReport, PlannedFinding, RunReport};
use crate::run::{Asked, Permit, Permitted, PermittedItem};

/// The format.
const SCHEMA: &str = "tieout.plan/v1";
/// What the formats of all versions begin with.
const FAMILY: &str = "tieout.plan/v";
/// A file that is larger is not read: a plan that sends this much was never read by anybody.
const MOST_BYTES: u64 = 256 << 20;

/// A saved plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PlanFile {
    schema: String,
    /// The run that made it.
    pub(crate) run_id: Uuid,
    tool_version: String,
    /// RFC 3339, UTC, by the state store's clock.
    made_at: String,
    expires_at: String,
    /// What the plan was asked for.
    asked: Asked,
    pub(crate) domains: Vec<PlannedDomain>,
}

/// What is planned for a domain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PlannedDomain {
    pub(crate) domain: String,
    /// Of its definition and its provider's.
    pub(crate) definition_sha256: String,
    items: Vec<PlannedItem>,
}

/// An event that would be sent, with its finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct PlannedItem {
    #[serde(flatten)]
    finding: PlannedFinding,
    /// The item's own clock, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    clock: Option<String>,
}

/// Why a plan file is of no use. Nothing was sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    /// It could not be read.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// It is too large.
    #[error("it is larger than {} MiB", MOST_BYTES >> 20)]
    TooLarge,
    /// It is something else.
    #[error("it is no plan of tieout, or was cut off: {0}")]
    NotAPlan(String),
    /// It was written by another version.
    #[error(
        "its format is `{0}`, and this version reads `{SCHEMA}`; make the plan again, or use the version that made it"
    )]
    OtherVersion(String),
    /// It is too old.
    #[error("it expired at {0}; make the plan again")]
    Expired(Instant),
    /// It says more than its plan did.
    #[error(
        "it has an event about `{0}` that its plan has not: it was changed, or belongs to another state store; make the plan again"
    )]
    SaysMore(String),
}

/// What is read of a file of any version.
#[derive(Deserialize)]
struct Head {
    schema: String,
}

impl PlanFile {
    /// The plan of a report that ended well enough. `definitions` are the hashes of the domains' definitions. Domains that failed are
    /// left out.
    pub(crate) fn of(
        report: &RunReport,
        asked: Asked,
        definitions: &BTreeMap<DomainName, String>,
        (made_at, expires_at): (Instant, Instant),
    ) -> Self {
        let hash =
            |domain: &str| domain.parse().ok().and_then(|name: DomainName| definitions.get(&name).cloned());
        let domains =
            report.domains.iter().filter(|domain| domain.failure.is_none()).map(|domain| PlannedDomain {
                domain: domain.domain.clone(),
                definition_sha256: hash(&domain.domain).unwrap_or_default(),
                items: events(domain).map(item).collect(),
            });
        Self {
            schema: SCHEMA.to_owned(),
            run_id: report.run_id,
            tool_version: report.tool_version.clone(),
            made_at: made_at.to_string(),
            expires_at: expires_at.to_string(),
            asked,
            domains: domains.collect(),
        }
    }

    /// Writes it for its owner alone, whole or not at all.
    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(io::Error::other)? + "\n";
        private_file::replace(path, text.as_bytes())
    }

    /// Reads a file that somebody kept.
    pub(crate) fn read(path: &Path) -> Result<Self, Unusable> {
        let mut text = String::new();
        File::open(path)?.take(MOST_BYTES + 1).read_to_string(&mut text)?;
        if text.len() as u64 > MOST_BYTES {
            return Err(Unusable::TooLarge);
        }
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, Unusable> {
        let not_a_plan = |error: serde_json::Error| Unusable::NotAPlan(error.to_string());
        let Head { schema } = serde_json::from_str(text).map_err(not_a_plan)?;
        if schema == SCHEMA {
            return serde_json::from_str(text).map_err(not_a_plan);
        }
        Err(if schema.starts_with(FAMILY) {
            Unusable::OtherVersion(schema)
        } else {
            Unusable::NotAPlan(format!("its schema is `{schema}`"))
        })
    }

    /// Refuses a plan that nobody may act on any more.
    pub(crate) fn check_age(&self, now: Instant) -> Result<(), Unusable> {
        let expires = time(&self.expires_at)?;
        if expires <= now { Err(Unusable::Expired(expires)) } else { Ok(()) }
    }

    /// What it lets a run send. `stored` is the report that the state store keeps of the plan.
    pub(crate) fn permit(&self, stored: &RunReport) -> Result<Permit, Unusable> {
        let mut domains = BTreeMap::new();
        for planned in &self.domains {
            let Some(report) = stored.domains.iter().find(|domain| domain.domain == planned.domain) else {
                return Err(Unusable::SaysMore(planned.domain.clone()));
            };
            let name =
                planned.domain.parse().map_err(|_| Unusable::NotAPlan("a domain has no name".to_owned()))?;
            domains.insert(name, planned.permitted(report)?);
        }
        Ok(Permit { plan: self.run_id, domains })
    }
}

impl PlannedDomain {
    fn permitted(&self, report: &DomainReport) -> Result<Permitted, Unusable> {
        let stored: BTreeMap<(&str, &str), &PlannedFinding> =
            events(report).map(|finding| ((finding.each.as_str(), finding.key.as_str()), finding)).collect();
        let mut permitted = Permitted { among: among(report), ..Permitted::default() };
        for PlannedItem { finding, clock } in &self.items {
            let says_more = || Unusable::SaysMore(finding.key.clone());
            let its = stored.get(&(finding.each.as_str(), finding.key.as_str())).ok_or_else(says_more)?;
            if its.event_id != finding.event_id {
                return Err(says_more());
            }
            let key = Key::checked(&finding.key).map_err(|_| says_more())?;
            let kind = Kind::from_word(&its.kind).ok_or_else(says_more)?;
            let event_id = its.event_id.ok_or_else(says_more)?;
            let clock = clock.as_deref().map(time).transpose()?;
            let member = permitted.members.entry(Each::stored(&finding.each)).or_default();
            member.insert(key, PermittedItem { kind, event_id, clock });
        }
        Ok(permitted)
    }
}

/// The findings whose events a plan would have sent or held.
fn events(report: &DomainReport) -> impl Iterator<Item = &PlannedFinding> {
    report.findings.iter().filter(|finding| finding.event_type.is_some() && finding.event_id.is_some())
}

fn item(finding: &PlannedFinding) -> PlannedItem {
    PlannedItem { clock: finding.clock.map(|at| at.to_string()), finding: finding.clone() }
}

/// What the limits look at.
fn among(report: &DomainReport) -> Exposure {
    Exposure {
        emits: 0,
        earlier: 0,
        judged: report.items.judged() + report.overlap.judged() + report.follow_up.checked,
        upstream: report.items.upstream,
        local: report.items.local,
        direction: report.direction,
    }
}

fn time(text: &str) -> Result<Instant, Unusable> {
    TimeFormat::Rfc3339.read(text).ok_or_else(|| Unusable::NotAPlan(format!("`{text}` is no time")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::text::samples;

    const NOW: Instant = Instant::from_micros(1_764_000_000_000_000);

    fn file() -> PlanFile {
        let report = samples::plan();
        let hashes = report.domains.iter().map(|domain| (domain.domain.parse().unwrap(), "5e".to_owned()));
        let expires = NOW + std::time::Duration::from_hours(1);
        PlanFile::of(&report, Asked::default(), &hashes.collect(), (NOW, expires))
    }

    #[test]
    fn a_plan_comes_back_from_its_file_with_every_event_and_nothing_else() {
        let file = file();
        let back = PlanFile::parse(&serde_json::to_string(&file).unwrap()).unwrap();
        assert_eq!(back.domains.iter().map(|domain| domain.items.len()).collect::<Vec<_>>(), [4, 0]);
        let permit = back.permit(&samples::plan()).unwrap();
        let keys = permit.domains.values().flat_map(|one| one.members.values()).map(BTreeMap::len);
        assert_eq!((permit.plan, keys.sum::<usize>()), (file.run_id, 4));
    }

    #[test]
    fn a_plan_is_over_at_its_time_and_not_before() {
        let hour = std::time::Duration::from_hours(1);
        let moment = std::time::Duration::from_micros(1);
        file().check_age(NOW + hour - moment).unwrap();
        assert!(matches!(file().check_age(NOW + hour), Err(Unusable::Expired(_))));
    }

    #[test]
    fn what_is_no_plan_says_what_it_is() {
        let said = |text: &str| PlanFile::parse(text).unwrap_err().to_string();
        assert!(said("").contains("no plan of tieout"));
        assert!(said("{\"schema\":\"tieout.run/v1\"}").contains("`tieout.run/v1`"));
        assert!(
            said("{\"schema\":\"tieout.plan/v2\",\"new\":1}").contains("this version reads `tieout.plan/v1`")
        );
        let whole = serde_json::to_string(&file()).unwrap();
        assert!(said(&whole[..whole.len() / 2]).contains("cut off"));
    }

    #[test]
    fn a_file_that_says_more_than_its_plan_lets_nothing_out_and_one_that_says_less_does() {
        let mut less = file();
        less.domains[0].items.pop();
        let permit = less.permit(&samples::plan()).unwrap();
        assert_eq!(
            permit.domains.values().flat_map(|one| one.members.values()).map(BTreeMap::len).sum::<usize>(),
            3
        );
        let mut more = file();
        more.domains[0].items[0].finding.event_id = Some(Uuid::from_u128(8));
        assert!(matches!(more.permit(&samples::plan()), Err(Unusable::SaysMore(_))));
        let mut other = file();
        other.domains[0].items[0].finding.key = "ch_other".to_owned();
        assert!(matches!(other.permit(&samples::plan()), Err(Unusable::SaysMore(key)) if key == "ch_other"));
    }
}
