//! A provider file: a third party's API, described once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::auth::base::Base;
use super::auth::host::HostPattern;
use super::auth::tls::{Tls, TlsFile};
use super::auth::{Auth, AuthFile};
use super::checked::{Checked, Fault, FromText, Ordered, Placed};
use super::currencies_file::{self, Places};
use super::document::{Document, Problems};
use super::each_file::EachDefinition;
use super::feed::{FeedDefinition, FeedFile};
use super::inherit;
use super::limits::{Limits, Route};
use super::limits_file::LimitsFile;
use super::list_file::ListFile;
use super::problem::{Problem, Spot};
use super::rules::{RuleFile, Rules};
use super::template::{Slot, Template};
use super::value::HeaderName;
use super::words;
use super::written_feed::WrittenFeed;
use crate::name::Name;

/// Somebody else's API: where it is, what it asks for, and its feeds.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProviderFile {
    /// What the provider is called.
    provider: Checked<Name>,
    /// The address that all paths are below; it may hold `{var.NAME}`, `{each.NAME}` or `{token.MEMBER}`.
    base: Checked<Base>,
    /// Other origins that links may lead to, which get no credentials: `files.example.com`, `*.example.com`.
    #[serde(default)]
    hosts: Vec<Checked<Template>>,
    /// What requests show to the provider.
    auth: Option<Placed<AuthFile>>,
    /// The certificate that its connections show.
    tls: Option<TlsFile>,
    /// Headers of every request. One whose placeholders are all unset is left out.
    #[serde(default)]
    headers: Ordered<Checked<Template>>,
    /// How often the provider may be asked.
    #[serde(default)]
    limits: LimitsFile,
    /// What answers mean; the first rule whose `when` holds decides.
    #[serde(default)]
    rules: Vec<RuleFile>,
    /// How many decimals the minor units of a currency have here, where ISO 4217 has another number.
    #[serde(default)]
    currencies: Ordered<Checked<Places>>,
    /// The lists of the provider, by their names.
    #[schemars(with = "Ordered<WrittenFeed>")]
    feeds: Ordered<FeedFile>,
    /// Lists that are about no item, by their names: what `webhooks` and `scopes` of feeds read.
    #[serde(default)]
    lists: Ordered<ListFile>,
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
    /// Where its paths begin.
    pub base: Base,
    /// Other origins that its links may lead to, and that its base may lie on where a token names it. They may hold
    /// `{var.NAME}`.
    pub hosts: Vec<Template>,
    /// How requests are authorised, if they are.
    pub auth: Option<Auth>,
    /// The certificate of its connections, if they need one.
    pub tls: Option<Tls>,
    /// Headers of every request, names in lower case; they may hold `{var.NAME}`. Those that hold `{each.NAME}` are part
    /// of the requests of each feed instead.
    pub headers: Vec<(String, Template)>,
    /// What it permits.
    pub limits: Limits,
    /// Its list endpoints.
    pub feeds: BTreeMap<Name, Arc<FeedDefinition>>,
    /// Its lists that are about no item.
    pub lists: BTreeMap<Name, Arc<FeedDefinition>>,
    /// What its responses mean.
    pub rules: Arc<Rules>,
}

impl ProviderDefinition {
    /// Reads a provider file.
    pub fn parse(document: &Document) -> Result<Self, Vec<Problem>> {
        let document = &inherit::expanded(document)?;
        let file: ProviderFile = document.read().map_err(|problem| vec![problem])?;
        let mut problems = Problems::of(document);
        let definition = Self::compile(file, &mut problems);
        problems.finish(definition).map(|(definition, _)| definition)
    }

    /// The name that a file gives its provider, however broken the rest is.
    #[must_use]
    pub fn name_in(document: &Document) -> Option<Name> {
        document.word_behind("provider:")?.parse().ok()
    }

