//! Proves that one schema takes whatever another one takes, by their normal forms. What is not proven here is walked.

use std::sync::Arc;

use jsonschema::Draft;
use jsonschema::canonical::{self, CanonicalSchema, Containment};

use super::judge::Side;
use crate::schemas::links::Within;

/// Whether it is proven.
pub(super) fn takes_all(outer: &Side<'_>, inner: &Side<'_>) -> bool {
    let (Some(outer), Some(inner)) = (normal(outer), normal(inner)) else { return false };
    matches!(outer.covers(&inner), Ok(Containment::Yes))
}

fn normal(side: &Side<'_>) -> Option<CanonicalSchema> {
    let (_, document) = side.links.document(&side.file)?;
    canonical::options()
        .with_draft(Draft::Draft202012)
        .with_base_uri(side.file.clone())
        .with_retriever(Within(Arc::new(side.links.clone())))
        .should_validate_formats(true)
        .canonicalize(document)
        .ok()
}
