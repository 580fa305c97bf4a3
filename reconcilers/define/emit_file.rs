//! The `emit` block of a domain file: what is sent about which discrepancy.

use schemars::JsonSchema;
use serde::Deserialize;

use super::checked::{Checked, Fault, FromText};
use super::data_file::DataFile;
use super::document::Problems;
use super::problem::Spot;
use crate::direction::Direction;
use crate::discrepancy::Kind;
use crate::name::Name;
use crate::reconciler::{Data, Emission, Orphans, Remedy};
use crate::schema_id::{NotASchemaId, SchemaId};

/// Which events are sent; what has none is reported.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EmitFile {
    /// The queue of `tieout.yaml` that events go to.
    queue: Option<Checked<Name>>,
    /// The event for what the copy lacks.
    missing: Option<EventFile>,
    /// The event for what differs.
    mismatched: Option<EventFile>,
    /// The event for what only the copy has; `orphans: emit` has it sent.
    orphaned: Option<EventFile>,
}

/// An event.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct EventFile {
    /// A queue of its own.
    queue: Option<Checked<Name>>,
    /// The type of the event, such as `com.example.charge.created`.
    #[serde(rename = "type")]
    event_type: Checked<EventType>,
    /// What the event carries: all of the item, its key, the provider's own event, or what an expression makes of the item.
    #[schemars(extend("default" = "full"))]
    data: Option<DataFile>,
    /// The schema that the data must fit, such as `charge/v2`.
    schema: Option<Checked<SchemaId>>,
}

/// A CloudEvents type: not empty, printable, without spaces.
#[derive(Debug, Clone)]
struct EventType(String);

impl FromText for EventType {
    const WHAT: &'static str = "type of an event";
    const EXAMPLES: &'static [&'static str] = &["com.example.charge.created"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        let is_type = !text.is_empty() && text.chars().all(|c| !c.is_control() && !c.is_whitespace());
        if is_type {
            return Ok(Self(text.to_owned()));
        }
        Err(Fault::new(format!("`{text}` is not an event type"))
            .with_help("write it as `com.example.charge.created`"))
    }
}

impl FromText for SchemaId {
    const WHAT: &'static str = "name of a schema";
    const EXAMPLES: &'static [&'static str] = &["charge/v2"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        let help = "name a file of the registry: `charge/v2` is `schemas/charge/v2.json`";
        text.parse().map_err(|error: NotASchemaId| Fault::new(error.to_string()).with_help(help))
    }
}

/// What is done about each kind of discrepancy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remedies {
    missing: Option<Emission>,
    mismatched: Option<Emission>,
    orphaned: Option<Emission>,
}

impl Remedies {
    /// What is done about a kind. Nobody could act on an item that cannot be read, so it is only reported.
    #[must_use]
    pub fn of(&self, kind: Kind) -> Remedy {
        let emission = match kind {
            Kind::Missing => &self.missing,
            Kind::Mismatched => &self.mismatched,
            Kind::Orphaned => &self.orphaned,
            Kind::Unreadable => &None,
        };
        emission.clone().map_or(Remedy::Report, Remedy::Emit)
    }

    /// Whether any of the events is to be the provider's own.
    #[must_use]
    pub fn want_originals(&self) -> bool {
        let all = [&self.missing, &self.mismatched, &self.orphaned];
        all.into_iter().flatten().any(|emission| emission.data == Data::Original)
    }

    pub(super) fn report_only(orphans: Orphans, spot: Spot, problems: &mut Problems<'_>) -> Self {
        if orphans == Orphans::Emit {
            problems.add(spot, without_event());
        }
        Self::default()
    }
}

fn without_event() -> Fault {
    Fault::new("`orphans: emit` needs to know the event")
        .with_help("say `emit: {orphaned: {type: com.example.charge.deleted}}`")
}

impl EmitFile {
    /// The queues that are named, and where.
    pub(super) fn queues(&self) -> Vec<(Name, Spot)> {
        let own = self.events().filter_map(|event| event.queue.as_ref());
        let named = self.queue.iter().chain(own);
        named.filter_map(|queue| Some((queue.outcome.clone().ok()?, queue.spot))).collect()
    }

    fn events(&self) -> impl Iterator<Item = &EventFile> {
        [&self.missing, &self.mismatched, &self.orphaned].into_iter().flatten()
    }

