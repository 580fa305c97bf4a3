//! `tieout check`: the definitions, then the references if asked, then everything that a run would reach if asked.

use std::collections::BTreeMap;

use tieout_reconcilers::fan_out::FanOut;
use tieout_reconcilers::reconciler::{Jobs, Reconciler};
use tieout_reconcilers::window::{Purpose, Slice, Window};

use super::args::CheckArgs;
use super::check::{self, Tested};
use super::desk::Desk;
use super::failure::Failure;
use super::member;
use super::wire;
use crate::config::{Config, Loaded};
use crate::coverage;
use crate::local::{Database, LocalError, MemberValues, Reader};
use crate::report::exit;
use crate::run;
use crate::source::{Client, Coverage, Walk};

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
    let mut tests = vec![state(config).await];
    tests.extend(queues(loaded).await);
    let databases = wire::databases(config, &loaded.domains).await;
    let tokens = wire::token_store(config, loaded.domains.iter().map(|domain| domain.provider())).await;
    let tokens = tokens.unwrap_or_default();
    let clients = wire::clients(config, &loaded.domains, tokens.as_ref());
    for domain in &loaded.domains {
        let what = format!("domain {}", domain.domain());
        let columns = match databases.get(&domain.local().database) {
            Some(Ok(database)) => match reader(database, domain.as_ref()).await {
                Ok(_) => Tested::ok(&what, "the local SQL gives every column that the domain names"),
                Err(error) => failed(&what, &run::Failure::from(error)),
            },
            Some(Err(failure)) => failed(&what, failure),
            None => continue,
        };
        tests.push(columns);
        tests.extend(received(&databases, domain.as_ref(), &what).await);
        match clients.get(domain.provider().as_str()) {
            Some(Ok(client)) => tests.push(first_page(client, domain).await),
            Some(Err(failure)) => tests.push(failed(&what, failure)),
            None => {}
        }
    }
    tests
}

/// Prepares the SQL of the table of received webhooks, where the domain names one.
async fn received(
    databases: &BTreeMap<String, Result<Database, run::Failure>>,
    domain: &dyn Reconciler,
    what: &str,
) -> Option<Tested> {
    let received = domain.received()?;
    let (local, fields) = received.columns();
    Some(match databases.get(&received.database)? {
        Ok(database) => match database.key_reader(&local, &fields, &first_member(domain)).await {
            Ok(_) => {
                Tested::ok(what, "the table of received webhooks gives every column that the domain names")
            }
            Err(error) => failed(what, &run::Failure::from(error)),
        },
        Err(failure) => failed(what, failure),
    })
}

/// Prepares the domain's SQL for whoever is the first member of its fan-out.
async fn reader(database: &Database, domain: &dyn Reconciler) -> Result<Reader, LocalError> {
    database.reader_for(domain.local(), domain.fields(), &first_member(domain)).await
}

fn first_member(domain: &dyn Reconciler) -> MemberValues {
    match domain.fan_out() {
        FanOut::None => MemberValues::new(),
        FanOut::Members(members) => {
            members.into_iter().next().map(|member| member.values).unwrap_or_default()
        }
        // A number fits columns of numbers and of text.
        FanOut::Feed(parents) => [(parents.name, "0".into())].into(),
    }
}

async fn state(config: &Config) -> Tested {
    match wire::open_store(config).await {
        Ok(store) => {
            let place = store.place().to_owned();
            store.close().await;
            Tested::ok("state store", place)
        }
        Err(failure) => Tested::failed("state store", failure.message, failure.exit),
    }
}

async fn queues(loaded: &Loaded) -> Vec<Tested> {
    let mut queues = match wire::queues(&loaded.config, &loaded.domains) {
        Ok(queues) => queues,
        Err(failure) => return vec![Tested::failed("queues", failure.message, failure.exit)],
    };
    let mut tests = Vec::new();
    for (name, queue) in &mut queues {
        let what = format!("queue {name}");
        tests.push(match queue.ready().await {
            Ok(()) => Tested::ok(what, "takes events"),
            Err(fault @ crate::queue::QueueFault::Refused { .. }) => {
                Tested::failed(what, fault.to_string(), exit::CREDENTIALS)
            }
            Err(fault) => Tested::failed(what, fault.to_string(), exit::FAILED),
        });
    }
    tests
}

/// Reads the first page of the newest slice.
async fn first_page(client: &Client, domain: &std::sync::Arc<dyn Reconciler>) -> Tested {
    let what = format!("feed of {}", domain.domain());
    let feed = domain.feed();
    if feed.jobs != Jobs::None {
        return Tested::warning(
            what,
            "it is an export, and reading it would start a job at the provider; a run does",
        );
    }
    let now = tieout_reconcilers::instant::Instant::from(chrono::Utc::now());
    let ceiling = coverage::ceiling(now, feed, domain.policy(), None);
    let Some(window) = Window::new(ceiling - feed.span, ceiling) else {
        return Tested::warning(what, "the window is empty");
    };
    let client = client.for_run(None);
    let each = match member::choose(&client, domain.fan_out(), &[], now).await {
        Ok(member) => member.map(|member| member.each).unwrap_or_default(),
        Err(failure) if failure.code == member::NOBODY => return Tested::warning(what, failure.message),
        Err(failure) => return Tested::failed(what, failure.message, failure.exit),
    };
    let slice = Slice { each, ..Slice::new(window, Purpose::Coverage) };
    let mut walk = Walk::start(client, std::sync::Arc::clone(domain), slice);
    if let Some(page) = walk.next().await {
        return Tested::ok(what, format!("the first page can be read: {} items", page.items.len()));
    }
    match walk.coverage().await {
        Coverage::Complete => Tested::ok(what, "the first page can be read: it is empty"),
        Coverage::Partial(reasons) => {
            let rejected = reasons.iter().any(crate::source::Reason::is_rejected);
            let text = reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            Tested::failed(what, text, if rejected { exit::CREDENTIALS } else { exit::FAILED })
        }
    }
}

fn failed(what: &str, failure: &run::Failure) -> Tested {
    let code = match failure.exit_code() {
        exit::PARTIAL => exit::FAILED,
        code => code,
    };
    Tested::failed(what, failure.to_string(), code)
}
