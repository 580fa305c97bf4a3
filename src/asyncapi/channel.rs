//! A queue as a channel, its server and what tieout does with it.

use std::collections::{BTreeMap, BTreeSet};

use tieout_reconcilers::name::Name;

use super::broker::{Address, Described};
use super::document::{Channel, Document, Operation, Parameter, Reference};
use super::emitted::Types;
use super::message::message;
use crate::schemas::Registry;

/// The parameter that stands for the event's type in an address.
const TYPE: &str = "type";
/// The parameter that stands for a whole address which could be mistaken for one with parameters.
const ADDRESS: &str = "address";

/// Adds a queue to a document: its server, its channel and its operation.
pub(super) fn add(
    document: &mut Document,
    name: &Name,
    described: Described,
    types: &Types,
    registry: &Registry,
) {
    let name = name.as_str();
    let keys = keys(types.keys().map(String::as_str));
    let messages = keys.iter().map(|(event_type, key)| {
        let emitted = &types[*event_type];
        (key.clone(), message(&described, event_type, emitted, registry, &mut document.components))
    });
    let messages = messages.collect();
    let (address, parameters) = address(&described, types);
    let channel = Channel {
        address,
        description: described.description,
        servers: vec![Reference::to(&["servers", name])],
        parameters,
        messages,
        bindings: described.channel,
    };
    let operation = Operation {
        action: "send",
        channel: Reference::to(&["channels", name]),
        messages: keys.values().map(|key| Reference::to(&["channels", name, "messages", key])).collect(),
        bindings: described.operation,
    };
    document.servers.insert(name.to_owned(), described.server);
    document.channels.insert(name.to_owned(), channel);
    document.operations.insert(format!("send-{name}"), operation);
}

/// The address of a channel with its parameters. AsyncAPI knows no other way to say that a brace is a brace than a parameter
/// that can be nothing else.
fn address(described: &Described, types: &Types) -> (Option<String>, BTreeMap<&'static str, Parameter>) {
    let (name, choices, location) = match &described.address {
        Address::Unknown => return (None, BTreeMap::new()),
        Address::Known(address) if address.contains(['{', '}']) => (ADDRESS, vec![address.clone()], None),
        Address::Known(address) => return (Some(address.clone()), BTreeMap::new()),
        Address::Type => (TYPE, types.keys().cloned().collect(), described.form.attribute(TYPE)),
    };
    (Some(format!("{{{name}}}")), [(name, Parameter { choices, location })].into())
}

/// What messages are called in a document, where not every character may stand: their types, and a number behind those that
/// would be the same.
fn keys<'t>(types: impl Iterator<Item = &'t str>) -> BTreeMap<&'t str, String> {
    let mut taken = BTreeSet::new();
    let mut key = |event_type: &'t str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let plain: String = event_type.chars().map(|c| if allowed(c) { c } else { '_' }).collect();
        let numbered = (2..).map(|number| format!("{plain}-{number}"));
        let free = std::iter::once(plain.clone()).chain(numbered).find(|key| !taken.contains(key));
        let free = free.unwrap_or(plain);
        taken.insert(free.clone());
        (event_type, free)
    };
    types.map(&mut key).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn types_that_look_alike_have_keys_of_their_own() {
        let keys = keys(["a:b", "a_b", "a_b-2", "com.example.charge"].into_iter());
        let keys: Vec<(&str, &str)> = keys.iter().map(|(key, value)| (*key, value.as_str())).collect();
        assert_eq!(
            keys,
            [
                ("a:b", "a_b"),
                ("a_b", "a_b-2"),
                ("a_b-2", "a_b-2-2"),
                ("com.example.charge", "com.example.charge")
            ]
        );
    }

    proptest! {
        #[test]
        fn every_type_has_a_key_that_a_document_takes(types in prop::collection::btree_set("[a:é_2-]{1,4}", 0..20)) {
            let keys = keys(types.iter().map(String::as_str));
            prop_assert_eq!(keys.len(), types.len());
            let distinct: BTreeSet<&String> = keys.values().collect();
            prop_assert_eq!(distinct.len(), types.len());
            let is_taken = |key: &&String| key.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c));
            prop_assert!(keys.values().collect::<Vec<_>>().iter().all(is_taken));
        }
    }
}
