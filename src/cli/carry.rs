//! Carries commands out: what each of them loads, does and shows.

use super::args::{Command, FindingsCommand};
use super::desk::Desk;
use super::failure::Failure;
use super::findings::Filter;
use super::{
    acts, approve, asyncapi, config, daemon, dlq, doctor, explain, generate, init, metrics, migrate, new,
    next, notify, overview, play, preflight, preview, probe, quarantine, reconcile, record, replay, report,
    schemas, state, test,
};

/// Carries a command out and returns the exit code of the process.
pub async fn carry_out(command: Command, desk: &Desk) -> Result<u8, Failure> {
    match command {
        Command::Run(args) => reconcile::run(desk, &args).await,
        Command::Plan(args) => reconcile::plan(desk, &args).await,
        Command::Backfill(args) => reconcile::backfill(desk, &args).await,
        Command::Status(args) => overview::status(desk, &args).await,
        Command::Daemon(args) => daemon::daemon(desk, &args).await,
        Command::Next(args) => next::next(desk, &args).await,
        Command::Notify(command) => notify::carry_out(desk, command).await,
        Command::Serve(args) => metrics::serve(desk, &args).await,
        Command::Metrics(command) => metrics::carry_out(desk, command).await,
        Command::Report(command) => report::carry_out(desk, command).await,
        Command::Migrate(command) => migrate::migrate(desk, &command).await,
        Command::State(command) => state::carry_out(desk, command).await,
        Command::Findings(command) => findings(desk, command).await,
        Command::Explain(args) => explain::explain(desk, &args).await,
        Command::Approve(args) => approve::approve(desk, &args).await,
        Command::Dlq(command) => dlq::carry_out(desk, command).await,
        Command::Quarantine(command) => quarantine::carry_out(desk, command).await,
        Command::Replay(args) => replay::carry_out(desk, &args).await,
        Command::Asyncapi(args) => asyncapi::asyncapi(desk, &args),
        Command::Generate(command) => generate::generate(desk, &command),
        Command::Schemas(command) => schemas::carry_out(desk, command).await,
        Command::Config(command) => config::carry_out(desk, command),
        Command::Init(args) => init::init(desk, &args).await,
        Command::New(args) => new::new(desk, &args),
        Command::Check(args) => preflight::check(desk, &args).await,
        Command::Doctor(args) => doctor::doctor(desk, &args).await,
        Command::Preview(args) => preview::preview(desk, &args).await,
        Command::Probe(args) => probe::probe(desk, &args).await,
        Command::Record(args) => record::record(desk, &args).await,
        Command::Test(args) => test::test(desk, &args).await,
        Command::Demo(args) => play::demo(desk, &args).await,
    }
}

async fn findings(desk: &Desk, command: FindingsCommand) -> Result<u8, Failure> {
    match command {
        FindingsCommand::List { domains, state, kind, cause, owner, older_than, limit } => {
            let filter = Filter { states: state, kinds: kind, causes: cause, owner, older_than };
            overview::findings(desk, &domains, filter, limit).await
        }
        FindingsCommand::Show(args) => explain::show(desk, &args).await,
        FindingsCommand::Ignore(args) => acts::ignore(desk, &args).await,
        FindingsCommand::Reopen(args) => acts::reopen(desk, &args).await,
        FindingsCommand::Assign(args) => acts::assign(desk, &args).await,
        FindingsCommand::Unassign(whom) => acts::unassign(desk, &whom).await,
        FindingsCommand::Note(args) => acts::note(desk, &args).await,
    }
}
