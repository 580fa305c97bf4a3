//! What a channel is told about, as texts: events, and the link of its messages.

use tieout_reconcilers::define::checked::{Fault, FromText, Word};
use url::Url;

use crate::notify::Event;

/// What stands for the run in a link.
const RUN: &str = "{run_id}";

/// The address of what a message is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link(pub(super) String);

impl Word for Event {
    const WHAT: &'static str = "event";

    fn words() -> Vec<(&'static str, Self)> {
        Vec::from(Self::ALL.map(|event| (event.as_str(), event)))
    }
}

impl FromText for Link {
    const WHAT: &'static str = "address";
    const EXAMPLES: &'static [&'static str] = &["https://reports.example.com/{run_id}"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        let is_of_the_web = Url::parse(&text.replace(RUN, "0")).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https") && url.has_host() && url.password().is_none()
        });
        if is_of_the_web {
            return Ok(Self(text.to_owned()));
        }
        Err(Fault::new("this is not an address of the web").with_help(
            "write it as `https://reports.example.com/{run_id}`; everybody who is told can read it",
        ))
    }
}
