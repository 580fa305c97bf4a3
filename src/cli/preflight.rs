//! `tieout check`: the definitions, then the references if asked, then everything that a run would reach if asked.

use std::sync::Arc;

use tieout_reconcilers::define::problem::Problem;
use tieout_reconcilers::reconciler::Reconciler;

use super::args::{CheckArgs, Format};
use super::check::{self, Tested};
use super::desk::Desk;
use super::failure::Failure;
use super::{counted, reach, wire};
use crate::config::{Config, Loaded};
use crate::report::exit;
use crate::report::github::{Annotation, annotations};

/// Carries `check` out.
pub(super) async fn check(desk: &Desk, args: &CheckArgs) -> Result<u8, Failure> {
    let is_annotated = desk.output.format == Format::Github;
    let loaded = if is_annotated { load_annotated(desk)? } else { wire::load_quietly(desk)? };
    let domains = wire::selected_if_any(&loaded, &args.domains)?;
    let doubts = loaded.warnings.iter().map(|warning| Tested::warning("definition", warning.with_its_help()));
    let mut tests = vec![definitions(&domains)];
    // Annotations stand beside the lines that are doubtful, and were written where the file was loaded.
    tests.extend(doubts.filter(|_| !is_annotated));
    if args.vars || args.online {
        tests.push(references(&loaded.config));
    }
    if args.online {
        tests.extend(online(&loaded.config, &domains).await);
    }
    if is_annotated {
        return check::annotate(&tests, &desk.output);
    }
    check::show("check", &tests, &desk.output)
}

/// Loads the configuration and annotates the lines that are wrong or doubtful.
fn load_annotated(desk: &Desk) -> Result<Loaded, Failure> {
    let beside = |problems: &[Problem]| problems.iter().map(Annotation::beside).collect::<Vec<_>>();
    match Config::load(&desk.config) {
        Ok(loaded) => {
            desk.output.write(&annotations(&[], &beside(&loaded.warnings)))?;
            Ok(loaded)
        }
        Err(problems) => {
            desk.output.write(&annotations(&beside(&problems), &[]))?;
            let plain: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Err(Failure::usage("definition", plain.join("\n")))
        }
    }
}

fn definitions(domains: &[Arc<dyn Reconciler>]) -> Tested {
    let names: Vec<&str> = domains.iter().map(|domain| domain.domain().as_str()).collect();
    let seen = match names.as_slice() {
        [] => "no domain".to_owned(),
        [only] => format!("1 domain: {only}"),
        several => format!("{} domains: {}", several.len(), several.join(", ")),
    };
    Tested::ok("definitions", seen)
}

fn references(config: &Config) -> Tested {
    let missing: Vec<String> = config.unreadable_references().iter().map(ToString::to_string).collect();
    if missing.is_empty() {
        return Tested::ok("references", "every secret and address can be read");
    }
    Tested::failed("references", missing.join("; "), exit::USAGE)
}

/// Reaches for everything that a run would need. It makes the state store where there is none, and sends no event.
async fn online(config: &Config, domains: &[Arc<dyn Reconciler>]) -> Vec<Tested> {
    let mut tests = vec![reach::state(config).await];
    tests.extend(reach::queues(config, domains).await);
    tests.extend(counted::lags(config, domains).await);
    let databases = wire::databases(config, domains).await;
    let tokens = wire::token_store(config, domains.iter().map(|domain| domain.provider())).await;
    let tokens = tokens.unwrap_or_default();
    let clients = wire::clients(config, domains, tokens.as_ref());
    for domain in domains {
        let Some(database) = databases.get(&domain.local().database) else { continue };
        tests.push(reach::columns(database, domain.as_ref()).await);
        tests.extend(reach::received(&databases, domain.as_ref()).await);
        tests.extend(counted::counts(&databases, domain.as_ref()).await);
        match clients.get(domain.provider().as_str()) {
            Some(Ok(client)) => tests.push(reach::first_page(&client.for_run(None), domain).await),
            Some(Err(failure)) => tests.push(reach::failed(&format!("domain {}", domain.domain()), failure)),
            None => {}
        }
    }
    tests
}
