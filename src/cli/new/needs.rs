//! What a feed needs of `tieout.yaml` before a domain can stand on it: secrets, variables, members.

use std::collections::{BTreeMap, BTreeSet};

use tieout_reconcilers::define::definition::{Definition, Settings};
use tieout_reconcilers::define::domain::DomainDefinition;
use tieout_reconcilers::define::feed::FeedDefinition;
use tieout_reconcilers::define::provider::ProviderDefinition;
use tieout_reconcilers::define::template::Slot;
use tieout_reconcilers::fan_out::{FanOut, Member};
use tieout_reconcilers::name::FeedName;
use tieout_reconcilers::reconciler::Reconciler as _;

/// Stands where only the user knows the value.
pub(super) const FILL_IN: &str = "fill-in";

/// What is needed, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::cli) struct Needs {
    secrets: BTreeSet<String>,
    vars: BTreeSet<String>,
    /// The values of a member, where the configuration has to name the members.
    each: BTreeSet<String>,
    /// The values of a member, whoever names it: what the SQL of a domain has to use.
    pub(super) members: BTreeSet<String>,
}

impl Needs {
    /// What a feed needs, found by asking for it until nothing is missing.
    pub(in crate::cli) fn of(provider: &ProviderDefinition, name: &FeedName, feed: &FeedDefinition) -> Self {
        let texts = |names: BTreeSet<&str>| names.into_iter().map(ToOwned::to_owned).collect::<BTreeSet<_>>();
        let mut needs = Self { secrets: texts(provider.secrets()), ..Self::default() };
        needs.vars.extend(texts(provider.auth_vars()));
        needs.vars.extend(texts(provider.base_vars()));
        let members = texts(feed.each_names().union(&provider.own_names()).copied().collect());
        // Each turn adds a name that was missing, so there are at most as many turns as names.
        loop {
            let domain = DomainDefinition::of_feed(name.clone());
            let added = match Definition::new(provider, feed, domain, &needs.settings()) {
                Ok(defined) => {
                    needs.members = members_of(&defined.fan_out());
                    return needs;
                }
                Err(Slot::Var(name)) => needs.vars.insert(name.to_string()),
                Err(Slot::Each(name)) => {
                    let known = needs.each.len();
                    needs.each.extend(members.iter().cloned().chain([name.to_string()]));
                    needs.each.len() > known
                }
                Err(_) => false,
            };
            if !added {
                return needs;
            }
        }
    }

    fn settings(&self) -> Settings {
        let filled = |name: &String| (name.clone().into_boxed_str(), Box::from(FILL_IN));
        let member = Member::new(self.each.iter().map(filled).collect());
        let vars: BTreeMap<String, String> =
            self.vars.iter().map(|name| (name.clone(), FILL_IN.to_owned())).collect();
        Settings { vars, each: member.into_iter().collect(), apart: false }
    }

    /// Whether nothing is needed.
    pub(super) fn are_none(&self) -> bool {
        self.secrets.is_empty() && self.vars.is_empty() && self.each.is_empty()
    }

    /// The entry below `providers:` that has all of it, as YAML on one line: secrets by variables of their names, the rest to be filled in.
    pub(in crate::cli) fn entry(&self) -> String {
        let secret = |name: &String| format!("{name}: env:{}", variable(name));
        let value = |name: &String| format!("{name}: {FILL_IN}");
        let list = |names: &BTreeSet<String>, shown: &dyn Fn(&String) -> String| {
            names.iter().map(shown).collect::<Vec<_>>().join(", ")
        };
        let parts = [
            (&self.secrets, format!("secrets: {{{}}}", list(&self.secrets, &secret))),
            (&self.vars, format!("var: {{{}}}", list(&self.vars, &value))),
            (&self.each, format!("each: [{{{}}}]", list(&self.each, &value))),
        ];
        let parts = parts.into_iter().filter(|(names, _)| !names.is_empty()).map(|(_, part)| part);
        let to_fill = if self.vars.is_empty() && self.each.is_empty() { "" } else { "   # <- fill in" };
        format!("{{{}}}{to_fill}", parts.collect::<Vec<_>>().join(", "))
    }

    /// The variables of the environment that the secrets are read from.
    pub(in crate::cli) fn variables(&self) -> Vec<String> {
        self.secrets.iter().map(|name| variable(name)).collect()
    }
}

fn members_of(fan_out: &FanOut) -> BTreeSet<String> {
    match fan_out {
        FanOut::None => BTreeSet::new(),
        FanOut::Members(members) => {
            members.iter().flat_map(|member| member.values.keys().map(ToString::to_string)).collect()
        }
        FanOut::Feed(parents) => [parents.name.to_string()].into(),
    }
}

/// The name of a variable of the environment.
fn variable(name: &str) -> String {
    let fits = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    name.chars().map(fits).collect()
}
