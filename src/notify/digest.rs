//! What a channel is told, as one value: `tieout.digest/v1`. Pure.
//!
//! It holds domains, counts, amounts and commands, and nothing of any item: neither keys nor values.

use std::collections::BTreeMap;

use serde::Serialize;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::money::Money;
use tieout_reconcilers::spoken::Spoken;
use uuid::Uuid;

use super::decide::{Decision, News};
use super::event::Trouble;
use crate::report::text::{self, Look};
use crate::report::{DomainReport, Exit, RunReport, Status};

/// The version of the JSON form.
pub(super) const SCHEMA: &str = "tieout.digest/v1";
/// How many domains a message names.
const LISTED: usize = 20;
/// How many commands it names.
const COMMANDS: usize = 5;

/// What findings of a domain move, per currency.
pub type Stakes = BTreeMap<String, Vec<Money>>;

/// One message to one channel.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Digest {
    /// Always `tieout.digest/v1`.
    pub schema: &'static str,
    /// Whether it only tries whether it arrives.
    pub test: bool,
    /// The channel.
    pub channel: String,
    /// The run.
    pub run_id: Uuid,
    /// How the run ended.
    pub status: Status,
    /// Its exit code with its reasons.
    pub exit: Exit,
    /// RFC 3339, UTC.
    pub started_at: String,
    /// RFC 3339, UTC.
    pub finished_at: Option<String>,
    /// Whether nothing changed since the channel was told.
    pub repeated: bool,
    /// The message in one line.
    pub summary: String,
    /// What is open in all domains of the message.
    pub open: Open,
    /// How many findings the run saw repaired or healed in them.
    pub fixed: u64,
    /// The domains that there is something to say about.
    pub domains: Vec<DomainDigest>,
    /// What to do next.
    pub next: Vec<Command>,
    /// Where more stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// What is open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Open {
    /// Confirmed findings that are not repaired, parked ones and those that are held.
    pub findings: u64,
    /// When the oldest was first seen: RFC 3339, UTC.
    pub oldest: Option<String>,
    /// What they move, per currency; currencies are never added up.
    pub amounts: Vec<AmountOpen>,
}

/// Money in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AmountOpen {
    /// ISO 4217.
    pub currency: String,
    /// A decimal string in major units.
    pub amount: String,
}

/// One domain of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DomainDigest {
    /// The domain.
    pub domain: String,
    /// How it ended; absent where the run did not come to it.
    pub status: Option<Status>,
    /// Why it could not go on, in one word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// What is not as it should be, with how large it is.
    pub troubles: BTreeMap<Trouble, u64>,
    /// Those of them that began or grew since the channel was told.
    pub began: Vec<Trouble>,
    /// What the channel was told about and is over.
    pub recovered: Vec<Trouble>,
    /// What is open in it.
    pub open: Open,
    /// How many findings the run saw repaired or healed.
    pub fixed: u64,
    /// The instant up to which coverage has no hole.
    pub verified_through: Option<String>,
}

/// A command and what it is good for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Command {
    /// As it can be pasted.
    pub command: String,
    /// In words.
    pub why: String,
}

impl Digest {
    /// A message about a run. `now` is for how old the oldest finding is.
    #[must_use]
    pub fn of(
        channel: &str,
        link: Option<&str>,
        report: &RunReport,
        decision: &Decision,
        stakes: &Stakes,
        look: &Look,
        now: Instant,
    ) -> Self {
        let its = |news: &News| report.domains.iter().find(|domain| domain.domain == news.domain);
        let domains: Vec<DomainDigest> =
            decision.news.iter().map(|news| DomainDigest::of(news, its(news), stakes)).collect();
        let told: Vec<DomainReport> = decision.news.iter().filter_map(its).cloned().collect();
        let (open, fixed) = (Open::of_all(&domains), domains.iter().map(|domain| domain.fixed).sum());
        let steps = text::next_commands(&RunReport { domains: told, ..report.clone() }, look);
        Self {
            schema: SCHEMA,
            test: false,
            channel: channel.to_owned(),
            run_id: report.run_id,
            status: report.status,
            exit: report.exit.clone(),
            started_at: report.started_at.clone(),
            finished_at: report.finished_at.clone(),
            repeated: decision.is_repeated,
            summary: summary(report, &open, fixed, now),
            open,
            fixed,
            domains,
            next: steps
                .into_iter()
                .take(COMMANDS)
                .map(|(command, why)| Command { command, why: why.to_owned() })
                .collect(),
            link: link.map(|link| link.replace("{run_id}", &report.run_id.to_string())),
        }
    }