    /// The schemas that the events name, and where.
    pub(super) fn schemas(&self) -> Vec<(Spot, SchemaId)> {
        let named = self.events().filter_map(|event| event.schema.as_ref());
        named.filter_map(|named| Some((named.spot, named.outcome.as_ref().ok()?.clone()))).collect()
    }

    /// The provider's events tell what the provider has, which is not what an outbound domain sends.
    fn refuse_originals(&self, problems: &mut Problems<'_>) {
        for spot in self.events().filter_map(EventFile::original_spot) {
            let fault = Fault::new("the provider has no event about what only the local side knows");
            let help = "say `data: full` for the local row, or `data: thin` for its key";
            problems.add(spot, fault.with_help(help));
        }
    }

    /// `spot` is the block as a whole.
    pub(super) fn compile(
        self,
        spot: Spot,
        (orphans, direction): (Orphans, Direction),
        problems: &mut Problems<'_>,
    ) -> Option<Remedies> {
        if direction == Direction::Outbound {
            self.refuse_originals(problems);
        }
        self.refuse_idle(spot, orphans, problems);
        let full_orphan = self.orphaned.as_ref().and_then(EventFile::item_spot);
        let queue = self.queue.map(|queue| problems.take(queue));
        let mut compile = |file: Option<EventFile>, default| match file {
            Some(file) => Some(Some(file.compile(queue.as_ref(), default, problems)?)),
            None => Some(None),
        };
        let (missing, mismatched) = (compile(self.missing, Data::Full), compile(self.mismatched, Data::Full));
        let orphaned = compile(self.orphaned, Data::Thin);
        if let Some(spot) = full_orphan {
            let truth = match direction {
                Direction::Inbound => "upstream",
                Direction::Outbound => "the local side",
            };
            let fault = Fault::new(format!("{truth} holds nothing to send about an orphan"));
            problems.add(spot, fault.with_help("say `data: thin`"));
        }
        let sent = if orphans == Orphans::Emit { orphaned? } else { None };
        Some(Remedies { missing: missing?, mismatched: mismatched?, orphaned: sent })
    }

    /// What is said and does nothing.
    fn refuse_idle(&self, spot: Spot, orphans: Orphans, problems: &mut Problems<'_>) {
        match (orphans, &self.orphaned) {
            (Orphans::Emit, None) => problems.add(spot, without_event()),
            (Orphans::Report, Some(event)) => problems.warn(
                event.event_type.spot,
                Fault::new("this event is never sent").with_help("say `policy: {orphans: emit}` to send it"),
            ),
            _ => {}
        }
        if self.events().next().is_none() {
            let fault = Fault::new("`emit` names no event");
            problems.add(spot, fault.with_help("say `missing`, `mismatched` or `orphaned`"));
        } else if let Some(queue) = &self.queue
            && self.events().all(|event| event.queue.is_some())
        {
            let fault = Fault::new("no event goes to this queue");
            problems.warn(queue.spot, fault.with_help("every event below names its own"));
        }
    }
}

impl EventFile {
    fn item_spot(&self) -> Option<Spot> {
        self.data.as_ref().filter(|data| data.wants_item()).map(DataFile::spot)
    }

    fn original_spot(&self) -> Option<Spot> {
        self.data.as_ref().filter(|data| data.wants_original()).map(DataFile::spot)
    }

    /// `queue` is that of the events that name none; `None` inside where it is wrong, and said to be.
    fn compile(
        self,
        queue: Option<&Option<Name>>,
        default: Data,
        problems: &mut Problems<'_>,
    ) -> Option<Emission> {
        let queue = match (self.queue, queue) {
            (Some(own), _) => problems.take(own),
            (None, Some(common)) => common.clone(),
            (None, None) => {
                problems.add(self.event_type.spot, without_queue());
                None
            }
        };
        let event_type = problems.take(self.event_type);
        let data = match self.data {
            Some(data) => data.compile(problems),
            None => Some(default),
        };
        let schema = match self.schema {
            Some(schema) => Some(problems.take(schema)?),
            None => None,
        };
        Some(Emission { queue: queue?.to_string(), event_type: event_type?.0, data: data?, schema })
    }
}

fn without_queue() -> Fault {
    Fault::new("this event has no queue")
        .with_help("say `queue: NAME` beside its `type`, or once for all events of the domain in `emit`")
}
