//! Keys of a provider's own: in headers, in parameters of the query, or in members of the body.
//!
//! `{header: NAME, value: ...}` and `{query: NAME, value: ...}` for one; `{headers: {...}}` and
//! `{body: {...}}` for several.

use schemars::JsonSchema;
use serde::Deserialize;

use super::door::Door;
use super::map_pairs;
use crate::define::checked::{Checked, Fault, Ordered, Placed};
use crate::define::template::Template;
use crate::define::value::HeaderName;

/// A key in one place, or in several.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyFile {
    /// The header that holds `value`.
    header: Option<Checked<HeaderName>>,
    /// The parameter that holds `value`.
    query: Option<Checked<String>>,
    /// The key, such as `"{secret.key}"`.
    value: Option<Checked<Template>>,
    /// Several headers with their values.
    headers: Option<Ordered<Checked<Template>>>,
    /// Members that join the JSON object or form that is posted.
    body: Option<Ordered<Checked<Template>>>,
}

/// Keys and where they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key<T = Template> {
    /// Headers, names in lower case.
    pub headers: Vec<(String, T)>,
    /// Parameters of the query. They are never part of a URL that is printed, kept or compared.
    pub query: Vec<(String, T)>,
    /// Members of the JSON object or form that a request sends.
    pub body: Vec<(String, T)>,
}

impl<T> Default for Key<T> {
    fn default() -> Self {
        Self { headers: Vec::new(), query: Vec::new(), body: Vec::new() }
    }
}

impl<T> Key<T> {
    /// One header.
    #[must_use]
    pub fn header(name: &str, value: T) -> Self {
        Self { headers: vec![(name.to_owned(), value)], ..Self::default() }
    }

    pub(super) fn try_map<'a, U, E>(
        &'a self,
        f: &mut impl FnMut(&'a T) -> Result<U, E>,
    ) -> Result<Key<U>, E> {
        Ok(Key {
            headers: map_pairs(&self.headers, f)?,
            query: map_pairs(&self.query, f)?,
            body: map_pairs(&self.body, f)?,
        })
    }
}

impl Key<Template> {
    pub(super) fn compile(file: Placed<KeyFile>, door: &mut Door<'_, '_>) -> Option<Self> {
        let spot = file.spot;
        let KeyFile { header, query, value, headers, body } = file.value;
        let mut key = Self::default();
        match (header, query, value) {
            (Some(name), None, Some(value)) => {
                let name = door.0.take(name);
                key.headers.extend(door.text(value).and_then(|value| Some((name?.0, value))));
            }
            (None, Some(name), Some(value)) => {
                let name = door.0.take(name);
                key.query.extend(door.text(value).and_then(|value| Some((name?, value))));
            }
            (None, None, None) if headers.is_some() || body.is_some() => {}
            _ => {
                let fault = Fault::new("`key` needs a place and its value").with_help(
                    "write `{header: NAME, value: ...}`, `{query: NAME, value: ...}`, `{headers: {NAME: ...}}` or \
                     `{body: {NAME: ...}}`",
                );
                door.0.add(spot, fault);
                return None;
            }
        }
        key.headers.extend(door.headers(headers.unwrap_or_default()));
        key.body.extend(door.pairs(body.unwrap_or_default()));
        Some(key)
    }
}
