//! What a response means before its rows are read: the provider's own rules first, then what HTTP says.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::checked::{Checked, Fault, Placed, Word};
use super::condition::{ConditionFile, Conditions, Place};
use super::document::Problems;
use super::selector::Selector;
use super::value::Length;
use crate::page::{Answer, Response};

/// The longest part of a provider's own message that is repeated, in characters.
const MAX_MESSAGE: usize = 200;

/// What an answer means.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleFile {
    /// Which answers are meant.
    when: Placed<ConditionFile>,
    /// What follows.
    #[serde(rename = "do")]
    then: Checked<Then>,
    /// Of `wait`: the shortest pause.
    at_least: Option<Checked<Length>>,
    /// Where the answer says why.
    message: Option<Checked<Selector>>,
}

/// What a rule makes of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Ask again.
    Retry,
    /// The provider asks everybody for a pause.
    Wait,
    /// Get a new access token and ask once again.
    Refresh,
    /// Read the slice again from its own start.
    Restart,
    /// The saved token is not good any more: read the whole feed.
    Resync,
    /// Read the halves of the range.
    Halve,
    /// There is nothing, and that is a complete answer.
    Empty,
    /// Leave the feed out, visibly.
    Skip,
    /// Read it, and take it for less than everything.
    Partial,
    /// Give up.
    Fail,
    /// Give up: the credentials or their scope are refused.
    Reject,
}

impl Word for Then {
    const WHAT: &'static str = "action";

    fn words() -> Vec<(&'static str, Self)> {
        vec![
            ("retry", Then::Retry),
            ("wait", Then::Wait),
            ("refresh", Then::Refresh),
            ("restart", Then::Restart),
            ("resync", Then::Resync),
            ("halve", Then::Halve),
            ("empty", Then::Empty),
            ("skip", Then::Skip),
            ("partial", Then::Partial),
            ("fail", Then::Fail),
            ("reject", Then::Reject),
        ]
    }
}

/// What one rule says.
#[derive(Debug, Clone)]
struct Action {
    then: Then,
    at_least: Option<Duration>,
    /// Where its message is; the first where there are several.
    message: Option<Place>,
}

/// A provider's rules, in order.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    conditions: Conditions,
    actions: Vec<Action>,
}

impl Rules {
    pub(super) fn compile(files: Vec<RuleFile>, problems: &mut Problems<'_>) -> Self {
        let mut rules = Self::default();
        for file in files {
            rules.conditions.add(file.when.value, file.when.spot, problems);
            let message = problems.take_option(file.message).map(|at| rules.conditions.place(at));
            let then = problems.take(file.then).unwrap_or(Then::Fail);
            let pause_spot = file.at_least.as_ref().map(|pause| pause.spot);
            if let Some(spot) = pause_spot.filter(|_| then != Then::Wait) {
                let fault =
                    Fault::new("`at_least` is the shortest pause of `do: wait` and means nothing here");
                problems.add(spot, fault);
            }
            let at_least = problems.take_option(file.at_least).map(|pause| pause.0);
            rules.actions.push(Action { then, at_least, message });
        }
        rules
    }

    /// What a response to a page request means.
    #[must_use]
    pub fn answer(&self, response: &Response<'_>) -> Answer {
        self.ruled(response, |_| false).unwrap_or_else(|| by_status(response))
    }

    /// What a response to a question about one thing means: an item, a job, a file. An empty list is no answer to it, so
    /// rules that say `empty` do not count here.
    #[must_use]
    pub fn answer_about_one(&self, response: &Response<'_>) -> Answer {
        self.ruled_about_one(response).unwrap_or_else(|| by_status(response))
    }

    /// What a response to the request for a file or page of a finished export means. It is kept for a while, and one that is
    /// not there yet, or no more, is no word about the export.
    #[must_use]
    pub fn answer_about_part(&self, response: &Response<'_>) -> Answer {
        self.ruled_about_one(response).unwrap_or_else(|| match (response.status, by_status(response)) {
            (202, _) => Answer::Retry("status 202 in the place of an export".to_owned()),
            (400 | 404 | 410, Answer::Fail(why)) => {
                Answer::Restart(format!("{why} in the place of an export"))
            }
            (_, answer) => answer,
        })
    }

    fn ruled_about_one(&self, response: &Response<'_>) -> Option<Answer> {
        self.ruled(response, |index| self.actions.get(index).is_some_and(|it| it.then == Then::Empty))
    }

