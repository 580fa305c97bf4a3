//! What an `application/problem+json` body (RFC 9457) says went wrong.

use serde::Deserialize;

use crate::page::Response;

/// The members that a person can read.
#[derive(Debug, Default, Deserialize)]
struct ProblemDocument {
    #[serde(rename = "type")]
    kind: Option<String>,
    title: Option<String>,
    detail: Option<String>,
}

/// Title, detail and type of a problem document, where a response is one and says anything.
pub(super) fn message(response: &Response<'_>) -> Option<String> {
    let content_type = response.header("content-type")?.trim_start();
    if !content_type.get(..24)?.eq_ignore_ascii_case("application/problem+json") {
        return None;
    }
    let ProblemDocument { kind, title, detail } = serde_json::from_slice(response.body).ok()?;
    let said: Vec<String> = [title, detail].into_iter().flatten().collect();
    // The type `about:blank` means that the status says it all.
    let kind = kind.filter(|kind| kind != "about:blank");
    match (said.join(": "), kind) {
        (said, None) => Some(said).filter(|said| !said.is_empty()),
        (said, Some(kind)) if said.is_empty() => Some(kind),
        (said, Some(kind)) => Some(format!("{said} ({kind})")),
    }
}
