//! `tieout config`: what is in force, and where each setting came from.

use std::collections::BTreeMap;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args as _, Subcommand, ValueEnum};
use tieout_reconcilers::define::definition_file::DefinitionFile;
use tieout_reconcilers::define::schema;

use super::args::Shared;
use super::desk::Desk;
use super::failure::Failure;
use super::help;
use super::wire;
use crate::config::{self, Origin, Setting};
use crate::report::{exit, json, text};
use crate::telemetry;

/// The configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum ConfigCommand {
    /// Show every setting, its value, and the line, variable or flag that it came from; secrets are not shown
    #[command(after_help = help::CONFIG.short(), after_long_help = help::CONFIG.long())]
    Show,
    /// Print the JSON Schema of `tieout.yaml` or of definition files, for editors
    #[command(after_help = help::CONFIG_SCHEMA.short(), after_long_help = help::CONFIG_SCHEMA.long())]
    Schema {
        /// What is described
        #[arg(value_enum, value_name = "WHAT", default_value_t = Described::Configuration)]
        of: Described,
    },
}

/// What a schema describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Described {
    /// `tieout.yaml`
    Configuration,
    /// Provider files and domain files
    Definition,
}

/// Carries `config` out. It needs no network, no database and no secret.
pub(super) fn carry_out(desk: &Desk, command: ConfigCommand) -> Result<u8, Failure> {
    match command {
        ConfigCommand::Show => show(desk),
        ConfigCommand::Schema { of } => schema(desk, of),
    }
}

/// A schema is one JSON document, whatever the format of results is.
fn schema(desk: &Desk, of: Described) -> Result<u8, Failure> {
    let schema = match of {
        Described::Configuration => config::schema(),
        Described::Definition => schema::of_file::<DefinitionFile>(),
    };
    desk.output.write(&format!("{schema:#}\n"))?;
    Ok(exit::DONE)
}

fn show(desk: &Desk) -> Result<u8, Failure> {
    let loaded = wire::load(desk)?;
    let unreadable = |problem: tieout_reconcilers::define::problem::Problem| {
        Failure::usage("definition", problem.to_string())
    };
    let settings = [desk.options.clone(), loaded.config.settings().map_err(unreadable)?].concat();
    desk.output.show(
        |_| {
            let row =
                |setting: &Setting| [setting.name.clone(), setting.value.clone(), setting.origin.shown()];
            text::settings(settings.iter().map(row))
        },
        || json::whole("tieout.config/v1", &BTreeMap::from([("settings", &settings)])),
        || json::lines("setting", &settings),
    )?;
    Ok(exit::DONE)
}

/// The options of every command and the variables of the log, with where they came from.
pub(super) fn options(matches: &ArgMatches) -> Vec<Setting> {
    let shared = Shared::augment_args(clap::Command::new("tieout"));
    let options = shared.get_arguments().filter_map(|arg| option(arg, matches));
    let log = level(matches).unwrap_or_else(|| logged("log", telemetry::LOG, "warn"));
    options.chain([log, logged("log_format", telemetry::LOG_FORMAT, "text")]).collect()
}

/// What flags say of the log: they win over its variable.
fn level(matches: &ArgMatches) -> Option<Setting> {
    let (flag, value) = match (matches.get_count("verbose"), matches.get_flag("quiet")) {
        (0, true) => ("quiet", "error"),
        (0, false) => return None,
        (1, _) => ("verbose", "info"),
        (2, _) => ("verbose", "debug"),
        (3.., _) => ("verbose", "trace"),
    };
    let origin = match (matches.value_source(flag)?, flag) {
        (ValueSource::EnvVariable, "quiet") => Origin::Variable { variable: "TIEOUT_QUIET".to_owned() },
        _ => Origin::Flag,
    };
    Some(Setting { name: "log".to_owned(), value: value.to_owned(), origin })
}

fn option(arg: &clap::Arg, matches: &ArgMatches) -> Option<Setting> {
    let origin = match matches.value_source(arg.get_id().as_str())? {
        ValueSource::CommandLine => Origin::Flag,
        ValueSource::EnvVariable => {
            Origin::Variable { variable: arg.get_env()?.to_string_lossy().into_owned() }
        }
        _ => Origin::Default,
    };
    let value = matches.get_raw(arg.get_id().as_str())?.next_back()?;
    Some(Setting {
        name: format!("--{}", arg.get_long()?),
        value: value.to_string_lossy().into_owned(),
        origin,
    })
}

fn logged(name: &str, variable: &str, default: &str) -> Setting {
    let said = std::env::var(variable).ok().filter(|value| !value.is_empty());
    let Some(value) = said else { return Setting::default(name, default) };
    Setting { name: name.to_owned(), value, origin: Origin::Variable { variable: variable.to_owned() } }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn options_say_whether_a_flag_or_nobody_set_them() {
        let options = |args: &[&str]| options(&Cli::command().try_get_matches_from(args).unwrap());
        let of = |settings: &[Setting], name: &str| {
            let setting = settings.iter().find(|setting| setting.name == name).unwrap();
            (setting.value.clone(), setting.origin.shown())
        };
        let told = |value: &str, from: &str| (value.to_owned(), from.to_owned());
        let before = options(&["tieout", "--config", "a.yaml", "-vv", "config", "show"]);
        let after = options(&["tieout", "config", "show", "-vv", "--config", "a.yaml"]);
        assert_eq!(before, after);
        assert_eq!(of(&before, "--config"), told("a.yaml", "flag"));
        assert_eq!(of(&before, "log"), told("debug", "flag"));
        assert_eq!(of(&before, "--color"), told("auto", "default"));
    }
}
