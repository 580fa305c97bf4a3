//! What the domains send, by queue and by type: several of them may send the same type to the same queue, and a consumer sees one kind of
//! message there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::fan_out::FanOut;
use tieout_reconcilers::reconciler::{Data, Emission, Reconciler, Remedy};
use tieout_reconcilers::schema_id::SchemaId;

use super::carried::Carried;
use super::document::Findings;

/// The kinds of findings, in the order in which they are listed.
const KINDS: [Kind; 4] = [Kind::Missing, Kind::Mismatched, Kind::Orphaned, Kind::Unreadable];

/// Events by their types.
pub(super) type Types = BTreeMap<String, Emitted>;

/// What one queue gets of one type.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Emitted {
    /// Which findings it is sent about.
    pub(super) findings: Vec<Findings>,
    /// The domains that it comes from, each with whether it is read for several members.
    pub(super) sources: BTreeMap<String, bool>,
    /// The kinds of its findings.
    pub(super) kinds: BTreeSet<&'static str>,
    /// What it may carry.
    pub(super) data: BTreeSet<Carried>,
    /// Whether it may be the provider's own event.
    pub(super) is_original: bool,
    /// Whether it may name the schema of its data.
    pub(super) has_schema: bool,
}

/// What each queue gets.
pub(super) fn gather(domains: &[Arc<dyn Reconciler>]) -> BTreeMap<String, Types> {
    let mut queues: BTreeMap<String, Types> = BTreeMap::new();
    for domain in domains {
        for kind in KINDS {
            if let Remedy::Emit(emission) = domain.remedy(kind) {
                let Emission { queue, event_type, data, schema } = emission;
                let types = queues.entry(queue).or_default();
                types.entry(event_type).or_default().add(domain.as_ref(), kind, &data, schema);
            }
        }
    }
    queues
}

impl Emitted {
    fn add(&mut self, domain: &dyn Reconciler, kind: Kind, data: &Data, schema: Option<SchemaId>) {
        let name = domain.domain().to_string();
        self.findings.push(Findings { domain: name.clone(), kind: kind.as_str() });
        self.sources.insert(name, !matches!(domain.fan_out(), FanOut::None));
        self.kinds.insert(kind.as_str());
        self.is_original |= *data == Data::Original;
        self.has_schema |= schema.is_some();
        match schema {
            Some(schema) => self.data.extend([Carried::Registered(schema)]),
            None => self.data.extend(Carried::of(domain, kind, data)),
        }
    }
}
