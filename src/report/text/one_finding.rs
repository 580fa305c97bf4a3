//! One finding in full: what it is, how it stands, where the sides differ, and every step of its life.

use tieout_reconcilers::spoken::Spoken;

use crate::finding::{Finding, Ignored};
use crate::report::explained::{Explained, Moment};

use super::escape::{safe, sides_of};
use super::grid::{Grid, counted, page};
use super::listing::told;
use super::lists::{age, amount, path};
use super::look::{Look, shell_word};

/// `tieout findings show`: everything about one finding.
#[must_use]
pub fn finding(explained: &Explained<'_>, look: &Look) -> String {
    let finding = explained.finding();
    let head = format!("{}  {}  {}", path(finding), finding.kind.as_str(), finding.state.as_str());
    let mut grid = Grid::new(2);
    for (label, text) in facts(finding, look) {
        grid.row([label.to_owned(), text]);
    }
    if let Some(owner) = explained.domain_owner() {
        grid.row(["domain's owner".to_owned(), safe(owner).into_owned()]);
    }
    page(&[vec![head], grid.lines(), fields(finding), timeline(explained, look)].concat())
}

/// `tieout explain`: the timeline and the reason.
#[must_use]
pub fn explain(explained: &Explained<'_>, look: &Look) -> String {
    let finding = explained.finding();
    let old = match finding.closed_at {
        Some(at) => format!("over since {}", look.at(at)),
        None => format!("seen {} ago", age(finding.first_seen, explained.now())),
    };
    let owner = finding.owner.as_deref().map(|owner| format!(", with {}", safe(owner))).unwrap_or_default();
    let head = format!(
        "{}  {}  {}  {old}{owner}",
        path(finding),
        finding.kind.as_str().to_uppercase(),
        finding.state.as_str()
    );
    let why = explained.why().map(|why| format!("Why: {}", look.sentence(&why)));
    let next = explained.next().into_iter().map(|step| match step.command {
        Some(words) => {
            let words: Vec<String> = words.iter().map(|word| shell_word(word)).collect();
            format!("Next: {}: {}", look.sentence(&step.what), look.command(&words.join(" ")))
        }
        None => format!("Next: {}", look.sentence(&step.what)),
    });
    let ask =
        explained.domain_owner().map(|owner| format!("Owner of {}: {}", finding.id.domain, safe(owner)));
    let last: Vec<String> = why.into_iter().chain(next).chain(ask).collect();
    page(&[vec![head], fields(finding), timeline(explained, look), last].concat())
}

/// Where the sides differ.
fn fields(finding: &Finding) -> Vec<String> {
    let mut fields = Grid::new(2).titles(["FIELD", "LOCAL", "UPSTREAM"]);
    for diff in &finding.fields {
        let (local, upstream) = sides_of(diff);
        fields.row([safe(&diff.field).into_owned(), local, upstream]);
    }
    fields.lines()
}

/// Every step, oldest first.
fn timeline(explained: &Explained<'_>, look: &Look) -> Vec<String> {
    let mut grid = Grid::new(2);
    for Moment { at, what, by, note, .. } in explained.timeline() {
        let note = note.as_deref().map(|note| look.sentence(note)).unwrap_or_default();
        grid.row([look.at(at), safe(&what).into_owned(), safe(&by).into_owned(), note]);
    }
    grid.lines()
}

/// What is known of a finding, in the order of its life.
fn facts(finding: &Finding, look: &Look) -> Vec<(&'static str, String)> {
    let shown = |text: &str| safe(text).into_owned();
    let ignored = finding.ignored.as_ref().map(|Ignored { until, why }| match until {
        Some(until) => format!("until {}: {}", look.at(*until), safe(why)),
        None => format!("for good: {}", safe(why)),
    });
    let facts = [
        ("why", finding.reason.as_deref().map(|why| look.sentence(why))),
        ("cause", finding.cause.as_ref().map(|it| told(it.cause.as_str(), it.why.as_deref()))),
        ("ignored", ignored),
        ("owner", finding.owner.as_deref().map(shown)),
        ("amount", finding.amount.as_ref().map(amount)),
        ("item's clock", finding.clock.map(|at| look.at(at))),
        ("first seen", Some(look.at(finding.first_seen))),
        ("time to detect", finding.time_to_detect().map(|took| Spoken(took).roughly())),
        ("last seen", Some(look.at(finding.last_seen))),
        ("held by", finding.held_by.map(|run| run.to_string())),
        ("event", finding.event_id.map(|id| id.to_string())),
        ("acknowledged", finding.acknowledged_at.map(|at| look.at(at))),
        ("closed", finding.closed_at.map(|at| look.at(at))),
        ("time to repair", finding.time_to_repair().map(|took| Spoken(took).roughly())),
        ("episode", Some(finding.episode.to_string())),
        ("sent in vain", (finding.reemissions > 0).then(|| counted(finding.reemissions.into(), "time"))),
        ("run", Some(finding.run_id.to_string())),
        ("digest", Some(shown(finding.digest.as_str()))),
    ];
    facts.into_iter().filter_map(|(label, text)| Some((label, text?))).collect()
}
