//! Whether everything that is named in one file is there in the other: providers, members, secrets, databases, queues.

use std::collections::BTreeMap;

use tieout_reconcilers::define::checked::Fault;
use tieout_reconcilers::define::domain::DomainDefinition;
use tieout_reconcilers::define::each_file::names_of;
use tieout_reconcilers::define::words;
use tieout_reconcilers::funnel::Funnel;
use tieout_reconcilers::name::Name;

use super::load::Loading;

impl Loading<'_> {
    /// The configuration may only speak of providers that there are.
    pub(super) fn check_providers(&mut self) {
        for (name, (spot, config)) in &self.settings.providers {
            if self.broken.contains(name) {
                continue;
            }
            let Some(provider) = self.catalogue.provider(name) else {
                let known: Vec<&str> = self.catalogue.names().map(Name::as_str).collect();
                let fault = Fault::new(format!("there is no provider `{name}`"));
                self.problems.add(*spot, fault.with_help(words::advice(name.as_str(), &known)));
                continue;
            };
            let used: Vec<&str> = provider.each_names().into_iter().collect();
            // Members with secrets of their own differ in these alone.
            if config.secrets_of.is_empty()
                && let Some(stray) = names_of(&config.each).into_iter().find(|each| !used.contains(each))
            {
                let fault = Fault::new(format!("no feed of `{name}` uses `{{each.{stray}}}`"));
                let help = "name the members in the requests of a feed, such as `GET /accounts/{each.account}/charges`";
                let help = if used.is_empty() { help.to_owned() } else { words::advice(stray, &used) };
                self.problems.add(*spot, fault.with_help(help));
            }
            let secrets: Vec<&str> = provider.secrets().into_iter().collect();
            let stray = config
                .secrets_of
                .values()
                .flat_map(BTreeMap::keys)
                .find(|name| !secrets.contains(&name.as_str()));
            if let Some(stray) = stray {
                let fault =
                    Fault::new(format!("the credentials of `{name}` do not use `{{secret.{stray}}}`"));
                self.problems.add(*spot, fault.with_help(words::advice(stray, &secrets)));
            }
        }
    }

    pub(super) fn check_names(&mut self, domain: &DomainDefinition) {
        let databases: Vec<&str> = self.settings.databases.keys().map(Name::as_str).collect();
        let queues: Vec<&str> = self.settings.queues.keys().map(Name::as_str).collect();
        let mut check = |what: &str, name: &str, known: &[&str], spot| {
            if !known.contains(&name) {
                let fault = Fault::new(format!("there is no {what} `{name}` in tieout.yaml"));
                let problem = domain.document.problem(spot, fault.with_help(words::advice(name, known)));
                self.problems.problems.push(problem);
            }
        };
        check("database", &domain.local.database, &databases, domain.spots.database);
        if let (Some(spot), Some(received)) = (domain.spots.received, &domain.received)
            && received.database != domain.local.database
        {
            check("database", &received.database, &databases, spot);
        }
        if let (Some(spot), Some(Funnel::Tables(tables))) = (domain.spots.funnel, &domain.funnel)
            && tables.database != domain.local.database
        {
            check("database", &tables.database, &databases, spot);
        }
        for (queue, spot) in &domain.queues {
            check("queue", queue.as_str(), &queues, *spot);
        }
    }
}
