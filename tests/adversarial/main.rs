//! The library of adversarial servers: each is a test of its own, in which the real binary meets it for two nights.
//!
//! `tests/run adversarial` runs it alone. `docs/adversarial.md` is written from it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and this one says at the end how many servers it survived"
)]
#![expect(
    clippy::too_many_lines,
    clippy::needless_pass_by_value,
    reason = "the library is a table, and its rows read best where they hand over what they made"
)]

mod http;

mod api;
mod changes;
mod export;
mod graphql;
mod server;
mod servers;
mod world;

mod generated;
mod sweep;
mod oracle;
mod table;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use libtest_mimic::{Arguments, Trial};

use server::Server;
use world::World;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let library: Vec<Arc<Server>> = servers::library().into_iter().map(Arc::new).collect();
    let (met, survived) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let count = |name: &str, test: Box<dyn Fn() -> Result<(), String> + Send>| {
        let (met, survived) = (Arc::clone(&met), Arc::clone(&survived));
        Trial::test(name, move || {
            met.fetch_add(1, Ordering::SeqCst);
            test()?;
            survived.fetch_add(1, Ordering::SeqCst);
            Ok(())
        })
    };
    let mut trials: Vec<Trial> = library
        .iter()
        .map(|server| {
            let server = Arc::clone(server);
            count(server.name, Box::new(move || survive(&server)))
        })
        .collect();
    trials.push(count(sweep::NAME, Box::new(sweep::survive)));
    trials.push(Trial::test("every_server_has_a_name_of_its_own", {
        let library = library.clone();
        move || Ok(has_unique_names(&library)?)
    }));
    trials.push(Trial::test("the_table_in_the_docs_is_that_of_the_library", move || {
        Ok(table::check(&library)?)
    }));
    trials.extend(generated::trials());
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !arguments.list {
        println!("survived {} of {}", survived.load(Ordering::SeqCst), met.load(Ordering::SeqCst));
    }
    conclusion.exit_code()
}

/// Two nights with a server, judged by the oracle.
fn survive(server: &Arc<Server>) -> Result<(), String> {
    let world = World::of(Arc::clone(server));
    world.night_before()?;
    let before = world.api.lock().unwrap().items.clone();
    let first = world.night();
    let mut wrong = oracle::first_night(server, server.verdict, &world, &before, &first);
    let mut nights = format!("{first:#?}");
    if first.code != 0 {
        world.make_honest();
        let second = world.night();
        wrong.extend(oracle::second_night(server, &world, &first, &second));
        let _ = write!(nights, "\n{second:#?}");
    }
    if wrong.is_empty() { Ok(()) } else { Err(format!("{}\n{nights}", wrong.join("\n"))) }
}

fn has_unique_names(library: &[Arc<Server>]) -> Result<(), String> {
    let mut names = BTreeSet::new();
    let twice: Vec<&str> =
        library.iter().map(|server| server.name).filter(|name| !names.insert(*name)).collect();
    if twice.is_empty() { Ok(()) } else { Err(format!("two servers are called {twice:?}")) }
}
