//! A provider file: a third party's API, described once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::checked::{Checked, Fault, FromText, Ordered};
use super::document::{Document, Problems};
use super::feed::{FeedDefinition, FeedFile};
use super::limits::{Limits, Route};
use super::limits_file::LimitsFile;
use super::problem::{Problem, Spot};
use super::rules::{RuleFile, Rules};
use super::template::{Slot, Template};
use super::value::HeaderName;
use crate::name::Name;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProviderFile {
    provider: Checked<Name>,
    base: Checked<Template>,
    auth: Option<Spanned<AuthFile>>,
    #[serde(default)]
    headers: Ordered<Checked<Template>>,
    #[serde(default)]
    limits: LimitsFile,
    #[serde(default)]
    rules: Vec<RuleFile>,
    feeds: Ordered<FeedFile>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthFile {
    bearer: Option<Checked<Template>>,
    basic: Option<BasicFile>,
    key: Option<KeyFile>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct BasicFile {
    user: Checked<Template>,
    password: Option<Checked<Template>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    header: Checked<HeaderName>,
    value: Checked<Template>,
}

/// How requests are authorised. The templates hold `{secret.NAME}` and `{var.NAME}`, never a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// `Authorization: Bearer ...`.
    Bearer(Template),
    /// HTTP basic authentication; without a password it is empty.
    Basic {
        /// The user.
        user: Template,
        /// The password.
        password: Option<Template>,
    },
    /// A header of the provider's own.
    Header {
        /// Its name, in lower case.
        name: String,
        /// Its value.
        value: Template,
    },
}

impl Auth {
    /// The templates it is made of.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        let (first, second) = match self {
            Self::Bearer(value) | Self::Header { value, .. } => (value, None),
            Self::Basic { user, password } => (user, password.as_ref()),
        };
        std::iter::once(first).chain(second)
    }
}

/// A provider, compiled.
#[derive(Debug, Clone)]
pub struct ProviderDefinition {
    /// Its name.
    pub name: Name,
    /// The file, to say more about it.
    pub document: Document,
    /// Where its name stands.
    pub spot: Spot,
    /// Where its paths begin; it may hold `{var.NAME}`.
    pub base: Template,
    /// How requests are authorised, if they are.
    pub auth: Option<Auth>,
    /// Headers of every request, names in lower case; they may hold `{var.NAME}`.
    pub headers: Vec<(String, Template)>,
    /// What it permits.
    pub limits: Limits,
    /// Its list endpoints.
    pub feeds: BTreeMap<Name, Arc<FeedDefinition>>,
    /// What its responses mean.
    pub rules: Arc<Rules>,
}

impl ProviderDefinition {
    /// Reads a provider file.
    pub fn parse(document: &Document) -> Result<Self, Vec<Problem>> {
        let file: ProviderFile = document.read().map_err(|problem| vec![problem])?;
        let mut problems = Problems::of(document);
        let definition = Self::compile(file, &mut problems);
        problems.finish(definition).map(|(definition, _)| definition)
    }

    fn compile(file: ProviderFile, problems: &mut Problems<'_>) -> Option<Self> {
        let (document, spot) = (problems.document.clone(), file.provider.spot);
        let name = problems.take(file.provider);
        let base = base(file.base, problems);
        let auth = file.auth.and_then(|auth| compile_auth(auth, problems));
        let headers = headers(file.headers, problems);
        let routes = file.limits.routes();
        let limits = file.limits.compile(problems);
        let rules = Arc::new(Rules::compile(file.rules, problems));
        if file.feeds.0.is_empty() {
            problems.add(spot, Fault::new("the provider has no feeds"));
        }
        let mut feeds = BTreeMap::new();
        for entry in file.feeds.0 {
            let name = Name::from_text(&entry.key).map_err(|fault| problems.add(entry.spot, fault));
            let feed = FeedDefinition::compile(entry.value, entry.spot, problems);
            if let (Ok(name), Some(feed)) = (name, feed) {
                feeds.insert(name, Arc::new(feed));
            }
        }
        if problems.problems.is_empty() {
            must_be_asked(&routes, &feeds, problems);
        }
        Some(Self { name: name?, document, spot, base: base?, auth, headers, limits, feeds, rules })
    }

    /// The names of the secrets that requests need.
    #[must_use]
    pub fn secrets(&self) -> BTreeSet<&str> {
        let slots = self.auth.iter().flat_map(Auth::templates).flat_map(Template::slots);
        slots.filter_map(|slot| if let Slot::Secret(name) = slot { Some(&**name) } else { None }).collect()
    }

