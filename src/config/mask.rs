//! Blots out of `tieout.yaml` what may be a secret, so that no excerpt of it can show one.
//!
//! It works on lines and not on YAML, because the file that most needs it is the one that is not YAML. Every character
//! that is blotted out is replaced by one other, so places stay where they were.

use regex_lite::{Captures, Regex};

/// What replaces a character.
const BLOT: &str = "*";

/// The text that may be shown.
#[must_use]
pub(super) fn mask(text: &str) -> String {
    let mut region = Region::default();
    let lines = text.split_inclusive('\n').map(|line| {
        let masked = if region.holds(line) { mask_values(line) } else { line.to_owned() };
        mask_addresses(&masked)
    });
    lines.collect()
}

/// Whether a line belongs to a block of secrets: the line that names it, and the deeper ones after it.
#[derive(Default)]
struct Region {
    indent: Option<usize>,
}

impl Region {
    fn holds(&mut self, line: &str) -> bool {
        let trimmed = line.trim_start();
        let indent = line.len() - trimmed.len();
        let is_blank = trimmed.trim_end().is_empty();
        let names_secrets = names_secrets(trimmed);
        match self.indent {
            Some(outer) if is_blank || indent > outer => true,
            _ => {
                self.indent = names_secrets.then_some(indent);
                names_secrets
            }
        }
    }
}

/// Whether a key of a line speaks of secrets, spelled rightly or not; the whole address of a `slack` or a `ping` is one.
fn names_secrets(line: &str) -> bool {
    let key = r#"(?i)(secr|passw|token|credential|key|\bslack|\bping)[\w.-]*["']?\s*:(\s|$)"#;
    Regex::new(key).map_or(true, |key| key.is_match(line))
}

/// Blots out every word that is neither a key nor a reference.
fn mask_values(line: &str) -> String {
    replace(line, r#"[^\s,{}\[\]"']+"#, |word, after| {
        let is_key = word.ends_with(':')
            || after.starts_with(':')
            || after.starts_with("\":")
            || after.starts_with("':");
        let is_variable = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let is_reference = word.strip_prefix("env:").is_some_and(is_variable) || word.starts_with("file:");
        !is_key && !is_reference && !word.starts_with('#')
    })
}

/// Blots out the password of every address, and the query of those of the web.
fn mask_addresses(line: &str) -> String {
    let within = |pattern: &str, line: &str| match Regex::new(pattern) {
        Ok(pattern) => pattern
            .replace_all(line, |found: &Captures<'_>| {
                let part = |index| found.get(index).map_or("", |part| part.as_str());
                format!("{}{}{}", part(1), blotted(part(2)), part(3))
            })
            .into_owned(),
        Err(_) => blotted(line),
    };
    let line = within(r"(://[^/\s:@]*:)([^\s/]*)(@)", line);
    // One without a scheme: a colon of YAML has a space behind it.
    let line = within(r#"([\w.-]:)([^\s/"'][^\s"']*)(@)"#, &line);
    let line = within(r#"(?i)(https?://[^\s?"']*\?)([^\s"']*)()"#, &line);
    within(r#"(?i)(passw(?:or)?d\s*=\s*)([^\s&"']+)()"#, &line)
}

fn replace(line: &str, pattern: &str, is_secret: impl Fn(&str, &str) -> bool) -> String {
    let Ok(pattern) = Regex::new(pattern) else { return blotted(line) };
    let mut masked = String::with_capacity(line.len());
    let mut end = 0;
    for word in pattern.find_iter(line) {
        masked.push_str(&line[end..word.start()]);
        end = word.end();
        if is_secret(word.as_str(), &line[end..]) {
            masked.push_str(&blotted(word.as_str()));
        } else {
            masked.push_str(word.as_str());
        }
    }
    masked.push_str(&line[end..]);
    masked
}

fn blotted(text: &str) -> String {
    text.chars().map(|c| if c == '\n' || c == '\r' { c.to_string() } else { BLOT.to_owned() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_blotted_out_wherever_they_hide() {
        for (text, shown) in [
            ("secrets: {key: abc}\n", "secrets: {key: ***}\n"),
            ("secrets: {key: env:KEY, b: \"a b\"}\n", "secrets: {key: env:KEY, b: \"* *\"}\n"),
            (
                "  secrets:\n    key: abc\n    k2: file:k\n  base: x\n",
                "  secrets:\n    key: ***\n    k2: file:k\n  base: x\n",
            ),
            (
                "  secret:\n    key: |\n      abc\n\n      def\n",
                "  secret:\n    key: *\n      ***\n\n      ***\n",
            ),
            ("url: postgres://me:pw@h/db\n", "url: postgres://me:**@h/db\n"),
            ("url: postgres://me:p@w@h/db\n", "url: postgres://me:***@h/db\n"),
            ("url: \"postgres://h/db?password=pw&x=1\"\n", "url: \"postgres://h/db?password=**&x=1\"\n"),
            ("brokers: [\"me:pw@h:9092\", 'me:p@/w@h:1']\n", "brokers: [\"me:**@h:9092\", 'me:****@h:1']\n"),
            ("url: postgres://me@h:5432/db\n", "url: postgres://me@h:5432/db\n"),
            ("url: \"https://h/q?a=b\", x: y\n", "url: \"https://h/q?***\", x: y\n"),
            ("url: sqlite:app.db\n", "url: sqlite:app.db\n"),
            ("passwörd: x\n", "passwörd: x\n"),
        ] {
            assert_eq!(mask(text), shown);
            assert_eq!(mask(text).chars().count(), text.chars().count());
        }
    }
}
