//! How a token is shown to the provider: `then: {header: Authorization, value: "Bearer {token}"}`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::door::Door;
use super::woven::{Token, Woven};
use crate::define::checked::{Checked, Fault, Placed};
use crate::define::template::Template;
use crate::define::value::HeaderName;

/// Where requests show a token: in a header or in the query.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ShowFile {
    /// The header.
    header: Option<Checked<HeaderName>>,
    /// The parameter.
    query: Option<Checked<String>>,
    /// What stands there, with `{token}` in it.
    value: Checked<Woven<Template, Token>>,
}

/// How a token is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Show<T> {
    /// Where.
    pub place: Place,
    /// What stands there.
    pub value: Woven<T, Token>,
}

/// Where a credential stands in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a header, its name in lower case.
    Header(String),
    /// In a parameter of the query.
    Query(String),
}

impl<T> Show<T> {
    pub(super) fn try_map<'a, U, E>(
        &'a self,
        f: &mut impl FnMut(&'a T) -> Result<U, E>,
    ) -> Result<Show<U>, E> {
        Ok(Show { place: self.place.clone(), value: self.value.try_map(f)? })
    }
}

impl Show<Template> {
    /// Reads it; left out, the token is shown in the header of RFC 6750, `Authorization: Bearer ...`.
    pub(super) fn compile(file: Option<Placed<ShowFile>>, door: &mut Door<'_, '_>) -> Option<Self> {
        let file = file?;
        let spot = file.spot;
        let ShowFile { header, query, value } = file.value;
        let value_spot = value.spot;
        let value = door.woven(value);
        let place = match (header, query) {
            (Some(header), None) => door.0.take(header).map(|name| Place::Header(name.0)),
            (None, Some(query)) => door.0.take(query).map(Place::Query),
            _ => {
                door.0.add(spot, Fault::new("`then` needs exactly one of `header` and `query`"));
                None
            }
        };
        let value = value?;
        if value.count(Token) != 1 {
            door.0.add(value_spot, Fault::new("`value` must hold `{token}` once"));
        }
        Some(Self { place: place?, value })
    }
}
