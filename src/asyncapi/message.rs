//! A message: an event of one type as it stands in one queue.

use super::attribute;
use super::broker::Described;
use super::carried::Carried;
use super::document::{Component, Components, CorrelationId, Message};
use super::emitted::Emitted;
use super::form::Form;
use super::schema::{Property, Schema};
use crate::queue::binding::DATA;
use crate::schemas::Registry;

/// The name of what whole events have in common, among the schemas of a document.
const EVENT: &str = "event";

/// Describes a message. The schemas that it refers to are added to the components.
pub(super) fn message(
    described: &Described,
    event_type: &str,
    emitted: &Emitted,
    registry: &Registry,
    components: &mut Components,
) -> Message {
    let form = &described.form;
    let data = data(emitted, registry, components);
    Message {
        name: event_type.to_owned(),
        title: title(emitted),
        content_type: form.content_type(),
        headers: headers(form, event_type, emitted),
        correlation_id: form.id().map(|location| CorrelationId { location }),
        payload: if form.is_whole() { whole(event_type, emitted, data, components) } else { data },
        bindings: described.message.and_then(|bindings| bindings(event_type)),
        findings: emitted.findings.clone(),
    }
}

/// Such as `Items of stripe.charges that are missing or mismatched`.
fn title(emitted: &Emitted) -> String {
    let domains: Vec<&str> = emitted.sources.keys().map(String::as_str).collect();
    let kinds: Vec<&str> = emitted.kinds.iter().copied().collect();
    format!("Items of {} that are {}", domains.join(", "), kinds.join(" or "))
}

fn headers(form: &Form, event_type: &str, emitted: &Emitted) -> Option<Schema> {
    let mut attributes = attribute::own(event_type, emitted);
    attributes.extend(attribute::common());
    form.headers(event_type, attributes)
}

/// Any of what it may carry.
fn data(emitted: &Emitted, registry: &Registry, components: &mut Components) -> Schema {
    let mut refer = |carried: &Carried| {
        let name = carried.name();
        let schema = Schema::component(&name);
        components.schemas.entry(name).or_insert_with(|| carried.described(registry));
        schema
    };
    Schema::any(emitted.data.iter().map(&mut refer).collect())
}

/// A whole event: what all of them have, and what this type has.
fn whole(event_type: &str, emitted: &Emitted, data: Schema, components: &mut Components) -> Schema {
    components.schemas.entry(EVENT.to_owned()).or_insert_with(|| {
        let media_type = Property::always("datacontenttype", Schema::only(DATA));
        let common = attribute::common().into_iter().chain([media_type]);
        Component::Written(
            Schema::object(common).described("What every event has: CloudEvents 1.0 in the JSON format."),
        )
    });
    let own = attribute::own(event_type, emitted).into_iter().chain([Property::always("data", data)]);
    Schema::all(vec![Schema::component(EVENT), Schema::object(own)])
}
