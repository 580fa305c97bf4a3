//! Looks up the items of which a page shows only a part, so that they are compared whole.
//!
//! Where a look-up says nothing certain, only the key of the item is handed on: nothing can be concluded from it, and it is
//! looked up again before anybody judges it.

use std::collections::HashMap;

use tieout_reconcilers::compare::KEY;
use tieout_reconcilers::items::Items;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::Each;
use tieout_reconcilers::page::{Page, Seen, Wanted};
use tieout_reconcilers::reconciler::Reconciler;

use super::http::Client;
use super::lookup::lookup;
use super::reason::Reason;

/// Puts whole items in the place of partial ones. Refused credentials end it.
pub(super) async fn hydrate(
    client: &Client,
    reconciler: &dyn Reconciler,
    each: &Each,
    page: Page,
) -> Result<Page, Reason> {
    if page.partial.is_empty() {
        return Ok(page);
    }
    let format = &reconciler.feed().clock_format;
    let item_at = |&place: &usize| {
        let item = page.items.get(place)?;
        Some(Wanted { key: Key::from_json(item.slot(KEY)).ok()?, clock: format.of(item) })
    };
    let mut items: Vec<Wanted> = page.partial.iter().filter_map(item_at).collect();
    items.sort_unstable_by(|one, other| one.key.cmp(&other.key));
    items.dedup_by(|one, other| one.key == other.key);
    let found = lookup(client, reconciler, each, &items).await;
    if let Some((_, rejected)) = found.failed.into_iter().find(|(_, reason)| reason.is_rejected()) {
        return Err(rejected);
    }
    let seen = found.confirmed.into_iter().map(|one| (one.key, one.seen)).collect();
    Ok(whole(page, &seen))
}

/// The page with what the look-ups found.
fn whole(page: Page, found: &HashMap<Key, Seen>) -> Page {
    let mut items = Items::like(&page.items);
    let mut gone = page.gone;
    let mut partial = page.partial.iter().peekable();
    for (place, item) in page.items.iter().enumerate() {
        if partial.next_if(|&&partial| partial == place).is_none() {
            items.push(item);
            continue;
        }
        let key = Key::from_json(item.slot(KEY)).ok();
        match key.as_ref().and_then(|key| found.get(key)) {
            Some(Seen::Item(whole, _)) if !whole.is_empty() => whole.iter().for_each(|item| items.push(item)),
            Some(Seen::Gone) => gone.extend(key),
            _ => items.push_only(item, KEY),
        }
    }
    Page { items, gone, partial: Vec::new(), ..page }
}
