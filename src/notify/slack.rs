//! A message in the JSON of Slack's incoming webhooks. `text` holds all of it, for notifications and for servers such as Mattermost that
//! know no blocks. Pure.

use serde_json::{Value, json};

use super::digest::Digest;

/// How many characters the text of a section may have.
const SECTION: usize = 3_000;

/// The message of a digest.
#[must_use]
pub(super) fn message(digest: &Digest) -> Value {
    let mut blocks =
        vec![section(&format!("*{}*", escaped(&digest.subject()))), section(&escaped(&digest.summary))];
    let lines = digest.lines();
    if !lines.is_empty() {
        let lines: Vec<String> = lines.iter().map(|line| format!("• {}", escaped(line))).collect();
        blocks.push(section(&lines.join("\n")));
    }
    let next: Vec<String> = digest
        .next
        .iter()
        .map(|step| format!("`{}` {}", escaped(&step.command), escaped(&step.why)))
        .collect();
    if !next.is_empty() {
        blocks.push(section(&next.join("\n")));
    }
    if let Some(link) = &digest.link {
        blocks.push(section(&format!("<{}|report>", escaped(link))));
    }
    let text = format!("{}\n{}", digest.subject(), digest.text());
    json!({ "text": escaped(text.trim_end()), "blocks": blocks })
}

fn section(text: &str) -> Value {
    let text: String = text.chars().take(SECTION).collect();
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } })
}

/// Slack reads these three as its own signs.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
