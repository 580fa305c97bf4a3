//! `tieout doctor`: what will go wrong, before it does: logins that may too much or too little, clocks that disagree, limits
//! that do not hold, a state store that cannot be reached. It reads no row of the user's and sends no event.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant as Moment;

use chrono::{TimeDelta, Utc};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::reconciler::Reconciler;

use super::args::DoctorArgs;
use super::check::{self, Tested};
use super::desk::Desk;
use super::failure::Failure;
use super::{ahead, counted, disk, reach, subscribed, wire};
use crate::config::{Config, Loaded};
use crate::local::{Checkup, Database, LocalError};
use crate::run;

/// How far two clocks may be apart. `policy.settle` covers more, and an HTTP date is a second old.
const NOTABLE_SKEW: TimeDelta = TimeDelta::seconds(5);

/// What the lines of `doctor` begin with. `docs/doctor.md` has a section for each, by a test.
pub const LINES: [&str; 18] = [
    "state store",
    "disk of",
    "lease of",
    "schedule of",
    "queues",
    "queue",
    "table of queue",
    "lag of",
    "database",
    "rights in",
    "settings of",
    "inbox in",
    "clock of",
    "domain",
    "provider",
    "feed of",
    "scopes for",
    "webhooks of",
];

/// Carries `doctor` out.
pub(super) async fn doctor(desk: &Desk, args: &DoctorArgs) -> Result<u8, Failure> {
    let loaded = wire::load_quietly(desk)?;
    let domains = wire::selected(&loaded, &args.domains)?;
    let mut tests = state(&loaded.config).await;
    tests.extend(disk::places(&loaded.config));
    tests.extend(ahead::domains(&loaded.config, &domains).await);
    tests.extend(reach::queues(&loaded.config, &domains).await);
    tests.extend(reach::tables(&loaded.config, &domains).await);
    tests.extend(counted::lags(&loaded.config, &domains).await);
    let databases = wire::databases(&loaded.config, &domains).await;
    for (name, database) in &databases {
        tests.extend(examine(name, database, &domains).await);
    }
    for domain in &domains {
        // What is wrong with a database as a whole was said with it.
        if let Some(database @ Ok(_)) = databases.get(&domain.local().database) {
            tests.push(reach::columns(database, domain.as_ref()).await);
        }
        tests.extend(counted::counts(&databases, domain.as_ref()).await);
    }
    tests.extend(providers(&loaded, &domains).await);
    let is_listed = |test: &Tested| LINES.iter().any(|line| test.what.starts_with(line));
    debug_assert!(tests.iter().all(is_listed), "a line is not listed: {tests:?}");
    check::show("doctor", &tests, &desk.output)
}

/// The state store, and its clock where that is another machine's: leases, holds and schedules go by it.
async fn state(config: &Config) -> Vec<Tested> {
    let mut tests = vec![reach::state(config).await];
    // Why it cannot be opened was just said.
    let Ok(store) = wire::open_store(config).await else { return tests };
    if !store.has_one_writer()
        && let Ok(skew) = skew(store.now()).await
    {
        tests.push(clock("clock of the state store", skew));
    }
    store.close().await;
    tests
}

/// The login, rights, settings and clock of a database.
async fn examine(
    name: &str,
    database: &Result<Database, run::Failure>,
    domains: &[Arc<dyn Reconciler>],
) -> Vec<Tested> {
    let what = format!("database {name}");
    let database = match database {
        Ok(database) => database,
        Err(failure) => return vec![reach::with_advice(reach::failed(&what, failure), failure.word())],
    };
    let its = domains.iter().map(|domain| domain.local()).filter(|local| local.database == name);
    let statements: Vec<&str> = its.flat_map(|local| [local.rows.as_str(), local.keys.as_str()]).collect();
    let failed = |error: LocalError| reach::failed(&what, &run::Failure::from(error));
    let mut tests = match database.checkup(&statements).await {
        Ok(checkup) => told(name, checkup),
        Err(error) => return vec![failed(error)],
    };
    match database.inbox().await {
        Ok(None) => {}
        Ok(Some(unlike)) => tests.extend(inbox(name, unlike)),
        Err(error) => tests.push(reach::failed(&format!("inbox in {name}"), &run::Failure::from(error))),
    }
    tests.push(match skew(database.now()).await {
        Ok(skew) => clock(&format!("clock of {name}"), skew),
        Err(error) => failed(error),
    });
    tests
}

