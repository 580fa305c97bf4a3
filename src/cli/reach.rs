//! Reaches for what a run would need, one thing at a time, and says what came of it. It sends no event.

use std::collections::BTreeMap;
use std::sync::Arc;

use tieout_reconcilers::fan_out::FanOut;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::reconciler::{Jobs, Reconciler};
use tieout_reconcilers::window::{Purpose, Slice, Window};

use super::check::Tested;
use super::{member, wire};
use crate::config::Config;
use crate::coverage;
use crate::local::{Database, LocalError, MemberValues, Reader};
use crate::queue::{QueueFault, with_name};
use crate::report::{codes, exit};
use crate::run;
use crate::source::{Client, Glance, glance};
use crate::store::SCHEMA_VERSION;

/// Proves the columns and rights of a domain's SQL.
pub(super) async fn columns(database: &Result<Database, run::Failure>, domain: &dyn Reconciler) -> Tested {
    let what = format!("domain {}", domain.domain());
    match database {
        Ok(database) => match reader(database, domain).await {
            Ok(_) => Tested::ok(&what, "the local SQL gives every column that the domain names"),
            Err(error) => failed(&what, &run::Failure::from(error)),
        },
        Err(failure) => failed(&what, failure),
    }
}

/// Proves the columns and rights of the table of received webhooks, where the domain names one.
pub(super) async fn received(
    databases: &BTreeMap<String, Result<Database, run::Failure>>,
    domain: &dyn Reconciler,
) -> Option<Tested> {
    let what = format!("domain {}", domain.domain());
    let received = domain.received()?;
    let (local, fields) = received.columns();
    Some(match databases.get(&received.database)? {
        Ok(database) => match database.key_reader(&local, &fields, &first_member(domain)).await {
            Ok(_) => {
                Tested::ok(&what, "the table of received webhooks gives every column that the domain names")
            }
            Err(error) => failed(&what, &run::Failure::from(error)),
        },
        Err(failure) => failed(&what, failure),
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

/// Opens the state store, which makes it where there is none and brings its schema up to date.
pub(super) async fn state(config: &Config) -> Tested {
    match wire::open_store(config).await {
        Ok(store) => {
            let place = store.place().to_owned();
            store.close().await;
            Tested::ok("state store", format!("{place}, schema version {SCHEMA_VERSION}"))
        }
        Err(failure) => {
            with_advice(Tested::failed("state store", failure.message, failure.exit), failure.code)
        }
    }
}

/// Asks the queues of some domains whether they take events; sends none.
pub(super) async fn queues(config: &Config, domains: &[Arc<dyn Reconciler>]) -> Vec<Tested> {
    let mut queues = match wire::queues(config, domains) {
        Ok(queues) => queues,
        Err(failure) => return vec![Tested::failed("queues", failure.message, failure.exit)],
    };
    let mut tests = Vec::new();
    for (name, queue) in &mut queues {
        let what = format!("queue {name}");
        tests.push(match queue.ready().await {
            Ok(()) => Tested::ok(what, "takes events"),
            Err(fault) => refused(what, &fault.of_queue(name)),
        });
    }
    tests
}

/// Whether the tables that are queues are as this version makes them, with all that their consumers call.
pub(super) async fn tables(config: &Config, domains: &[Arc<dyn Reconciler>]) -> Vec<Tested> {
    let Ok(mut queues) = wire::queues(config, domains) else { return Vec::new() };
    let mut tests = Vec::new();
    for (name, queue) in &mut queues {
        let what = format!("table of queue {name}");
        match queue.unlike().await {
            Ok(Some(unlike)) if unlike.is_empty() => {
                tests.push(Tested::ok(what, "as this version makes it, with all that its consumers call"));
            }
            Ok(Some(unlike)) => {
                tests.extend(unlike.iter().map(|told| Tested::warning(&what, with_name(told, name))));
            }
            // No table; or none that answers, which is said of the queue as a whole.
            Ok(None) | Err(_) => {}
        }
    }
    tests
}

fn refused(what: String, fault: &QueueFault) -> Tested {
    let code = match fault {
        QueueFault::Refused { .. } => exit::CREDENTIALS,
        QueueFault::Unreachable { .. } => exit::FAILED,
    };
    Tested::failed(what, fault.to_string(), code)
}

/// Reads the first page of the newest slice, with a client that is made for one run.
pub(super) async fn first_page(client: &Client, domain: &Arc<dyn Reconciler>) -> Tested {
    let what = format!("feed of {}", domain.domain());
    let feed = domain.feed();
    if feed.jobs != Jobs::None {
        return Tested::warning(
            what,
            "it is an export, and reading it would start a job at the provider; a run does",
        );
    }
    let now = Instant::from(chrono::Utc::now());
    let ceiling = coverage::ceiling(now, feed, domain.policy(), None);
    let Some(window) = Window::new(ceiling - feed.span, ceiling) else {
        return Tested::warning(what, "the window is empty");
    };
    let each = match member::choose(client, domain.fan_out(), &[], now).await {
        Ok(member) => member.map(|member| member.each).unwrap_or_default(),
        Err(failure) if failure.code == member::NOBODY => return Tested::warning(what, failure.message),
        Err(failure) => return Tested::failed(what, failure.message, failure.exit),
    };
    let slice = Slice { each, ..Slice::new(window, Purpose::Coverage) };
    // One page is one request: a walk would ask for the next page meanwhile.
    let request = domain.first_page(&slice);
    match glance(client, domain.as_ref(), &slice, &request, None).await {
        Ok(Glance { page, .. }) => match page.map_or(0, |page| page.items.len()) {
            0 => Tested::ok(what, "the first page can be read: it is empty"),
            1 => Tested::ok(what, "the first page can be read: 1 item"),
            n => Tested::ok(what, format!("the first page can be read: {n} items")),
        },
        Err(reason) => {
            let code = if reason.is_rejected() { exit::CREDENTIALS } else { exit::FAILED };
            Tested::failed(what, reason.to_string(), code)
        }
    }
}

/// A test that failed, with what to do about failures of its code.
pub(super) fn with_advice(tested: Tested, code: &str) -> Tested {
    match codes::find(code) {
        Some(code) => Tested { detail: format!("{}; {}", tested.detail, code.help), ..tested },
        None => tested,
    }
}

/// A test that failed as a run would.
pub(super) fn failed(what: &str, failure: &run::Failure) -> Tested {
    let code = match failure.exit_code() {
        exit::PARTIAL => exit::FAILED,
        code => code,
    };
    Tested::failed(what, failure.to_string(), code)
}
