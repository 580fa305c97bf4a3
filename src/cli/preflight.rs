//! `tieout check`: the definitions, then the references if asked, then everything that a run would reach if asked.

use tieout_reconcilers::define::problem::Problem;

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
    let doubts = loaded.warnings.iter().map(|warning| Tested::warning("definition", warning.with_its_help()));
    let mut tests = vec![definitions(&loaded)];
    // Annotations stand beside the lines that are doubtful, and were written where the file was loaded.
    tests.extend(doubts.filter(|_| !is_annotated));
    if args.vars || args.online {
        tests.push(references(&loaded.config));
    }
    if args.online {
        tests.extend(online(&loaded).await);
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

fn definitions(loaded: &Loaded) -> Tested {
    let domains: Vec<&str> = loaded.domains.iter().map(|domain| domain.domain().as_str()).collect();
    let seen = match domains.as_slice() {
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
async fn online(loaded: &Loaded) -> Vec<Tested> {
    let config = &loaded.config;
    let mut tests = vec![reach::state(config).await];
    tests.extend(reach::queues(config, &loaded.domains).await);
    tests.extend(counted::lags(config, &loaded.domains).await);
    let databases = wire::databases(config, &loaded.domains).await;
    let tokens = wire::token_store(config, loaded.domains.iter().map(|domain| domain.provider())).await;
    let tokens = tokens.unwrap_or_default();
    let clients = wire::clients(config, &loaded.domains, tokens.as_ref());
    for domain in &loaded.domains {
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