    fn ruled(&self, response: &Response<'_>, skip: impl Fn(usize) -> bool) -> Option<Answer> {
        let found = self.conditions.first_match(response, skip)?;
        let action = self.actions.get(found.index)?;
        let said = action.message.as_ref().and_then(|at| self.conditions.text(&found, response, at));
        let why = match said.or_else(|| super::problem_json::message(response)) {
            Some(said) => format!("status {}: {}", response.status, presentable(&said)),
            None => format!("status {}, by a rule of the provider", response.status),
        };
        Some(match action.then {
            Then::Retry => Answer::Retry(why),
            Then::Wait => Answer::Wait { why, at_least: action.at_least },
            Then::Refresh => Answer::Refresh(why),
            Then::Restart => Answer::Restart(why),
            Then::Resync => Answer::Resync(why),
            Then::Halve => Answer::Halve(why),
            Then::Empty => Answer::Empty,
            Then::Skip => Answer::Skip(why),
            Then::Partial => Answer::Partly(why),
            Then::Fail => Answer::Fail(why),
            Then::Reject => Answer::Rejected(why),
        })
    }
}

/// What HTTP says by itself. Whoever sends the request knows whether there is anything to refresh.
fn by_status(response: &Response<'_>) -> Answer {
    let status = response.status;
    let why = || match super::problem_json::message(response) {
        Some(said) => format!("status {status}: {}", presentable(&said)),
        None => format!("status {status}"),
    };
    match status {
        // Nobody asked for a part, so nobody knows which part it is.
        206 => Answer::Partly(format!("status {status}, a part of an answer")),
        200..=299 => Answer::Read,
        401 => Answer::Refresh(why()),
        403 => Answer::Rejected(why()),
        429 => Answer::Wait { why: why(), at_least: None },
        503 => Answer::OutOfService(why()),
        408 | 425 | 500..=599 => Answer::Retry(why()),
        _ => Answer::Fail(why()),
    }
}

