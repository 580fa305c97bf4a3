//! How an event came to be: what its envelope says of its data and its trace, and by which program and definition it was made. Read
//! from what is stored; nothing of what the event carries is in it.

use serde::{Deserialize, Serialize};

/// What is known of that; each part is missing where nobody wrote it down, or what had it was taken out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The schema that its data was checked by, as a URI.
    pub dataschema: Option<String>,
    /// The version of that schema.
    pub dataversion: Option<u32>,
    /// The W3C trace of the run that made it, where that was traced.
    pub traceparent: Option<String>,
    /// The version of tieout that made it.
    pub tool_version: Option<String>,
    /// The SHA-256 of the definition that its domain had then.
    pub definition_sha256: Option<String>,
}

/// What is read of an envelope.
#[derive(Deserialize)]
struct Envelope {
    dataschema: Option<String>,
    dataversion: Option<u32>,
    traceparent: Option<String>,
}

/// What is read of a report.
#[derive(Deserialize)]
struct Made {
    domains: Vec<MadeBy>,
}

#[derive(Deserialize)]
struct MadeBy {
    domain: String,
    definition_sha256: Option<String>,
}

impl Origin {
    /// From the whole event as JSON.
    #[must_use]
    pub fn of_event(payload: &str) -> Self {
        let Ok(envelope) = serde_json::from_str::<Envelope>(payload) else { return Self::default() };
        let Envelope { dataschema, dataversion, traceparent } = envelope;
        Self { dataschema, dataversion, traceparent, ..Self::default() }
    }

    /// Adds what its run says of itself; the report may not be there yet, or not be there any more.
    #[must_use]
    pub fn by_run(self, tool_version: String, report_json: Option<&str>, domain: &str) -> Self {
        let made: Option<Made> = report_json.and_then(|report| serde_json::from_str(report).ok());
        let mut domains = made.into_iter().flat_map(|made| made.domains);
        let definition_sha256 =
            domains.find(|made| made.domain == domain).and_then(|made| made.definition_sha256);
        Self { tool_version: Some(tool_version), definition_sha256, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_and_its_run_say_how_it_came_to_be_as_far_as_they_know() {
        let event = r#"{"id":"x","dataschema":"urn:tieout:schema:charge:v2","dataversion":2,"traceparent":"00-a-b-01","data":{"dataversion":9}}"#;
        let report = r#"{"domains":[{"domain":"shop.refunds","definition_sha256":"aa"},{"domain":"shop.charges","definition_sha256":"bb"}]}"#;
        let known = Origin::of_event(event).by_run("0.3.0".to_owned(), Some(report), "shop.charges");
        let all = Origin {
            dataschema: Some("urn:tieout:schema:charge:v2".to_owned()),
            dataversion: Some(2),
            traceparent: Some("00-a-b-01".to_owned()),
            tool_version: Some("0.3.0".to_owned()),
            definition_sha256: Some("bb".to_owned()),
        };
        assert_eq!(known, all);
        assert_eq!(Origin::of_event("{}"), Origin::default());
        assert_eq!(Origin::of_event("no JSON"), Origin::default());
        let running = Origin::default().by_run("0.3.0".to_owned(), None, "shop.charges");
        assert_eq!(running, Origin { tool_version: Some("0.3.0".to_owned()), ..Origin::default() });
    }
}
