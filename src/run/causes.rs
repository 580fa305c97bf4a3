//! Reads what says where a change was lost, for what was found tonight. Nothing here can stop a repair: what cannot be read is
//! said in the finding.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use tieout_reconcilers::discrepancy::Discrepancy;
use tieout_reconcilers::event_feed::{EventFeed, Trace};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::received::Received;
use tieout_reconcilers::reconciler::ClockKind;
use tieout_reconcilers::row::Row;
use tieout_reconcilers::scalar::Scalar;

use super::domain::Night;
use super::stage::Stage;
use crate::cause::{Evidence, Explanation, Inbox, Listed, Log, Ours, Receipt, Shown, explain};
use crate::confirm::rows_by_key;
use crate::finding::{Finding, State};
use crate::local::{KeyReader, MemberValues};
use crate::plan::{Look, Observation, Plan};
use crate::source::Originals;

/// How many findings of a night are explained. Beyond that it is one cause with many victims, and the first ones tell it.
const MAX_EXPLAINED: usize = 1_000;

/// The team's table of received webhooks.
#[derive(Debug, Clone)]
pub(super) struct InboxTable {
    received: Received,
    /// What reads it, or why it cannot be read.
    reader: Result<KeyReader, String>,
}

/// What is wrong on a key that is explained.
struct Case<'o> {
    found: &'o Discrepancy,
    clock: Option<Instant>,
}

impl InboxTable {
    /// Prepares to read the table, where the domain names one.
    pub(super) async fn of(stage: &Stage<'_>, member: &MemberValues) -> Option<Self> {
        let received = stage.reconciler.received()?.clone();
        let (local, fields) = received.columns();
        let reader = match stage.database_called(&received.database) {
            Ok(database) => {
                database.key_reader(&local, &fields, member).await.map_err(|error| error.to_string())
            }
            Err(failure) => Err(failure.to_string()),
        };
        Some(Self { received, reader })
    }

    /// The webhooks about some items.
    async fn read(&self, keys: &[Key]) -> Result<HashMap<Key, Vec<Receipt>>, String> {
        let reader = self.reader.as_ref().map_err(Clone::clone)?;
        let mut receipts: HashMap<Key, Vec<Receipt>> = HashMap::new();
        let mut keep = |row: Row<'_>| {
            if let Ok(key) = Key::checked(&row.key) {
                receipts.entry(key).or_default().push(self.receipt(&row));
            }
            ControlFlow::Continue(())
        };
        let read = reader.by_keys(keys, &mut keep).await.map_err(|error| error.to_string())?;
        match read.faults.first() {
            Some(fault) => Err(fault.to_string()),
            None => Ok(receipts),
        }
    }

    fn receipt(&self, row: &Row<'_>) -> Receipt {
        Receipt {
            at: row.clock,
            event: key_of(&row.version),
            applied: self.received.is_applied(row.fields.first()),
        }
    }
}