/// A provider's message, short and without control characters.
pub(super) fn presentable(message: &str) -> String {
    let mut told = String::new();
    for c in message.chars().filter(|c| !c.is_control()) {
        // The stars of a masked key would leave no room for what is said about it.
        if c != '*' || !told.ends_with("***") {
            told.push(c);
        }
    }
    told.chars().take(MAX_MESSAGE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::define::document::Document;

    fn rules(yaml: &str) -> Rules {
        let document = Document::new("rules.yaml", yaml);
        let mut problems = Problems::of(&document);
        let rules = Rules::compile(document.read().unwrap(), &mut problems);
        assert_eq!(problems.problems, []);
        rules
    }

    fn response<'a>(status: u16, headers: &'a [(String, String)], body: &'a str) -> Response<'a> {
        Response { status, headers, body: body.as_bytes() }
    }

    #[test]
    fn without_rules_the_status_decides() {
        let rules = Rules::default();
        for (status, expected) in [
            (200, Answer::Read),
            (204, Answer::Read),
            (401, Answer::Refresh("status 401".to_owned())),
            (403, Answer::Rejected("status 403".to_owned())),
            (404, Answer::Fail("status 404".to_owned())),
            (408, Answer::Retry("status 408".to_owned())),
            (429, Answer::Wait { why: "status 429".to_owned(), at_least: None }),
            (502, Answer::Retry("status 502".to_owned())),
            (503, Answer::OutOfService("status 503".to_owned())),
        ] {
            assert_eq!(rules.answer(&response(status, &[], "")), expected);
        }
    }

    #[test]
    fn a_body_can_turn_a_200_into_a_failure_or_a_retry() {
        let rules = rules(
            "- {when: {body: {ok: false, error: ratelimited}}, do: retry}\n\
             - {when: {body: {ok: false}}, do: fail, message: error}\n\
             - {when: {body: {errors: present}}, do: fail}\n\
             - {when: {status: [403, 429], body: {message: /secondary rate/}}, do: retry, message: message}\n",
        );
        let answer = |status, body| rules.answer(&response(status, &[], body));
        assert_eq!(answer(200, r#"{"ok":true,"rows":[]}"#), Answer::Read);
        assert!(matches!(answer(200, r#"{"ok":false,"error":"ratelimited"}"#), Answer::Retry(_)));
        assert_eq!(
            answer(200, r#"{"ok":false,"error":"bad\ntoken"}"#),
            Answer::Fail("status 200: badtoken".to_owned())
        );
        assert!(matches!(answer(200, r#"{"errors":[{}]}"#), Answer::Fail(_)));
        assert_eq!(answer(200, r#"{"errors":null}"#), Answer::Read);
        assert!(matches!(answer(403, r#"{"message":"a secondary rate limit"}"#), Answer::Retry(_)));
        assert!(matches!(answer(403, "<html>"), Answer::Rejected(_)));
        assert_eq!(answer(200, "<html>"), Answer::Read, "the reader of the page refuses it");
    }

    #[test]
    fn a_header_can_ask_for_a_retry_and_an_empty_list_is_no_look_up() {
        let rules = rules(
            "- {when: {header: {Should-Retry: \"true\"}}, do: retry}\n- {when: {status: [204, 404]}, do: empty}\n",
        );
        let headers = [("should-retry".to_owned(), "true".to_owned())];
        assert!(matches!(rules.answer(&response(409, &headers, "")), Answer::Retry(_)));
        assert_eq!(rules.answer(&response(404, &[], "")), Answer::Empty);
        assert_eq!(rules.answer_about_one(&response(404, &[], "")), Answer::Fail("status 404".to_owned()));
    }

    #[test]
    fn every_action_of_a_rule_becomes_its_answer_and_the_first_rule_that_holds_counts() {
        let actions =
            ["retry", "wait", "refresh", "restart", "resync", "halve", "empty", "skip", "partial", "fail"];
        for (n, action) in actions.iter().enumerate() {
            let yaml =
                format!("- {{when: {{status: 400}}, do: {action}}}\n- {{when: {{status: 400}}, do: fail}}\n");
            let why = "status 400, by a rule of the provider".to_owned();
            let expected = [
                Answer::Retry(why.clone()),
                Answer::Wait { why: why.clone(), at_least: None },
                Answer::Refresh(why.clone()),
                Answer::Restart(why.clone()),
                Answer::Resync(why.clone()),
                Answer::Halve(why.clone()),
                Answer::Empty,
                Answer::Skip(why.clone()),
                Answer::Partly(why.clone()),
                Answer::Fail(why),
            ];
            assert_eq!(rules(&yaml).answer(&response(400, &[], "")), expected[n], "{action}");
        }
    }

    #[test]
    fn a_pause_has_its_shortest_length_and_elements_of_arrays_are_looked_at_one_by_one() {
        let rules = rules(
            "- {when: {body: {\"errors[*].extensions.code\": THROTTLED}}, do: wait, at_least: 60s}\n\
             - {when: {body: {\"[*].state\": /^lost/}}, do: restart}\n",
        );
        let wait = Answer::Wait {
            why: "status 200, by a rule of the provider".to_owned(),
            at_least: Some(Duration::from_mins(1)),
        };
        let answer = |body| rules.answer(&response(200, &[], body));
        assert_eq!(answer(r#"{"errors":[{"extensions":{}},{"extensions":{"code":"THROTTLED"}}]}"#), wait);
        assert_eq!(answer(r#"{"errors":[{"extensions":{"code":"OTHER"}}]}"#), Answer::Read);
        assert!(matches!(answer(r#"[{"state":"kept"},{"state":"lost it"}]"#), Answer::Restart(_)));
    }

    #[test]
    fn the_first_message_of_a_list_speaks_for_all_of_them() {
        let rules = rules("- {when: {body: {errors: present}}, do: fail, message: \"errors[*].message\"}\n");
        let said = |body| rules.answer(&response(200, &[], body));
        assert_eq!(
            said(
                r#"{"data":null,"errors":[{"path":["a"]},{"message":"Field 'x' is unknown"},{"message":"b"}]}"#
            ),
            Answer::Fail("status 200: Field 'x' is unknown".to_owned())
        );
        let nothing = Answer::Fail("status 200, by a rule of the provider".to_owned());
        assert_eq!(said(r#"{"errors":[{"message":null}]}"#), nothing);
    }

    #[test]
    fn a_problem_document_speaks_for_itself_unless_a_rule_names_its_message() {
        let rules = rules("- {when: {status: 422}, do: fail, message: detail}\n");
        let headers = [("content-type".to_owned(), "application/problem+json; charset=utf-8".to_owned())];
        let body =
            r#"{"type":"https://example.com/quota","title":"Too much","detail":"Ask for less","status":400}"#;
        let said = |status| rules.answer(&response(status, &headers, body));
        let whole = "Too much: Ask for less (https://example.com/quota)";
        assert_eq!(said(400), Answer::Fail(format!("status 400: {whole}")));
        assert_eq!(said(403), Answer::Rejected(format!("status 403: {whole}")));
        assert_eq!(said(422), Answer::Fail("status 422: Ask for less".to_owned()));
        assert_eq!(rules.answer(&response(400, &headers, "<html>")), Answer::Fail("status 400".to_owned()));
    }
}
