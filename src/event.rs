//! The CloudEvent of a finding. Its id says which drift it is about, so the same drift has the same id in every retry and run.

use serde::Serialize;
use serde_json::value::RawValue;
use tieout_reconcilers::discrepancy::{Discrepancy, Kind};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::jq::Underivable;
use tieout_reconcilers::reconciler::{Data, Emission};
use uuid::Uuid;

use crate::dead_letter::SCHEMA;
use crate::finding::Identity;
use crate::schemas::{Schema, Unfit};

/// The namespace of event ids, version 1. Changing it would re-send every open finding under a new id.
const NAMESPACE: Uuid = Uuid::from_u128(0x7e0c_19d3_52f4_5e0b_9b1d_6c1f_0a54_e7d1);

/// What identifies a drift; never a clock and never a run.
#[derive(Debug, Clone, Copy)]
pub struct Drift<'a> {
    /// Whose drift it is.
    pub id: &'a Identity,
    /// What kind it is.
    pub kind: Kind,
    /// The life of the finding.
    pub episode: u32,
    /// The state that the truth holds.
    pub digest: &'a str,
}

impl Drift<'_> {
    /// UUIDv5 over (namespace version, domain, each, key, kind, episode, digest).
    #[must_use]
    pub fn event_id(&self) -> Uuid {
        let Identity { domain, each, key } = self.id;
        let parts = (
            "v1",
            domain.as_str(),
            each.as_str(),
            key.as_str(),
            self.kind.as_str(),
            self.episode,
            self.digest,
        );
        // JSON keeps the parts apart: no key can imitate the end of another part.
        let name = serde_json::to_string(&parts).unwrap_or_default();
        Uuid::new_v5(&NAMESPACE, name.as_bytes())
    }
}

/// An event as it is committed to the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The deterministic id.
    pub id: Uuid,
    /// The finding it repairs.
    pub finding: Identity,
    /// The kind of the finding.
    pub kind: Kind,
    /// The finding's episode.
    pub episode: u32,
    /// The queue it goes to.
    pub queue: String,
    /// The CloudEvents source.
    pub source: String,
    /// The CloudEvents type.
    pub event_type: String,
    /// The whole CloudEvent as JSON text.
    pub payload: String,
    /// How it stands from the beginning.
    pub start: Start,
}

/// How an event stands when it is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// It waits for the release of its domain.
    Staged,
    /// It waits for an approval, because its finding is held.
    Held,
    /// It is given up before anybody sends it.
    Dead {
        /// The class of the dead letter.
        class: &'static str,
        /// Why.
        reason: String,
    },
}

impl Event {
    /// The same for a finding that is held. What is given up stays so: an approval lets nothing go that may not be sent.
    #[must_use]
    pub fn held(self) -> Self {
        let start = if self.start == Start::Staged { Start::Held } else { self.start };
        Self { start, ..self }
    }

    /// Whether it is given up before anybody sends it.
    #[must_use]
    pub const fn is_dead(&self) -> bool {
        matches!(self.start, Start::Dead { .. })
    }
}

/// Why there is no event about a discrepancy.
#[derive(Debug, thiserror::Error)]
pub enum NoEvent {
    /// The item is no JSON, which whoever read it has ruled out before.
    #[error("{0}")]
    NotJson(#[from] serde_json::Error),
    /// The domain's expression makes nothing of the item.
    #[error("`data` is {}", .0.said())]
    Underivable(Underivable),
}

/// CloudEvents 1.0, JSON format.
#[derive(Serialize)]
struct CloudEvent<'a> {
    specversion: &'static str,
    id: Uuid,
    source: &'a str,
    #[serde(rename = "type")]
    event_type: &'a str,
    subject: &'a str,
    time: Instant,
    datacontenttype: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dataschema: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dataversion: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<&'a str>,
    tieoutrun: Uuid,
    tieoutkind: &'static str,
    tieoutepisode: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    tieoutorigin: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tieoutsynthetic: Option<bool>,
    data: &'a RawValue,
}

