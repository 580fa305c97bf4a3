//! Whether every secret, variable and key that a domain cannot do without has a source.

use tieout_reconcilers::define::auth::Auth;
use tieout_reconcilers::define::checked::Fault;
use tieout_reconcilers::define::domain::DomainDefinition;
use tieout_reconcilers::define::problem::Problem;
use tieout_reconcilers::define::words;
use tieout_reconcilers::discrepancy::Hidden;
use tieout_reconcilers::fan_out::FanOut;
use tieout_reconcilers::name::Each;
use tieout_reconcilers::reconciler::Reconciler;

use super::load::Loading;
use super::provider::ProviderConfig;

impl Loading<'_> {
    /// Why somebody that a domain is read for has no source for a secret that others have one for.
    pub(super) fn without_secret(&self, domain: &dyn Reconciler) -> Option<Fault> {
        let name = domain.provider();
        let (provider, (_, config)) = (self.catalogue.provider(name)?, self.settings.providers.get(name)?);
        let mut of_members = provider.secrets().into_iter().filter(|secret| {
            !config.secrets.contains_key(*secret)
                && config.secrets_of.values().any(|own| own.contains_key(*secret))
        });
        let lacks = |each: &Each, secret: &str| {
            !config.secrets_of.get(each).is_some_and(|own| own.contains_key(secret))
        };
        let FanOut::Members(members) = domain.fan_out() else {
            let secret = of_members.next()?;
            let fault = Fault::new(format!(
                "only members of `each` have the secret `{secret}` of the provider `{name}`, and this feed is not read for them"
            ));
            return Some(fault.with_help(format!(
                "add `providers: {{{name}: {{secrets: {{{secret}: env:NAME}}}}}}` to tieout.yaml"
            )));
        };
        of_members.find_map(|secret| {
            let member = members.iter().find(|member| lacks(&member.each, secret))?;
            let fault = Fault::new(format!(
                "the member `{}` of the provider `{name}` has no source for the secret `{secret}`",
                member.each.as_str()
            ));
            Some(
                fault.with_help(format!(
                    "add `secrets: {{{secret}: env:NAME}}` to this member in tieout.yaml"
                )),
            )
        })
    }

    /// What is wrong where a domain hides values behind pseudonyms that have no key.
    pub(super) fn without_privacy_key(&self, domain: &DomainDefinition) -> Option<Problem> {
        let is_hashed = |index: usize| {
            domain.fields.fields.get(index).is_some_and(|field| field.hidden == Some(Hidden::Hashed))
        };
        let (_, spot) = domain.hidden.iter().find(|(index, _)| is_hashed(*index))?;
        if self.settings.privacy_key.is_some() {
            return None;
        }
        let fault = Fault::new("`hash` takes a key, and tieout.yaml names none");
        let help = "add `privacy: {key: env:TIEOUT_PRIVACY_KEY}` to tieout.yaml; make a key with `openssl rand -hex 32`";
        Some(domain.document.problem(*spot, fault.with_help(help)))
    }

    /// Once per provider: every secret and variable that it cannot do without has a source.
    pub(super) fn check_credentials(&mut self, domain: &DomainDefinition) {
        let name = &domain.feed.provider;
        let Some(provider) = self.catalogue.provider(name) else { return };
        let default = ProviderConfig::default();
        let config = self.settings.providers.get(name).map_or(&default, |(_, config)| config);
        let mut vars = provider.auth_vars();
        if config.base.is_none() {
            vars.extend(provider.base_vars());
        }
        let vars = vars.into_iter().filter(|var| !config.vars.contains_key(*var));
        let vars = vars.map(|var| ("variable", var, format!("var: {{{var}: ...}}")));
        let of_some = |secret: &str| config.secrets_of.values().any(|own| own.contains_key(secret));
        let secrets = provider.secrets().into_iter();
        let secrets = secrets.filter(|secret| !config.secrets.contains_key(*secret) && !of_some(secret));
        let secrets = secrets.map(|secret| {
            ("secret", secret, format!("secrets: {{{secret}: env:{}}}", secret.to_ascii_uppercase()))
        });
        if provider.auth.as_ref().is_some_and(Auth::rotates) && self.settings.state_key.is_none() {
            let fault = Fault::new(format!(
                "the refresh token of the provider `{name}` is good once, and nothing says how the next one is \
                 encrypted in the state store"
            ))
            .with_help("add `state: {key: env:TIEOUT_STATE_KEY}` to tieout.yaml");
            self.problems.problems.push(domain.document.problem(domain.spots.feed, fault));
        }
        for (what, missing, entry) in secrets.chain(vars) {
            let near =
                words::nearest(missing, config.secrets.keys().chain(config.vars.keys()).map(String::as_str));
            let near = near.map(|near| format!("; did you mean it by `{near}`?")).unwrap_or_default();
            let fault = Fault::new(format!(
                "the provider `{name}` needs the {what} `{missing}`, which has no source"
            ))
            .with_help(format!("add `providers: {{{name}: {{{entry}}}}}` to tieout.yaml{near}"));
            self.problems.problems.push(domain.document.problem(domain.spots.feed, fault));
        }
    }
}
