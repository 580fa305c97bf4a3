//! The terminal that progress and logs share: a log line pushes the moving lines down instead of tearing them.

use std::io::{self, IsTerminal, Write};

use indicatif::MultiProgress;
use tracing_subscriber::fmt::MakeWriter;

/// Standard error, with moving lines on it where it is a terminal.
#[derive(Debug, Clone, Default)]
pub struct Screen {
    /// The moving lines, where they can be drawn.
    pub bars: Option<MultiProgress>,
}

impl Screen {
    /// Looks at standard error. A dumb terminal cannot move its cursor.
    #[must_use]
    pub fn detect() -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let moves = io::stderr().is_terminal() && !dumb;
        Self { bars: moves.then(MultiProgress::new) }
    }
}

impl Write for Screen {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        match &self.bars {
            Some(bars) => bars.suspend(|| io::stderr().write(text)),
            None => io::stderr().write(text),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

impl<'a> MakeWriter<'a> for Screen {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
