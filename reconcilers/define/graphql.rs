//! What a GraphQL answer says about itself: what stands beside its errors may be half of an answer.
//!
//! The specification lets a server hand out `data` and `errors` together, with a null in the place of what failed ("Response
//! Format", section 7). A null that stands for an error and a null that is the truth look the same.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::rules::presentable;
use crate::page::{Answer, Response};
use crate::path::Path;

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    errors: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Told {
    message: String,
}

/// The answer that the rules of a provider gave, unless they took for whole what reports errors.
///
/// A definition can still judge otherwise by a rule of its own, such as `{when: {body: {errors: present}}, do: partial}`.
pub(super) fn judged(answer: Answer, response: &Response<'_>) -> Answer {
    match (answer, errors(response)) {
        (Answer::Read, Some(why)) => Answer::Fail(format!("status {}: {why}", response.status)),
        (answer, _) => answer,
    }
}

/// What an answer says of its errors, where it reports any.
pub(super) fn errors(response: &Response<'_>) -> Option<String> {
    let errors = serde_json::from_slice::<Envelope<'_>>(response.body).ok()?.errors?;
    // Some servers always send the member.
    if matches!(errors.get(), "null" | "[]" | "{}" | "\"\"") {
        return None;
    }
    let told: Vec<Told> = serde_json::from_str(errors.get()).unwrap_or_default();
    Some(match told.first() {
        Some(first) => {
            format!("GraphQL errors, the first of {}: {}", told.len(), presentable(&first.message))
        }
        None => "GraphQL errors".to_owned(),
    })
}

#[derive(Deserialize)]
struct Located {
    errors: Vec<At>,
}

#[derive(Deserialize)]
struct At {
    path: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Step {
    Member(String),
    Place(usize),
}

/// The places in the list at `rows`, counted from 0, that the errors of an answer are about: what stands in the others is
/// whole. Nothing where any error may be about more than its place, or is about nothing in particular.
pub(super) fn failed_places(response: &Response<'_>, rows: &Path) -> Option<HashSet<usize>> {
    let list: Vec<&str> = rows.members().collect();
    let (&"data", list) = list.split_first()? else { return None };
    let place = |at: &At| {
        let (way, rest) = at.path.split_at_checked(list.len())?;
        let leads_there =
            way.iter().zip(list).all(|(step, name)| matches!(step, Step::Member(known) if known == name));
        match rest.first() {
            Some(Step::Place(place)) if leads_there => Some(*place),
            _ => None,
        }
    };
    let located: Located = serde_json::from_slice(response.body).ok()?;
    let places: Option<HashSet<usize>> = located.errors.iter().map(place).collect();
    places.filter(|places| !places.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(answer: Answer, body: &str) -> Answer {
        judged(answer, &Response { status: 200, headers: &[], body: body.as_bytes() })
    }

    #[test]
    fn data_beside_errors_is_no_answer_unless_a_rule_says_what_it_is() {
        let fail = |why: &str| Answer::Fail(format!("status 200: {why}"));
        for (body, expected) in [
            (r#"{"data":{"a":[]}}"#, Answer::Read),
            (r#"{"data":{"a":[]},"errors":[]}"#, Answer::Read),
            (r#"{"data":{"a":[]},"errors":null}"#, Answer::Read),
            (
                r#"{"data":{"a":[]},"errors":[{"message":"no","path":["a"]},{"message":"b"}]}"#,
                fail("GraphQL errors, the first of 2: no"),
            ),
            (r#"{"errors":"Invalid key"}"#, fail("GraphQL errors")),
            (r#"{"errors":[{"code":7}],"data":null}"#, fail("GraphQL errors")),
            ("<html>", Answer::Read),
        ] {
            assert_eq!(judge(Answer::Read, body), expected, "{body}");
        }
        let ruled = Answer::Partly("by a rule".to_owned());
        assert_eq!(judge(ruled.clone(), r#"{"errors":[{"message":"no"}]}"#), ruled);
    }
}