    /// The names of the variables that the credentials cannot do without.
    #[must_use]
    pub fn auth_vars(&self) -> BTreeSet<&str> {
        self.auth.iter().flat_map(Auth::templates).flat_map(vars_of).collect()
    }

    /// The names of the variables that the base cannot do without.
    #[must_use]
    pub fn base_vars(&self) -> BTreeSet<&str> {
        vars_of(&self.base).collect()
    }
}

fn vars_of(template: &Template) -> impl Iterator<Item = &str> {
    template.slots().filter_map(|slot| if let Slot::Var(name) = slot { Some(&**name) } else { None })
}

/// A route that no request takes would leave its feed to the limits of everything else.
fn must_be_asked(
    routes: &[(Route, Spot)],
    feeds: &BTreeMap<Name, Arc<FeedDefinition>>,
    problems: &mut Problems<'_>,
) {
    let paths: Vec<String> = feeds.values().flat_map(|feed| feed.sample_paths()).collect();
    for (route, spot) in routes {
        if !paths.iter().any(|path| route.fits(path)) {
            let fault = Fault::new(format!("no request of this file goes to `{route}`"));
            problems
                .add(*spot, fault.with_help("a route is the path of a request, with `*` for what varies"));
        }
    }
}

/// Notes the placeholders that a template may not hold here, and says whether there are none.
fn allow(
    template: &Template,
    spot: Spot,
    problems: &mut Problems<'_>,
    allowed: fn(&Slot) -> bool,
    why: &str,
) -> bool {
    for slot in template.slots().filter(|slot| !allowed(slot)) {
        let fault = Fault::new(format!("`{slot}` cannot stand here")).with_help(why).at(slot.to_string());
        problems.add(spot, fault);
    }
    template.slots().all(allowed)
}

const fn is_var(slot: &Slot) -> bool {
    matches!(slot, Slot::Var(_))
}

const fn is_var_or_secret(slot: &Slot) -> bool {
    matches!(slot, Slot::Var(_) | Slot::Secret(_))
}

fn base(checked: Checked<Template>, problems: &mut Problems<'_>) -> Option<Template> {
    let spot = checked.spot;
    let template = problems.take(checked)?;
    if !allow(&template, spot, problems, is_var, "a base may hold `{var.NAME}`") {
        return None;
    }
    let sample = template.render(|_| Some("x".into())).unwrap_or_default();
    let is_base = url::Url::parse(&sample).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    });
    if !is_base {
        let help = "write `https://host/path`, without user, query or fragment";
        problems.add(spot, Fault::new("the base is not an address that paths can follow").with_help(help));
    }
    Some(template)
}

fn compile_auth(auth: Spanned<AuthFile>, problems: &mut Problems<'_>) -> Option<Auth> {
    let spot = Spot::from(auth.referenced);
    let AuthFile { bearer, basic, key } = auth.value;
    let mut take = |checked: Checked<Template>| {
        let spot = checked.spot;
        let template = problems.take(checked)?;
        allow(
            &template,
            spot,
            problems,
            is_var_or_secret,
            "credentials may hold `{secret.NAME}` and `{var.NAME}`",
        );
        Some(template)
    };
    match (bearer, basic, key) {
        (Some(bearer), None, None) => take(bearer).map(Auth::Bearer),
        (None, Some(basic), None) => {
            let password = basic.password.and_then(&mut take);
            Some(Auth::Basic { user: take(basic.user)?, password })
        }
        (None, None, Some(key)) => {
            let value = take(key.value);
            Some(Auth::Header { name: problems.take(key.header)?.0, value: value? })
        }
        _ => {
            let fault = Fault::new("`auth` needs exactly one of `bearer`, `basic` and `key`");
            problems.add(spot, fault);
            None
        }
    }
}

fn headers(written: Ordered<Checked<Template>>, problems: &mut Problems<'_>) -> Vec<(String, Template)> {
    let mut headers = Vec::new();
    for entry in written.0 {
        let spot = entry.value.spot;
        let name = HeaderName::from_text(&entry.key).map_err(|fault| problems.add(entry.spot, fault));
        if let Some(value) = problems.take(entry.value) {
            let why = "headers of every request may hold `{var.NAME}`; credentials belong in `auth`";
            allow(&value, spot, problems, is_var, why);
            headers.extend(name.ok().map(|name| (name.0, value)));
        }
    }
    headers
}
