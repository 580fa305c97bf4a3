//! Where results go and how they look. Progress and logs go elsewhere.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};

use super::args::{Color, DEFAULT_CONFIG, Format, Shared};
use super::failure::Failure;
use crate::report::text::Look;

/// What a command knows about its output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// How results are written.
    pub format: Format,
    /// Whether only the last line and errors are wanted.
    pub quiet: bool,
    /// How text looks.
    pub look: Look,
    stream: Stream,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stream {
    Stdout,
    Stderr,
}

impl Output {
    /// What the flags ask for, on standard output. Colours follow `--color`, then `NO_COLOR`, `CLICOLOR` and `TERM`.
    #[must_use]
    pub fn of(shared: &Shared) -> Self {
        let choice = match shared.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        choice.write_global();
        let config = shared.config.display().to_string();
        let look = Look {
            color: is_colored(&io::stdout()),
            config: (config != DEFAULT_CONFIG).then_some(config),
            zone: shared.timezone,
        };
        Self { format: shared.format, quiet: shared.quiet, look, stream: Stream::Stdout }
    }

    /// The same on standard error, for when events go to standard output.
    #[must_use]
    pub fn on_stderr(mut self) -> Self {
        self.look.color = is_colored(&io::stderr());
        self.stream = Stream::Stderr;
        self
    }

    /// Whether what goes to standard error gets colours, wherever standard output leads.
    #[must_use]
    pub fn colors_errors(&self) -> bool {
        is_colored(&io::stderr())
    }

    /// The same without progress.
    #[must_use]
    pub fn quiet(self) -> Self {
        Self { quiet: true, ..self }
    }

    /// The stream of the results.
    #[must_use]
    pub fn writer(&self) -> Box<dyn Write + Send> {
        match self.stream {
            Stream::Stdout => Box::new(io::stdout()),
            Stream::Stderr => Box::new(io::stderr()),
        }
    }

    /// Writes a result.
    pub fn write(&self, text: &str) -> Result<(), Failure> {
        let mut out = self.writer();
        written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
    }

    /// Writes a result in the wanted format.
    pub fn show(
        &self,
        human: impl FnOnce(&Look) -> String,
        json: impl FnOnce() -> serde_json::Result<String>,
        jsonl: impl FnOnce() -> serde_json::Result<String>,
    ) -> Result<(), Failure> {
        let text = match self.format {
            Format::Human | Format::Yaml | Format::Github | Format::Junit | Format::Md => {
                Ok(human(&self.look))
            }
            Format::Json => json(),
            Format::Jsonl => jsonl(),
        };
        let unwritable = |error: serde_json::Error| Failure::failed("output", error.to_string());
        self.write(&text.map_err(unwritable)?)
    }
}

/// Whether a stream gets colours.
pub(super) fn is_colored<S: anstream::stream::RawStream + IsTerminal>(stream: &S) -> bool {
    AutoStream::choice(stream) != ColorChoice::Never
}

/// A reader that has seen enough, such as `head`, is not a failure.
pub(super) fn written(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::failed("output", format!("the result cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_has_seen_enough_is_not_a_failure() {
        assert_eq!(written(Err(io::ErrorKind::BrokenPipe.into())), Ok(()));
        assert_eq!(written(Err(io::ErrorKind::StorageFull.into())).unwrap_err().exit, 1);
    }
}
