//! Tokens that a login answers with, in one step or several: each step may use the token of the one before.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::answer::{AnswerWords, TokenAnswer};
use super::door::Door;
use super::show::{Show, ShowFile};
use super::tree::Tree;
use super::woven::{Token, Woven};
use crate::define::checked::{Checked, Fault, FromText, Ordered, Placed};
use crate::define::problem::Spot;
use crate::define::reader::Reader;
use crate::define::template::Template;
use crate::define::value::Length;
use crate::define::words;
use crate::page::Method;

/// A token by one request or several.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LoginFile {
    /// The request: `POST /session`, a path below the base or a whole address.
    request: Option<Checked<StepLine>>,
    /// What is sent, as JSON.
    body: Option<Placed<Value>>,
    /// What is sent, as a form.
    form: Option<Ordered<Checked<Woven<Template, Token>>>>,
    /// Headers of the request.
    #[serde(default)]
    headers: Ordered<Checked<Woven<Template, Token>>>,
    /// Several requests, in the place of one: each uses the token of the one before as `{token}`.
    steps: Option<Vec<Placed<StepFile>>>,
    /// Where the answer holds the token: a path, or `header:NAME`.
    #[schemars(extend("default" = "token"))]
    token: Option<Checked<Reader>>,
    /// Where the answer says when the token ends: seconds, an epoch, or RFC 3339.
    #[schemars(extend("default" = "expires_in"))]
    expires: Option<Checked<Reader>>,
    /// How long a token is good, where the answer does not say.
    ttl: Option<Checked<Length>>,
    /// Where requests show the token; `Authorization: Bearer ...` where this is left out.
    then: Option<Placed<ShowFile>>,
}

/// One request of a login.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct StepFile {
    /// The request: `POST /session`, a path below the base or a whole address.
    request: Checked<StepLine>,
    /// What is sent, as JSON.
    body: Option<Placed<Value>>,
    /// What is sent, as a form.
    form: Option<Ordered<Checked<Woven<Template, Token>>>>,
    /// Headers of the request.
    #[serde(default)]
    headers: Ordered<Checked<Woven<Template, Token>>>,
    /// Where the answer holds the token: a path, or `header:NAME`.
    token: Checked<Reader>,
}

/// `POST /session`, or `POST https://login.example.com/session`.
#[derive(Debug, Clone)]
struct StepLine {
    method: Method,
    target: Template,
}

impl FromText for StepLine {
    const WHAT: &'static str = "request";
    const EXAMPLES: &'static [&'static str] = &["POST /session"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        let help = "write `POST /path`, or `POST https://host/path`";
        let (method, target) =
            text.split_once(' ').ok_or_else(|| Fault::new("this is not a request").with_help(help))?;
        let method = words::choose("method", method, &[("GET", Method::Get), ("POST", Method::Post)])?;
        Ok(Self { method, target: Template::from_text(target.trim())? })
    }
}

/// A token that a login answers with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login<T = Template> {
    /// What is asked, in order; at least one step.
    pub steps: Vec<Step<T>>,
    /// Where the last answer holds the token, and how long it is good.
    pub answer: TokenAnswer,
    /// How it is shown; by itself as `Authorization: Bearer ...`.
    pub then: Option<Show<T>>,
}

/// One request of a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step<T> {
    /// How it asks.
    pub method: Method,
    /// Where: an address, or a path below the base.
    pub target: T,
    /// Headers, names in lower case.
    pub headers: Vec<(String, Woven<T, Token>)>,
    /// What is sent.
    pub sent: Sent<T>,
    /// Where its answer holds what the next step calls `{token}`.
    pub token: Reader,
}

/// Texts under names.
type Pairs<T> = Vec<(String, Woven<T, Token>)>;

/// What a step sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent<T> {
    /// Nothing.
    Nothing,
    /// JSON.
    Json(Tree<T>),
    /// A form.
    Form(Pairs<T>),
}

impl<T> Login<T> {
    pub(super) fn try_map<'a, U, E>(
        &'a self,
        f: &mut impl FnMut(&'a T) -> Result<U, E>,
    ) -> Result<Login<U>, E> {
        let steps = self.steps.iter().map(|step| step.try_map(f)).collect::<Result<_, E>>()?;
        let then = self.then.as_ref().map(|then| then.try_map(f)).transpose()?;
        Ok(Login { steps, answer: self.answer.clone(), then })
    }
}

impl<T> Step<T> {
    fn try_map<'a, U, E>(&'a self, f: &mut impl FnMut(&'a T) -> Result<U, E>) -> Result<Step<U>, E> {
        let sent = match &self.sent {
            Sent::Nothing => Sent::Nothing,
            Sent::Json(tree) => Sent::Json(tree.try_map(f)?),
            Sent::Form(pairs) => Sent::Form(map_woven(pairs, f)?),
        };
        Ok(Step {
            method: self.method,
            target: f(&self.target)?,
            headers: map_woven(&self.headers, f)?,
            sent,
            token: self.token.clone(),
        })
    }
}