fn told(name: &str, checkup: Checkup) -> Vec<Tested> {
    let Checkup { server, login, excess, doubts } = checkup;
    let login = login.map_or_else(String::new, |login| format!(", as `{login}`"));
    let mut tests = vec![Tested::ok(format!("database {name}"), format!("{server}{login}"))];
    let rights = format!("rights in {name}");
    if excess.is_empty() {
        tests.push(Tested::ok(&rights, "it may read and nothing else"));
    }
    tests.extend(
        excess.into_iter().map(|excess| Tested::warning(&rights, format!("{}; {}", excess.may, excess.cure))),
    );
    tests.extend(doubts.into_iter().map(|doubt| Tested::warning(format!("settings of {name}"), doubt)));
    tests
}

fn inbox(name: &str, unlike: Vec<String>) -> Vec<Tested> {
    let what = format!("inbox in {name}");
    if unlike.is_empty() {
        return vec![Tested::ok(what, "as this version makes it")];
    }
    unlike.into_iter().map(|told| Tested::warning(&what, told)).collect()
}

/// Another clock minus ours, as of the middle of the question.
async fn skew<E>(question: impl Future<Output = Result<Instant, E>>) -> Result<TimeDelta, E> {
    let (asked, started) = (Instant::from(Utc::now()), Moment::now());
    let there = question.await?;
    Ok(TimeDelta::microseconds(there.micros() - (asked + started.elapsed() / 2).micros()))
}

fn clock(what: &str, skew: TimeDelta) -> Tested {
    let tenths = skew.num_milliseconds() / 100;
    let sign = if tenths < 0 { '-' } else { '+' };
    let seen = format!("{sign}{}.{} s to ours", tenths.abs() / 10, tenths.abs() % 10);
    if skew.abs() < NOTABLE_SKEW {
        return Tested::ok(what, seen);
    }
    Tested::warning(
        what,
        format!("{seen}; keep both machines' clocks by NTP, or items are judged too early or too late"),
    )
}

/// One page of each domain's feed: whether the credentials work, and whether the provider's clock agrees with ours.
async fn providers(loaded: &Loaded, domains: &[Arc<dyn Reconciler>]) -> Vec<Tested> {
    let tokens = wire::token_store(&loaded.config, domains.iter().map(|domain| domain.provider())).await;
    let tokens = tokens.unwrap_or_default();
    let clients = wire::clients(&loaded.config, domains, tokens.as_ref());
    let mut tests = Vec::new();
    let (mut clocks, mut silent) = (BTreeMap::new(), BTreeSet::new());
    for domain in domains {
        let provider = domain.provider().as_str();
        match clients.get(provider) {
            Some(Ok(client)) => {
                let client = client.for_run(None);
                tests.push(reach::first_page(&client, domain).await);
                tests.extend(subscribed::scopes(&client, domain).await);
                tests.extend(subscribed::webhooks(&client, domain.as_ref(), &mut silent).await);
                clocks.insert(provider, client.first_skew());
            }
            Some(Err(failure)) => tests.push(reach::failed(&format!("provider {provider}"), failure)),
            None => {}
        }
    }
    let known = clocks.into_iter().filter_map(|(provider, skew)| Some((provider, skew?)));
    tests.extend(known.map(|(provider, skew)| clock(&format!("clock of provider {provider}"), skew)));
    tests
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::check::TestResult;

    #[test]
    fn a_clock_that_is_far_off_is_a_doubt() {
        let said = |millis| clock("clock of app", TimeDelta::milliseconds(millis));
        assert_eq!(said(-310).detail, "-0.3 s to ours");
        assert_eq!((said(40).detail.as_str(), said(4_900).result), ("+0.0 s to ours", TestResult::Ok));
        assert_eq!(said(-65_000).result, TestResult::Warning);
    }
}
