//! What a response means before its rows are read: the provider's own rules first, then what HTTP says.

use serde::Deserialize;

use super::checked::{Checked, Fault, FromText};
use super::condition::{ConditionFile, Conditions};
use super::document::Problems;
use super::words;
use crate::page::{Answer, Response};
use crate::path::Path;

/// The longest part of a provider's own message that is repeated, in characters.
const MAX_MESSAGE: usize = 200;

/// A rule as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleFile {
    when: serde_saphyr::Spanned<ConditionFile>,
    #[serde(rename = "do")]
    then: Checked<Then>,
    message: Option<Checked<Path>>,
}

/// What a rule makes of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Ask again.
    Retry,
    /// Give up.
    Fail,
    /// There is nothing, and that is a complete answer.
    Empty,
}

impl FromText for Then {
    fn from_text(text: &str) -> Result<Self, Fault> {
        const WORDS: &[(&str, Then)] =
            &[("retry", Then::Retry), ("fail", Then::Fail), ("empty", Then::Empty)];
        words::choose("action", text, WORDS)
    }
}

/// A provider's rules, in order.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    conditions: Conditions,
    /// What each rule says, and the slot of its message.
    actions: Vec<(Then, Option<usize>)>,
}

impl Rules {
    pub(super) fn compile(files: Vec<RuleFile>, problems: &mut Problems<'_>) -> Self {
        let mut rules = Self::default();
        for file in files {
            rules.conditions.add(file.when.value, file.when.referenced.into(), problems);
            let message = problems.take_option(file.message).map(|path| rules.conditions.slot(path));
            let then = problems.take(file.then).unwrap_or(Then::Fail);
            rules.actions.push((then, message));
        }
        rules
    }

    /// What a response to a page request means.
    #[must_use]
    pub fn answer(&self, response: &Response<'_>) -> Answer {
        self.ruled(response, |_| false).unwrap_or_else(|| by_status(response.status))
    }

    /// What a response to a look-up means. An empty list is no answer to a question about one item, so rules that say
    /// `empty` do not count here.
    #[must_use]
    pub fn confirm_answer(&self, response: &Response<'_>) -> Answer {
        let says_empty = |index: usize| matches!(self.actions.get(index), Some((Then::Empty, _)));
        self.ruled(response, says_empty).unwrap_or_else(|| by_status(response.status))
    }

    fn ruled(&self, response: &Response<'_>, skip: impl Fn(usize) -> bool) -> Option<Answer> {
        let found = self.conditions.first_match(response, skip)?;
        let (then, message) = self.actions.get(found.index)?;
        let said = message.and_then(|slot| self.conditions.text(&found, response, slot));
        let reason = match said {
            Some(said) => format!("status {}: {}", response.status, presentable(&said)),
            None => format!("status {}, by a rule of the provider", response.status),
        };
        Some(match then {
            Then::Retry => Answer::Retry(reason),
            Then::Fail => Answer::Fail(reason),
            Then::Empty => Answer::Empty,
        })
    }
}

/// What HTTP says by itself.
fn by_status(status: u16) -> Answer {
    match status {
        // Nobody asked for a part, so nobody knows which part it is.
        206 => Answer::Partly(format!("status {status}, a part of an answer")),
        200..=299 => Answer::Read,
        401 => Answer::Refresh(format!("status {status}")),
        403 => Answer::Rejected(format!("status {status}")),
        408 | 425 | 429 | 500..=599 => Answer::Retry(format!("status {status}")),
        _ => Answer::Fail(format!("status {status}")),
    }
}

/// A provider's message, short and without control characters.
fn presentable(message: &str) -> String {
    message.chars().filter(|c| !c.is_control()).take(MAX_MESSAGE).collect()
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
            (429, Answer::Retry("status 429".to_owned())),
            (503, Answer::Retry("status 503".to_owned())),
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
        assert_eq!(rules.confirm_answer(&response(404, &[], "")), Answer::Fail("status 404".to_owned()));
    }
}
