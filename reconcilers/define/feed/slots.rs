//! Which placeholders the requests of a feed can fill.

use super::parts::Parts;
use crate::define::lang::Lang;
use crate::define::paging::{By, CursorStart, Paging};
use crate::define::placeholder::Slot;
use crate::define::slots::Slots;
use crate::define::window_file::WindowDefinition;
use crate::reconciler::{Cap, Cure, Filter};

/// Which placeholders the requests of a feed can fill.
pub(super) struct FeedSlots {
    /// Those of a request for a page.
    pub(super) page: Slots,
    /// Those of the request that a walk begins with.
    pub(super) first: Slots,
}

impl FeedSlots {
    /// Those of a list; `lang` is the language of its longer texts.
    pub(super) fn of_list(parts: &Parts, lang: Option<Lang>) -> Self {
        let page = slots(Some(&parts.paging), parts, lang);
        Self { first: page.clone(), page }
    }

    /// Those of an export, which is asked for before there are pages.
    pub(super) fn of_export(parts: &Parts, lang: Option<Lang>) -> Self {
        Self { page: slots(Some(&parts.paging), parts, lang), first: slots(None, parts, lang) }
    }
}

/// For a page, or before there are pages.
fn slots(paging: Option<&Paging>, parts: &Parts, lang: Option<Lang>) -> Slots {
    let mut slots = Slots { parts: parts.keys.id.len(), lang, ..Slots::default() };
    let mut why = Vec::new();
    match paging {
        Some(paging) => page_slots(paging, &mut slots, &mut why),
        None => why.push("the request that begins a job knows the window and no page"),
    }
    bound_slots(&parts.window, &mut slots, &mut why);
    match parts.window.feed.cap {
        Some(Cap { then: Cure::Rekey, .. }) => slots.sometimes.push(Slot::Rekey),
        _ => why.push("`{rekey}` is set by `cap: {then: rekey}`"),
    }
    if paging.is_some_and(|paging| paging.save.is_some()) {
        slots.sometimes.push(Slot::Token);
    } else {
        why.push("`{token}` is set by `next: {save: ...}`");
    }
    slots.why = why.join("; ");
    slots
}

/// What `next` sets.
fn page_slots(paging: &Paging, slots: &mut Slots, why: &mut Vec<&'static str>) {
    if paging.size.is_some() {
        slots.always.push(Slot::Size);
    } else {
        why.push("`{size}` is set by `next: {size: ...}`");
    }
    match paging.by.start() {
        CursorStart::Unset => slots.sometimes.push(Slot::Cursor),
        CursorStart::Set => slots.always.push(Slot::Cursor),
        CursorStart::Never => why.push("`{cursor}` is set by `next: {cursor: ...}`"),
    }
    match paging.by {
        By::Page { .. } => slots.always.push(Slot::Page),
        By::Offset { .. } => slots.always.push(Slot::Offset),
        _ => why.push("`{page}` and `{offset}` are set by `next: {page: 1}` and `next: {offset: 0}`"),
    }
}

/// What `window` sets.
fn bound_slots(window: &WindowDefinition, slots: &mut Slots, why: &mut Vec<&'static str>) {
    let edges = window.edges;
    match (window.feed.filter, edges.upper) {
        (Filter::Server, Some(_)) if edges.open => {
            slots.always.push(Slot::From);
            slots.sometimes.push(Slot::To);
        }
        (Filter::Server, Some(_)) => slots.always.extend([Slot::From, Slot::To]),
        (Filter::Server, None) => {
            slots.always.push(Slot::From);
            why.push("`{to}` is set by `edges` with an upper edge");
        }
        (Filter::Client, _) if window.feed.timeless => {
            why.push("`{from}` and `{to}` are not set beside `clock: none`");
        }
        (Filter::Client, _) => why.push("`{from}` and `{to}` are not set beside `filter: client`"),
    }
}
