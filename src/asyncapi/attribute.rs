//! The attributes of an event: those of CloudEvents 1.0 and tieout's own, which `event.rs` writes.

use super::emitted::Emitted;
use super::schema::{Property, Schema};

/// What is the same in every event.
pub(super) fn common() -> Vec<Property> {
    vec![
        Property::always("specversion", Schema::only("1.0")),
        Property::always(
            "id",
            Schema::formatted("uuid").described("The same for the same drift, however often it is sent."),
        ),
        Property::always("subject", Schema::text().described("The key of the item.")),
        Property::always("time", Schema::formatted("date-time").described("When it was decided to send it.")),
        Property::always("tieoutrun", Schema::formatted("uuid").described("The run that found it.")),
        Property::always(
            "tieoutepisode",
            Schema::counted().described("How many lives the finding has had, this one included."),
        ),
        Property::sometimes(
            "traceparent",
            Schema::text()
                .described("The W3C trace context of the run that made the event, where it is traced."),
        ),
    ]
}

/// What tells events of one type in one queue from others.
pub(super) fn own(event_type: &str, emitted: &Emitted) -> Vec<Property> {
    let mut properties = vec![
        Property::always("source", source(emitted)),
        Property::always("type", Schema::only(event_type)),
        Property::always("tieoutkind", kind(emitted)),
    ];
    if emitted.is_original {
        properties.extend([
            Property::sometimes(
                "tieoutorigin",
                Schema::text().described("The provider's id of its own event, where the data is that event."),
            ),
            Property::sometimes(
                "tieoutsynthetic",
                Schema::yes().described(
                    "The provider has no such event any more: the data was made of what it holds.",
                ),
            ),
        ]);
    }
    if emitted.has_schema {
        properties.extend([
            Property::sometimes(
                "dataschema",
                Schema::formatted("uri-reference").described("The schema of the data."),
            ),
            Property::sometimes("dataversion", Schema::counted().described("The version of that schema.")),
        ]);
    }
    properties
}

fn source(emitted: &Emitted) -> Schema {
    let one = |(domain, is_read_for_several): (&String, &bool)| {
        if *is_read_for_several {
            return Schema::matching(format!("^/tieout/{}/.+$", domain.replace('.', r"\.")));
        }
        Schema::only(format!("/tieout/{domain}"))
    };
    Schema::any(emitted.sources.iter().map(one).collect())
}

fn kind(emitted: &Emitted) -> Schema {
    Schema::one_of(emitted.kinds.iter().map(|kind| (*kind).to_owned()))
}
