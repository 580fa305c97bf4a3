//! What is asked about a job: a request of the definition, or a link that an answer gave.

use crate::define::checked::{Fault, FromText};
use crate::define::fill::Fill;
use crate::define::placeholder::Slot;
use crate::define::reader::Reader;
use crate::define::request::RequestTemplate;
use crate::define::request_line::RequestLine;
use crate::define::template::{Known, Template};
use crate::page::{Method, PageRequest, Target};

/// The values that an answer gives, by their names.
pub(in crate::define) type Gives = Vec<(Box<str>, Reader)>;

/// A request about a job.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::define) struct Ask {
    /// The request; where there is a link, only its headers.
    pub(in crate::define) request: RequestTemplate,
    /// The value that is the link to ask.
    pub(in crate::define) link: Option<Box<str>>,
}

impl Ask {
    /// The request for some values.
    pub(in crate::define) fn render(&self, fill: &Fill<'_>) -> PageRequest {
        let request = self.request.render(fill);
        match &self.link {
            None => request,
            Some(name) => {
                let link = fill.job.and_then(|values| values.get(name)).cloned().unwrap_or_default();
                PageRequest { target: Target::Link(link), ..request }
            }
        }
    }

    pub(super) fn bind<'k>(&self, known: &impl Fn(&Slot) -> Known<'k>) -> Result<Self, Slot> {
        Ok(Self { request: self.request.bind(known)?, link: self.link.clone() })
    }
}

/// `GET /jobs/{job.id}`, or `GET {job.status}` where a value is the whole link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::define) enum AskLine {
    /// A path below the base.
    Path(RequestLine),
    /// A value.
    Link(Box<str>),
}

impl FromText for AskLine {
    const WHAT: &'static str = "request";
    const EXAMPLES: &'static [&'static str] = &["GET /exports/{job.id}"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        let link = text.strip_prefix("GET ").map(str::trim).filter(|link| link.starts_with("{job."));
        let Some(link) = link else { return RequestLine::from_text(text).map(Self::Path) };
        let template = Template::from_text(link)?;
        match template.only().map(|place| &place.slot) {
            Some(Slot::Job(name)) => Ok(Self::Link(name.clone())),
            _ => Err(Fault::new(format!("`{link}` is more than a link")).with_help(
                "write `GET {job.NAME}` for a link that an answer gave, or `GET /path/{job.NAME}`",
            )),
        }
    }
}

/// The line of a request of which only the headers count.
pub(super) fn no_line() -> RequestLine {
    RequestLine { method: Method::Get, path: Template::literal("/"), query: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_path_below_the_base_or_a_link_and_nothing_between() {
        assert_eq!(AskLine::from_text("GET {job.status}"), Ok(AskLine::Link("status".into())));
        assert!(matches!(AskLine::from_text("GET /jobs/{job.id}?x=1"), Ok(AskLine::Path(_))));
        for bad in ["GET {job.status}/x", "POST {job.status}", "GET {cursor}", "GET {job.}", "{job.status}"] {
            assert!(AskLine::from_text(bad).is_err(), "{bad} was accepted");
        }
    }
}
