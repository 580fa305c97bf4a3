//! What an event carries, as far as that is known: the shape of an item is the provider's business, and that of a row its owner's.

use tieout_reconcilers::direction::Direction;
use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::reconciler::{Data, Reconciler};
use tieout_reconcilers::schema_id::SchemaId;

use super::document::Component;
use super::registered::registered;
use super::schema::{Property, Schema};
use crate::schemas::Registry;

/// What an event may carry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Carried {
    /// The item's key alone.
    Key,
    /// A whole item of a feed.
    Item { domain: String, feed: String },
    /// A whole row of the local side.
    Row { domain: String },
    /// The provider's own event about an item of a feed.
    Original { domain: String, feed: String },
    /// What an expression of a domain makes of the truth.
    Mapped { domain: String },
    /// What a schema of the registry says.
    Registered(SchemaId),
}

impl Carried {
    /// What is carried about a finding of a kind. It follows what `event.rs` puts there: the truth holds nothing of an orphan.
    pub(super) fn of(domain: &dyn Reconciler, kind: Kind, data: &Data) -> Vec<Self> {
        let (name, feed) = (domain.domain().to_string(), domain.feed().name.clone());
        let truth = match (kind, domain.direction()) {
            (Kind::Orphaned, _) => Self::Key,
            (_, Direction::Inbound) => Self::Item { domain: name.clone(), feed: feed.clone() },
            (_, Direction::Outbound) => Self::Row { domain: name.clone() },
        };
        match data {
            Data::Mapped(_) if kind != Kind::Orphaned => vec![Self::Mapped { domain: name }],
            Data::Thin | Data::Mapped(_) => vec![Self::Key],
            Data::Full => vec![truth],
            Data::Original => vec![Self::Original { domain: name, feed }, truth],
        }
    }

    /// Its name among the schemas of a document.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Key => "key".to_owned(),
            Self::Item { domain, .. } => format!("item.{domain}"),
            Self::Row { domain } => format!("row.{domain}"),
            Self::Original { domain, .. } => format!("original.{domain}"),
            Self::Mapped { domain } => format!("mapped.{domain}"),
            Self::Registered(id) => format!("schema.{}.v{}", id.name, id.version),
        }
    }

    /// What is known of its shape: what the registry says, where it is asked.
    pub(super) fn described(&self, registry: &Registry) -> Component {
        match self {
            Self::Registered(id) => registry.get(id).map_or_else(
                |_| Component::Written(self.schema()),
                |schema| Component::Registered(registered(schema, &self.name())),
            ),
            _ => Component::Written(self.schema()),
        }
    }

    fn schema(&self) -> Schema {
        match self {
            Self::Key => {
                let key = Schema::text().described("What identifies the item; the event's `subject` says the same.");
                Schema::object([Property::always("key", key)]).described("The key of an item, and nothing else of it.")
            }
            Self::Item { feed, .. } => Schema::object([])
                .described(format!("A whole item of the feed `{feed}`, as the provider sent it. Its shape is the provider's.")),
            Self::Row { domain } => Schema::object([])
                .described(format!("A whole row of `local.rows` of the domain `{domain}`: its columns by their names.")),
            Self::Original { feed, .. } => Schema::object([]).described(format!(
                "The provider's own event about an item of the feed `{feed}`, as its list of events still has it."
            )),
            Self::Mapped { domain } => {
                Schema::default().described(format!("What `data` of the domain `{domain}` makes of the item."))
            }
            Self::Registered(id) => Schema::default().described(format!("What the schema `{id}` says.")),
        }
    }
}
