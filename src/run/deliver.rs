//! The delivery at the end of a run, and what the report says of it.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::{DomainName, Each};
use uuid::Uuid;

use super::{Carriage, Job, Scope};
use crate::finding::State;
use crate::going::Going;
use crate::queue::Queues;
use crate::relay;
use crate::report::{DomainReport, Outcome, RunReport, Status, exit};
use crate::store::{Fate, OutboxState, PutBack, Revived, StoreError, UnsentCount};

/// Sends what is pending, and says of each domain what became of it.
pub(super) async fn deliver(
    job: &Job,
    queues: &mut Queues,
    report: &mut RunReport,
    going: &Going,
) -> Result<(), StoreError> {
    let put_back = put_back(job, queues, going).await?;
    let drained = relay::drain(&job.store, queues, job.options.drain, going).await?;
    let unsent = job.store.unsent().await?;
    for domain in &mut report.domains {
        let is_its = |name: &DomainName| name.as_str() == domain.domain;
        let count =
            |by: &BTreeMap<DomainName, u64>| by.iter().filter(|(name, _)| is_its(name)).map(|(_, n)| n).sum();
        let waits = |row: &&UnsentCount| is_its(&row.domain) && row.state == OutboxState::Pending;
        let waiting: Vec<&UnsentCount> = unsent.iter().filter(waits).collect();
        domain.events.retried = count(&put_back);
        domain.events.emitted = count(&drained.sent);
        domain.events.dead += count(&drained.dead);
        domain.events.waiting = waiting.iter().map(|row| row.count).sum();
        let refused = waiting.iter().filter(|row| drained.is_refused_by(&row.queue));
        domain.events.refused = refused.map(|row| row.count).sum();
        if domain.events.emitted > 0 {
            show_states(job, domain).await?;
        }
        if domain.events.waiting > 0 {
            let is_awaited = |queue: &str| waiting.iter().any(|row| row.queue == queue);
            domain.problems.extend(drained.problems_of(is_awaited));
            domain.problems.extend(left_behind(&waiting, queues));
        }
    }
    Ok(())
}

/// What waits for queues that nobody has opened, in words.
fn left_behind(waiting: &[&UnsentCount], queues: &Queues) -> impl Iterator<Item = String> {
    let unopened = waiting.iter().filter(|row| !queues.contains_key(&row.queue));
    unopened.map(|row| {
        let n = row.count;
        let (events, wait) = if n == 1 { ("event", "waits") } else { ("events", "wait") };
        format!(
            "{n} {events} {wait} for the queue `{}`, which is not in `queues` of tieout.yaml any more, or cannot be opened as it stands there: \
             leave it there under its old name until nothing waits for it",
            row.queue
        )
    })
}

/// The retry job: dead letters that may work by now go out with the rest. Returns how many, by domain.
async fn put_back(
    job: &Job,
    queues: &Queues,
    going: &Going,
) -> Result<BTreeMap<DomainName, u64>, StoreError> {
    let mut by_domain = BTreeMap::new();
    // Whoever carries out a plan sends nothing beside it that was given up before.
    let is_narrow = matches!(job.options.scope, Scope::Planned(_));
    if is_narrow || job.options.drain.is_zero() || going.is_over() {
        return Ok(by_domain);
    }
    let domains: Vec<&DomainName> = job.domains.iter().map(|domain| domain.domain()).collect();
    let queues: Vec<&str> = queues.keys().map(String::as_str).collect();
    let due = named(job, job.store.due_dead_letters(&domains, &queues).await?).await?;
    let carriage = Carriage { domains: job.domains.clone(), schemas: Arc::clone(&job.schemas) };
    let ready = |revived: &Revived| carriage.ready(revived);
    let fates = job.store.put_back(&due, &PutBack::default(), &ready).await?;
    for letter in job.store.letters(&due).await? {
        if fates.get(&letter.event_id) == Some(&Fate::Eligible) {
            *by_domain.entry(letter.id.domain).or_default() += 1;
        }
    }
    Ok(by_domain)
}

/// Whoever names keys sends nothing about others once more.
async fn named(job: &Job, due: Vec<Uuid>) -> Result<Vec<Uuid>, StoreError> {
    let Scope::Keys(keys) = &job.options.scope else { return Ok(due) };
    let keys: HashSet<&Key> = keys.iter().collect();
    let letters = job.store.letters(&due).await?.into_iter();
    Ok(letters.filter(|letter| keys.contains(&letter.id.key)).map(|letter| letter.event_id).collect())
}

/// Nobody knows what became of the events: that is a failure of every domain of the run.
pub(super) fn not_known(report: &mut RunReport, word: &str, why: &str) {
    for domain in &mut report.domains {
        if domain.failure.is_none() {
            domain.status = Status::Failed;
            domain.failure = Some(word.to_owned());
            domain.exit_code = exit::FAILED;
        }
        domain.problems.push(format!("the outbox cannot be delivered: {why}"));
    }
}

/// The listed findings whose events were acknowledged in this run are not open any more, and some may be repaired.
pub(super) async fn show_states(job: &Job, domain: &mut DomainReport) -> Result<(), StoreError> {
    let Ok(name) = domain.domain.parse::<DomainName>() else { return Ok(()) };
    let mut keys: BTreeMap<String, Vec<Key>> = BTreeMap::new();
    let items = domain.carried_out.iter().flat_map(|carried_out| &carried_out.items);
    let items = items.filter(|item| item.outcome == Outcome::Released).map(|item| (&item.each, &item.key));
    let listed = domain.findings.iter().map(|finding| (&finding.each, &finding.key));
    for (each, key) in listed.chain(items) {
        keys.entry(each.clone()).or_default().extend(Key::checked(key));
    }
    let mut states: BTreeMap<(String, String), State> = BTreeMap::new();
    for (each, keys) in keys {
        let now = job.store.findings_by_key(&name, &Each::stored(&each), &keys).await?;
        states.extend(now.iter().map(|finding| ((each.clone(), finding.id.key.to_string()), finding.state)));
    }
    for finding in &mut domain.findings {
        if let Some(state) = states.get(&(finding.each.clone(), finding.key.clone())) {
            state.as_str().clone_into(&mut finding.state);
        }
    }
    let items = domain.carried_out.iter_mut().flat_map(|carried_out| &mut carried_out.items);
    for item in items.filter(|item| item.outcome == Outcome::Released) {
        if states.get(&(item.each.clone(), item.key.clone())) == Some(&State::Emitted) {
            item.outcome = Outcome::Emitted;
        }
    }
    Ok(())
}
