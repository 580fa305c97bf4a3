//! Whom a domain file names to be asked about its domain, and the tags that several domains are chosen by.

use super::checked::{Checked, Fault, FromText};
use super::document::Problems;
use crate::name::Name;

/// The longest text that says whom to ask, in characters.
const LONGEST_OWNER: usize = 100;

/// Whom to ask: an address, a team, a channel. It is shown and never written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owner(pub(super) String);

impl FromText for Owner {
    const WHAT: &'static str = "address or name of a team";
    const EXAMPLES: &'static [&'static str] = &["payments@example.com", "Payments team"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        let refuse = |what: String| {
            Err(Fault::new(what).with_help("say whom to ask in one line, such as `payments@example.com`"))
        };
        match text.chars().count() {
            0 => refuse("nobody is named".to_owned()),
            long if long > LONGEST_OWNER => {
                refuse(format!("{long} characters name nobody; {LONGEST_OWNER} have to do"))
            }
            _ if text.chars().any(char::is_control) => refuse("it has more than one line".to_owned()),
            _ => Ok(Self(text.to_owned())),
        }
    }
}

/// The tags, in the order of the file.
pub(super) fn tags(written: Vec<Checked<Name>>, problems: &mut Problems<'_>) -> Vec<Name> {
    let mut tags = Vec::new();
    for tag in written {
        let spot = tag.spot;
        let Some(tag) = problems.take(tag) else { continue };
        if tags.contains(&tag) {
            problems.add(
                spot,
                Fault::new(format!("the tag `{tag}` stands here twice")).with_help("leave it out here"),
            );
        } else {
            tags.push(tag);
        }
    }
    tags
}
