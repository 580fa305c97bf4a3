//! Finds members of a fan-out in the feed whose items they are.

use std::sync::Arc;
use std::time::Duration;

use tieout_reconcilers::fan_out::{Member, Parents};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::window::{Purpose, Slice, Window};

use super::http::Client;
use super::reason::Reason;
use super::walk::{Coverage, Walk};

/// The ranges that together are all of a feed of members up to its ceiling, oldest first.
#[must_use]
pub fn windows(parents: &Parents, ceiling: Instant) -> Vec<Window> {
    let longest = parents.feed.feed().max_span.unwrap_or(Duration::MAX);
    Window::new(Instant::from_micros(0), ceiling).map(|whole| whole.pieces(longest)).unwrap_or_default()
}

/// Some member, for those who look at a feed without reading all of it: the first that the newest range shows. Nothing where
/// the feed of members is empty.
pub async fn first_member(
    client: &Client,
    parents: &Parents,
    ceiling: Instant,
) -> Result<Option<Member>, Reason> {
    for window in windows(parents, ceiling).into_iter().rev() {
        let slice = Slice::new(window, Purpose::Coverage);
        let mut walk = Walk::start(client.clone(), Arc::clone(&parents.feed), slice);
        while let Some(page) = walk.next().await {
            if let Some(member) = page.items.iter().find_map(|item| parents.member(item)) {
                return Ok(Some(member));
            }
        }
        if let Coverage::Partial(mut reasons) = walk.coverage().await
            && let Some(reason) = reasons.pop()
        {
            return Err(reason);
        }
    }
    Ok(None)
}