/// Where and when an event is made. None of it is part of its id.
#[derive(Debug, Clone, Copy)]
pub struct Making<'a> {
    /// The run that makes it.
    pub run_id: Uuid,
    /// By the state store's clock.
    pub now: Instant,
    /// The W3C trace context of that run, where it is traced.
    pub traceparent: Option<&'a str>,
}

/// Makes the event of a discrepancy. One whose data breaks its schema is an event as well, and dead.
pub fn event(
    drift: Drift<'_>,
    discrepancy: &Discrepancy,
    emission: &Emission,
    schema: Option<Result<&Schema, Unfit>>,
    making: Making<'_>,
) -> Result<Event, NoEvent> {
    let Identity { domain, each, key } = drift.id;
    let Making { run_id, now, traceparent } = making;
    let source = match each.as_str() {
        "" => format!("/tieout/{domain}"),
        each => format!("/tieout/{domain}/{each}"),
    };
    let carried = Carried::of(discrepancy, &emission.data)?;
    let (schema, start) = judged(schema, &carried.data);
    let data = RawValue::from_string(carried.data)?;
    let id = match drift.event_id() {
        id if bug!("clock_in_id") => Uuid::new_v5(&id, now.to_string().as_bytes()),
        id => id,
    };
    let payload = serde_json::to_string(&CloudEvent {
        specversion: "1.0",
        id,
        source: &source,
        event_type: &emission.event_type,
        subject: key.as_str(),
        time: now,
        datacontenttype: "application/json",
        dataschema: schema.map(|schema| schema.uri.as_str()),
        dataversion: schema.map(|schema| schema.id.version),
        traceparent,
        tieoutrun: run_id,
        tieoutkind: drift.kind.as_str(),
        tieoutepisode: drift.episode,
        tieoutorigin: carried.origin,
        tieoutsynthetic: carried.is_synthetic.then_some(true),
        data: &data,
    })?;
    Ok(Event {
        id,
        finding: drift.id.clone(),
        kind: drift.kind,
        episode: drift.episode,
        queue: emission.queue.clone(),
        source,
        event_type: emission.event_type.clone(),
        payload,
        start,
    })
}

/// The schema that an event names, and how it stands by it.
fn judged<'s>(schema: Option<Result<&'s Schema, Unfit>>, data: &str) -> (Option<&'s Schema>, Start) {
    let (schema, outcome) = match schema {
        None => (None, Ok(())),
        Some(Ok(schema)) => (Some(schema), schema.check(data)),
        Some(Err(unfit)) => (None, Err(unfit)),
    };
    let dead = |unfit: Unfit| Start::Dead { class: SCHEMA, reason: unfit.to_string() };
    (schema, outcome.map_or_else(dead, |()| Start::Staged))
}

/// What an event carries, and where it comes from.
struct Carried<'a> {
    data: String,
    /// The provider's id of its own event.
    origin: Option<&'a str>,
    /// Whether the provider's own event was wanted and this is made of the item instead.
    is_synthetic: bool,
}

impl<'a> Carried<'a> {
    /// The truth has no item of an orphan, so it carries its key alone unless the provider has an event about it.
    fn of(discrepancy: &'a Discrepancy, wanted: &Data) -> Result<Self, NoEvent> {
        let made = |data, is_synthetic| Ok(Self { data, origin: None, is_synthetic });
        match (wanted, &discrepancy.original, &discrepancy.truth) {
            (Data::Original, Some(original), _) => {
                let origin = Some(original.id.as_str());
                Ok(Self { data: one_line(&original.event), origin, is_synthetic: false })
            }
            (Data::Full, _, Some(item)) => made(one_line(item), false),
            (Data::Original, None, Some(item)) => made(one_line(item), true),
            (Data::Mapped(expression), _, Some(item)) => {
                made(expression.of_item(item).map_err(NoEvent::Underivable)?, false)
            }
            (wanted, _, _) => {
                let key = serde_json::to_string(&serde_json::json!({ "key": discrepancy.key }))?;
                made(key, *wanted == Data::Original)
            }
        }
    }
}

/// An item on one line, for queues that are files of lines. No text of JSON spans a line break, so nothing that was said
/// is changed.
fn one_line(item: &str) -> String {
    item.split(['\n', '\r']).map(str::trim).collect()
}

#[cfg(test)]
mod tests;
