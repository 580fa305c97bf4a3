//! Which version of which schema the data of an event has, written `charge/v2`.

use std::fmt;
use std::str::FromStr;

use crate::name::Name;

/// A version of a schema of the registry: `schemas/charge/v2.json` is `charge/v2`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchemaId {
    /// The schema's name.
    pub name: Name,
    /// Its version, from 1.
    pub version: u32,
}

/// Why a text names no version of a schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a version of a schema")]
pub struct NotASchemaId(String);

impl SchemaId {
    /// The version of a text such as `v2`: a whole number from 1 on, without zeros before it.
    #[must_use]
    pub fn version_of(text: &str) -> Option<u32> {
        let digits = text.strip_prefix('v').filter(|digits| !digits.starts_with(['0', '+']))?;
        digits.parse().ok()
    }
}

impl FromStr for SchemaId {
    type Err = NotASchemaId;

    fn from_str(text: &str) -> Result<Self, NotASchemaId> {
        let parts = text.rsplit_once('/');
        let id = parts.and_then(|(name, version)| {
            Some(Self { name: name.parse().ok()?, version: Self::version_of(version)? })
        });
        id.ok_or_else(|| NotASchemaId(text.to_owned()))
    }
}

impl fmt::Display for SchemaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/v{}", self.name, self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_written_in_one_way() {
        let id: SchemaId = "shop.charge/v12".parse().unwrap();
        assert_eq!(
            (id.name.as_str(), id.version, id.to_string().as_str()),
            ("shop.charge", 12, "shop.charge/v12")
        );
        for wrong in [
            "",
            "charge",
            "charge/2",
            "charge/v0",
            "charge/v01",
            "charge/v+1",
            "Charge/v1",
            "a/b/v1",
            "charge/v",
        ] {
            assert!(wrong.parse::<SchemaId>().is_err(), "{wrong:?} was accepted");
        }
    }
}
