//! A list that somebody hands over in a file or on stdin, one entry a line. It is read whole and within a bound, and what is wrong
//! with it is said by the line.

use std::io::Read as _;
use std::path::Path;

use super::failure::Failure;

/// How much of a list is read: ten thousand keys of any length, or many more short ones.
const MOST_BYTES: u64 = 16 << 20;

/// What editors of some systems put before a text.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The text of a list; `-` is stdin.
pub(super) fn read(file: &Path) -> Result<String, Failure> {
    let named = called(file);
    let unreadable =
        |error: std::io::Error| Failure::usage("keys_from", format!("{named} cannot be read: {error}"));
    let mut bytes = Vec::new();
    let read = if is_stdin(file) {
        std::io::stdin().take(MOST_BYTES + 1).read_to_end(&mut bytes)
    } else {
        let opened = std::fs::File::open(file).map_err(unreadable)?;
        opened.take(MOST_BYTES + 1).read_to_end(&mut bytes)
    };
    read.map_err(unreadable)?;
    if bytes.len() as u64 > MOST_BYTES {
        let message = format!("{named} is longer than {} MiB", MOST_BYTES >> 20);
        return Err(Failure::usage("keys_from", message));
    }
    text(bytes).map_err(|line| wrong_line(line, "it is not valid UTF-8"))
}

/// The lines that say something, by their numbers, from 1.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    text.lines().enumerate().map(|(at, line)| (at + 1, line)).filter(|(_, line)| !line.trim().is_empty())
}

/// A line that cannot be used.
pub(super) fn wrong_line(line: usize, why: impl std::fmt::Display) -> Failure {
    Failure::usage("keys_from", format!("line {line}: {why}"))
}

/// A list as people call it.
pub(super) fn called(file: &Path) -> String {
    if is_stdin(file) { "standard input".to_owned() } else { file.display().to_string() }
}

fn is_stdin(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// The bytes as text, or the line of the first ones that are none.
fn text(bytes: Vec<u8>) -> Result<String, usize> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        valid.split(|byte| *byte == b'\n').count()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_numbers_whatever_ends_them_and_empty_ones_say_nothing() {
        let text = "\u{feff}a\r\n\r\n \t\nb\n\n";
        assert_eq!(lines(text).collect::<Vec<_>>(), [(1, "a"), (4, "b")]);
        assert_eq!(lines("\n").count() + lines("").count(), 0);
    }

    #[test]
    fn bytes_that_are_no_text_are_found_by_their_line() {
        assert_eq!(text(b"a\nb\n\xff\n".to_vec()), Err(3));
        assert_eq!(text(b"\xc3".to_vec()), Err(1));
        assert_eq!(text("é\n".as_bytes().to_vec()), Ok("é\n".to_owned()));
    }
}