    fn compile(file: ProviderFile, problems: &mut Problems<'_>) -> Option<Self> {
        let (document, spot) = (problems.document.clone(), file.provider.spot);
        let name = problems.take(file.provider);
        let base_spot = file.base.spot;
        let base = Base::compile(file.base, problems);
        let hosts = hosts(file.hosts, problems);
        let auth = file.auth.and_then(|auth| Auth::compile(auth, problems));
        let tls = file.tls.and_then(|tls| Tls::compile(tls, problems));
        if let Some(base) = &base {
            check_base(base, auth.as_ref(), &hosts, base_spot, problems);
        }
        let (of_members, headers): (Vec<_>, Vec<_>) = headers(file.headers, problems)
            .into_iter()
            .partition(|(_, value)| value.slots().any(|slot| matches!(slot, Slot::Each(_))));
        let routes = file.limits.routes();
        let limits = file.limits.compile(problems);
        let rules = Arc::new(Rules::compile(file.rules, problems));
        if file.feeds.0.is_empty() {
            problems.add(spot, Fault::new("the provider has no feeds"));
        }
        let currencies = currencies_file::compile(file.currencies, problems);
        let mut feeds = BTreeMap::new();
        for entry in file.feeds.0 {
            let name = Name::from_text(&entry.key).map_err(|fault| problems.add(entry.spot, fault));
            let feed = FeedDefinition::compile(entry.value, &of_members, &limits, entry.spot, problems);
            if let (Ok(name), Some(mut feed)) = (name, feed) {
                feed.currencies = currencies.changed_by(&feed.currencies);
                feeds.insert(name, Arc::new(feed));
            }
        }
        let mut lists = BTreeMap::new();
        for entry in file.lists.0 {
            let name = Name::from_text(&entry.key).map_err(|fault| problems.add(entry.spot, fault));
            let list = entry.value.compile(&of_members, &limits, entry.spot, problems);
            if let (Ok(name), Some(list)) = (name, list) {
                lists.insert(name, Arc::new(list));
            }
        }
        check_parents(&feeds, problems);
        check_events(&feeds, problems);
        check_lists(&feeds, &lists, problems);
        if problems.problems.is_empty() {
            must_be_asked(&routes, feeds.values().chain(lists.values()), problems);
        }
        Some(Self {
            name: name?,
            document,
            spot,
            base: base?,
            hosts,
            auth,
            tls,
            headers,
            limits,
            feeds,
            lists,
            rules,
        })
    }

    /// The names of the secrets that requests need.
    #[must_use]
    pub fn secrets(&self) -> BTreeSet<&str> {
        let slots = self.credentials().flat_map(Template::slots);
        slots.filter_map(|slot| if let Slot::Secret(name) = slot { Some(&**name) } else { None }).collect()
    }

    /// The names of the variables that the credentials, and where they may go, cannot do without.
    #[must_use]
    pub fn auth_vars(&self) -> BTreeSet<&str> {
        self.credentials().chain(&self.hosts).flat_map(vars_of).collect()
    }

    /// The names of the variables that the base cannot do without.
    #[must_use]
    pub fn base_vars(&self) -> BTreeSet<&str> {
        vars_of(self.base.template()).collect()
    }

    /// The names of the values of a fan-out that some feed, or the credentials, use.
    #[must_use]
    pub fn each_names(&self) -> BTreeSet<&str> {
        self.feeds.values().flat_map(|feed| feed.each_names()).chain(self.own_names()).collect()
    }

    /// The names of the values of a fan-out that the base or the credentials use: where there are any, every member has
    /// credentials of its own, and nobody else has some.
    #[must_use]
    pub fn own_names(&self) -> BTreeSet<&str> {
        self.credentials().chain([self.base.template()]).flat_map(each_of).collect()
    }

    fn credentials(&self) -> impl Iterator<Item = &Template> {
        let tls = self.tls.iter().flat_map(|tls| [&tls.cert, &tls.key]);
        self.auth.iter().flat_map(Auth::texts).chain(tls)
    }
}

fn vars_of(template: &Template) -> impl Iterator<Item = &str> {
    template.slots().filter_map(|slot| if let Slot::Var(name) = slot { Some(&**name) } else { None })
}

fn each_of(template: &Template) -> impl Iterator<Item = &str> {
    template.slots().filter_map(|slot| if let Slot::Each(name) = slot { Some(&**name) } else { None })
}

