//! `tieout preview`: one page of a feed as it came, as it is understood, and what would be asked next.

use super::desk::Desk;
use super::failure::Failure;
use super::feed::{FeedArgs, Open};
use crate::probe::Preview;
use crate::report::{exit, json, text};
use crate::source::glance;

/// Carries `preview` out.
pub(super) async fn preview(desk: &Desk, args: &FeedArgs) -> Result<u8, Failure> {
    let Open { client, reconciler, slice, member } = args.open(desk).await?;
    let request = reconciler.first_page(&slice);
    let seen = glance(&client, reconciler.as_ref(), &slice, &request, None).await.map_err(|reason| {
        let code = if reason.is_rejected() { exit::CREDENTIALS } else { exit::FAILED };
        Failure::exiting(code, "no_page", reason.to_string())
    })?;
    let preview = Preview::of(&request, &seen, member.as_ref());
    desk.output.show(
        |_| text::preview(&preview),
        || json::whole("tieout.preview/v1", &preview),
        || json::lines("preview", [&preview]),
    )?;
    Ok(exit::DONE)
}
