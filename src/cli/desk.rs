//! What every command finds on its desk: its output, its screen, the signals; and the way from a command line to an exit code.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, ValueEnum};

use super::args::{Cli, Color, Command, Format, Shared};
use super::ask::Input;
use super::caller::Caller;
use super::config;
use super::failure::Failure;
use super::last_words::LastWords;
use super::output::{Output, is_colored};
use super::signals::Signals;
use super::watch::Screen;
use crate::config::Setting;
use crate::report::text::Look;
use crate::telemetry;

/// What every command is given.
#[derive(Debug, Clone)]
pub struct Desk {
    /// The configuration file.
    pub config: PathBuf,
    /// Where results go.
    pub output: Output,
    /// Standard error.
    pub screen: Screen,
    /// What asked the work to end.
    pub signals: Signals,
    /// Whether a person may be asked something.
    pub input: Input,
    /// The file that a pod's end is read from.
    pub last_words: LastWords,
    /// What every command understands, and where it came from.
    pub options: Vec<Setting>,
    /// Who calls, and in which words.
    pub caller: Caller,
}

impl Desk {
    /// Starts logging and listening.
    fn open(shared: &Shared, last_words: LastWords, matches: &ArgMatches) -> Result<Self, Failure> {
        let output = Output::of(shared);
        let screen = Screen::detect();
        let settings = telemetry::Settings::from_env(shared.verbose, shared.quiet, is_colored(&io::stderr()));
        telemetry::init(
            &settings.map_err(|error| Failure::usage("bad_log_setting", error.to_string()))?,
            screen.clone(),
        );
        let signals = Signals::listen();
        let signals = signals.map_err(|error| Failure::failed("signals", error.to_string()))?;
        let input = if shared.no_input { Input::Refused } else { Input::detect() };
        Ok(Self {
            config: shared.config.clone(),
            output,
            screen,
            signals,
            input,
            last_words,
            options: config::options(matches),
            caller: Caller::of(matches),
        })
    }
}

/// Parses `args`, carries the command out and returns the exit code of the process.
///
/// `carry_out` returns the exit code of a command that has a result, and a failure where it has none.
pub async fn main<F>(args: impl IntoIterator<Item = OsString>, carry_out: F) -> ExitCode
where
    F: AsyncFnOnce(Command, &Desk) -> Result<u8, Failure>,
{
    let args: Vec<OsString> = args.into_iter().collect();
    let (cli, matches) = match parse(&args) {
        Ok(parsed) => parsed,
        Err(error) => return refuse(&error, wanted_format(&args)),
    };
    let last_words = LastWords::into(cli.shared.termination_log.as_deref());
    let taken = cli.command.takes(cli.shared.format);
    let opened = taken.and_then(|()| Desk::open(&cli.shared, last_words.clone(), &matches));
    let ended = match opened {
        Ok(desk) => {
            let ended = carry_out(cli.command, &desk).await;
            telemetry::end().await;
            ended
        }
        Err(failure) => Err(failure),
    };
    let look = Look { zone: cli.shared.timezone, ..Look::default() };
    ended.unwrap_or_else(|failure| tell(&failure, cli.shared.format, &look, &last_words)).into()
}

/// The call, and where its words came from.
fn parse(args: &[OsString]) -> Result<(Cli, ArgMatches), clap::Error> {
    let matches = Cli::command().color(wanted_colors(args)).try_get_matches_from(args)?;
    let cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut Cli::command()))?;
    Ok((cli, matches))
}

/// Says what went wrong. A program that reads a stream finds it there as well.
fn tell(failure: &Failure, format: Format, look: &Look, last_words: &LastWords) -> u8 {
    last_words.say(&failure.plain(look));
    let told = failure.told(format, look);
    let _ = io::stderr().write_all(told.as_bytes());
    if format == Format::Jsonl {
        let _ = io::stdout().write_all(told.as_bytes());
    }
    failure.exit
}

/// Ends a call that asked for help or was not understood.
fn refuse(error: &clap::Error, format: Format) -> ExitCode {
    if !error.use_stderr() {
        let _ = error.print();
        return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
    }
    let (message, last_words) = (error.render().to_string(), LastWords::into(None));
    if !matches!(format, Format::Json | Format::Jsonl) {
        last_words.say(&message);
        let _ = error.print();
        return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
    }
    tell(&Failure::usage("usage", message.trim_end()), format, &Look::default(), &last_words).into()
}

/// The format that a call asked for which could not be parsed.
fn wanted_format(args: &[OsString]) -> Format {
    wanted(args, "--format", Some("-o"), "TIEOUT_FORMAT").unwrap_or(Format::Human)
}

/// When a call wants colours, before it is parsed: the words about what is wrong with it have them as well, or not.
fn wanted_colors(args: &[OsString]) -> clap::ColorChoice {
    match wanted(args, "--color", None, "TIEOUT_COLOR").unwrap_or(Color::Auto) {
        Color::Auto => clap::ColorChoice::Auto,
        Color::Always => clap::ColorChoice::Always,
        Color::Never => clap::ColorChoice::Never,
    }
}

/// What a flag of every command says, or its variable, where the rest of the call may make no sense.
fn wanted<T: ValueEnum>(args: &[OsString], long: &str, short: Option<&str>, variable: &str) -> Option<T> {
    let words: Vec<&str> = args.iter().filter_map(|arg| arg.to_str()).collect();
    let flag = words.iter().enumerate().find_map(|(at, word)| {
        if *word == long || Some(*word) == short {
            return words.get(at + 1).copied();
        }
        let glued = || word.strip_prefix(short?).map(|value| value.strip_prefix('=').unwrap_or(value));
        word.strip_prefix(long).and_then(|value| value.strip_prefix('=')).or_else(glued)
    });
    let said = std::env::var(variable).ok();
    flag.or(said.as_deref()).and_then(|word| T::from_str(word, false).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_exit_code_is_the_commands_own_or_that_of_its_failure() {
        let call = |args: &[&str]| args.iter().map(OsString::from).collect::<Vec<_>>();
        let done = main(call(&["tieout", "status"]), async |_, _| Ok(5)).await;
        assert_eq!(done, ExitCode::from(5));
        let failed = main(call(&["tieout", "status"]), async |_, _| Err(Failure::failed("x", "y"))).await;
        assert_eq!(failed, ExitCode::from(1));
        for wrong in [call(&["tieout", "sttus"]), call(&["tieout", "--format=json", "run", "--until", "x"])] {
            assert_eq!(main(wrong, async |_, _| Ok(0)).await, ExitCode::from(2));
        }
        assert_eq!(main(call(&["tieout", "--help"]), async |_, _| Ok(9)).await, ExitCode::SUCCESS);
    }

    #[test]
    fn the_format_of_a_call_that_makes_no_sense_is_still_understood() {
        let format = |args: &[&str]| wanted_format(&args.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(format(&["tieout", "--format", "json", "nonsense"]), Format::Json);
        assert_eq!(format(&["tieout", "run", "--format=jsonl", "--nonsense"]), Format::Jsonl);
        assert_eq!(format(&["tieout", "run", "--nonsense", "-o", "yaml"]), Format::Yaml);
        for short in ["-ojsonl", "-o=jsonl"] {
            assert_eq!(format(&["tieout", "run", "--nonsense", short]), Format::Jsonl);
        }
        assert_eq!(format(&["tieout", "run", "--format"]), Format::Human);
    }
}