    /// A message that only tries whether it arrives.
    #[must_use]
    pub fn test(channel: &str, run_id: Uuid, now: Instant) -> Self {
        Self {
            schema: SCHEMA,
            test: true,
            channel: channel.to_owned(),
            run_id,
            status: Status::Done,
            exit: Exit::default(),
            started_at: now.to_string(),
            finished_at: Some(now.to_string()),
            repeated: false,
            summary: format!(
                "This is a test of the channel {channel}, by `tieout notify test`. Nothing is wrong."
            ),
            open: Open::default(),
            fixed: 0,
            domains: Vec::new(),
            next: Vec::new(),
            link: None,
        }
    }

    /// A few words that a person reads first: `[tieout] HELD: stripe.charges`.
    #[must_use]
    pub fn subject(&self) -> String {
        if self.test {
            return format!("[tieout] test of the channel {}", self.channel);
        }
        let is_over = self.domains.iter().all(|domain| domain.troubles.is_empty());
        let word = if is_over { "RECOVERED".to_owned() } else { self.status.as_str().to_uppercase() };
        let mut names: Vec<&str> = self.domains.iter().take(3).map(|domain| domain.domain.as_str()).collect();
        let more = self.domains.len().saturating_sub(names.len());
        let and_more = format!("and {more} more");
        if more > 0 {
            names.push(&and_more);
        }
        format!("[tieout] {word}: {}", names.join(", "))
    }

    /// The domains, each in one line.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.domains.iter().take(LISTED).map(DomainDigest::line).collect();
        let more = self.domains.len().saturating_sub(LISTED);
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        lines
    }

    /// The whole message as plain text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut lines = vec![self.summary.clone()];
        if self.repeated {
            lines.push("Nothing has changed since you were told.".to_owned());
        }
        lines.extend(self.lines());
        lines.extend(self.next.iter().map(|step| format!("next: {}  ({})", step.command, step.why)));
        lines.extend(self.link.clone());
        lines.join("\n") + "\n"
    }
}

impl DomainDigest {
    fn of(news: &News, report: Option<&DomainReport>, stakes: &Stakes) -> Self {
        Self {
            domain: news.domain.clone(),
            status: report.map(|report| report.status),
            failure: report.and_then(|report| report.failure.clone()),
            troubles: news.troubles.clone(),
            began: news.began.clone(),
            recovered: news.over.clone(),
            open: report.map(|report| Open::of(report, stakes)).unwrap_or_default(),
            fixed: report.map_or(0, |report| report.tonight.repaired + report.tonight.healed),
            verified_through: report.and_then(|report| report.verified_through.clone()),
        }
    }

    /// `stripe.charges: held (new), 12 events wait for an approval; recovered: partial`.
    fn line(&self) -> String {
        let mut parts: Vec<String> =
            self.troubles.iter().map(|(trouble, size)| self.told(*trouble, *size)).collect();
        if !self.recovered.is_empty() {
            let words: Vec<&str> = self.recovered.iter().map(|trouble| trouble.as_str()).collect();
            parts.push(format!("recovered: {}", words.join(", ")));
        }
        format!("{}: {}", self.domain, parts.join("; "))
    }

