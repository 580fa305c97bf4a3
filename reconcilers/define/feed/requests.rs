//! The requests of a feed, and what they must send.

use super::parts::Parts;
use crate::define::checked::Fault;
use crate::define::confirm::ConfirmDefinition;
use crate::define::count::CountDefinition;
use crate::define::document::Problems;
use crate::define::job::JobDefinition;
use crate::define::paging::{By, First, Keep};
use crate::define::placeholder::Slot;
use crate::define::problem::Spot;
use crate::define::request::RequestTemplate;
use crate::define::words;
use crate::reconciler::{Cap, Cure, Filter};

/// The requests of a feed.
pub(super) struct Requests {
    /// What a walk begins with.
    pub(super) request: RequestTemplate,
    pub(super) job: Option<JobDefinition>,
    pub(super) confirm: ConfirmDefinition,
    pub(super) count: Option<CountDefinition>,
}

impl Requests {
    /// What asks for pages, where anything does.
    fn pages(&self) -> Option<&RequestTemplate> {
        self.job.as_ref().map_or(Some(&self.request), JobDefinition::pages)
    }

    /// What a walk asks for most: pages, or the export that has none.
    pub(super) fn usual(&self) -> &RequestTemplate {
        self.pages().unwrap_or(&self.request)
    }

    /// They send what the walk and its window give them.
    pub(super) fn must_send(&self, parts: &Parts, problems: &mut Problems<'_>) {
        if let Some(pages) = self.pages() {
            must_page(pages, parts, problems);
        }
        must_bound(&self.request, parts, problems);
        keeps(self.usual(), parts, problems);
    }
}

/// A walk that does not send what `next` gives it would read one page for ever.
fn must_page(request: &RequestTemplate, parts: &Parts, problems: &mut Problems<'_>) {
    let spots = parts.spots;
    let mut send = |slot: Slot, spot: Spot, why: &str| must_send(request, &slot, spot, why, problems);
    match parts.paging.by {
        By::Cursor { .. } => {
            send(Slot::Cursor, spots.next, "send the cursor back, such as `query: {after: \"{cursor}\"}`");
        }
        By::Page { .. } => {
            send(Slot::Page, spots.next, "send the number, such as `query: {page: \"{page}\"}`");
        }
        By::Offset { .. } => {
            send(Slot::Offset, spots.next, "send the offset, such as `query: {offset: \"{offset}\"}`");
        }
        By::Url(_) | By::Single => {}
    }
    if matches!(parts.window.feed.cap, Some(Cap { then: Cure::Rekey, .. })) {
        let why = "send the id to begin behind, such as `query: {after_id: \"{rekey}\"}`";
        send(Slot::Rekey, spots.window, why);
    }
}

/// A walk that does not send what `window` gives it would read everything, every time.
fn must_bound(request: &RequestTemplate, parts: &Parts, problems: &mut Problems<'_>) {
    let (window, spot) = (&parts.window, parts.spots.window);
    if window.feed.filter != Filter::Server {
        return;
    }
    let starts_there = matches!(parts.paging.by, By::Cursor { first: Some(First::From), .. });
    if !starts_there {
        let why = "send the window, such as `query: {since: \"{from}\"}`, or say `filter: client`";
        must_send(request, &Slot::From, spot, why, problems);
    }
    if window.edges.upper.is_some() {
        let why = "send the upper bound, or say `edges: \"[\"` where the provider has none";
        must_send(request, &Slot::To, spot, why, problems);
    }
}

fn must_send(request: &RequestTemplate, what: &Slot, spot: Spot, why: &str, problems: &mut Problems<'_>) {
    if !request.uses(what) {
        problems.add(spot, Fault::new(format!("no part of the request uses `{what}`")).with_help(why));
    }
}

/// `keep` names what there is to keep.
fn keeps(request: &RequestTemplate, parts: &Parts, problems: &mut Problems<'_>) {
    let Keep::Named(names) = &parts.paging.keep else { return };
    let known = request.kept_names();
    for name in names.iter().filter(|name| !known.contains(&name.as_str())) {
        let fault = Fault::new(format!("`keep` names `{name}`, which the request does not send"));
        problems.add(parts.spots.next, fault.with_help(words::advice(name, &known)));
    }
}
