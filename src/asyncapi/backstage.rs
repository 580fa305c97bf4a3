//! The entities by which a catalogue of Backstage knows tieout and its events
//! (<https://backstage.io/docs/features/software-catalog/descriptor-format>).

use std::str::FromStr;

use serde::Serialize;

/// The version of the format of both kinds.
const API_VERSION: &str = "backstage.io/v1alpha1";
/// The longest name.
const MAX_LEN: usize = 63;
/// What the name of the API ends with.
const EVENTS: &str = "-events";

/// An entity's name: letters and digits, with one of `-`, `_` and `.` between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityName(String);

/// Another entity: `[KIND:][NAMESPACE/]NAME`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EntityRef(String);

/// Why a text cannot stand in a catalogue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnEntity {
    /// It is no name.
    #[error(
        "`{text}` is not a name in a catalogue: use at most {longest} letters and digits, with one of `-`, `_` and `.` between them"
    )]
    Name {
        /// What was said.
        text: String,
        /// How long it may be.
        longest: usize,
    },
    /// It is no reference.
    #[error(
        "`{0}` names no entity: write `NAME`, `KIND:NAME` or `KIND:NAMESPACE/NAME`, such as `group:default/payments`"
    )]
    Reference(String),
}

/// What a catalogue is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What tieout is called there.
    pub name: EntityName,
    /// Who owns it.
    pub owner: EntityRef,
    /// How far it is, such as `production`.
    pub lifecycle: String,
    /// What it is a part of.
    pub system: Option<EntityRef>,
    /// The AsyncAPI document.
    pub definition: Definition,
}

/// The AsyncAPI document of an API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Definition {
    /// A file beside the catalogue's.
    File {
        /// Its path or address.
        #[serde(rename = "$text")]
        text: String,
    },
    /// The document itself.
    Inline(String),
}

/// An entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entity {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata,
    spec: Spec,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Metadata {
    name: String,
    description: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    #[serde(rename = "type")]
    of: &'static str,
    lifecycle: String,
    owner: EntityRef,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<EntityRef>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    provides_apis: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    definition: Option<Definition>,
}

/// The events as an API, and tieout as the component that provides it.
#[must_use]
pub fn entities(entry: Entry) -> [Entity; 2] {
    let Entry { name: EntityName(name), owner, lifecycle, system, definition } = entry;
    let events = format!("{name}{EVENTS}");
    let component = Spec {
        of: "service",
        lifecycle,
        owner,
        system,
        provides_apis: vec![events.clone()],
        definition: None,
    };
    let api =
        Spec { of: "asyncapi", provides_apis: Vec::new(), definition: Some(definition), ..component.clone() };
    let entity = |kind, name, description, spec| Entity {
        api_version: API_VERSION,
        kind,
        metadata: Metadata { name, description },
        spec,
    };
    [
        entity("API", events, "Events about items on which a provider and our records do not agree.", api),
        entity("Component", name, "tieout: proves that our records and those of providers agree.", component),
    ]
}

fn is_name(text: &str, longest: usize) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    text.len() <= longest && text.split(['-', '_', '.']).all(is_word)
}

impl FromStr for EntityName {
    type Err = NotAnEntity;

    fn from_str(text: &str) -> Result<Self, NotAnEntity> {
        let longest = MAX_LEN - EVENTS.len();
        if is_name(text, longest) {
            return Ok(Self(text.to_owned()));
        }
        Err(NotAnEntity::Name { text: text.to_owned(), longest })
    }
}

impl FromStr for EntityRef {
    type Err = NotAnEntity;

    fn from_str(text: &str) -> Result<Self, NotAnEntity> {
        let (kind, rest) = text.split_once(':').map_or((None, text), |(kind, rest)| (Some(kind), rest));
        let (namespace, name) =
            rest.split_once('/').map_or((None, rest), |(namespace, name)| (Some(namespace), name));
        let mut parts = [kind, namespace, Some(name)].into_iter().flatten();
        if parts.all(|part| is_name(part, MAX_LEN)) {
            return Ok(Self(text.to_owned()));
        }
        Err(NotAnEntity::Reference(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asyncapi::yamls;

    #[test]
    fn tieout_is_a_component_that_provides_its_events() {
        let entry = Entry {
            name: "tieout".parse().unwrap(),
            owner: "group:default/payments".parse().unwrap(),
            lifecycle: "production".to_owned(),
            system: Some("billing".parse().unwrap()),
            definition: Definition::File { text: "./asyncapi.yaml".to_owned() },
        };
        insta::assert_snapshot!(yamls(&entities(entry)).unwrap());
    }

    #[test]
    fn names_and_references_are_those_that_backstage_takes() {
        for bad in ["", "-a", "a-", "a--b", "a b", "é", "a/b", &"a".repeat(57)] {
            assert!(bad.parse::<EntityName>().is_err(), "{bad}");
        }
        for good in ["tieout", "a.b-c_1", &"a".repeat(56)] {
            assert!(good.parse::<EntityName>().is_ok(), "{good}");
        }
        for bad in ["", "group:", "a/b/c", "group:default/", "a b", ":a"] {
            assert!(bad.parse::<EntityRef>().is_err(), "{bad}");
        }
        for good in ["payments", "group:payments", "default/payments", "user:default/a.b"] {
            assert!(good.parse::<EntityRef>().is_ok(), "{good}");
        }
    }
}
