//! `tieout generate systemd`: a service and its timer.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use clap::Args;

use super::units::Units;
use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::report::exit;

/// `tieout generate systemd`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct SystemdArgs {
    /// When it starts, as systemd.time(7) has it; `systemd-analyze calendar` explains one
    #[arg(long, value_name = "WHEN", default_value = "*-*-* 02:00:00 UTC", value_parser = one_line)]
    pub on_calendar: String,
    /// By how much a start may be late
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = humantime::parse_duration)]
    pub random_delay: Duration,
    /// What both units and the folder for state below /var/lib are called
    #[arg(long, value_name = "NAME", default_value = "tieout")]
    pub name: UnitName,
    /// The pair whose account and folder for state this pair shares; its own when left out
    #[arg(long, value_name = "NAME")]
    pub beside: Option<UnitName>,
    /// The program
    #[arg(long, value_name = "PATH", default_value = "/usr/local/bin/tieout", value_parser = absolute)]
    pub binary: String,
    /// The configuration that the service reads
    #[arg(long = "config-file", value_name = "PATH", default_value = "/etc/tieout/tieout.yaml", value_parser = absolute)]
    pub config_file: String,
    /// A secret, which the service finds as `/run/credentials/tieout.service/NAME`; without PATH it is /etc/tieout/credentials/NAME
    #[arg(long, value_name = "NAME[:PATH]")]
    pub credential: Vec<Credential>,
    /// The folder for the two files, such as `/etc/systemd/system`; to standard output when left out
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
    /// What the service does
    #[arg(value_name = "ARGS", last = true, default_value = "run", value_parser = one_line)]
    pub args: Vec<String>,
}

/// The name of a unit, without what stands behind the dot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitName(String);

/// A secret in a file, under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    name: String,
    path: String,
}

/// A word that is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("only letters, digits, `-` and `_`, at most 64 of them")]
pub struct NoName;

impl FromStr for UnitName {
    type Err = NoName;

    fn from_str(text: &str) -> Result<Self, NoName> {
        name(text).map(Self)
    }
}

impl FromStr for Credential {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (word, path) = match text.split_once(':') {
            None => (text, format!("/etc/tieout/credentials/{text}")),
            Some((word, path)) => (word, absolute(path)?),
        };
        Ok(Self { name: name(word).map_err(|error| error.to_string())?, path })
    }
}

fn name(text: &str) -> Result<String, NoName> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let is_name = (1..=64).contains(&text.len()) && text.chars().all(fits);
    is_name.then(|| text.to_owned()).ok_or(NoName)
}

/// A setting of a unit ends with its line.
fn one_line(text: &str) -> Result<String, String> {
    if text.trim().is_empty() || text.contains(char::is_control) {
        return Err("one line that is not empty".to_owned());
    }
    Ok(text.to_owned())
}

/// systemd takes no other path.
fn absolute(text: &str) -> Result<String, String> {
    if !Path::new(text).is_absolute() {
        return Err("a path that begins with `/`".to_owned());
    }
    one_line(text)
}

/// Carries `generate systemd` out.
pub(super) fn systemd(desk: &Desk, args: &SystemdArgs) -> Result<u8, Failure> {
    let units = units(args);
    let UnitName(name) = &args.name;
    let files = [(format!("{name}.service"), units.service()), (format!("{name}.timer"), units.timer())];
    let Some(folder) = &args.to else {
        let both = files.map(|(file, text)| format!("# {file}\n{text}"));
        desk.output.write(&both.join("\n"))?;
        return Ok(exit::DONE);
    };
    for (file, text) in &files {
        let path = folder.join(file);
        fs::write(&path, text).map_err(|error| {
            Failure::usage("to", format!("{} cannot be written: {error}", path.display()))
        })?;
    }
    if !desk.output.quiet {
        let next = format!("systemctl daemon-reload && systemctl enable --now {name}.timer");
        desk.output.write(&format!("wrote {name}.service and {name}.timer; now: {next}\n"))?;
    }
    Ok(exit::DONE)
}

fn units(args: &SystemdArgs) -> Units<'_> {
    let program = [args.binary.as_str(), "--config", &args.config_file];
    let words = program.into_iter().chain(args.args.iter().map(String::as_str));
    Units {
        name: &args.name.0,
        account: &args.beside.as_ref().unwrap_or(&args.name).0,
        command: words.map(str::to_owned).collect(),
        on_calendar: &args.on_calendar,
        random_delay: args.random_delay,
        credentials: args.credential.iter().map(|one| (one.name.clone(), one.path.clone())).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_without_a_path_has_its_place() {
        let path = |text: &str| text.parse::<Credential>().map(|credential| credential.path);
        assert_eq!(path("stripe_key"), Ok("/etc/tieout/credentials/stripe_key".to_owned()));
        assert_eq!(path("stripe_key:/srv/key"), Ok("/srv/key".to_owned()));
        for wrong in ["stripe_key:key", "a b", ":/srv/key", "", "key:/a\nExecStart=/bin/sh"] {
            assert!(path(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn no_word_brings_a_setting_of_its_own() {
        for wrong in ["", " ", "daily\nExecStart=/bin/sh", "daily\u{0}"] {
            assert!(one_line(wrong).is_err(), "{wrong:?}");
        }
        assert!(absolute("tieout").is_err());
        assert!("tie/out".parse::<UnitName>().is_err());
        assert!("".parse::<UnitName>().is_err());
    }
}
