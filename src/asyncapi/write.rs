//! Documents as YAML.

use serde::Serialize;

/// A document that cannot be written, which is a mistake in tieout.
#[derive(Debug, thiserror::Error)]
#[error("the document cannot be written")]
pub struct Unwritable(#[from] serde_saphyr::ser::Error);

/// One document.
pub fn yaml(document: &impl Serialize) -> Result<String, Unwritable> {
    Ok(serde_saphyr::to_string(document)?)
}

/// Several documents in one text, one behind the other.
pub fn yamls<D: Serialize>(documents: &[D]) -> Result<String, Unwritable> {
    Ok(serde_saphyr::to_string_multiple(documents)?)
}