/// A route that no request takes would leave its feed to the limits of everything else.
fn must_be_asked<'f>(
    routes: &[(Route, Spot)],
    feeds: impl Iterator<Item = &'f Arc<FeedDefinition>>,
    problems: &mut Problems<'_>,
) {
    let paths: Vec<String> = feeds.flat_map(|feed| feed.sample_paths()).collect();
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

/// Other origins: each is checked with its variables filled in by a sample.
fn hosts(written: Vec<Checked<Template>>, problems: &mut Problems<'_>) -> Vec<Template> {
    let mut hosts = Vec::new();
    for checked in written {
        let spot = checked.spot;
        let Some(template) = problems.take(checked) else { continue };
        if allow(&template, spot, problems, is_var, "`hosts` may hold `{var.NAME}`") {
            let sample = template.render(|_| Some("1".into())).unwrap_or_default();
            if let Err(fault) = HostPattern::from_text(&sample) {
                problems.add(spot, fault);
            }
            hosts.push(template);
        }
    }
    hosts
}

/// A base that a token names needs something that answers with a token, and a fence around it.
fn check_base(base: &Base, auth: Option<&Auth>, hosts: &[Template], spot: Spot, problems: &mut Problems<'_>) {
    let Base::FromToken { .. } = base else { return };
    let asks = match auth {
        Some(Auth::Oauth(_) | Auth::Login(_)) => true,
        Some(Auth::Jwt(jwt)) => jwt.exchange.is_some(),
        _ => false,
    };
    if !asks {
        let help = "use it with `oauth`, `login`, or `jwt` with an `exchange`";
        problems.add(spot, Fault::new("no token request answers with this base").with_help(help));
    }
    if auth.is_some_and(|auth| auth.addresses().iter().any(|address| address.to_string().starts_with('/'))) {
        let fault =
            Fault::new("the base is not known before the token, so the token's address must be whole");
        problems.add(spot, fault.with_help("write `https://host/path` for it"));
    }
    if hosts.is_empty() {
        let help = "add `hosts: [\"*.example.com\"]`: credentials go nowhere else";
        problems.add(spot, Fault::new("a base that a token names needs `hosts`").with_help(help));
    }
}

fn headers(written: Ordered<Checked<Template>>, problems: &mut Problems<'_>) -> Vec<(String, Template)> {
    let mut headers = Vec::new();
    for entry in written.0 {
        let spot = entry.value.spot;
        let name = HeaderName::from_text(&entry.key).map_err(|fault| problems.add(entry.spot, fault));
        if let Some(value) = problems.take(entry.value) {
            let why = "headers of every request may hold `{var.NAME}` and `{each.NAME}`; credentials belong in `auth`";
            allow(&value, spot, problems, |slot| matches!(slot, Slot::Var(_) | Slot::Each(_)), why);
            headers.extend(name.ok().map(|name| (name.0, value)));
        }
    }
    headers
}

/// Why the events of a list do not say what changed since an instant.
fn cannot_drive(events: &FeedDefinition) -> Option<&'static str> {
    if events.confirm.hydrate {
        return Some("only the look-up of an entry shows what it is about");
    }
    if events.feed.timeless || events.feed.changes {
        return Some("its entries have no time");
    }
    None
}

/// A feed whose events another one lists needs that one, and both are read for the same members.
fn check_events(feeds: &BTreeMap<Name, Arc<FeedDefinition>>, problems: &mut Problems<'_>) {
    for events in feeds.values().filter_map(|feed| feed.events.as_ref()) {
        if let Some(other) = feeds.get(&events.feed).filter(|_| events.drives)
            && let Some(why) = cannot_drive(other)
        {
            let fault =
                Fault::new(format!("no changes can be followed by the feed `{}`: {why}", events.feed));
            let help = "leave `drives` out, and say `overlap_scan: {back: 30d, every: 1d}`";
            problems.add(events.spot, fault.with_help(help));
        }
        if !feeds.contains_key(&events.feed) {
            let known: Vec<&str> = feeds.keys().map(Name::as_str).collect();
            let fault = Fault::new(format!("there is no feed `{}`", events.feed));
            let fault = fault.with_help(words::advice(events.feed.as_str(), &known));
            problems.add(events.spot, fault.at(events.feed.as_str()));
        }
    }
}

/// The lists that feeds name are there.
fn check_lists(
    feeds: &BTreeMap<Name, Arc<FeedDefinition>>,
    lists: &BTreeMap<Name, Arc<FeedDefinition>>,
    problems: &mut Problems<'_>,
) {
    let known: Vec<&str> = lists.keys().map(Name::as_str).collect();
    let webhooks =
        feeds.values().filter_map(|feed| feed.webhooks.as_ref()).map(|named| (&named.list, named.spot));
    let scopes = feeds.values().filter_map(|feed| feed.scopes.as_ref()?.list());
    for (name, spot) in webhooks.chain(scopes).filter(|(name, _)| !lists.contains_key(*name)) {
        let fault = Fault::new(format!("there is no list `{name}` under `lists`"));
        let help = match known.as_slice() {
            [] => format!("add `lists: {{{name}: {{request: GET /path, rows: data, id: id, next: none}}}}`"),
            known => words::advice(name.as_str(), known),
        };
        problems.add(spot, fault.with_help(help).at(name.as_str()));
    }
}

/// A feed that takes its members from another one needs one that is read once.
fn check_parents(feeds: &BTreeMap<Name, Arc<FeedDefinition>>, problems: &mut Problems<'_>) {
    for feed in feeds.values() {
        let Some(EachDefinition::Feed(parent)) = &feed.each else { continue };
        let known: Vec<&str> = feeds.keys().map(Name::as_str).collect();
        let fault = match feeds.get(&parent.feed) {
            None => Fault::new(format!("there is no feed `{}`", parent.feed))
                .with_help(words::advice(parent.feed.as_str(), &known)),
            Some(other) if other.each.is_some() => {
                Fault::new(format!("the feed `{}` is read for each of several itself", parent.feed))
                    .with_help("name a feed that is read once, or write the members down")
            }
            Some(_) => continue,
        };
        problems.add(parent.spot, fault.at(parent.feed.as_str()));
    }
}