fn map_woven<'a, T, U, E>(
    pairs: &'a [(String, Woven<T, Token>)],
    f: &mut impl FnMut(&'a T) -> Result<U, E>,
) -> Result<Pairs<U>, E> {
    pairs.iter().map(|(name, value)| Ok((name.clone(), value.try_map(f)?))).collect()
}

impl Login<Template> {
    pub(super) fn compile(file: Placed<LoginFile>, door: &mut Door<'_, '_>) -> Option<Self> {
        let spot = file.spot;
        let LoginFile { request, body, form, headers, steps, token, expires, ttl, then } = file.value;
        let then = Show::compile(then, door);
        let steps = match (request, steps) {
            (Some(request), None) => {
                let Some(token) = token.clone() else {
                    door.0.add(spot, Fault::new("the key `token` is missing in this block"));
                    return None;
                };
                let step = StepFile { request, body, form, headers, token };
                vec![compile_step(step, spot, Before::Nothing, door)?]
            }
            (None, Some(steps))
                if !steps.is_empty()
                    && body.is_none()
                    && form.is_none()
                    && headers.0.is_empty()
                    && token.is_none() =>
            {
                compile_steps(steps, door)?
            }
            _ => {
                let help = "write `request`, `body` and `token` for one step, or `steps: [{request, body, token}, ...]`";
                door.0
                    .add(spot, Fault::new("`login` needs either one request or its `steps`").with_help(help));
                return None;
            }
        };
        let token = steps.last()?.token.clone();
        let answer = AnswerWords { token: None, expires, ttl };
        let answer = TokenAnswer::compile(answer, ["token", "expires_in"], door)?;
        Some(Self { steps, answer: TokenAnswer { token, ..answer }, then })
    }
}

/// Whether there is an earlier answer whose token a step can use.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    Step,
}

fn compile_steps(files: Vec<Placed<StepFile>>, door: &mut Door<'_, '_>) -> Option<Vec<Step<Template>>> {
    let mut steps = Vec::new();
    for file in files {
        let before = if steps.is_empty() { Before::Nothing } else { Before::Step };
        steps.push(compile_step(file.value, file.spot, before, door)?);
    }
    Some(steps)
}

fn compile_step(
    file: StepFile,
    spot: Spot,
    before: Before,
    door: &mut Door<'_, '_>,
) -> Option<Step<Template>> {
    let StepFile { request, body, form, headers, token } = file;
    let line_spot = request.spot;
    let line = door.0.take(request)?;
    let target = door.address(Checked { spot: line_spot, outcome: Ok(line.target) });
    let headers = woven_headers(headers, door);
    let sent = match (body, form) {
        (None, None) => Some(Sent::Nothing),
        (Some(body), None) => Tree::compile(body.value, body.spot, door).map(Sent::Json),
        (None, Some(form)) => Some(Sent::Form(
            form.0.into_iter().filter_map(|entry| Some((entry.key, door.woven(entry.value)?))).collect(),
        )),
        (Some(_), Some(_)) => {
            door.0.add(spot, Fault::new("a request sends a `body` or a `form`, not both"));
            None
        }
    };
    if line.method == Method::Get && !matches!(sent, Some(Sent::Nothing) | None) {
        door.0.add(line_spot, Fault::new("a `GET` request sends nothing").with_help("write `POST`"));
    }
    let step =
        Step { method: line.method, target: target?, headers, sent: sent?, token: door.0.take(token)? };
    if before == Before::Nothing && step.uses_token() {
        door.0.add(
            spot,
            Fault::new("`{token}` is the token of the step before, and this is the first").at("{token}"),
        );
    }
    Some(step)
}

fn woven_headers(
    written: Ordered<Checked<Woven<Template, Token>>>,
    door: &mut Door<'_, '_>,
) -> Pairs<Template> {
    let mut headers = Vec::new();
    for entry in written.0 {
        let name = door.header_name(&entry.key, entry.spot);
        headers.extend(door.woven(entry.value).and_then(|value| Some((name?, value))));
    }
    headers
}

impl Step<Template> {
    fn uses_token(&self) -> bool {
        let in_body = match &self.sent {
            Sent::Nothing => false,
            Sent::Json(tree) => tree.uses_token(),
            Sent::Form(pairs) => pairs.iter().any(|(_, value)| value.count(Token) > 0),
        };
        in_body || self.headers.iter().any(|(_, value)| value.count(Token) > 0)
    }
}
