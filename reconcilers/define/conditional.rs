//! `conditional`: by what the provider can tell that a page is unchanged, and where that can ever be so.

use super::checked::{Checked, Fault, Word};
use super::document::Problems;
use super::request::RequestTemplate;
use crate::page::Method;
use crate::reconciler::{Feed, Filter, Jobs, Validator};

impl Word for Validator {
    const WHAT: &'static str = "validator";

    fn words() -> Vec<(&'static str, Self)> {
        vec![("etag", Self::Etag), ("modified", Self::Modified)]
    }
}

/// A page can only be unchanged where the next run asks for the same page.
pub(super) fn compile(
    written: Option<Checked<Validator>>,
    feed: &Feed,
    request: &RequestTemplate,
    problems: &mut Problems<'_>,
) -> Option<Validator> {
    let spot = written.as_ref()?.spot;
    if feed.filter == Filter::Server || feed.changes {
        let fault = Fault::new("every run asks for another part of this list, so none is ever unchanged");
        let help = "`conditional` is for lists that are read whole, with `filter: client`; leave it out here";
        problems.add(spot, fault.with_help(help));
    }
    if feed.jobs != Jobs::None {
        let fault = Fault::new("an export is prepared anew every time, so it is never unchanged");
        problems.add(spot, fault.with_help("leave `conditional` out"));
    } else if request.method != Method::Get {
        let fault = Fault::new("only a `GET` request can be answered with \"unchanged\"");
        problems.add(spot, fault.with_help("leave `conditional` out"));
    }
    let own = ["if-none-match", "if-modified-since"];
    if let Some((name, _)) = request.headers.iter().find(|(name, _)| own.contains(&name.as_str())) {
        let fault = Fault::new(format!("the request sends `{name}` itself"));
        problems.add(spot, fault.with_help("leave that header or `conditional` out"));
    }
    problems.take_option(written)
}