    fn told(&self, trouble: Trouble, size: u64) -> String {
        let what = match trouble {
            Trouble::Failed => {
                format!("failed ({})", self.failure.as_deref().unwrap_or("unknown").replace('_', " "))
            }
            Trouble::Interrupted => "interrupted before its end".to_owned(),
            Trouble::Partial => "not everything could be read".to_owned(),
            Trouble::Held => format!("{} held until somebody approves", counted(size, "finding")),
            Trouble::Undelivered => format!("{} given up or waiting to be sent", counted(size, "event")),
            Trouble::Recurring => format!("{} parked: sent several times in vain", counted(size, "finding")),
            Trouble::Differences => format!("{} not repaired yet", counted(size, "finding")),
            Trouble::Skipped => match self.failure.as_deref() {
                Some("not_begun") => "skipped, because another domain failed before".to_owned(),
                Some("paused") => "skipped, because it is paused".to_owned(),
                _ => "skipped, because another run held its lease".to_owned(),
            },
        };
        if self.began.contains(&trouble) { format!("new: {what}") } else { format!("still: {what}") }
    }
}

impl Open {
    fn of(report: &DomainReport, stakes: &Stakes) -> Self {
        let standing = &report.standing;
        let findings = standing.open + standing.emitted + standing.held + standing.recurring;
        let amounts = stakes.get(&report.domain).into_iter().flatten();
        Self {
            findings,
            oldest: standing.oldest.clone().filter(|_| findings > 0),
            amounts: amounts.map(AmountOpen::of).collect(),
        }
    }

    fn of_all(domains: &[DomainDigest]) -> Self {
        let mut sums: BTreeMap<&str, rust_decimal::Decimal> = BTreeMap::new();
        for amount in domains.iter().flat_map(|domain| &domain.open.amounts) {
            let sum = sums.entry(&amount.currency).or_default();
            // A sum that no decimal holds stays as it was; each domain has its own beside it.
            *sum = sum.checked_add(amount.amount.parse().unwrap_or_default()).unwrap_or(*sum);
        }
        Self {
            findings: domains.iter().map(|domain| domain.open.findings).sum(),
            oldest: domains.iter().filter_map(|domain| domain.open.oldest.clone()).min(),
            amounts: sums
                .into_iter()
                .map(|(currency, sum)| AmountOpen { currency: currency.to_owned(), amount: sum.to_string() })
                .collect(),
        }
    }

    /// `USD 412.90 + EUR 1990.10 open (23 findings, oldest 3d).`, where anything is.
    fn sentence(&self, now: Instant) -> Option<String> {
        if self.findings == 0 {
            return None;
        }
        let oldest = self.oldest.as_deref().and_then(|at| at.parse::<chrono::DateTime<chrono::Utc>>().ok());
        let age = oldest.and_then(|at| (now.utc() - at).to_std().ok());
        let age = age.map(|age| format!(", oldest {}", Spoken(age).roughly())).unwrap_or_default();
        let findings = counted(self.findings, "finding");
        if self.amounts.is_empty() {
            return Some(format!("{findings} open{age}."));
        }
        let amounts = self.amounts.iter().map(|open| format!("{} {}", open.currency, open.amount));
        Some(format!("{} open ({findings}{age}).", amounts.collect::<Vec<_>>().join(" + ")))
    }
}

impl AmountOpen {
    fn of(money: &Money) -> Self {
        Self { currency: money.currency.to_string(), amount: money.to_string() }
    }
}

/// `PARTIAL (exit 3)  3 of 5 domains done, ... . USD 412.90 open (23 findings, oldest 3d). 7 fixed in this run.`
fn summary(report: &RunReport, open: &Open, fixed: u64, now: Instant) -> String {
    let ended = text::ending(report, &Look::default());
    let fixed = (fixed > 0).then(|| format!("{fixed} fixed in this run."));
    let more = [open.sentence(now), fixed].into_iter().flatten();
    std::iter::once(format!("{ended}.")).chain(more).collect::<Vec<_>>().join(" ")
}

fn counted(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