impl Night<'_> {
    /// The findings whose cause is looked for: those that are new, or about something new, as far as the budget goes.
    pub(super) fn unexplained(
        &self,
        observations: &[Observation],
        known: &HashMap<Key, Finding>,
    ) -> Vec<Key> {
        if self.inbox.is_none() {
            return Vec::new();
        }
        let is_new = |seen: &&Observation| {
            let Look::Differs(found) = &seen.look else { return false };
            let before = known.get(&seen.key).filter(|before| !is_over(before));
            !before.is_some_and(|before| before.cause.is_some() && before.digest == found.digest)
        };
        observations.iter().filter(is_new).map(|seen| seen.key.clone()).collect()
    }

    /// Says where each of the changes was lost.
    pub(super) async fn explain(
        &mut self,
        keys: Vec<Key>,
        observations: &[Observation],
        known: &HashMap<Key, Finding>,
        events: &Originals,
    ) -> HashMap<Key, Explanation> {
        let Some(inbox) = self.inbox.clone().filter(|_| !keys.is_empty()) else { return HashMap::new() };
        let mut keys = keys;
        let left_out = keys.split_off(keys.len().min(MAX_EXPLAINED.saturating_sub(self.n_explained)));
        self.n_explained += keys.len();
        let receipts = inbox.read(&keys).await;
        let repaired = self.repaired_before(&keys, known).await;
        let rows = rows_by_key(&self.sides.reader, &keys).await.map(|(rows, _)| rows).unwrap_or_default();
        let cases: HashMap<&Key, Case<'_>> = observations.iter().filter_map(case).collect();
        let explained = keys.iter().filter_map(|key| {
            let evidence = Evidence {
                written: rows.get(key).and_then(|row| row.changed),
                log: self.log_of(key, cases.get(key)?.clock, events),
                inbox: match &receipts {
                    Ok(receipts) => {
                        Inbox::Received(receipts.get(key).map_or_else(Default::default, Vec::as_slice))
                    }
                    Err(why) => Inbox::Unread(why.clone()),
                },
                ..self.evidence(cases.get(key)?, known.get(key), &repaired)
            };
            Some((key.clone(), explain(&evidence)))
        });
        let reason = format!("a night explains {MAX_EXPLAINED} findings");
        let beyond = left_out.into_iter().map(|key| (key, Explanation::unknown(reason.clone())));
        explained.chain(beyond).collect()
    }

    /// The keys whose episode before was repaired. A state that went back rests before it is judged, and is suspected meanwhile.
    async fn repaired_before(&self, keys: &[Key], known: &HashMap<Key, Finding>) -> HashSet<Key> {
        let is_repaired = |known: &Finding| known.state == State::Repaired;
        let suspected: Vec<&Finding> = keys
            .iter()
            .filter_map(|key| known.get(key))
            .filter(|known| known.state == State::Suspected && known.episode > 1)
            .collect();
        let mut repaired: HashSet<Key> =
            keys.iter().filter(|key| known.get(*key).is_some_and(is_repaired)).cloned().collect();
        match self.job.store.ended_repaired(&suspected).await {
            Ok(before) if !bug!("back_is_new") => repaired.extend(before),
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "what was repaired before cannot be read"),
        }
        repaired
    }

    /// What is known without reading anything.
    fn evidence(
        &self,
        case: &Case<'_>,
        before: Option<&Finding>,
        repaired: &HashSet<Key>,
    ) -> Evidence<'static> {
        let reconciler = self.sides.reconciler.as_ref();
        let is_this_state = before.is_some_and(|before| before.digest == case.found.digest);
        let was_repaired = is_this_state && repaired.contains(&case.found.key);
        let grain = reconciler.feed().grain;
        let moves = reconciler.feed().clock_kind == Some(ClockKind::Updated);
        Evidence {
            kind: case.found.kind,
            is_conflict: case.found.reason.as_deref() == Some("conflict"),
            shown: if was_repaired { Shown::Repaired } else { Shown::NotKnown },
            ours: match before.filter(|before| before.event_id.is_some() || before.episode > 1) {
                _ if bug!("ours_forgotten") => Ours::Never,
                None => Ours::Never,
                Some(_) if is_this_state => Ours::ThisState,
                Some(_) => Ours::OtherState,
            },
            clock: case.clock,
            changed: case.clock.filter(|_| moves),
            written: None,
            log: Log::Absent,
            inbox: Inbox::Received(&[]),
            settle: reconciler.policy().settle,
            listed: self.listed(),
            tick: reconciler.events().map_or(grain, |events| grain.max(events.feed.feed().grain)),
        }
    }

    /// Whether a log of deliveries was not read back to where the first one of any event that counts may be.
    fn is_cut(&self, clock: Option<Instant>, since: Option<Instant>) -> bool {
        let is_of_deliveries = self.sides.reconciler.events().is_some_and(EventFeed::is_of_deliveries);
        let is_whole = clock.zip(since).is_some_and(|(clock, since)| since <= self.events_begin(clock));
        is_of_deliveries && !is_whole
    }

    /// Up to when the provider's list of events is whole.
    fn listed(&self) -> Listed {
        let events = self.sides.reconciler.events();
        let lag = events.map_or_else(Default::default, |events| events.feed.feed().lag);
        let skew = self.sides.client.first_skew();
        let behind = skew.and_then(|skew| (-skew).to_std().ok()).unwrap_or_default();
        Listed { until: self.start - behind - lag, lag }
    }

    fn log_of(&self, key: &Key, clock: Option<Instant>, events: &Originals) -> Log {
        match (self.sides.reconciler.events(), &events.unread, events.traces.get(key), events.since) {
            (None, ..) => Log::Absent,
            (_, Some(why), ..) if !bug!("silence_is_believed") => Log::Unread(why.clone()),
            (.., Some(trace), since) => Log::Event(Trace {
                is_doubtful: trace.is_doubtful || self.is_cut(clock, since),
                ..Trace::clone(trace)
            }),
            (.., Some(since)) => Log::Silent { since },
            (.., None) => Log::Unread("nothing of them lies in the range".to_owned()),
        }
    }

    /// Writes the causes into the findings of a plan, and counts them.
    pub(super) fn put_causes(&mut self, plan: &mut Plan, mut causes: HashMap<Key, Explanation>) {
        for finding in &mut plan.findings {
            if let Some(explanation) = causes.remove(&finding.id.key) {
                *self.report.causes.entry(explanation.cause.as_str().to_owned()).or_default() += 1;
                finding.cause = Some(explanation);
            }
        }
    }
}

fn case(seen: &Observation) -> Option<(&Key, Case<'_>)> {
    let Look::Differs(found) = &seen.look else { return None };
    Some((&seen.key, Case { found, clock: seen.clock }))
}

const fn is_over(finding: &Finding) -> bool {
    matches!(finding.state, State::Repaired | State::Healed)
}

/// The id of an event as the table keeps it.
fn key_of(value: &Scalar<'_>) -> Option<Key> {
    match value {
        Scalar::Text(text) | Scalar::Number(text) => Key::checked(text).ok(),
        Scalar::Int(whole) => Key::checked(&whole.to_string()).ok(),
        _ => None,
    }
}
