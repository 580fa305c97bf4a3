//! Words that whole families of APIs share. A feed takes them over with `preset: NAME`; its own words win.

use super::checked::Word;

/// A family of APIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Preset {
    Odata,
    Scim,
    JsonApi,
    Relay,
    Rfc8288,
}

impl Word for Preset {
    const WHAT: &'static str = "preset";

    fn words() -> Vec<(&'static str, Self)> {
        vec![
            ("odata", Preset::Odata),
            ("scim", Preset::Scim),
            ("jsonapi", Preset::JsonApi),
            ("relay", Preset::Relay),
            ("rfc8288", Preset::Rfc8288),
        ]
    }
}

impl Preset {
    /// Its words.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Odata => ODATA,
            Self::Scim => SCIM,
            Self::JsonApi => JSON_API,
            Self::Relay => RELAY,
            Self::Rfc8288 => RFC_8288,
        }
    }
}

/// `OData` 4.0, JSON format, sections 4.5.5 and 12.
const ODATA: &str = r#"
rows: value
next: {url: "['@odata.nextLink']"}
lang: odata
"#;

/// RFC 7644, section 3.4.2: the first resource has the index 1, and `Resources` may be left out of an empty answer.
const SCIM: &str = r#"
query: {startIndex: "{offset}", count: "{size}"}
rows: Resources?
id: id
next: {offset: 1, step: rows, total: totalResults, size: 100}
window: {clock: meta.lastModified, as: rfc3339}
lang: scim
"#;

/// JSON:API 1.1: documents hold what was asked for in `data`.
const JSON_API: &str = r"
headers: {Accept: application/vnd.api+json}
rows: data
id: id
next: {url: links.next}
confirm: {unwrap: data}
";

/// Relay's cursor connections. The query names its connection `page`: `page: orders(first: $first, after: $after) { ... }`.
const RELAY: &str = r#"
vars: {first: "{size}", after: "{cursor}"}
rows: data.page.edges[*].node
id: id
next: {cursor: data.page.pageInfo.endCursor, more: data.page.pageInfo.hasNextPage, size: 100}
lang: graphql
"#;

/// RFC 8288: a plain array, and the next page in the `Link` header.
const RFC_8288: &str = r#"
rows: "[*]"
next: {link: next}
"#;
