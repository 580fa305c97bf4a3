//! How text looks: whether it is coloured, and how a command is written so that it can be pasted.
//!
//! Looks at no terminal and no environment: it is told.

use anstyle::{AnsiColor, Style};

use tieout_reconcilers::zone::Zone;

use super::escape::safe;

/// What the renderings are told about where they go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// Whether status words and symbols are coloured.
    pub color: bool,
    /// The configuration file to name in suggested commands, where it is not the default one.
    pub config: Option<String>,
    /// By whose clocks people read instants; UTC where nobody said.
    pub zone: Option<Zone>,
}

impl Look {
    /// A command of this program that works where the report was made.
    #[must_use]
    pub fn command(&self, rest: &str) -> String {
        match &self.config {
            None => format!("tieout {rest}"),
            Some(path) => format!("tieout --config {} {rest}", shell_word(path)),
        }
    }

    /// Colours the first word of a line, if it is a status or a symbol. Layout comes first, so that colours count no width.
    pub(super) fn paint(&self, line: &str) -> String {
        let text = line.trim_start();
        let word = text.split(' ').next().unwrap_or_default();
        match style(word) {
            Some(style) if self.color => {
                let (indent, rest) = (&line[..line.len() - text.len()], &text[word.len()..]);
                format!("{indent}{style}{word}{style:#}{rest}")
            }
            _ => line.to_owned(),
        }
    }
}

fn style(word: &str) -> Option<Style> {
    let color = match word {
        "done" | "DONE" | "ok" | "+" => AnsiColor::Green,
        "partial" | "PARTIAL" | "held" | "HELD" | "warning" | "skipped" | "SKIPPED" | "~" => {
            AnsiColor::Yellow
        }
        "failed" | "FAILED" | "interrupted" | "INTERRUPTED" | "-" | "!" => AnsiColor::Red,
        "running" | "RUNNING" | "?" => AnsiColor::Cyan,
        _ => return None,
    };
    Some(color.on_default().bold())
}

/// One word for a POSIX shell.
pub(crate) fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/+:@%,=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", safe(text).replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_status_words_and_symbols_are_coloured_and_only_on_request() {
        let colored = Look { color: true, ..Look::default() };
        assert_eq!(colored.paint("  + ch_1"), "  \u{1b}[1m\u{1b}[32m+\u{1b}[0m ch_1");
        assert_eq!(colored.paint("+x"), "+x");
        assert_eq!(Look::default().paint("done  a"), "done  a");
    }

    #[test]
    fn a_suggested_command_can_be_pasted() {
        let look = Look { config: Some("my files/it's.yaml".into()), ..Look::default() };
        assert_eq!(look.command("status"), r"tieout --config 'my files/it'\''s.yaml' status");
    }
}
