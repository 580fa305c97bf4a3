//! `tieout check`: the definitions, then the references if asked, then everything that a run would reach if asked.

use super::args::CheckArgs;
use super::check::{self, Tested};
use super::desk::Desk;
use super::failure::Failure;
use super::{counted, reach, wire};
use crate::config::{Config, Loaded};
use crate::report::exit;

/// Carries `check` out.
pub(super) async fn check(desk: &Desk, args: &CheckArgs) -> Result<u8, Failure> {
    let loaded = wire::load_quietly(desk)?;
    let mut tests = vec![definitions(&loaded)];
    tests
        .extend(loaded.warnings.iter().map(|warning| Tested::warning("definition", warning.with_its_help())));
    if args.vars || args.online {
        tests.push(references(&loaded.config));
    }
    if args.online {
        tests.extend(online(&loaded).await);
    }
    check::show("check", &tests, &desk.output)
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
